"""A sandbox as a real HTTP server: for tests on a free port, and from the command line."""

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from infra.sandbox.kernel.app import SandboxApp
from infra.sandbox.kernel.courier import Courier


class _Handler(WSGIRequestHandler):
    """Quiet, and one packet per answer: small answers would otherwise wait for the client's delayed ACK."""

    wbufsize = -1
    disable_nagle_algorithm = True

    def log(self, *_: Any, **__: Any) -> None:
        """Requests are in the traffic log."""

    def connection_dropped(self, *_: Any, **__: Any) -> None:
        """A dropped connection is over: no keep-alive."""
        self.close_connection = True


def _server(app: SandboxApp, host: str, port: int) -> BaseWSGIServer:
    return make_server(host, port, app, threaded=True, request_handler=_Handler)


@contextlib.contextmanager
def running(app: SandboxApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves the app in a thread, webhooks included, and gives the base URL (no trailing slash)."""
    server = _server(app, host, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    courier = Courier(app.outbox)
    thread.start()
    courier.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        courier.stop()
        server.shutdown()
        thread.join()
        server.server_close()


def serve(app: SandboxApp, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serves until SIGTERM or SIGINT; prints one line with the URL when ready."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(app, host, port) as url:
        sys.stdout.write(f"{app.system} sandbox at {url}\n")
        sys.stdout.flush()
        stop.wait()


def main(make_app: Callable[[int], SandboxApp], argv: Sequence[str] | None = None) -> None:
    """The command line of both sandboxes; `make_app` takes the seed."""
    parser = argparse.ArgumentParser(description="Serves a sandbox on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 for any free port; the URL is printed")
    parser.add_argument("--seed", type=int, default=0, help="makes ids and chance repeatable")
    parser.add_argument("--webhook-url", help="where webhooks go")
    options = parser.parse_args(argv)
    app = make_app(options.seed)
    app.outbox.target_url = options.webhook_url
    serve(app, options.host, options.port)
