"""The tie-out of one invoice: whether billed, applied, received and refunded agree, and why they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tieout.domain.invoice import InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.money import Money
from tieout.domain.payment import LedgerPayment
from tieout.domain.planning.accepted import TOTAL
from tieout.domain.planning.applied import INVOICE
from tieout.domain.planning.tie_out_payments import MoneyCase, Tally, paid_on, receipts, refunds
from tieout.domain.record import State, SyncRecord
from tieout.domain.status import explain
from tieout.domain.tie_out import Equation, Figures, Finding, Sides, TieOut

# What waits was agreed about before it had to.
_AGREED = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE, State.WAITING})
_OF_A_PERSON = frozenset({State.ATTENTION, State.DELETED_IN_LEDGER})


@dataclass(frozen=True, slots=True)
class InvoiceCase:
    """One invoice with its record and its money. `source` and `ledger` None: deleted on that side."""

    record: SyncRecord
    source: SourceInvoice | UnreadableInvoice | None
    ledger: LedgerInvoice | None
    money: MoneyCase


def tie_out(case: InvoiceCase) -> TieOut:
    """The figures of both sides, and each equation that does not hold."""
    record, source, ledger = case.record, case.source, case.ledger
    found = list(_undecided(record))
    figures = None
    if not _stands_for_it(record):
        pass
    elif isinstance(source, UnreadableInvoice):
        found.append(Finding(Equation.STANDING, f"HubSpot's invoice cannot be read: {source.reason}."))
    elif source is None or ledger is None:
        found += _missing(record, source, ledger)
    elif source.total is None or source.total.currency != ledger.total.currency:
        told = source.total or "no total"
        found.append(
            Finding(Equation.BILLED, f"HubSpot says {told}, QuickBooks {ledger.total}.", source.total, ledger.total)
        )
    else:
        received, refunded = receipts(case.money, ledger), refunds(case.money, ledger.total.currency)
        figures = _figures(source, source.total, ledger, case.money, received, refunded)
        found += _voided_on_one_side(source, ledger)
        found += _billed(record, source, ledger)
        found += _applied(ledger, case.money)
        found += _tallied(Equation.RECEIVED, received)
        found += _tallied(Equation.REFUNDED, refunded)
    taken = _taken(record) if figures is not None else ""
    return TieOut(record.key, record.label or record.key.origin_id, record.state, figures, tuple(found), taken)


def _taken(record: SyncRecord) -> str:
    """Who took QuickBooks' total, where it is not HubSpot's."""
    accepted = record.accepted
    if accepted is None or TOTAL not in accepted.fields or record.state not in _AGREED:
        return ""
    return (
        f"{accepted.by} took QuickBooks' total of {accepted.total} instead of HubSpot's {accepted.hubspot.billed} on "
        f"{accepted.at:%Y-%m-%d}."
    )


def _undecided(record: SyncRecord) -> Iterator[Finding]:
    if record.state in _OF_A_PERSON:
        yield Finding(Equation.DECIDED, f"{record.reason}: {explain(record)}")


def _stands_for_it(record: SyncRecord) -> bool:
    """Whether the linked document is meant to say what HubSpot says: not one that was taken back."""
    return record.link is not None and not record.link.rejected and record.state is not State.DELETED_IN_LEDGER


def _missing(
    record: SyncRecord, source: SourceInvoice | UnreadableInvoice | None, ledger: LedgerInvoice | None
) -> Iterator[Finding]:
    """What is deleted on one side; nothing was owed on a voided one in any case."""
    if record.state is State.VOIDED and (ledger is None or ledger.voided):
        return
    if source is None:
        stands = "voided" if ledger is None or ledger.voided else f"over {ledger.total}"
        right = ledger.total if ledger else None
        yield Finding(Equation.STANDING, f"Deleted in HubSpot; in QuickBooks it is {stands}.", None, right)
    elif ledger is None:
        left = source.total if isinstance(source, SourceInvoice) else None
        yield Finding(Equation.STANDING, "Deleted in QuickBooks; HubSpot has it.", left, None)


def _voided_on_one_side(source: SourceInvoice, ledger: LedgerInvoice) -> Iterator[Finding]:
    voided = source.status is InvoiceStatus.VOIDED
    if voided != ledger.voided:
        where, other = ("HubSpot", "QuickBooks") if voided else ("QuickBooks", "HubSpot")
        yield Finding(Equation.STANDING, f"Voided in {where}, not in {other}.", source.total, ledger.total)


def _billed(record: SyncRecord, source: SourceInvoice, ledger: LedgerInvoice) -> Iterator[Finding]:
    if source.total is None or source.status is InvoiceStatus.VOIDED or ledger.voided:
        return
    variance = declared_variance(record, ledger.total.currency)
    if ledger.total - source.total != variance:
        said = f" beside the declared variance of {variance}" if variance.amount else ""
        reason = f"HubSpot billed {source.total}, QuickBooks {ledger.total}{said}."
        yield Finding(Equation.BILLED, reason, source.total, ledger.total)


def declared_variance(record: SyncRecord, currency: str) -> Money:
    """What QuickBooks' total, in `currency`, may be more than HubSpot's: the difference that stood within the
    tolerances when the invoice was posted. Zero where nothing was accepted, and of an invoice that was posted in
    another currency."""
    link = record.link
    if record.state in _AGREED and link and link.sent and link.sent.billed and link.total:
        accepted = link.total - link.sent.billed
        if accepted.currency == currency:
            return accepted
    return Money(Decimal(0), currency)


def _applied(ledger: LedgerInvoice, money: MoneyCase) -> Iterator[Finding]:
    """What is no longer open is what QuickBooks' payments apply to it, credits among them."""
    settled = ledger.total - ledger.balance
    applied = applied_to(ledger, money.payments)
    if settled == applied:
        return
    beside = sorted({f"{kind} {id_}" for kind, id_ in ledger.settlements if kind != "Payment"})
    told = f" Beside payments QuickBooks names {', '.join(beside)}." if beside else ""
    reason = f"{settled} of the invoice are no longer open; payments and credits apply {applied} to it.{told}"
    yield Finding(Equation.APPLIED, reason, settled, applied)


