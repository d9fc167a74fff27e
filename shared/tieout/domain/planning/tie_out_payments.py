"""The money of one invoice on both sides: each HubSpot payment beside what QuickBooks has for it, and the reverse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tieout.domain.claim import posted_hint_id
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.marker import is_marked
from tieout.domain.money import Money
from tieout.domain.payment import Document, LedgerDocument, LedgerPayment, Processor, SourcePayment, UnreadablePayment
from tieout.domain.planning.applied import INVOICE, received_by_invoice
from tieout.domain.planning.payment_plan import RECEIPTS
from tieout.domain.planning.standing import written_as
from tieout.domain.posting import Posting
from tieout.domain.record import BY_HAND, State, SyncRecord
from tieout.domain.status import explain
from tieout.domain.tie_out import Sides

# Why QuickBooks payments are not recorded in HubSpot although all is well, beside the settings: HubSpot decided so.
_BY_SETTING = frozenset({"recording_refused"})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A HubSpot payment that was made there, and its record (None: Tieout has not seen it).

    `home`: what is applied to none of its invoices, and its refunds, are counted with this invoice. HubSpot tells no
    allocation over several, so each payment has one such invoice, that no money is counted twice.
    """

    source: SourcePayment | UnreadablePayment
    record: SyncRecord | None
    home: bool = True


@dataclass(frozen=True, slots=True)
class MoneyCase:
    """The payments of one invoice.

    `invoice_id` is HubSpot's, `far_id` QuickBooks'. `pushed` were made in HubSpot, `recorded` are HubSpot payments that
    say they come from QuickBooks, by id. `ledger` are QuickBooks' payments by id, those applied to the invoice and
    those posted for `pushed`; `documents` what stands of their refunds, by posted hint id. `mirrors` are the records of
    payments made in QuickBooks, by id. `by_setting`: the settings take no payments over from QuickBooks.
    `not_sent`: why, by the settings, HubSpot payments are left out.
    """

    invoice_id: str
    far_id: str
    pushed: tuple[Pushed, ...] = ()
    recorded: Mapping[str, SourcePayment] = field(default_factory=dict)
    ledger: Mapping[str, LedgerPayment] = field(default_factory=dict)
    documents: Mapping[str, LedgerDocument] = field(default_factory=dict)
    mirrors: Mapping[str, SyncRecord] = field(default_factory=dict)
    by_setting: bool = False
    not_sent: Collection[str] = ()

    @property
    def payments(self) -> tuple[LedgerPayment, ...]:
        """QuickBooks' payments."""
        return tuple(self.ledger.values())


@dataclass(frozen=True, slots=True)
class Tally:
    """Money of one kind on both sides. `by_setting` is what only QuickBooks has because the settings say so, or
    because a person left a payment alone, less what only HubSpot has for that reason. `reasons`: what is wrong with
    which payment."""

    sides: Sides
    by_setting: Money
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sum:
    """Adds up one kind of money in one currency."""

    currency: str
    hubspot: Decimal = _ZERO
    quickbooks: Decimal = _ZERO
    by_setting: Decimal = _ZERO
    reasons: list[str] = field(default_factory=list)

    def add(self, other: _Sum, *, left_by_hand: bool) -> None:
        """Add what was compared apart. Of what a person left alone, any difference is as it should be."""
        self.hubspot += other.hubspot
        self.quickbooks += other.quickbooks
        self.by_setting += other.quickbooks - other.hubspot if left_by_hand else other.by_setting
        self.reasons += [] if left_by_hand else other.reasons

    def tally(self) -> Tally:
        sides = Sides(Money(self.hubspot, self.currency), Money(self.quickbooks, self.currency))
        return Tally(sides, Money(self.by_setting, self.currency), tuple(self.reasons))


def is_recorded(payment: SourcePayment) -> bool:
    """Whether a HubSpot payment says that it comes from QuickBooks."""
    return payment.processor is Processor.QUICKBOOKS or is_marked(payment.comment or "")


