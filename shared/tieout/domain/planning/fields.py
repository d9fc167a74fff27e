"""Pairs of fields, HubSpot properties and QuickBooks fields, compared with what was last the same on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.field_pairs import (
    NATIVE_FIELDS,
    Direction,
    FieldPair,
    NativeField,
    SyncedField,
    called,
    longest,
    not_taken,
)
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.lines import clean
from tieout.domain.planning.plan import Attend, Change
from tieout.domain.record import Link

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    AGREE = "agree"
    TO_HUBSPOT = "to_hubspot"
    TO_QUICKBOOKS = "to_quickbooks"
    # Differs, but there is nothing to carry in the direction that the pair goes, and nothing was ever synced.
    LEFT = "left"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Comparison:
    """`value` is what both sides hold afterwards ("": cleared); None where nothing is to be the same yet."""

    outcome: Outcome
    value: str | None


def compare(
    hubspot: str, quickbooks: str, synced: str | None, direction: Direction, winner: Side | None = None
) -> Comparison:
    """What is to happen to one pair. Texts are as compared, already cleaned; "" is an empty field.

    `synced` is None when the pair was never the same in both. `winner` is asked only when both sides changed; None
    leaves that to a person. What was changed on the side that a one-way pair only writes to is a person's edit there:
    a conflict, never written over unasked.
    """
    if hubspot == quickbooks:
        return Comparison(Outcome.AGREE, hubspot)
    # A pair that was never synced starts from empty fields: an empty one is not a deletion.
    base = synced or ""
    changed = frozenset(side for side, text in ((Side.HUBSPOT, hubspot), (Side.QUICKBOOKS, quickbooks)) if text != base)
    found = _decided(hubspot, quickbooks, changed, direction, winner)
    if found.outcome is Outcome.CONFLICT and len(changed) == 1 and synced is None:
        return Comparison(Outcome.LEFT, None)
    return found


def _decided(
    hubspot: str, quickbooks: str, changed: frozenset[Side], direction: Direction, winner: Side | None
) -> Comparison:
    """For two values that differ, by which side changed."""
    source = winner if len(changed) > 1 else next(iter(changed))
    if source is Side.HUBSPOT and direction is not Direction.TO_HUBSPOT:
        return Comparison(Outcome.TO_QUICKBOOKS, hubspot)
    if source is Side.QUICKBOOKS and direction is not Direction.TO_QUICKBOOKS:
        return Comparison(Outcome.TO_HUBSPOT, quickbooks)
    return Comparison(Outcome.CONFLICT, None)


# -- the pairs of an invoice


@dataclass(frozen=True, slots=True)
class FieldsPlan:
    """What the pairs of one invoice come to.

    `standing` is what QuickBooks is to hold, by field, as `InvoiceContent.custom_fields`. `written` is what changes of
    it, `carried` the same as texts for people, `conflicts` those that a person has to decide, `problem` what keeps a
    value from being carried. `remembered` is what is known once QuickBooks holds that; what goes to HubSpot is pending
    in it.
    """

    standing: tuple[tuple[str, str], ...] = ()
    written: tuple[tuple[str, str], ...] = ()
    carried: tuple[Change, ...] = ()
    conflicts: tuple[Change, ...] = ()
    problem: Attend | None = None
    remembered: tuple[SyncedField, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether QuickBooks has something else than it should, as far as is known."""
        return bool(self.carried or self.conflicts)


