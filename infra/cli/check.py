"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from tieout.adapters.secrets.secrets import BadSecret
from tieout.domain.errors import SyncError


@dataclass(frozen=True)
class Check:
    """`level` is ok, warning or problem; `advice` says what to do."""

    name: str
    level: str
    found: str
    advice: str = ""


def ok(found: str) -> Check:
    """All is well."""
    return Check("", "ok", found)


def warning(found: str, advice: str) -> Check:
    """It works, but not as somebody may expect."""
    return Check("", "warning", found, advice)


def problem(found: str, advice: str) -> Check:
    """It does not work."""
    return Check("", "problem", found, advice)


def add_scopes(scopes: Sequence[str]) -> str:
    """What to do when the HubSpot app lacks some of these."""
    return f"Add the scope{'s' if len(scopes) > 1 else ''} to the HubSpot app: {', '.join(scopes)}."


def guard(name: str, look: Callable[[], Check]) -> Check:
    """What `look` finds, under its name; what stops it is a problem too."""
    try:
        return replace(look(), name=name)
    except BadSecret as error:
        return Check(name, "problem", str(error), "Put the secret right in Secrets Manager.")
    except SyncError as error:
        return Check(name, "problem", error.detail or str(error), "See the runbook for this error.")


def as_json(checks: Sequence[Check]) -> object:
    """The checks for --json."""
    return [asdict(check) for check in checks]
