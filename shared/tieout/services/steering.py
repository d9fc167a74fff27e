"""What decisions about several records have in common, whether they come from the command line or the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.hint import Cause, Hint
from tieout.domain.payment import Document
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object
from tieout.ports import Clock, Hints, Records, UnreadableRecord
from tieout.services.decisions import NothingToResolve


def decide_each(
    keys: Sequence[RecordKey],
    decide: Callable[[RecordKey], SyncRecord],
    left: Callable[[RecordKey, Exception], None] = lambda _key, _why: None,
) -> list[SyncRecord]:
    """The records about which `decide` could decide. One that is busy, needs something else or cannot be read does not
    stop the others: `left` is told of it. Raises StoreUnavailable when nothing was decided yet: what was has to be
    carried out."""
    done: list[SyncRecord] = []
    for key in keys:
        try:
            done.append(decide(key))
        except StoreUnavailable as why:
            if not done:
                raise
            left(key, why)
        except (SyncError, NothingToResolve, UnreadableRecord) as why:
            left(key, why)
    return done


def send_hints(hints: Hints, clock: Clock, keys: Iterable[RecordKey], cause: Cause, trace_id: str) -> None:
    """Have these records looked at: RETRY as a person's wish, DUE only to have a new status shown."""
    now = clock.now()
    found = [
        Hint(key.connection, about, key.origin_id, now, cause, trace_id)
        for key in keys
        if (about := own_hint_object(key)) is not None
    ]
    if found:
        hints.send(found)


def known_in_hubspot(records: Records, connection: str, kind: Kind, id_: str) -> bool:
    """Whether Tieout keeps a record of this HubSpot invoice or payment, wherever it was born."""
    far = Document.HUBSPOT_PAYMENT.holder_kind if kind is Kind.PAYMENT else kind
    own = records.get(RecordKey(connection, kind, "hubspot", id_))
    return own is not None or records.origin_of(connection, "hubspot", far, id_) is not None