@dataclass(frozen=True, slots=True)
class ComparedFields:
    """The pairs of an invoice with what the two sides say: texts by property and by field. A name that is absent is not
    told: the property does not exist, or the custom field is switched off, so its value is neither a change nor a
    deletion. `synced` is what was remembered of the invoice."""

    pairs: Sequence[FieldPair]
    hubspot: Mapping[str, str]
    quickbooks: Mapping[str, str]
    synced: Sequence[SyncedField] = ()

    def plan(self, taken: Side | None = None) -> FieldsPlan:
        """What is to happen to each; `taken` is the side that a person decided for."""
        of_pair = {(one.property, one.field): one for one in self.synced}
        found = [_pair(pair, self, of_pair.get((pair.hubspot, pair.quickbooks)), taken) for pair in self.pairs]
        # A pair whose custom field is switched off for a while is known again later.
        others = of_pair.keys() - {(pair.hubspot, pair.quickbooks) for pair in self.pairs}
        rest = [one for place, one in of_pair.items() if place in others and not one.pending]
        return FieldsPlan(
            standing=tuple(sorted(one.standing for one in found if one.standing is not None)),
            written=tuple(one.standing for one in found if one.carried is not None and one.standing is not None),
            carried=tuple(one.carried for one in found if one.carried is not None),
            conflicts=tuple(one.conflict for one in found if one.conflict is not None),
            problem=next((one.problem for one in found if one.problem is not None), None),
            remembered=(*(one.remembered for one in found if one.remembered is not None), *rest),
        )


def new_fields(pairs: Sequence[FieldPair], hubspot: Mapping[str, str]) -> FieldsPlan:
    """For an invoice of which nothing stands in QuickBooks: what was remembered is of another document."""
    return ComparedFields(pairs, hubspot, {pair.quickbooks: "" for pair in pairs}).plan()


@dataclass(frozen=True, slots=True)
class _Planned:
    standing: tuple[str, str] | None = None
    carried: Change | None = None
    conflict: Change | None = None
    problem: Attend | None = None
    remembered: SyncedField | None = None


def _pair(pair: FieldPair, compared: ComparedFields, synced: SyncedField | None, taken: Side | None) -> _Planned:
    told, shown = compared.hubspot.get(pair.hubspot), compared.quickbooks.get(pair.quickbooks)
    if synced is not None and synced.pending and not pair.to_hubspot:
        # The pair goes there no more, so nothing is on its way: what HubSpot shows of the two is what it has.
        there = told if told in (synced.hubspot, synced.quickbooks) else synced.hubspot
        synced = replace(synced, hubspot=there or "", pending=False)
    if told is None and synced is None:
        return _Planned()
    hubspot = told if told is not None else synced.hubspot if synced else ""
    quickbooks = shown if shown is not None else synced.quickbooks if synced else ""
    found = _judged(pair, hubspot, quickbooks, synced, told=told is not None)
    if found.outcome is Outcome.CONFLICT and taken is not None:
        found = _taken(pair, hubspot, quickbooks, taken)
        if found.outcome is Outcome.LEFT:
            settled = SyncedField(pair.hubspot, pair.quickbooks, hubspot, quickbooks)
            return _Planned(_standing(pair, quickbooks), remembered=settled)
    match found.outcome:
        case Outcome.TO_QUICKBOOKS:
            return _to_quickbooks(pair, hubspot, quickbooks)
        case Outcome.TO_HUBSPOT if told is not None:
            pending = SyncedField(pair.hubspot, pair.quickbooks, hubspot, quickbooks, pending=True)
            return _Planned(standing=_standing(pair, quickbooks), remembered=pending)
        case Outcome.CONFLICT:
            change = Change(called(pair.quickbooks), quickbooks, hubspot)
            return _Planned(_standing(pair, quickbooks), conflict=change, remembered=synced)
        case Outcome.AGREE if found.value is not None:
            both = SyncedField(pair.hubspot, pair.quickbooks, found.value, found.value)
            return _Planned(_standing(pair, quickbooks), remembered=both if found.value else None)
        case Outcome.AGREE if (
            pair.to_quickbooks and synced is not None and not synced.as_found and not (hubspot and quickbooks)
        ):
            # QuickBooks did not keep it, or did not clear it: an update for another reason tries it once more.
            return _Planned((pair.quickbooks, hubspot), remembered=synced)
    # What a person entered where HubSpot has nothing is theirs, and no part of what Tieout sends.
    return _Planned(_standing(pair, quickbooks) if synced else None, remembered=synced)


def _standing(pair: FieldPair, text: str | None) -> tuple[str, str] | None:
    return (pair.quickbooks, text) if text else None