def paid_on(ledger: LedgerInvoice, payments: Iterable[LedgerPayment]) -> Money:
    """The money that QuickBooks' payments apply to an invoice, without credits."""
    parts = (received_by_invoice(one).get(ledger.id) for one in payments)
    same = [part for part in parts if part is not None and part.currency == ledger.total.currency]
    return sum(same, Money(_ZERO, ledger.total.currency))


# -- money that came in


def receipts(case: MoneyCase, ledger: LedgerInvoice) -> Tally:
    """What was received for the invoice on both sides."""
    total = _Sum(ledger.total.currency)
    for one in case.pushed:
        _pushed(one, case, total)
    ours = {posting.far_id for one in case.pushed for posting in _live(one.record) if _is_receipt(posting)}
    known: set[str] = set()
    for payment in case.payments:
        money = received_by_invoice(payment).get(case.far_id)
        if payment.id not in ours and money is not None:
            known |= _made_in_quickbooks(payment, money, case, total)
    for id_, recorded in case.recorded.items():
        if id_ not in known:
            _without_origin(recorded, case, total)
    return total.tally()


def _pushed(one: Pushed, case: MoneyCase, total: _Sum) -> None:
    apart = _Sum(total.currency)
    _compared(one, case, apart)
    total.add(apart, left_by_hand=_left_by_hand(one.record))


def _compared(one: Pushed, case: MoneyCase, total: _Sum) -> None:
    source = one.source
    if isinstance(source, UnreadablePayment):
        total.reasons.append(f"HubSpot payment {source.id} cannot be read: {source.reason}.")
        return
    receipt = next((posting for posting in _live(one.record) if _is_receipt(posting)), None)
    if source.amount.currency != total.currency:
        total.reasons.append(f"HubSpot payment {source.id} is over {source.amount}, the invoice in {total.currency}.")
        return
    if not source.received:
        if receipt is not None:
            told = f"QuickBooks payment {receipt.far_id} stands for it."
            total.reasons.append(f"HubSpot payment {source.id} is {source.status.value}; {told}")
            total.quickbooks += _applied(case.ledger.get(receipt.far_id), case.far_id)
        return
    if receipt is None and not source.amount.amount:
        return
    if receipt is None:
        counted = source.amount.amount if one.home else _ZERO
        total.hubspot += counted
        if _not_sent(one.record, case):
            total.by_setting -= counted
            return
        total.reasons.append(
            f"HubSpot payment {source.id} over {source.amount} is not in QuickBooks: {_why(one.record)}"
        )
        return
    _beside(source, receipt, one, case, total)


def _not_sent(record: SyncRecord | None, case: MoneyCase) -> bool:
    return record is not None and record.state is State.IGNORED and record.reason in case.not_sent


def _beside(source: SourcePayment, receipt: Posting, one: Pushed, case: MoneyCase, total: _Sum) -> None:
    """A payment and its document. What QuickBooks applies to other invoices than Tieout did is a person's to decide;
    what is applied to this one no longer is missing."""
    stands = case.ledger.get(receipt.far_id)
    sent = {part.far_id: part.amount.amount for part in receipt.sent.allocations if part.type == INVOICE}
    now = {part.far_id: part.amount.amount for part in stands.allocations if part.type == INVOICE} if stands else {}
    share = {far_id: max(sent.get(far_id, _ZERO), now.get(far_id, _ZERO)) for far_id in {*sent, *now}}
    total.hubspot += share.get(case.far_id, _ZERO)
    total.quickbooks += now.get(case.far_id, _ZERO)
    kind = receipt.sent.document.value.replace("_", " ")
    name = f"QuickBooks {kind} {receipt.far_id} of HubSpot payment {source.id}"
    if one.home:
        total.hubspot += source.amount.amount - sum(share.values(), _ZERO)
        free = stands.total.amount - sum(share.values(), _ZERO) if stands else _ZERO
        total.quickbooks += min(max(free, _ZERO), stands.unapplied.amount) if stands else _ZERO
    if receipt.sent.document is not Document.PAYMENT:
        total.reasons.append(f"{name} cannot be applied to an invoice.")
    elif stands is None:
        total.reasons.append(f"{name} does not stand in QuickBooks any more.")
    elif stands.voided:
        total.reasons.append(f"{name} was voided.")
    elif now.get(case.far_id, _ZERO) < sent.get(case.far_id, _ZERO):
        lost = Money(sent[case.far_id] - now.get(case.far_id, _ZERO), total.currency)
        total.reasons.append(f"{name} was unapplied: {lost} less than Tieout applied.")
    elif stands.total != source.amount:
        total.reasons.append(f"{name} is over {stands.total}, HubSpot says {source.amount}.")
    elif one.record and _needs_a_person(one.record):
        total.reasons.append(f"HubSpot payment {source.id} is {_why(one.record)}")


