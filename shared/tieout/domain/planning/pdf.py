"""Which PDF of an invoice HubSpot should hold, and on whose record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tieout.domain.attached import AttachedPdf
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.record import State, SyncRecord

# A series of edits costs one metered read.
QUIET = timedelta(minutes=10)
_STANDING = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE, State.VOIDED})


@dataclass(frozen=True, slots=True)
class WantedPdf:
    """The PDF of the ledger's invoice `far_id` as `version` (a fingerprint) has it, on the records `target_ids` of
    `object_type` ("companies", "contacts" or "deals"). `id` is the HubSpot invoice's, `number` what people call it."""

    id: str
    far_id: str
    number: str
    version: str
    object_type: str
    target_ids: tuple[str, ...]

    @property
    def target(self) -> str:
        """Whose record, as it is remembered."""
        return f"{self.object_type}:{','.join(self.target_ids)}"


def version_of(record: SyncRecord, source: LedgerInvoice | None = None) -> str:
    """The fingerprint of what a PDF of this invoice shows, "" while none stands in the ledger. `source`: the invoice
    itself, of one that was born there."""
    link = record.link
    if link is None or record.state not in _STANDING:
        return ""
    if source is not None:
        told = (source.id, str(source.updated_at), str(source.total), str(source.balance), str(source.voided))
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:16]
    balance = record.facts.balance if record.facts else None
    parts = (link.far_id, str(link.ledger_updated_at), str(link.total), str(balance), str(record.state is State.VOIDED))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


class Step(StrEnum):
    """What is to be done about a PDF."""

    NOTHING = "nothing"
    LATER = "later"
    ATTACH = "attach"


def next_step(present: AttachedPdf | None, wanted: WantedPdf, now: datetime) -> Step:
    """Whether a PDF is attached anew, now or `QUIET` after the last time. What a person removed stays away."""
    if present is None:
        return Step.ATTACH
    if present.removed or (present.version == wanted.version and present.target == wanted.target):
        return Step.NOTHING
    return Step.LATER if present.version and now < present.at + QUIET else Step.ATTACH