def _judged(pair: FieldPair, hubspot: str, quickbooks: str, synced: SyncedField | None, *, told: bool) -> Comparison:
    """By which side changed since it was last the same; AGREE without a value: neither did, each has it in its way.
    `told`: HubSpot's text is of now, and not what is remembered of it."""
    winner = pair.winner.side
    if synced is None or hubspot == quickbooks:
        return compare(hubspot, quickbooks, None, pair.direction, winner)
    same = {synced.hubspot, synced.quickbooks} if synced.pending else {synced.hubspot}
    changed = frozenset({Side.HUBSPOT} if hubspot not in same else ())
    if changed and synced.pending:
        # Before QuickBooks' value came there, as far as is known.
        changed |= {Side.QUICKBOOKS}
    if quickbooks != synced.quickbooks:
        changed |= {Side.QUICKBOOKS}
        if told and synced.hubspot and not synced.quickbooks and not synced.pending:
            # It was not kept before and shows up now: it may be of an older day than HubSpot's.
            changed |= {Side.HUBSPOT}
    if not changed:
        return Comparison(Outcome.TO_HUBSPOT, quickbooks) if synced.pending else Comparison(Outcome.AGREE, None)
    return _decided(hubspot, quickbooks, changed, pair.direction, winner)


def _taken(pair: FieldPair, hubspot: str, quickbooks: str, taken: Side) -> Comparison:
    """A person's decision; where the pair does not go that way, both sides keep what they have."""
    if taken is Side.HUBSPOT and pair.to_quickbooks:
        return Comparison(Outcome.TO_QUICKBOOKS, hubspot)
    if taken is Side.QUICKBOOKS and pair.to_hubspot:
        return Comparison(Outcome.TO_HUBSPOT, quickbooks)
    return Comparison(Outcome.LEFT, None)


def _to_quickbooks(pair: FieldPair, hubspot: str, quickbooks: str) -> _Planned:
    problem = text_problem(pair, hubspot)
    if problem is not None:
        return _Planned(_standing(pair, quickbooks), problem=problem)
    change = Change(called(pair.quickbooks), quickbooks, hubspot)
    both = SyncedField(pair.hubspot, pair.quickbooks, hubspot, hubspot)
    # An empty text takes back what stands there.
    return _Planned((pair.quickbooks, hubspot), carried=change, remembered=both)


def text_problem(pair: FieldPair, text: str) -> Attend | None:
    """Why QuickBooks cannot take the text, None when it can."""
    if len(text) > longest(pair.quickbooks):
        told = f"{len(text)} of at most {longest(pair.quickbooks)} characters"
        return Attend(AttentionCode.TEXT_TOO_LONG, f"The text for {called(pair.quickbooks)} has {told}.")
    if pair.quickbooks == NativeField.SHIPPING_DATE and text and not _is_day(text):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, f'{pair.hubspot}: "{text[:40]}" is not a date.')
    return None


# -- what the sides say


def hubspot_texts(pairs: Sequence[FieldPair], properties: Mapping[str, str | None]) -> dict[str, str]:
    """HubSpot's texts by property as they are compared; of a property that HubSpot does not have there is none."""
    return {
        pair.hubspot: as_compared(pair.quickbooks, properties[pair.hubspot])
        for pair in pairs
        if pair.hubspot in properties
    }


def ledger_texts(pairs: Sequence[FieldPair], present: LedgerInvoice) -> dict[str, str]:
    """QuickBooks' texts by field. A custom field that the invoice does not show is switched off; of the others there
    is no telling."""
    texts, found = dict(present.content.custom_fields), {}
    for pair in pairs:
        field = pair.quickbooks
        if field in texts or field in NATIVE_FIELDS or field in present.custom_fields_shown:
            found[field] = clean(texts.get(field)) or ""
    return found


