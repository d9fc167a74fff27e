"""Builds the layer and the functions for this machine, by the same recipe as for AWS, into zips named by content."""

import hashlib
import re
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.local.paths import BUILD, ROOT
from infra.local.tools import run, uv

# As Info-ZIP's "the beginning of time": the same content gives the same zip.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
IGNORED = ("__pycache__", "*.pyc")
_CODE = re.compile(r"^    [ ]+(?:CodeUri|ContentUri): (?P<folder>\S+)$", re.MULTILINE)
_RESOURCE = re.compile(r"^  (?P<name>\w+):$", re.MULTILINE)


@dataclass(frozen=True)
class Artefact:
    """The built code of one resource of the template; `folder` as its CodeUri or ContentUri names it."""

    resource: str
    folder: str
    zip: Path


def code_folders(template: str) -> dict[str, str]:
    """Resource name -> folder of its code, for every function and layer of a template's text."""
    folders = {}
    for found in _CODE.finditer(template):
        *_, resource = _RESOURCE.finditer(template, 0, found.start())
        folders[resource["name"]] = found["folder"]
    return folders


def build(template: str, python: Path, platform: str | None = None) -> list[Artefact]:
    """Builds all code of a template for the interpreter `python`; unchanged code is not built again.

    `platform` is uv's name of the machine it is for, this one by default. Raises ToolFailed.
    """
    platform = platform or this_platform()
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(_build_one, name, folder, python, platform) for name, folder in code_folders(template).items()
        ]
        return [job.result() for job in jobs]


def this_platform() -> str:
    """uv's name of the machine that we are on."""
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(_machine(), _machine())
    return {"darwin": f"{machine}-apple-darwin"}.get(sys.platform, f"{machine}-unknown-linux-gnu")


def _machine() -> str:
    import platform  # noqa: PLC0415

    return platform.machine()


def _build_one(resource: str, folder: str, python: Path, platform: str) -> Artefact:
    source = ROOT / folder
    digest = _fingerprint(source, f"{python.resolve()} {platform}".encode())
    target = BUILD / f"{resource}-{digest}.zip"
    if not target.is_file():
        for older in BUILD.glob(f"{resource}-*"):
            shutil.rmtree(older) if older.is_dir() else older.unlink()
        content = BUILD / f"{resource}-content"
        content.mkdir(parents=True)
        run(
            [
                *("make", "--silent", "--makefile", str(ROOT / "shared" / "Makefile"), f"build-{resource}"),
                *(f"ARTIFACTS_DIR={content}", f"PYTHON={python}", f"PLATFORM={platform}", f"UV={uv()}"),
            ],
            cwd=source,
        )
        _zip(content, target)
        shutil.rmtree(content)
    return Artefact(resource, folder, target)


def _fingerprint(source: Path, salt: bytes) -> str:
    digest = hashlib.sha256(salt + (ROOT / "shared" / "Makefile").read_bytes())
    for path in sorted(source.rglob("*")):
        if path.is_file() and not any(part == "__pycache__" for part in path.parts):
            digest.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _zip(content: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(content.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(content)), ZIP_TIME)
                entry.external_attr = (path.stat().st_mode & 0o777) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    part.rename(target)
