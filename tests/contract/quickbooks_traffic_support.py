"""What the traffic check says of the exchanges with the QuickBooks sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.sandbox.quickbooks import QuickBooksSandbox

CHECK = Path(__file__).parents[2].parent / "shared" / "tools" / "check_traffic.py"


def violations(app: QuickBooksSandbox, tmp_path: Path) -> list[str]:
    """What the traffic check says of the exchanges so far; prints why when it is not there to be asked."""
    if not CHECK.exists():
        pytest.skip(f"no traffic check beside this project at {CHECK}")
    log = tmp_path / "traffic.jsonl"
    log.write_text("".join(app.traffic.lines()), encoding="utf-8")
    done = subprocess.run([sys.executable, CHECK, log], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines()[:-1] if line]
