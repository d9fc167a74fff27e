"""Starts the processes of the local stack, and stops those it started: by pid and start time, never by name."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.paths import LOGS, ROOT, RUN

STOP_SECONDS = 5.0
POLL_SECONDS = 0.05


class DidNotStart(Exception):
    """A process ended, or did not answer, before it was ready; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Process:
    """A process of ours: `started` tells it from a later one that was given the same pid."""

    name: str
    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return start_time(self.pid) == self.started

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return LOGS / f"{self.name}.log"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_time(pid: int) -> str | None:
    """When a process began, in the system's own form; None when it does not run (any more)."""
    try:
        # Field 2 is the command in brackets and may hold spaces: what follows begins with the state.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() else _start_time_by_ps(pid)
    return None if fields[0] == "Z" else fields[19]


def _start_time_by_ps(pid: int) -> str | None:
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = answer.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def start(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Process:
    """Starts a command in a session of its own, with exactly this environment, its output in the log."""
    RUN.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("w") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=dict(environment),
            start_new_session=True,
        )
    process = Process(name, child.pid, start_time(child.pid) or "")
    _file(name).write_text(json.dumps(asdict(process)))
    with warnings.catch_warnings():
        # Python complains about a child that nobody waits for; this one is meant to outlive us.
        warnings.simplefilter("ignore", ResourceWarning)
        del child
    return process


def wait_until_answering(process: Process, url: str, seconds: float) -> None:
    """Returns when `url` answers anything at all. Raises DidNotStart."""
    deadline = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.alive:
        try:
            opener.open(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    tail = "\n".join(process.log.read_text(errors="replace").splitlines()[-15:])
    raise DidNotStart(f"{process.name} is not ready at {url}; its log ends with:\n{tail}")


def started() -> list[Process]:
    """The processes noted down, running or not."""
    return [Process(**json.loads(path.read_text())) for path in sorted(RUN.glob("*.pid.json"))]


def stop(process: Process) -> None:
    """Ends a process and the ones it started, if it is still ours, and forgets it."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        if not process.alive:
            break
        os.killpg(process.pid, number)
        deadline = time.monotonic() + seconds
        while process.alive and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    _file(process.name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return RUN / f"{name}.pid.json"
