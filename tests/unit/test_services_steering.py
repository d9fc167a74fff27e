"""Decisions about several records: one that cannot be decided about stops no other, and none that was made is lost."""

from __future__ import annotations

import pytest

from tieout.domain.errors import NotReadyYet, StoreUnavailable
from tieout.domain.record import Kind, RecordKey, SyncRecord
from tieout.ports import UnreadableRecord
from tieout.services.decisions import NothingToResolve
from tieout.services.steering import decide_each

KEYS = [RecordKey("c1", Kind.INVOICE, "hubspot", str(number)) for number in range(3)]


@pytest.mark.parametrize(
    "why", [NotReadyYet("busy"), NothingToResolve("settled"), UnreadableRecord(KEYS[1]), StoreUnavailable()]
)
def test_one_that_cannot_be_decided_about_stops_no_other(why: Exception) -> None:
    left: list[tuple[RecordKey, Exception]] = []

    def decide(key: RecordKey) -> SyncRecord:
        if key == KEYS[1]:
            raise why
        return SyncRecord(key)

    done = decide_each(KEYS, decide, lambda key, reason: left.append((key, reason)))
    assert [one.key for one in done] == [KEYS[0], KEYS[2]]
    assert left == [(KEYS[1], why)]


def test_a_store_that_is_out_from_the_beginning_is_told_as_such() -> None:
    def decide(_key: RecordKey) -> SyncRecord:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        decide_each(KEYS, decide)
