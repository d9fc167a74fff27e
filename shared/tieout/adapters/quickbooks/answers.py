"""Reading an answer of QuickBooks in whatever form it comes: JSON, the gateway's lower-case JSON, or XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from tieout.adapters.http import decode_json
from tieout.adapters.quickbooks.faults import Fault, FaultError
from tieout.adapters.quickbooks.wire import Node, Unreadable

if TYPE_CHECKING:
    import httpx


def read(response: httpx.Response) -> Node | Fault:
    """The JSON object of an answer, or the fault that it holds, also under status 200 (Intuit: error codes).

    Raises Unreadable for anything else. QuickBooks' gateways answer XML where JSON was asked, so the first character
    decides when the content type does not.
    """
    kind = response.headers.get("Content-Type", "").lower()
    content = response.content.lstrip()
    if "xml" in kind or content.startswith(b"<"):
        return _read_xml(content)
    try:
        node = Node.of(decode_json(response))
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable("the answer is not JSON") from None
    return _fault_in(node) or node


def _fault_in(node: Node) -> Fault | None:
    if node.fields.get("Fault") is not None:
        fault = node.node("Fault")
        return Fault(_loose(fault, "type"), tuple(_error(one, "Message", "Detail") for one in fault.nodes("Error")))
    if node.fields.get("fault") is not None:
        fault = node.node("fault")
        return Fault(_loose(fault, "type"), tuple(_error(one, "message", "detail") for one in fault.nodes("error")))
    return None


def _error(node: Node, message: str, detail: str) -> FaultError:
    return FaultError(_loose(node, "code"), _loose(node, message), _loose(node, detail))


def _loose(node: Node, key: str) -> str:
    """A text of a fault in any kind: a fault must not become unreadable over its wording."""
    value = node.fields.get(key)
    return "" if value is None else str(value)


class _FaultReader:
    """Collects the parts of an XML fault, in any namespace."""

    def __init__(self) -> None:
        self.type: str | None = None
        self.errors: list[dict[str, str]] = []
        self._open: str = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open = name.rpartition(":")[2]
        if self._open == "Fault":
            self.type = attributes.get("type", "")
        elif self._open == "Error":
            self.errors.append({"code": attributes.get("code", "")})

    def end(self, _name: str) -> None:
        self._open = ""

    def text(self, data: str) -> None:
        if self.errors and self._open in ("Message", "Detail"):
            self.errors[-1][self._open] = self.errors[-1].get(self._open, "") + data


def _refuse(*_: object) -> None:
    raise Unreadable("the XML answer declares a document type")


def _read_xml(content: bytes) -> Fault:
    reader = _FaultReader()
    parser = expat.ParserCreate()
    # Without a document type there are no entities to expand, neither inside nor from elsewhere.
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError:
        raise Unreadable("the answer is not XML") from None
    if reader.type is None:
        raise Unreadable("the XML answer is not a fault")
    return Fault(
        reader.type,
        tuple(FaultError(one["code"], one.get("Message", ""), one.get("Detail", "")) for one in reader.errors),
    )
