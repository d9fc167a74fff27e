"""The sweep's first step: records that are due, or that a worker left behind, get their hint sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tieout.domain.hint import Cause, Hint
from tieout.domain.record import own_hint_object
from tieout.ports import Clock, Cursors, Records

_CURSOR = "due"
_HINTS_A_TIME = 500
_WOKEN_AGAIN = 1000
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a step of the sweep found. `then` notes how far it has come, and is called once every hint is queued."""

    hints: Sequence[Hint]
    then: Callable[[], None] = lambda: None


def due(connection: str, records: Records, cursors: Cursors, clock: Clock, trace_id: str) -> Iterator[Found]:
    """Records that fell due since the last run, and the oldest of those that were due before.

    A record that was woken stays due until a worker has claimed it. Waking all of them again and again would flood a
    queue that is behind; waking none again would forget one whose message was lost.
    """
    now = clock.now()
    woken = cursors.load(connection, _CURSOR)
    old = records.due(connection, woken or now, _WOKEN_AGAIN)
    new = records.due(connection, now, _MOST, after=woken) if woken is not None else ()
    hints = [
        Hint(connection, own, key.origin_id, now, Cause.DUE, trace_id)
        for key in (*old, *new)
        if (own := own_hint_object(key)) is not None
    ]
    for start in range(0, len(hints), _HINTS_A_TIME):
        yield Found(hints[start : start + _HINTS_A_TIME])
    yield Found((), partial(cursors.save, connection, _CURSOR, now))
