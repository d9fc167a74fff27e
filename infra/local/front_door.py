"""The public address of the local API: passes each request on as it came, under the host name the emulator expects.

The emulator tells APIs apart by host name, and those names do not resolve on every machine.
"""

import argparse
import http.client
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

# Of this connection, not of the message (RFC 9110, 7.6.1).
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
BODY_LIMIT = 10_485_760  # API Gateway: quotas
UPSTREAM_SECONDS = 35
# The emulator starts a fresh process for each request that finds the others busy, for several seconds of processor
# time: a burst of webhooks would keep it from answering any. The others wait here, for milliseconds.
AT_ONCE = 2


class FrontDoor(ThreadingHTTPServer):
    """Forwards to the API whose id stands in the file `api_id`, once there is one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], upstream: str, api_id: Path) -> None:
        super().__init__(address, _Visit)
        self.upstream, self.api_id = upstream, api_id
        self.turns = threading.BoundedSemaphore(AT_ONCE)


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FrontDoor

    def _forward(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            # Nobody who calls here sends one, and a body of unknown length cannot be passed on as it came.
            self._answer(411, b"length required")
            return
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT:
            self._answer(413, b"request too large")
            return
        body = self.rfile.read(length)
        try:
            api_id = self.server.api_id.read_text().strip()
        except FileNotFoundError:
            self._answer(503, b"nothing is deployed yet")
            return
        target = urlsplit(self.server.upstream)
        connection = http.client.HTTPConnection(target.netloc, timeout=UPSTREAM_SECONDS)
        self.server.turns.acquire()
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", f"{api_id}.execute-api.localhost:{target.port}")
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP | {"host"}:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            self._answer(502, str(error).encode())
            return
        finally:
            self.server.turns.release()
            connection.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self._finish(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _forward  # noqa: N815

    def _answer(self, status: int, text: bytes) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self._finish(text)

    def _finish(self, content: bytes) -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def main() -> None:
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser(description="The public address of the local API.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="URL of the emulator")
    parser.add_argument("--api-id-file", type=Path, required=True, help="written when the API is deployed")
    options = parser.parse_args()
    server = FrontDoor(("127.0.0.1", options.port), options.upstream, options.api_id_file)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"front door at http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
