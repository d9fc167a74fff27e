"""Runs a function as AWS Lambda does: the official runtime client in its own process, against a Runtime API of ours."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import yaml

from tests.support.aws import TEMPLATE, _TemplateLoader

ROOT = TEMPLATE.parent
_API = "/2018-06-01/runtime"
_STARTED = 30.0
_CLOSED = b""


@dataclass(frozen=True)
class Definition:
    """What template.yaml says of a function; `variables` as written there, references by their name alone."""

    code: Path
    handler: str
    timeout: int
    memory: int
    variables: Mapping[str, object]


def definition(logical_id: str) -> Definition:
    """The function `logical_id` of the template, with what Globals add to it."""
    with TEMPLATE.open(encoding="utf-8") as file:
        template = yaml.load(file, Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    common, own = template["Globals"]["Function"], template["Resources"][logical_id]["Properties"]
    merged = {**common, **own}
    return Definition(
        ROOT / merged["CodeUri"],
        merged["Handler"],
        merged["Timeout"],
        merged["MemorySize"],
        {**common["Environment"]["Variables"], **own["Environment"]["Variables"]},
    )


@dataclass(frozen=True)
class Answer:
    """What an invocation came to: `payload` of the handler, or `error` in the shape that Lambda reports."""

    payload: Any = None
    error: Mapping[str, Any] | None = None


class _RuntimeApi(ThreadingHTTPServer):
    """One environment's Runtime API (AWS: Lambda runtime API)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.events: queue.Queue[tuple[str, float, bytes]] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that was killed leaves its connections open; that is no error of ours."""


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        id_, deadline, body = self.server.events.get()
        if body is _CLOSED:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", id_)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:test")
        self._end(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        document = json.loads(body)
        self.server.answers.put(Answer(payload=document) if self.path.endswith("/response") else Answer(error=document))
        self.send_response(202)
        self._end(b'{"status":"OK"}')

    def _end(self, body: bytes) -> None:
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Function:
    """One environment of a function: started on the first invocation and kept warm, as Lambda keeps it."""

    def __init__(self, what: Definition, environment: Mapping[str, str]) -> None:
        self._what = what
        self._environment = environment
        self._api: _RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the function
        self._read = 0

    def invoke(self, event: object, timeout: float | None = None) -> Answer:
        """Hand over an event and wait; after `timeout` seconds (by default the template's) the process is killed."""
        seconds = self._what.timeout if timeout is None else timeout
        cold = self._process is None
        api = self._start() if self._api is None else self._api
        id_ = str(uuid.uuid4())
        api.events.put((id_, time.time() + seconds, json.dumps(event).encode()))
        try:
            answer = api.answers.get(timeout=seconds + (_STARTED if cold and timeout is None else 0))
        except queue.Empty:
            self.stop()
            message = f"RequestId: {id_} Error: Task timed out after {seconds:.2f} seconds"
            return Answer(error={"errorType": "Sandbox.Timedout", "errorMessage": message})
        if answer.error is not None and "requestId" not in answer.error and cold:
            self.stop()
        return answer

    def logged(self) -> str:
        """What was written since it was asked last."""
        self._log.seek(self._read)
        text = self._log.read()
        self._read += len(text)
        return text.decode()

    def stop(self) -> None:
        """End the process; the next invocation is a cold start again."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._api is not None:
            self._api.events.put(("", 0.0, _CLOSED))
            self._api.shutdown()
            self._api.server_close()
            self._api = None

    def close(self) -> None:
        """For good."""
        self.stop()
        self._log.close()

    def _start(self) -> _RuntimeApi:
        self._api = _RuntimeApi()
        threading.Thread(target=self._api.serve_forever, args=(0.02,), daemon=True).start()
        module = self._what.handler
        environment = {
            **self._environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "test",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._what.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "LAMBDA_TASK_ROOT": str(self._what.code),
            # Where the layer's packages are in AWS.
            "PYTHONPATH": f"{self._what.code}:{ROOT / 'shared'}",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", module],
            cwd=self._what.code,
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return self._api


@contextmanager
def function(what: Definition, environment: Mapping[str, str]) -> Iterator[Function]:
    """A function with exactly this environment beside what Lambda itself sets."""
    started = Function(what, environment)
    try:
        yield started
    finally:
        started.close()
