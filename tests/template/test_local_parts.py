"""The parts of the local stack that can be tried without it: the front door and the keeping of processes."""

import http.client
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.local import processes
from infra.local.front_door import FrontDoor
from infra.local.processes import Process

BODY = b'[{"amount": 1.10,  "name": "Z\xc3\xbcrich"}]\r\n\x00'


class Upstream(ThreadingHTTPServer):
    """Notes what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Noting)
        self.seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = []


class Noting(BaseHTTPRequestHandler):
    """Answers 418 with two headers of one name."""

    server: Upstream

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.command, self.path, self.headers.items(), body))
        self.send_response_only(418)
        for value in ("a=1", "b=2"):
            self.send_header("Set-Cookie", value)
        self.end_headers()
        self.wfile.write(b"teapot")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    yield from serving(Upstream())


@pytest.fixture
def door(upstream: Upstream, tmp_path: Path) -> Iterator[FrontDoor]:
    yield from serving(FrontDoor(("127.0.0.1", 0), f"http://127.0.0.1:{upstream.server_port}", tmp_path / "api-id"))


def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_front_door_passes_a_request_on_as_it_came_under_the_apis_host_name(
    door: FrontDoor, upstream: Upstream, tmp_path: Path
) -> None:
    (tmp_path / "api-id").write_text("abcd1234\n")
    visit = http.client.HTTPConnection("127.0.0.1", door.server_port)
    headers = {"X-HubSpot-Signature-v3": "a+b/c==", "Content-Type": "application/json", "X-Odd": "  two  spaces"}
    visit.request("POST", "/webhooks/hubspot?a=%20b&a=c", BODY, headers)
    answer = visit.getresponse()
    assert (answer.status, answer.read()) == (418, b"teapot")
    assert [value for name, value in answer.getheaders() if name == "Set-Cookie"] == ["a=1", "b=2"]
    visit.close()
    [(method, path, got, body)] = upstream.seen
    assert (method, path, body) == ("POST", "/webhooks/hubspot?a=%20b&a=c", BODY)
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    expected = {"host": f"abcd1234.execute-api.localhost:{upstream.server_port}", "content-length": str(len(BODY))}
    assert {name.lower(): value for name, value in got} == sent | expected | {"accept-encoding": "identity"}


def test_the_front_door_says_503_until_the_api_is_deployed(door: FrontDoor) -> None:
    visit = http.client.HTTPConnection("127.0.0.1", door.server_port)
    visit.request("POST", "/webhooks/hubspot", b"[]")
    assert visit.getresponse().status == 503
    visit.close()


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUN", tmp_path / "run")
    monkeypatch.setattr(processes, "LOGS", tmp_path / "log")


@pytest.mark.usefixtures("own_folders")
def test_a_process_that_was_started_is_found_and_stopped() -> None:
    process = processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    assert process.alive
    assert processes.started() == [process]
    processes.stop(process)
    assert not process.alive
    assert processes.started() == []


@pytest.mark.usefixtures("own_folders")
def test_a_process_that_was_given_an_old_pid_is_left_alone() -> None:
    process = processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    processes.stop(Process("sleeper", process.pid, "1"))
    assert process.alive
    processes.stop(process)


@pytest.mark.usefixtures("own_folders")
def test_a_process_that_ends_before_it_is_ready_is_reported_with_its_last_words() -> None:
    process = processes.start("broken", [sys.executable, "-c", "raise SystemExit('no port for me')"], os.environ)
    with pytest.raises(processes.DidNotStart, match="no port for me"):
        processes.wait_until_answering(process, "http://127.0.0.1:9/", 10)
    processes.stop(process)
