"""Builds what is deployed to AWS with the SAM CLI, without Docker, and checks what came out."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.artefacts import code_folders
from infra.local.paths import LOCAL, ROOT, TEMPLATE
from infra.local.progress import say, step
from infra.local.tools import ToolFailed, run, uv

SAM_CLI = "aws-sam-cli==1.170.0"
HOME = LOCAL / "sam"
OUTPUT = ROOT / ".aws-sam"
# ELF header: class 64-bit, little-endian, then at 18 the machine: AArch64.
AARCH64 = (b"\x7fELF\x02\x01", b"\xb7\x00")
NOT_FOR_AWS = ("pytest", "moto", "mypy", "ruff", "rich", "typer", "werkzeug", "hypothesis", "cfnlint", "infra", "tests")


class BadArtefact(Exception):
    """What was built would not run in AWS; each line says why."""


def interpreter(runtime: str) -> Path:
    """The interpreter of a Lambda runtime ("python3.14") on this machine. Raises ToolFailed."""
    version = runtime.removeprefix("python")
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for path in _candidates(runtime, version):
        # pyenv puts a script of that name on the path for versions that are not selected: only an answer counts.
        with suppress(ToolFailed):
            if run([str(path), "-c", ask]).strip() == version:
                return path
    raise ToolFailed(
        f"{runtime} is not on this machine. The artefact holds bytecode, which only the Python that runs it can make: "
        f"install Python {version} (or try the build with another: make sam-build RUNTIME=python3.13)."
    )


def _candidates(runtime: str, version: str) -> Iterator[Path]:
    """On the path, then where pyenv and uv keep theirs."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*/bin"))
    folders += sorted((Path.home() / ".local" / "share" / "uv" / "python").glob(f"cpython-{version}*/bin"))
    yield from (path for folder in folders if (path := folder / runtime).is_file())


def build(runtime: str) -> Path:
    """Validates the template and builds it for `runtime`; gives the folder. Raises ToolFailed or BadArtefact."""
    python = interpreter(runtime)
    template, target = _template_for(runtime)
    with step("SAM CLI installed"):
        _install()
    environment = {
        **os.environ,
        "PYTHON": str(python),
        "UV": uv(),
        "SAM_CLI_TELEMETRY": "0",
        "PATH": os.pathsep.join((str(HOME / "bin"), os.environ.get("PATH", ""))),
        # The linter asks AWS's configuration for a region when none is set.
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    }
    with step("template validated"):
        run(["sam", "validate", "--lint", "--template-file", str(template)], environment=environment)
    with step(f"built for {runtime} on arm64"):
        command = ["sam", "build", "--template-file", str(template), "--base-dir", str(ROOT)]
        run([*command, "--build-dir", str(target)], environment=environment)
    with step("artefact checked"):
        problems = list(_problems(target, python))
        if problems:
            raise BadArtefact("\n".join(problems))
    return target


def _install() -> None:
    mark = HOME / "installed"
    if mark.is_file() and mark.read_text() == SAM_CLI:
        return
    run([uv(), "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)])
    run([uv(), "pip", "install", "--quiet", "--python", str(HOME / "bin" / "python"), SAM_CLI])
    mark.write_text(SAM_CLI)


def _template_for(runtime: str) -> tuple[Path, Path]:
    """The template itself and SAM's own build folder, or a copy for another runtime and a folder beside it."""
    text = TEMPLATE.read_text()
    other = re.sub(r"\bpython3\.\d+\b", runtime, text)
    if other == text:
        return TEMPLATE, OUTPUT / "build"
    copy = OUTPUT / f"template-{runtime}.yaml"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(other)
    return copy, OUTPUT / f"build-{runtime}"


def _problems(target: Path, python: Path) -> Iterator[str]:
    ask = "import importlib.util as u, sys; print(u.MAGIC_NUMBER.hex(), sys.implementation.cache_tag)"
    magic, tag = run([str(python), "-c", ask]).split()
    # A flag of 1 says "made from a hash, never compared".
    head_of_bytecode = bytes.fromhex(magic) + b"\x01\0\0\0"
    layer = target / "SharedLayer" / "python"
    for wanted in ("tieout", "aws_lambda_powertools", "boto3", "httpx", "pydantic", "jinja2", "babel"):
        if not (layer / wanted).is_dir():
            yield f"the layer lacks {wanted}"
    yield from (f"the layer holds {name}, which AWS does not need" for name in NOT_FOR_AWS if (layer / name).exists())
    for library in layer.rglob("*.so"):
        head = library.read_bytes()[:20]
        if (head[:6], head[18:20]) != AARCH64:
            yield f"{library.relative_to(target)} is not for arm64"
    for resource in code_folders(TEMPLATE.read_text()):
        for source in (target / resource).rglob("*.py"):
            compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
            if not compiled.is_file() or compiled.read_bytes()[:8] != head_of_bytecode:
                yield f"{source.relative_to(target)} is not compiled"


def main(arguments: list[str]) -> int:
    """Exit code 0 when it was built, 2 when a tool is missing or failed, 1 when the artefact is wrong."""
    try:
        target = build(*arguments)
    except ToolFailed as error:
        say(str(error))
        return 2
    except BadArtefact as error:
        say(str(error))
        return 1
    say(f"Built in {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
