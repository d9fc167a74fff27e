"""The demo as a newcomer runs it, and everything that was said to the vendors judged by the vendors' own schemas."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.demo.__main__ import TRAFFIC

# The judge knows the vendors' published schemas; it lies beside the project's checkout where the team works.
JUDGE = Path(__file__).parents[3] / "shared" / "tools" / "check_traffic.py"


def test_every_invoice_of_a_business_day_ends_as_it_must() -> None:
    played = subprocess.run([sys.executable, "-m", "infra.local.demo"], capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout[-8000:] + played.stderr[-4000:]


def test_the_traffic_of_that_day_fits_the_vendors_schemas() -> None:
    if not JUDGE.is_file():
        pytest.skip(f"no judge of vendor traffic beside the project ({JUDGE.name})")
    assert TRAFFIC.is_file(), "the demo has to run first"
    judged = subprocess.run([sys.executable, JUDGE, TRAFFIC, "--summary"], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-4000:] + judged.stderr
