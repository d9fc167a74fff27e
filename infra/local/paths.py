"""Where the local stack keeps what it installs, builds, runs and logs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
RUN = LOCAL / "run"
LOGS = LOCAL / "log"
BUILD = LOCAL / "build"
STACK_FILE = LOCAL / "stack.json"
TEMPLATE = ROOT / "template.yaml"
