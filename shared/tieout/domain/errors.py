"""Errors, classed by what to do about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tieout.domain.attention import AttentionCode


@dataclass(eq=False)
class SyncError(Exception):
    """Anything that stops a record. `detail` may hold customer data and is shown to people, never logged;
    `context` is safe to log and carries the vendor's request ids."""

    detail: str = ""
    context: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        # Exceptions end in logs and tracebacks, so their text is made of the loggable part alone.
        facts = " ".join(f"{key}={value}" for key, value in sorted(self.context.items()))
        return f"{type(self).__name__} {facts}".strip()


class Transient(SyncError):
    """Nothing was written; trying again later may work."""


@dataclass(eq=False)
class RateLimited(Transient):
    """The vendor, or our own limiter, asks to slow down. `retry_after` is in seconds."""

    retry_after: float = 60.0


@dataclass(eq=False)
class NotReadyYet(Transient):
    """The record waits for another record, for `retry_after` seconds."""

    retry_after: float = 5.0


@dataclass(eq=False)
class StoreUnavailable(Transient):
    """Our own store, queue or secrets did not answer, or refused."""


@dataclass(eq=False)
class Postponed(Transient):
    """Nothing was tried, so it counts as no attempt; `reason` says why (see `status.WAITING`). The record is looked at
    again after `retry_after` seconds."""

    reason: str = "out_of_time"
    retry_after: float = 1.0


class OutcomeUnknown(SyncError):
    """A write was sent and its answer did not arrive: it may have happened."""


class StaleVersion(SyncError):
    """Somebody changed the document since it was read (QuickBooks 5010): read it again and plan again."""


class NotInLedger(SyncError):
    """The document was deleted in the ledger, as the ledger itself says. A failed read never raises this."""


class NotInCrm(SyncError):
    """The record was deleted in HubSpot, as HubSpot itself says. A failed read never raises this."""


@dataclass(eq=False)
class NumberTaken(SyncError):
    """The document number is in use (QuickBooks 6140) by the document `holder_id` of type `holder_type`."""

    holder_type: str = ""
    holder_id: str = ""


class NameTaken(SyncError):
    """The display name is in use by a customer, vendor or employee (QuickBooks 6240)."""


@dataclass(eq=False)
class NeedsAttention(SyncError):
    """A person decides."""

    code: AttentionCode = AttentionCode.REFUSED_BY_QUICKBOOKS


class ConnectionLost(SyncError):
    """Nothing can be done for any record of the connection until a person reconnects or pays."""


class Malformed(SyncError):
    """Bad signature or unparseable input: refused where it arrives."""
