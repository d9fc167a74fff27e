"""Which invoices a nightly tie-out compares: those adrift, those of which something changed, and all others in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from tieout.domain.record import RecordKey

GROUP = 100
"""Both vendors answer a question about so many at once."""
NIGHTS = 28
"""In so many nights every invoice has had its turn, however many there are, as long as the nights are long enough."""
LEAST_A_NIGHT = 1000
"""So many have their turn each night in any case: a company with fewer is compared whole every night."""
MOST_CHANGED = 5000
"""Of the invoices that changed since the last night, no more than these are taken out of turn."""
MOST_ADRIFT = 2000
# A record that a worker held when the last night began was stored a little later, under a time of before.
_OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Round:
    """How far a connection's round has come. `after`: the last invoice that had its turn (see `name_of`), "" at the
    beginning. `began`: when this round began, `whole`: when the last one that came to its end did; every invoice was
    compared since. `since`: what was stored before is no change any more. `adrift`: the names of those for which
    something did not hold when they were compared last. Times are aware UTC."""

    after: str = ""
    began: datetime | None = None
    whole: datetime | None = None
    since: datetime | None = None
    adrift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """An invoice that can be compared; `changed`: something happened to it or its money since `Round.since`."""

    key: RecordKey
    changed: bool


@dataclass(frozen=True, slots=True)
class Tonight:
    """What is to be compared, in this order (`keys`), of `of` invoices. `turn` are those whose turn it is, in the
    order of the round, of which `last` says whether it ends with them; `changed` and `adrift` count the others, which
    are taken out of turn. `put_off` changed too, and were too many: they are compared in turn."""

    keys: tuple[RecordKey, ...]
    turn: tuple[RecordKey, ...]
    last: bool
    of: int
    adrift: int = 0
    changed: int = 0
    put_off: int = 0


def name_of(key: RecordKey) -> str:
    """How a round names an invoice: by HubSpot's id, or by QuickBooks' after "quickbooks:" where it was born there,
    because both may have the same number."""
    return key.origin_id if key.origin_system == "hubspot" else f"{key.origin_system}:{key.origin_id}"


def is_change(stored_at: datetime | None, since: datetime | None) -> bool:
    """Whether a record stored at `stored_at` may have changed since the night that began at `since`; in a first night
    nothing counts as changed."""
    return since is not None and (stored_at is None or stored_at >= since - _OVERLAP)


def tonight(round_: Round, listed: Iterable[Listed]) -> Tonight:
    """What to compare. What is adrift comes first, so that an alarm does not fall silent because it is nobody's turn;
    then the changed ones and those in turn, a group of each at a time, so that neither takes the whole night."""
    ordered = sorted(dict.fromkeys(listed), key=lambda one: _order(name_of(one.key)))
    place = _order(round_.after)
    share = max(LEAST_A_NIGHT, -(-len(ordered) // NIGHTS))
    waiting = [one for one in ordered if not round_.after or _order(name_of(one.key)) > place]
    turn = tuple(one.key for one in waiting[:share])
    before = set(round_.adrift)
    adrift = [one.key for one in ordered if name_of(one.key) in before][:MOST_ADRIFT]
    taken = {*turn, *adrift}
    changed = [one.key for one in ordered if one.changed and one.key not in taken]
    out_of_turn = changed[:MOST_CHANGED]
    first = set(adrift)
    others = _alternating(out_of_turn, [key for key in turn if key not in first])
    return Tonight(
        keys=(*adrift, *others),
        turn=turn,
        last=len(turn) == len(waiting),
        of=len(ordered),
        adrift=len(adrift),
        changed=len(out_of_turn),
        put_off=len(changed) - len(out_of_turn),
    )


def advanced(
    round_: Round, night: Tonight, done: Collection[RecordKey], adrift: Collection[str], at: datetime
) -> Round:
    """The round after a night that began at `at` and compared `done`, of which `adrift` (their names) do not hold. One
    that was adrift and had no time stays so."""
    reached = round_.after
    had_turn = 0
    for key in night.turn:
        if key not in done:
            break
        reached, had_turn = name_of(key), had_turn + 1
    looked = {name_of(key) for key in done}
    still = [id_ for id_ in round_.adrift if id_ not in looked]
    kept = tuple(sorted({*adrift, *still}, key=_order)[:MOST_ADRIFT])
    began = round_.began if round_.after and round_.began else at
    if night.last and had_turn == len(night.turn):
        return Round("", None, began, at, kept)
    return Round(reached, began, round_.whole, at, kept)


def _alternating(left: Sequence[RecordKey], right: Sequence[RecordKey]) -> tuple[RecordKey, ...]:
    pairs = zip_longest(_groups(left), _groups(right), fillvalue=())
    return tuple(chain.from_iterable(chain.from_iterable(pairs)))


def _groups(keys: Sequence[RecordKey]) -> list[Sequence[RecordKey]]:
    return [keys[start : start + GROUP] for start in range(0, len(keys), GROUP)]


def _order(name: str) -> tuple[int, str, str]:
    """Ids are numbers that rise, so new invoices come last."""
    system, _, id_ = name.rpartition(":")
    return len(id_), id_, system