def texts_last_seen(pairs: Sequence[FieldPair], synced: Sequence[SyncedField], link: Link | None) -> dict[str, str]:
    """QuickBooks' texts as far as they are remembered, for an invoice that is not read."""
    written = link.written if link else None
    texts = dict(written.custom_fields) if written else {}
    texts |= {one.field: one.quickbooks for one in synced}
    return {pair.quickbooks: texts.get(pair.quickbooks, "") for pair in pairs}


def remembered(pairs: Sequence[FieldPair], synced: Sequence[SyncedField], link: Link | None) -> tuple[SyncedField, ...]:
    """What is known of the pairs. Of invoices that were sent before pairs were remembered it is what was sent and
    answered, as far as the pair goes to QuickBooks only."""
    if link is None or link.sent is None:
        return tuple(synced)
    have = {(one.property, one.field) for one in synced}
    sent, written = dict(link.sent.custom_fields), dict(link.written.custom_fields) if link.written else {}
    older = (
        SyncedField(pair.hubspot, pair.quickbooks, sent[pair.quickbooks], written.get(pair.quickbooks, ""))
        for pair in pairs
        if pair.direction is Direction.TO_QUICKBOOKS
        and sent.get(pair.quickbooks)
        and (pair.hubspot, pair.quickbooks) not in have
    )
    return (*synced, *older)


def as_sent(link: Link, synced: Sequence[SyncedField]) -> Link:
    """`link` without texts of fields that are empty on both sides by now: they no longer count as sent, or they would
    be remembered again (see `remembered`)."""
    if link.sent is None:
        return link
    kept = {one.field for one in synced}
    texts = tuple((field, text) for field, text in link.sent.custom_fields if not text or field in kept)
    return replace(link, sent=replace(link.sent, custom_fields=texts))


def as_found(
    pairs: Sequence[FieldPair], hubspot: Mapping[str, str], quickbooks: Mapping[str, str]
) -> tuple[SyncedField, ...]:
    """What is remembered of a document that is adopted: what each side says, whatever that is, until one changes it."""
    return worth_keeping(
        [
            SyncedField(
                pair.hubspot, pair.quickbooks, hubspot[pair.hubspot], quickbooks[pair.quickbooks], as_found=True
            )
            for pair in pairs
            if pair.hubspot in hubspot and pair.quickbooks in quickbooks
        ]
    )


def answered(synced: Sequence[SyncedField], answer: LedgerInvoice, *, looked: bool) -> tuple[SyncedField, ...]:
    """What is remembered once QuickBooks answered a write. `looked`: the answer is what stands there later, and a
    person may have changed it since; only that it is not there at all is taken for QuickBooks' doing."""
    texts = {field: clean(text) or "" for field, text in answer.content.custom_fields}
    kept = []
    for one in synced:
        stands = texts.get(one.field, "")
        kept.append(replace(one, quickbooks=stands) if not looked or not stands else one)
    return worth_keeping(kept)


def unkept(synced: Sequence[SyncedField]) -> str:
    """What QuickBooks did not take of what was written there, for a person."""
    settled = [one for one in synced if not one.pending and not one.as_found]
    return not_taken(
        [one.field for one in settled if one.hubspot and not one.quickbooks],
        [one.field for one in settled if one.quickbooks and not one.hubspot],
    )


def worth_keeping(synced: Sequence[SyncedField]) -> tuple[SyncedField, ...]:
    """Without pairs that are empty on both sides: they are as if they had never been filled."""
    return tuple(one for one in synced if one.hubspot or one.quickbooks)


def as_compared(field: str, text: str | None) -> str:
    """HubSpot's raw text as it is compared with the QuickBooks `field`."""
    cleaned = clean(text) or ""
    if field == NativeField.SHIPPING_DATE and cleaned:
        return _day_of(cleaned)
    return cleaned


def _day_of(text: str) -> str:
    """HubSpot's dates are days, midnight UTC as an instant, or its milliseconds (HubSpot: properties)."""
    try:
        if text.isascii() and text.isdecimal():
            return (_EPOCH + timedelta(milliseconds=int(text))).date().isoformat()
        return datetime.fromisoformat(text).date().isoformat()
    except (ValueError, OverflowError):
        return text


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
