"""What needs a person: the records by category, and what can be done about many of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from tieout.console import links
from tieout.console.desk import Desk
from tieout.console.explaining import NEEDS_A_PERSON, summary, unreadable_told
from tieout.console.language import message
from tieout.console.routing import Page, changes, shows
from tieout.console.visit import Visit
from tieout.console.web import BadRequest, Reply
from tieout.console.words import CALLED
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object
from tieout.ports import Clock, RecordPage, Records
from tieout.services import decisions
from tieout.services.steering import decide_each, send_hints

# More than this is neither read for a page nor done by one button.
MOST = 500
_ON_A_PAGE = 50
LONGEST_NOTE = 500
_CHOOSE = message("Choose at least one record.")
_NO_NOTE = message("Say why in a note, so that others know.")
TOO_LONG = message("A note has at most {most} characters.")

Decide = Callable[[Sequence[RecordKey], str], Sequence[RecordKey]]
Decision = Callable[[Records, Clock, RecordKey, str, str, str], SyncRecord]


@dataclass(frozen=True, slots=True)
class Category:
    """A reason why records need a person, and how many do for it."""

    code: str
    summary: str
    count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that needs a person. `name` names it in a form."""

    name: str
    record: SyncRecord
    called: str
    summary: str
    decide: str


@dataclass(frozen=True, slots=True)
class Needy:
    """What needs a person, the latest first, and what is kept of others and cannot be read."""

    records: Sequence[SyncRecord]
    unreadable: Sequence[RecordKey]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person sent and is to be corrected: which field is wrong, and why. `everything`: the whole list."""

    chosen: Sequence[RecordKey] = ()
    note: str = ""
    field: str = ""
    error: str = ""
    everything: bool = False

    @property
    def names(self) -> Collection[str]:
        """What is ticked."""
        return {_name(key) for key in self.chosen}


def listing(desk: Desk, visit: Visit) -> Reply:
    """The categories, and the records of all of them or of one."""
    return _listing(desk, visit, visit.request.query.one("code"), Typed())


def retry(desk: Desk, visit: Visit) -> Reply:
    """Have what was chosen looked at again."""

    def asked(keys: Sequence[RecordKey], note: str) -> Sequence[RecordKey]:
        busy = decisions.retry(desk.records, desk.hints, desk.clock, keys, visit.actor, visit.trace_id, note)
        return [key for key in keys if key not in busy]

    return _decided(desk, visit, asked, _looked_at)


def resolve(desk: Desk, visit: Visit) -> Reply:
    """Somebody put both sides right: that is kept, and both are looked at again."""
    return _decided(desk, visit, _one_by_one(desk, visit, decisions.resolve, Cause.RETRY), _looked_at)


def ignore(desk: Desk, visit: Visit) -> Reply:
    """Leave what was chosen alone, until somebody retries it."""
    # Looked at once more only to have the new status shown in HubSpot.
    leave = _one_by_one(desk, visit, decisions.ignore, Cause.DUE)
    return _decided(desk, visit, leave, _left_alone, needs_note=True)


def _one_by_one(desk: Desk, visit: Visit, decision: Decision, cause: Cause) -> Decide:
    def decide(keys: Sequence[RecordKey], note: str) -> Sequence[RecordKey]:
        found = decide_each(
            keys, lambda key: decision(desk.records, desk.clock, key, note, visit.actor, visit.trace_id)
        )
        done = [one.key for one in found]
        send_hints(desk.hints, desk.clock, done, cause, visit.trace_id)
        return done

    return decide


def _listing(desk: Desk, visit: Visit, code: str, typed: Typed) -> Reply:
    found = _needy(desk, visit)
    needy, listed = found.records, [one for one in found.records if code in ("", one.reason)]
    number = _number(visit.request.query.one("page"))
    shown = listed[number * _ON_A_PAGE : (number + 1) * _ON_A_PAGE]
    if typed.chosen and not typed.everything:
        # First, wherever they stood: what somebody ticked stays ticked.
        shown = _with_chosen(desk, typed.chosen, shown)
    first_of = {one.reason: one for one in reversed(needy)}
    return visit.draw(
        "attention.html",
        status=422 if typed.error else 200,
        categories=[
            Category(reason, summary(visit.language, first_of[reason]), count)
            for reason, count in Counter(one.reason for one in needy).most_common()
        ],
        code=code,
        total=len(needy),
        listed=len(listed),
        most=MOST,
        entries=[_entry(visit, one) for one in shown],
        page=number,
        has_more=len(listed) > (number + 1) * _ON_A_PAGE,
        typed=typed,
        longest_note=LONGEST_NOTE,
        unreadable=unreadable_told(visit.language, found.unreadable),
    )


def _with_chosen(desk: Desk, chosen: Sequence[RecordKey], shown: Sequence[SyncRecord]) -> list[SyncRecord]:
    found = desk.records.get_many(chosen)
    return [found[key] for key in chosen if key in found] + [one for one in shown if one.key not in found]


def _needy(desk: Desk, visit: Visit) -> Needy:
    records: list[SyncRecord] = []
    unreadable: list[RecordKey] = []
    for page in _pages(desk, visit):
        records += (one for one in page.readable if own_hint_object(one.key) is not None)
        unreadable += page.unreadable
        if len(records) + len(unreadable) >= MOST:
            break
    return Needy(records[:MOST], unreadable)


def _pages(desk: Desk, visit: Visit) -> Iterator[RecordPage]:
    for state in NEEDS_A_PERSON:
        yield from decisions.pages_in_state(desk.records, visit.here.id, state)


def _entry(visit: Visit, record: SyncRecord) -> Entry:
    return Entry(
        _name(record.key),
        record,
        CALLED.get(record.key.kind, ""),
        summary(visit.language, record),
        links.decide_url(visit, record.key),
    )


def _name(key: RecordKey) -> str:
    return f"{key.kind}/{key.origin_system}/{key.origin_id}"


def _key(visit: Visit, name: str) -> RecordKey:
    kind, _, rest = name.partition("/")
    system, _, id_ = rest.partition("/")
    try:
        key = RecordKey(visit.here.id, Kind(kind), system, id_)
    except ValueError:
        raise BadRequest("no_such_record") from None
    if own_hint_object(key) is None or not id_:
        raise BadRequest("no_such_record")
    return key


def _chosen(desk: Desk, visit: Visit) -> list[RecordKey]:
    form = visit.request.form
    if form.one("all"):
        code = form.one("code")
        return [one.key for one in _needy(desk, visit).records if code in ("", one.reason)]
    return list(dict.fromkeys(_key(visit, name) for name in form.all("record")))[:MOST]


def _decided(
    desk: Desk, visit: Visit, decide: Decide, told: Callable[[Visit, int], str], *, needs_note: bool = False
) -> Reply:
    form = visit.request.form
    code, note, keys = form.one("code"), form.one("note"), _chosen(desk, visit)
    everything = bool(form.one("all"))
    if not keys:
        return _listing(desk, visit, code, Typed(note=note, field="record", error=visit.say(_CHOOSE)))
    if len(note) > LONGEST_NOTE:
        error = visit.say(TOO_LONG, most=LONGEST_NOTE)
        return _listing(desk, visit, code, Typed(keys, note, "note", error, everything))
    if needs_note and not note:
        return _listing(desk, visit, code, Typed(keys, note, "note", visit.say(_NO_NOTE), everything))
    done = decide(keys, note)
    left = len(keys) - len(done)
    said = [told(visit, len(done))] if done else []
    said += [_busy(visit, left)] if left else []
    return visit.back(visit.url("/attention", code=code), " ".join(said), "warning" if left else "ok")


def _looked_at(visit: Visit, number: int) -> str:
    return visit.language.count(
        number,
        "{number} record is looked at again in a moment.",
        "{number} records are looked at again in a moment.",
    )


def _left_alone(visit: Visit, number: int) -> str:
    return visit.language.count(number, "{number} record is left alone.", "{number} records are left alone.")


def _busy(visit: Visit, number: int) -> str:
    return visit.language.count(
        number,
        "{number} was left as it is: Tieout is working on it just now, or it needs another decision.",
        "{number} were left as they are: Tieout is working on them just now, or they need another decision.",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


PAGE = Page(
    "attention",
    (
        shows("/attention", listing),
        changes("/attention/retry", retry),
        changes("/attention/resolve", resolve),
        changes("/attention/ignore", ignore),
    ),
    message("Attention"),
    "/attention",
)
