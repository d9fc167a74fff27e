"""JSON in and out without floats: numbers are read as Decimal, and a Decimal is written as the number it is."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from werkzeug import Request, Response

from infra.sandbox.kernel.errors import BadSettingError

# A Decimal goes through the encoder as a marked text; the marks and quotes are then cut away.
_MARKED = re.compile(r'"\\u0000(-?\d+(?:\.\d+)?)\\u0000"')
_NO_HEADERS: Mapping[str, str] = {}


def loads(text: str | bytes) -> Any:
    """Parses JSON with exact decimals. Raises `ValueError`."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any) -> str:
    """Compact JSON; Decimals as plain numbers with the digits they have."""
    marked = False

    def encode(item: Any) -> str:
        nonlocal marked
        if isinstance(item, Decimal):
            marked = True
            return f"\0{item:f}\0"
        raise TypeError(f"{type(item).__name__} has no JSON form")

    text = json.dumps(value, default=encode, separators=(",", ":"))
    return _MARKED.sub(r"\1", text) if marked else text


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """A JSON answer with the media type both vendors send."""
    return Response(dumps(value), status=status, headers=dict(headers), content_type="application/json;charset=utf-8")


def admin_body(request: Request) -> dict[str, Any]:
    """The JSON object an admin call carries, {} without a body. Raises `BadSettingError`."""
    text = request.get_data()
    if not text.strip():
        return {}
    try:
        value = loads(text)
    except ValueError as error:
        raise BadSettingError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadSettingError("the body must be a JSON object")
    return value
