"""A browser without a window: calls the console's handler with API Gateway's events, keeps cookies, fills in forms.

page = client.get("/console/c/c1/invoices", q="INV-1001")
page.status, page.text, page.headers
page.form("/retry").submit(id="1001")      # the form whose action ends so, with its hidden fields, then redirects
client.post(path, {"csrf": "…"})           # by hand, for what no form of ours sends
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

ORIGIN = "https://console.example.test"
FORM = "application/x-www-form-urlencoded"
_MOST_REDIRECTS = 5

Handler = Callable[[Any, Any], dict[str, Any]]
Values = Mapping[str, str | list[str]]


def event(
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    cookies: Iterable[str] = (),
    body: bytes | None = None,
) -> dict[str, Any]:
    """A request as an HTTP API hands it over (payload 2.0), which encodes the bodies of forms."""
    lines = list(cookies)
    return {
        "version": "2.0",
        "routeKey": f"{method} /console/{{proxy+}}",
        "rawPath": path,
        "rawQueryString": query,
        **({"cookies": lines} if lines else {}),
        "headers": dict(headers or {}),
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "req-1",
            "stage": "$default",
        },
        **({"body": base64.b64encode(body).decode(), "isBase64Encoded": True} if body is not None else {}),
    }


class ConsoleClient:
    """One browser. `headers` go with every request."""

    def __init__(self, handler: Handler, headers: Mapping[str, str] | None = None) -> None:
        self.handler = handler
        self.headers = {name.replace("_", "-").lower(): value for name, value in (headers or {}).items()}
        self.cookies: dict[str, str] = {}

    def get(
        self, path: str, *, follow: bool = True, headers: Mapping[str, str] | None = None, **query: str
    ) -> Response:
        """Open a page; redirects are followed."""
        parts = urlsplit(path)
        text = "&".join(filter(None, (parts.query, urlencode(query))))
        return self._send(event("GET", parts.path, query=text, headers=self._with(headers)), follow=follow)

    def post(
        self,
        path: str,
        values: Values | bytes = b"",
        *,
        follow: bool = True,
        headers: Mapping[str, str] | None = None,
        bare: bool = False,
    ) -> Response:
        """Send a form as a page of ours would; `bare` leaves out what browsers add by themselves."""
        body = values if isinstance(values, bytes) else urlencode(values, doseq=True).encode()
        own = {} if bare else {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": FORM}
        return self._send(event("POST", path, headers={**own, **self._with(headers)}, body=body), follow=follow)

    def send(self, given: dict[str, Any]) -> Response:
        """An event as it is, with this browser's cookies."""
        return self._send(given, follow=False)

    def _with(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        return {**self.headers, **(headers or {})}

    def _send(self, given: dict[str, Any], *, follow: bool) -> Response:
        response = self._once(given)
        for _ in range(_MOST_REDIRECTS):
            if not follow or response.status != 303:
                return response
            parts = urlsplit(response.headers["location"])
            assert not parts.netloc, f"leads to {parts.netloc}"
            response = self._once(event("GET", parts.path, query=parts.query, headers=self.headers))
        raise AssertionError("redirected too often")

    def _once(self, given: dict[str, Any]) -> Response:
        jar = [f"{name}={value}" for name, value in self.cookies.items()]
        answer = self.handler({**given, "cookies": jar} if jar and "cookies" not in given else given, None)
        for line in answer.get("cookies", ()):
            self._keep(line)
        body = answer["body"]
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return Response(
            answer["statusCode"], content, headers, tuple(answer.get("cookies", ())), given["rawPath"], self
        )

    def _keep(self, line: str) -> None:
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes), line
        assert name.startswith("__Host-"), line
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


@dataclass(frozen=True)
class Response:
    """What came back; `path` is where it came from. Names of `headers` are in lower case."""

    status: int
    content: bytes
    headers: Mapping[str, str]
    set_cookies: tuple[str, ...]
    path: str
    client: ConsoleClient = field(repr=False)

    @property
    def html(self) -> str:
        """The page as it was sent."""
        return self.content.decode()

    @property
    def text(self) -> str:
        """What a person reads, with single blanks."""
        return " ".join(" ".join(self._read().words).split())

    @property
    def links(self) -> list[str]:
        """Where the page leads."""
        return self._read().links

    @property
    def forms(self) -> list[Form]:
        """The page's forms."""
        return [Form(found.action or self.path, found.fields, self.client) for found in self._read().forms]

    def form(self, action: str) -> Form:
        """The one form whose action ends in `action`."""
        [found] = [one for one in self.forms if one.action.endswith(action)]
        return found

    def submit(self, *, follow: bool = True, **values: str | list[str]) -> Response:
        """Send the page's own form: the only one beside the switch of languages and the sign-out."""
        [found] = [one for one in self.forms if not one.action.endswith(("/language", "/sign-out"))]
        return found.submit(follow=follow, **values)

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.html)
        return reader


@dataclass(frozen=True)
class Form:
    """A form with the fields that it would send as it stands."""

    action: str
    fields: dict[str, list[str]]
    client: ConsoleClient = field(repr=False)

    def submit(self, *, follow: bool = True, **values: str | list[str]) -> Response:
        """Send it, with these fields instead of what stands in them."""
        return self.client.post(self.action, {**self.fields, **values}, follow=follow)


@dataclass
class _FoundForm:
    action: str
    fields: dict[str, list[str]]


class _Reader(HTMLParser):
    """Collects words, links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.forms: list[_FoundForm] = []
        self._inside = False
        self._select = ""
        self._area = ""
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "style" | "script" | "title":
                self._silent = True
            case "a":
                self.links.append(given.get("href", ""))
            case "form":
                self.forms.append(_FoundForm(given.get("action", ""), {}))
                self._inside = True
            case "input" if self._inside and given.get("name"):
                ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
                if ticked and given.get("type") != "submit":
                    self._field(given["name"], given.get("value", "on"))
            case "select":
                self._select = given.get("name", "")
            case "option" if self._inside and self._select and "selected" in given:
                self._field(self._select, given.get("value", ""))
            case "textarea" if self._inside:
                self._area = given.get("name", "")
                self._field(self._area, "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self._silent = False
        elif tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] = [data]
        if not self._silent:
            self.words.append(data)

    def _field(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)


def as_wsgi(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., list[bytes]]:
    """The handler behind a web server, as the HTTP API puts it behind one."""

    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        headers = {name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name[:5] == "HTTP_"}
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
        method = environ["REQUEST_METHOD"]
        body = environ.get("wsgi.input", io.BytesIO()).read(int(environ.get("CONTENT_LENGTH") or 0))
        given = event(
            method,
            environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0],
            query=environ.get("QUERY_STRING", ""),
            headers=headers,
            cookies=cookies,
            body=body if method == "POST" else None,
        )
        if not given["rawPath"].startswith("/console"):
            start_response("404 Not Found", [("Content-Type", "application/json")])
            return [b'{"message":"Not Found"}']
        found = answer(given)
        lines = [*found["headers"].items(), *(("Set-Cookie", line) for line in found["cookies"])]
        start_response(f"{found['statusCode']} Answered", lines)
        content = found["body"]
        return [base64.b64decode(content) if found["isBase64Encoded"] else content.encode()]

    return application


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return dict(parse_qsl(unquote(urlsplit(url).query)))
