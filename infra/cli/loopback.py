"""Waits on this machine for the browser that Intuit sends back after a sign-in."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

PATH = "/callback"
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>Tieout</title>"
    "<p>Intuit's answer has arrived. You can close this page; the terminal says what came of it.</p>"
)


class Loopback:
    """Listens at `port` of this machine (0: any that is free) and nowhere else."""

    def __init__(self, port: int) -> None:
        """Raises OSError when the port is taken."""
        self._answer: dict[str, str] | None = None
        self._state: str | None = None
        self._answered = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        # From the beginning: a browser in this very terminal is back before anybody waits.
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def redirect_uri(self) -> str:
        """What the Intuit app has to list among its redirect addresses; Intuit takes "localhost" and no number."""
        return f"http://localhost:{self._server.server_port}{PATH}"

    def expect(self, state: str) -> None:
        """Take the answer with this `state` and no other: any web page can send a browser here."""
        self._state = state

    def wait(self, seconds: float) -> dict[str, str] | None:
        """The parameters that the browser came back with, None when it did not within `seconds`."""
        self._answered.wait(seconds)
        return self._answer

    def __enter__(self) -> Loopback:
        """Listening from now on."""
        self._serving.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                answer = dict(parse_qsl(parts.query))
                # A browser asks for an icon as well, and anything on this machine may knock.
                if parts.path != PATH or loopback._state is None or answer.get("state") != loopback._state:
                    self.send_error(404)
                    return
                loopback._answer = answer
                body = _PAGE.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)
                loopback._answered.set()

            def log_message(self, *_: object) -> None:
                """The code of the sign-in stands in the address, and must not reach the terminal."""

        return Handler
