"""AWS for other processes: moto's services of this process behind one HTTP endpoint (`AWS_ENDPOINT_URL`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

REGION = "eu-west-1"
# The JSON protocols say in X-Amz-Target whose operation they want.
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}


class _Endpoint(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.lock = threading.Lock()
        self.operations: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that was killed leaves its connections open; its own calls fail visibly at its end."""


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Endpoint
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        target = self.headers.get("X-Amz-Target", "")
        self._pass_on(target, f"https://{_SERVICES[target.split('.')[0]]}.{REGION}.amazonaws.com/")

    def do_PUT(self) -> None:
        """S3, whose operations are methods and paths."""
        self._pass_on("S3.PutObject", f"https://s3.{REGION}.amazonaws.com{self.path}")

    def do_GET(self) -> None:
        """S3 again."""
        self._pass_on("S3.GetObject", f"https://s3.{REGION}.amazonaws.com{self.path}")

    def _pass_on(self, operation: str, url: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        with self.server.lock:
            self.server.operations.append(operation)
            answer = botocore_stubber.process_request(
                AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
            )
        if answer is None:
            raise ValueError(f"moto does not know {operation}")
        status, answered, content = answer
        raw = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in answered.items():
            if name.lower() not in ("content-length", "server", "date"):
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()


@contextmanager
def endpoint() -> Iterator[tuple[str, list[str]]]:
    """The URL, and the operations called so far ("AmazonSQS.SendMessageBatch"); inside `tests.support.aws.aws()`."""
    server = _Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.operations
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
