"""A function in a process by itself whose memory can be looked at."""

from __future__ import annotations

from pathlib import Path

from tests.support.lambda_runtime import Function


def can_watch() -> bool:
    """Whether this machine tells what a process holds."""
    return Path("/proc/self/status").exists()


class Watched(Function):
    """A function whose process can be looked at."""

    def peak(self) -> float:
        """The highest resident size so far, in MB (Linux: VmHWM of proc(5), which is of this program alone)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