def _made_in_quickbooks(payment: LedgerPayment, money: Money, case: MoneyCase, total: _Sum) -> set[str]:
    """A payment of a person in QuickBooks and its recorded HubSpot payment; the ids of those that stand for it."""
    if money.currency != total.currency:
        total.reasons.append(f"QuickBooks payment {payment.id} is over {money}, the invoice in {total.currency}.")
        return set()
    total.quickbooks += money.amount
    record = case.mirrors.get(payment.id)
    mine = [one.far_id for one in _live(record) if one.parent_id == case.invoice_id]
    standing = [one.amount for id_ in mine if (one := case.recorded.get(id_)) is not None and one.received]
    recorded = Money(sum((one.amount for one in standing if one.currency == total.currency), _ZERO), total.currency)
    total.hubspot += recorded.amount
    if recorded == money:
        return set(mine)
    if not mine and _left_out_by_setting(record, case):
        total.by_setting += money.amount
        return set()
    if record is None and is_marked(payment.private_note):
        told = "was posted for a HubSpot payment that this invoice does not have any more: deleted there, or taken off."
        total.reasons.append(f"QuickBooks payment {payment.id} with {money} {told}")
        return set()
    told = f"is recorded in HubSpot with {recorded}" if standing else "is not recorded in HubSpot"
    total.reasons.append(f"QuickBooks payment {payment.id} with {money} {told}: {_why(record)}")
    return set(mine)


def _left_by_hand(record: SyncRecord | None) -> bool:
    """Whether a person told Tieout to leave it alone. One of which a refund was told since is in attention instead."""
    return record is not None and record.state is State.IGNORED and record.reason == BY_HAND


def _left_out_by_setting(record: SyncRecord | None, case: MoneyCase) -> bool:
    return (
        case.by_setting
        or _left_by_hand(record)
        or (record is not None and record.state is State.IGNORED and record.reason in _BY_SETTING)
    )


def _without_origin(recorded: SourcePayment, case: MoneyCase, total: _Sum) -> None:
    if not recorded.received:
        return
    if recorded.amount.currency == total.currency:
        total.hubspot += recorded.amount.amount
    origin = next(
        (id_ for id_, record in case.mirrors.items() for one in _live(record) if one.far_id == recorded.id), None
    )
    if origin is None:
        told = "says that it comes from QuickBooks, and Tieout did not record it."
    else:
        told = f"was recorded for QuickBooks payment {origin}, which is applied to this invoice no longer."
    total.reasons.append(f"HubSpot payment {recorded.id} over {recorded.amount} {told}")


# -- money that went back


def refunds(case: MoneyCase, currency: str) -> Tally:
    """What was given back of the payments that are counted with this invoice."""
    total = _Sum(currency)
    for one in case.pushed:
        if one.home and isinstance(one.source, SourcePayment) and one.source.amount.currency == currency:
            apart = _Sum(currency)
            _refunded(one.source, one.record, case, apart)
            total.add(apart, left_by_hand=_left_by_hand(one.record))
    confirmed = {posting.far_id: posting.sent.refunded for record in case.mirrors.values() for posting in _live(record)}
    for id_, recorded in case.recorded.items():
        if recorded.amount.currency == currency:
            known = confirmed.get(id_) or Money(_ZERO, currency)
            total.hubspot += recorded.refunded.amount
            total.quickbooks += known.amount
            if recorded.refunded != known:
                told = f"Of HubSpot payment {id_} {recorded.refunded} were given back there"
                total.reasons.append(f"{told}, {known} confirmed for QuickBooks.")
    return total.tally()


