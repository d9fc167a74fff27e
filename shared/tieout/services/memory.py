"""Forgetting customers and items that the ledger no longer takes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from tieout.domain.record import SyncRecord
from tieout.ports import RecordChanged, Records


def forget(records: Records, known: Iterable[SyncRecord], now: datetime) -> None:
    """Remove the links of these records, so that they are looked up anew until something matches. A record that
    another worker holds or has changed meanwhile is left alone: that worker knows better."""
    for record in known:
        if record.link is not None and not record.leased(now):
            with suppress(RecordChanged):
                records.put(replace(record, link=None, updated_at=now))
