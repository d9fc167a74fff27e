"""Remembering which records stand for each other, and forgetting customers and items that the ledger takes no more."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from tieout.domain.record import Link, State, SyncRecord
from tieout.ports import RecordChanged, Records


def forget(records: Records, known: Iterable[SyncRecord], now: datetime) -> None:
    """Remove the links of these records, so that they are looked up anew until something matches. A record that
    another worker holds or has changed meanwhile is left alone: that worker knows better."""
    for record in known:
        if record.link is not None and not record.leased(now):
            with suppress(RecordChanged):
                records.put(replace(record, link=None, updated_at=now))


def remember(records: Records, known: SyncRecord, far_id: str, now: datetime) -> None:
    """Note which HubSpot record stands for a customer or item of the ledger, unless a person chose one meanwhile."""
    if known.link is not None and known.link.by_hand:
        return
    record = replace(known, link=Link(far_id, exclusive=False), created_at=known.created_at or now, updated_at=now)
    # Another worker remembered the same just now; what it found is as good.
    with suppress(RecordChanged):
        records.put(record.to(State.SYNCED))
