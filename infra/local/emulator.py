"""The AWS emulator: ministack, in an environment of its own, on this machine's loopback address only."""

import os
import shutil
from pathlib import Path

from infra.local import processes
from infra.local.paths import LOCAL
from infra.local.tools import run, uv

REQUIREMENT = "ministack[full]==1.5.33"
REGION = "us-east-1"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the emulator's fixed key, protects nothing
# Its functions run on its own interpreter and see its own packages: nothing else is installed there, so that a
# dependency that the layer lacks is missed.
HOME = LOCAL / "ministack"
PYTHON = HOME / "bin" / "python"
SCRATCH = LOCAL / "tmp"
# What a function may inherit from the emulator's environment, and so all that the emulator gets of ours.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def install(interpreter: str) -> None:
    """Makes the environment, unless it is there with this release and Python."""
    mark = HOME / "installed"
    wanted = f"{REQUIREMENT} {Path(interpreter).resolve()}"
    if mark.is_file() and mark.read_text() == wanted and PYTHON.exists():
        return
    run([uv(), "venv", "--quiet", "--clear", "--python", interpreter, str(HOME)])
    run([uv(), "pip", "install", "--quiet", "--python", str(PYTHON), REQUIREMENT])
    mark.write_text(wanted)


def start() -> tuple[processes.Process, str]:
    """Starts an empty emulator on a free port and waits for it; gives the process and its URL."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    port = processes.free_port()
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(SCRATCH),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "MINISTACK_REGION": REGION,
        # Longer than anybody works with a stack without a pause.
        "LAMBDA_WARM_TTL_SECONDS": "3600",
        # A function's role counts: what its policies do not allow is refused.
        "AUTH": "true",
        # Servers that would listen beyond the loopback address.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }
    process = processes.start("emulator", [str(HOME / "bin" / "ministack")], environment)
    url = f"http://127.0.0.1:{port}"
    processes.wait_until_answering(process, f"{url}/_ministack/health", 60)
    return process, url
