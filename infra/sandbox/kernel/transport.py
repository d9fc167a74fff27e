"""A sandbox under a synchronous httpx client, in the same process and without sockets."""

import io
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
from werkzeug import Request

from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.kernel.errors import ConnectionDroppedError

_WITHOUT_PREFIX = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def _environ(request: httpx.Request) -> dict[str, Any]:
    """The WSGI environment that werkzeug's server would have made of the request."""
    body = request.read()
    target = request.url.raw_path.decode("ascii")
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": str(request.url.port or (443 if request.url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.multi_items():
        environ[_WITHOUT_PREFIX.get(name) or f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ.setdefault("CONTENT_LENGTH", str(len(body)))
    return environ


class SandboxTransport(httpx.BaseTransport):
    """`httpx.Client(transport=SandboxTransport(app), base_url=...)`; the host of the URL does not matter.

    A dropped connection becomes `httpx.ReadTimeout`, which is what a client sees of a lost answer after its patience.
    """

    def __init__(self, app: SandboxApp) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers the request by calling the application directly."""
        try:
            response = self._app.respond(Request(_environ(request)))
        except ConnectionDroppedError as dropped:
            raise httpx.ReadTimeout(str(dropped), request=request) from dropped
        return httpx.Response(
            response.status_code, headers=list(response.headers), content=response.get_data(), request=request
        )