def _refunded(source: SourcePayment, record: SyncRecord | None, case: MoneyCase, total: _Sum) -> None:
    live = _live(record)
    posted = accepted = _ZERO
    for posting in live:
        amount = _standing(posting, case)
        within = amount + _variance(posting, record, case)
        match posting.sent.document:
            case Document.REFUND_RECEIPT:
                posted, accepted = posted + amount, accepted + within
            case Document.CREDIT_MEMO:
                # The memo says what was given back, the expense that it left the account: both have to stand.
                spent = _expense_of(posting, live, case)
                posted, accepted = posted + min(amount, spent), accepted + min(within, spent)
    total.hubspot += source.refunded.amount
    total.quickbooks += posted
    # The settings tolerate it, and the record says so.
    total.by_setting += posted - accepted
    if not live and _not_sent(record, case):
        total.by_setting -= source.refunded.amount
        return
    gone = list(_gone(live, record, case))
    if gone:
        total.reasons.extend(gone)
    elif accepted != source.refunded.amount:
        was = Money(posted, total.currency)
        why = _why(record)
        total.reasons.append(
            f"Of HubSpot payment {source.id} {source.refunded} were given back, posted are {was}: {why}"
        )


def _standing(posting: Posting, case: MoneyCase) -> Decimal:
    stands = case.documents.get(posted_hint_id(posting))
    return _ZERO if stands is None or stands.voided else stands.total.amount


def _expense_of(memo: Posting, live: Iterable[Posting], case: MoneyCase) -> Decimal:
    return sum(
        (
            _standing(one, case)
            for one in live
            if one.sent.document is Document.EXPENSE and one.sent.refunded == memo.sent.refunded
        ),
        _ZERO,
    )


def _variance(posting: Posting, record: SyncRecord | None, case: MoneyCase) -> Decimal:
    """What a document lacks of what was sent: QuickBooks came to another total, which the settings tolerate, and nobody
    changed it since."""
    stands = case.documents.get(posted_hint_id(posting))
    tolerated = record is not None and record.state is State.SYNCED_WITH_VARIANCE
    if not tolerated or stands is None or stands.voided or stands.total != written_as(posting).amount:
        return _ZERO
    return posting.sent.amount.amount - stands.total.amount


def _gone(live: Iterable[Posting], record: SyncRecord | None, case: MoneyCase) -> Iterator[str]:
    for posting in live:
        document = posting.sent.document
        if document not in REFUNDING:
            continue
        name = f"QuickBooks {document.value.replace('_', ' ')} {posting.far_id}"
        stands = case.documents.get(posted_hint_id(posting))
        if stands is None:
            yield f"{name} does not stand any more."
        elif stands.voided:
            yield f"{name} was voided."
        elif stands.total.amount + _variance(posting, record, case) != posting.sent.amount.amount:
            yield f"{name} is over {stands.total}, posted with {posting.sent.amount}."


REFUNDING = frozenset({Document.REFUND_RECEIPT, Document.CREDIT_MEMO, Document.EXPENSE})
"""The documents of a refund that are read to see what stands of it."""


# -- words


def _live(record: SyncRecord | None) -> tuple[Posting, ...]:
    return tuple(one for one in record.postings if not one.voided) if record else ()


def _is_receipt(posting: Posting) -> bool:
    return posting.sent.document in RECEIPTS


def _applied(payment: LedgerPayment | None, far_id: str) -> Decimal:
    parts = payment.allocations if payment else ()
    return sum((one.amount.amount for one in parts if (one.type, one.far_id) == (INVOICE, far_id)), _ZERO)


def _needs_a_person(record: SyncRecord) -> bool:
    return record.state in (State.ATTENTION, State.DELETED_IN_LEDGER)


def _why(record: SyncRecord | None) -> str:
    """What the record says about itself."""
    if record is None:
        return "Tieout has not seen it yet."
    if _needs_a_person(record):
        return f"in attention: {record.reason}. {record.detail}".strip()
    if record.state is State.IGNORED:
        return f"left out ({record.reason}). {record.detail}".strip()
    return explain(record) or f"its state is {record.state.value.replace('_', ' ')}."
