"""Takes one safety away from outside, to prove that the simulation would notice its absence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from itertools import count
from typing import Any, cast
from unittest import mock

from tieout.adapters.quickbooks.wire import encode
from tieout.domain.conflict import Side
from tieout.domain.errors import SyncError
from tieout.domain.field_pairs import Direction
from tieout.domain.hint import Hint, HintObject
from tieout.domain.money import minor_unit
from tieout.domain.planning import fields
from tieout.domain.planning.fields import Comparison
from tieout.domain.record import Kind, Operation, RecordKey, State, SyncRecord, request_id
from tieout.ports import AuditEntry, RecordChanged, Records, Workspace
from tieout.services.claims import Claims, Held
from tieout.services.posting import PostingWriter
from tieout.services.push_payments import PushPayments
from tieout.services.showing_invoices import MirroredInvoiceWriter
from tieout.services.sweep import Sweep
from tieout.services.waking import Found
from tieout.services.writing import Writer


class Sabotage(StrEnum):
    """What is taken away.

    look: after a lost answer the write is planned anew, under a new request id, without looking.
    claim: every claim is granted and every record stored, whoever holds it.
    generation: a document that is created again goes under the request id of the deleted one.
    discount: the order discount is sent as a line of nothing.
    rounding: amounts of lines are cut off to the cent.
    period: whether the books of a day are closed is not looked at before a write.
    rate: the exchange rate stays behind, so that QuickBooks takes 1.
    payment_look: as look, for receipts and refunds.
    refund_twice: what was given back already does not count when a refund is posted.
    echo: what was recorded in HubSpot from QuickBooks goes to QuickBooks like any other payment.
    fees_look: as look, for the expenses of fees.
    mirror_look: as look, for the HubSpot invoices that show those of QuickBooks, and without their unique key.
    mirror_edits: what a person changed of such a HubSpot invoice is not told from what Tieout wrote.
    pair_winner: where both sides of a pair of fields changed, nobody is asked: QuickBooks wins.
    pair_way: pairs of fields go both ways, whatever is set.
    cursor: the sweep notes how far it has come before what it found is queued, and hardly looks at any time
        twice, which would make up for it within a storm.
    """

    NONE = "none"
    LOOK = "look"
    CLAIM = "claim"
    GENERATION = "generation"
    DISCOUNT = "discount"
    ROUNDING = "rounding"
    PERIOD = "period"
    RATE = "rate"
    PAYMENT_LOOK = "payment_look"
    REFUND_TWICE = "refund_twice"
    ECHO = "echo"
    CURSOR = "cursor"
    FEES_LOOK = "fees_look"
    MIRROR_LOOK = "mirror_look"
    MIRROR_EDITS = "mirror_edits"
    PAIR_WINNER = "pair_winner"
    PAIR_WAY = "pair_way"

    @property
    def of(self) -> str:
        """Which worlds notice it."""
        worlds = {"money": _OF_MONEY, "mirrors": _OF_MIRRORS, "pairs": _OF_PAIRS}
        return next((name for name, some in worlds.items() if self in some), "invoices")

    def records(self, records: Records) -> Records:
        """The store as the claims see it."""
        return cast(Records, _Unguarded(records)) if self is Sabotage.CLAIM else records

    def writer(self, claims: Claims, vendor_timeout: timedelta) -> Writer:
        """The writer to use."""
        return (_Blind if self is Sabotage.LOOK else Writer)(claims, vendor_timeout)

    def poster(self, claims: Claims, vendor_timeout: timedelta) -> PostingWriter:
        """The writer of receipts and refunds to use."""
        return (_BlindPoster if self is Sabotage.PAYMENT_LOOK else PostingWriter)(claims, vendor_timeout)

    def mirror_writer(self, claims: Claims, vendor_timeout: timedelta) -> MirroredInvoiceWriter:
        """The writer of QuickBooks' own invoices to use."""
        kind = _BlindMirrorWriter if self is Sabotage.MIRROR_LOOK else MirroredInvoiceWriter
        return kind(claims, vendor_timeout)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this, what cannot be handed over is replaced."""
        with ExitStack() as replaced:
            for target, other in _REPLACED.get(self, ()):
                replaced.enter_context(mock.patch(target, other))
            yield


class _Blind(Writer):
    """Does not look before it writes again."""

    __slots__ = ()

    def verify(self, workspace: Workspace, held: Held) -> bool:
        return _forget(self.claims, held, self.vendor_timeout)


class _BlindPoster(PostingWriter):
    """The same for the documents of payments."""

    __slots__ = ()

    def verify(self, workspace: Workspace, held: Held) -> bool:
        return _forget(self.claims, held, self.vendor_timeout)


class _BlindMirrorWriter(MirroredInvoiceWriter):
    """The same for what is shown in HubSpot."""

    __slots__ = ()

    def verify(self, workspace: Workspace, held: Held) -> bool:
        return _forget(self.claims, held, self.vendor_timeout)


def _another_key(key: RecordKey, _generation: int) -> str:
    return f"{key.connection}/{key.kind}/{key.origin_id}/{next(_KEYS)}"


_KEYS = count(1)


def _forget(claims: Claims, held: Held, vendor_timeout: timedelta) -> bool:
    intent = held.record.intent
    if intent is not None:
        if claims.clock.now() < intent.stored_at + vendor_timeout:
            return False
        claims.store(held, replace(held.record, intent=None).to(State.WAITING, reason="not_carried_out"))
    return True


@dataclass(frozen=True, slots=True)
class _Unguarded:
    """Hides who holds a record, and stores whatever comes."""

    behind: Records

    def __getattr__(self, name: str) -> object:
        return getattr(self.behind, name)

    def get(self, key: RecordKey) -> SyncRecord | None:
        found = self.behind.get(key)
        return None if found is None else replace(found, lease_owner=None, lease_until=None)

    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        while True:
            current = self.behind.get(record.key)
            version, rehints = (current.version, current.rehints) if current else (0, 0)
            try:
                return self.behind.put(replace(record, version=version, rehints=rehints), audit)
            except RecordChanged:
                continue


def _same_for_every_create(
    realm_id: str, entity: str, key: RecordKey, operation: Operation, revision: int, generation: int
) -> str:
    if operation is Operation.CREATE:
        revision = generation = 0
    return request_id(realm_id, entity, key, operation, revision, generation)


def _no_discount(*_: object) -> Mapping[str, object]:
    detail = {"PercentBased": False}
    return {"Amount": Decimal(0), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def _cut_off(quantity: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    return (quantity * unit_price).quantize(minor_unit(currency), ROUND_DOWN)


def _without_rate(body: Mapping[str, object]) -> str:
    return encode({key: value for key, value in body.items() if key != "ExchangeRate"})


def _nothing_given_back(*_: object) -> Decimal:
    return Decimal(0)


def _first_come(
    sweep: Sweep, _connection: str, name: str, step: Iterator[Found], _deadline: datetime, tally: Any
) -> None:
    """As `Sweep._step`, in the wrong order."""
    try:
        for found in step:
            found.then()
            if found.hints:
                sweep.hints.send(found.hints)
                tally.queued[name == "due"] += len(found.hints)
    except SyncError:
        return


_KEY_OF = PushPayments.key_of


def _any_payment(push: PushPayments, workspace: Workspace, hint: Hint) -> RecordKey | None:
    if hint.object is not HintObject.HUBSPOT_PAYMENT:
        return _KEY_OF(push, workspace, hint)
    return RecordKey(workspace.connection.id, Kind.PAYMENT, "hubspot", hint.id)


def _quickbooks_wins(
    hubspot: str, quickbooks: str, changed: frozenset[Side], direction: Direction, winner: Side | None
) -> Comparison:
    return _DECIDED(hubspot, quickbooks, changed, direction, winner or Side.QUICKBOOKS)


def _both_ways(
    hubspot: str, quickbooks: str, changed: frozenset[Side], _direction: Direction, winner: Side | None
) -> Comparison:
    return _DECIDED(hubspot, quickbooks, changed, Direction.BOTH, winner)


_DECIDED = fields._decided
_OF_MONEY = frozenset(
    {Sabotage.PAYMENT_LOOK, Sabotage.REFUND_TWICE, Sabotage.ECHO, Sabotage.CURSOR, Sabotage.FEES_LOOK}
)
_OF_MIRRORS = frozenset({Sabotage.MIRROR_LOOK, Sabotage.MIRROR_EDITS})
_OF_PAIRS = frozenset({Sabotage.PAIR_WINNER, Sabotage.PAIR_WAY})
_REPLACED: Mapping[Sabotage, tuple[tuple[str, object], ...]] = {
    Sabotage.GENERATION: (("tieout.services.writing.request_id", _same_for_every_create),),
    Sabotage.DISCOUNT: (("tieout.adapters.quickbooks.lines.LineWriter._discount", _no_discount),),
    Sabotage.ROUNDING: (("tieout.domain.planning.lines.line_amount", _cut_off),),
    Sabotage.PERIOD: (("tieout.domain.planning.books.Books.closed", lambda *_: False),),
    Sabotage.RATE: (("tieout.adapters.quickbooks.invoices.encode", _without_rate),),
    Sabotage.REFUND_TWICE: (("tieout.domain.planning.refund.refunded_so_far", _nothing_given_back),),
    Sabotage.ECHO: (
        ("tieout.services.push_payments.PushPayments.key_of", _any_payment),
        ("tieout.services.push_payments.PushPayments._restored", lambda *_: None),
        ("tieout.domain.planning.payment._ELSEWHERE", {}),
    ),
    Sabotage.FEES_LOOK: (("tieout.services.book_fees.PostingWriter", _BlindPoster),),
    Sabotage.MIRROR_LOOK: (("tieout.services.showing_invoices.mirror_key", _another_key),),
    Sabotage.MIRROR_EDITS: (("tieout.domain.planning.invoice_mirror.edits", lambda *_: ()),),
    Sabotage.PAIR_WINNER: (("tieout.domain.planning.fields._decided", _quickbooks_wins),),
    Sabotage.PAIR_WAY: (("tieout.domain.planning.fields._decided", _both_ways),),
    Sabotage.CURSOR: (
        ("tieout.services.sweep.Sweep._step", _first_come),
        # No more than the sandbox's index may lag behind.
        ("tieout.services.following.INDEX_LAG", timedelta(minutes=2)),
        ("tieout.services.following_ledger.OVERLAP", timedelta(0)),
    ),
}
