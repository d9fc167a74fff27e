"""Whether a worker may take a record now: not while another holds it, and not when nothing new can be seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.posting import Posting
from tieout.domain.record import RecordKey, SyncRecord


class ClaimVerdict(StrEnum):
    """Whether a worker may take a record."""

    TAKE = "take"
    COVERED = "covered"
    BUSY = "busy"
    NOT_DUE = "not_due"


def judge_claim(record: SyncRecord | None, hint: Hint, now: datetime) -> ClaimVerdict:
    """Whether the worker that got `hint` should look at the record now.

    Covered: settled, and by the vendor's own clock the version that was seen is not older than the change. A retry, a
    due record or a back-fill is never covered.
    Not due: a wake-up of a parked record came too early; the sweep wakes it again, so dropping it loses nothing and
    keeps wake-ups from multiplying.
    """
    if record is None:
        return ClaimVerdict.TAKE
    if record.leased(now):
        return ClaimVerdict.BUSY
    if hint.cause is Cause.DUE and record.due_at is not None and now < record.due_at:
        return ClaimVerdict.NOT_DUE
    # The sweep compares versions before it hints at a ledger document, so what it says is no echo of ours.
    of_the_sweep = hint.cause is Cause.SWEEP and hint.object in _FAR_OBJECTS
    if hint.cause in _NEVER_COVERED or of_the_sweep or not record.settled:
        return ClaimVerdict.TAKE
    seen = _version_seen(record, hint)
    return ClaimVerdict.COVERED if seen is not None and shows(seen, hint) else ClaimVerdict.TAKE


def judge_in_passing(record: SyncRecord | None, now: datetime) -> ClaimVerdict:
    """Whether a worker may take a record that no hint is about, because its work on another needs it."""
    if record is None:
        return ClaimVerdict.TAKE
    if record.leased(now):
        return ClaimVerdict.BUSY
    return ClaimVerdict.NOT_DUE if record.due_at is not None and now < record.due_at else ClaimVerdict.TAKE


_NEVER_COVERED = frozenset({Cause.RETRY, Cause.DUE, Cause.AGAIN, Cause.BACKFILL})
# A ledger event bears the time it was sent, slightly later than the change itself; the sweep names the very version.
_ECHO_TOLERANCE = timedelta(seconds=2)
# Changes of what Tieout itself wrote, looked at through the record that it was written for.
_FAR_OBJECTS = frozenset({HintObject.QUICKBOOKS_INVOICE, HintObject.POSTED_DOCUMENT, HintObject.MIRRORED_INVOICE})


def shows(version: datetime, hint: Hint) -> bool:
    """Whether a document's version of that time (the vendor's own) already has the change that `hint` tells of."""
    late = hint.object.system == "quickbooks" and hint.cause is not Cause.SWEEP
    return hint.occurred_at <= (version + _ECHO_TOLERANCE if late else version)


def far_side(key: RecordKey, hint: Hint) -> bool:
    """Whether a hint tells of a change on the other side than where the record's document was born."""
    return hint.object.system != key.origin_system


def _version_seen(record: SyncRecord, hint: Hint) -> datetime | None:
    """The newest version that is known of the document that the hint is about."""
    match hint.object:
        case HintObject.QUICKBOOKS_INVOICE | HintObject.MIRRORED_INVOICE:
            return record.link.ledger_updated_at if record.link else None
        case HintObject.POSTED_DOCUMENT:
            return next((one.updated_at for one in record.postings if posted_hint_id(one) == hint.id), None)
        case _:
            return record.covered_until


def posted_hint_id(posting: Posting) -> str:
    """The id of a hint about a document that was posted in the ledger."""
    return f"{posting.sent.document.holder_kind}:{posting.far_id}"