def applied_to(ledger: LedgerInvoice, payments: Iterable[LedgerPayment]) -> Money:
    """What QuickBooks' payments apply to an invoice, in money and in credits."""
    parts = [
        one.amount
        for payment in payments
        for one in payment.allocations
        if one.type == INVOICE and one.far_id == ledger.id and one.amount.currency == ledger.total.currency
    ]
    return sum(parts, Money(Decimal(0), ledger.total.currency))


def _tallied(equation: Equation, tally: Tally) -> Iterator[Finding]:
    """One finding for money that differs, or that agrees only by chance: then a reason is known all the same."""
    left, right = tally.sides.hubspot, tally.sides.quickbooks
    if tally.reasons:
        yield Finding(equation, " ".join(dict.fromkeys(tally.reasons)), left, right)
    elif tally.sides.difference != tally.by_setting:
        word = "received" if equation is Equation.RECEIVED else "given back"
        yield Finding(equation, f"{left} were {word} in HubSpot, {right} in QuickBooks.", left, right)


def _figures(
    source: SourceInvoice, billed: Money, ledger: LedgerInvoice, case: MoneyCase, received: Tally, refunded: Tally
) -> Figures:
    zero = Money(Decimal(0), billed.currency)
    in_hubspot = zero if source.status is InvoiceStatus.VOIDED else billed
    paid = paid_on(ledger, case.payments)
    return Figures(
        billed=Sides(in_hubspot, ledger.total),
        received=received.sides,
        refunded=refunded.sides,
        credited=applied_to(ledger, case.payments) - paid,
        open=Sides(in_hubspot - received.sides.hubspot, ledger.balance),
    )
