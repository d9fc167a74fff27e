"""The tie-out of an invoice that is born in QuickBooks with the HubSpot invoice that shows it: total and balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tieout.domain.invoice import InvoiceStatus, LedgerInvoice
from tieout.domain.mirrored_invoice import StandingMirror
from tieout.domain.money import Money
from tieout.domain.record import State, SyncRecord
from tieout.domain.status import explain
from tieout.domain.tie_out import Equation, Figures, Finding, Sides, TieOut


@dataclass(frozen=True, slots=True)
class MirrorCase:
    """One record with both sides as they stand now. `standing` and `ledger` None: deleted there."""

    record: SyncRecord
    standing: StandingMirror | None
    ledger: LedgerInvoice | None


def tie_out_mirror(case: MirrorCase) -> TieOut:
    """The figures of both sides, and each equation that does not hold. HubSpot holds no payments of such an invoice, so
    what it shows as open is what was shown last."""
    record, standing, ledger = case.record, case.standing, case.ledger
    found = list(_undecided(record))
    figures = None
    if record.link is None:
        pass
    elif standing is None or ledger is None:
        found += _missing(record, standing, ledger)
    elif standing.total is None or standing.total.currency != ledger.total.currency:
        told = standing.unreadable or f"HubSpot says {standing.total or 'no total'}, QuickBooks {ledger.total}."
        found.append(Finding(Equation.BILLED, told, standing.total, ledger.total))
    else:
        figures = _figures(record, standing, standing.total, ledger)
        found += _voided_on_one_side(standing, ledger)
        if not ledger.voided and standing.status is not InvoiceStatus.VOIDED:
            found += _billed(standing.total, ledger)
            found += _open(figures, standing, ledger)
    return TieOut(record.key, record.label or record.key.origin_id, record.state, figures, tuple(found))


def _undecided(record: SyncRecord) -> Iterator[Finding]:
    if record.state is State.ATTENTION:
        yield Finding(Equation.DECIDED, f"{record.reason}: {explain(record)}")


def _missing(record: SyncRecord, standing: StandingMirror | None, ledger: LedgerInvoice | None) -> Iterator[Finding]:
    """What is deleted on one side; nothing was owed on a voided one in any case."""
    if record.state is State.VOIDED and (ledger is None or ledger.voided):
        return
    if standing is None and ledger is not None:
        stands = "voided" if ledger.voided else f"over {ledger.total}"
        yield Finding(Equation.STANDING, f"Deleted in HubSpot; in QuickBooks it is {stands}.", None, ledger.total)
    elif standing is not None:
        yield Finding(Equation.STANDING, "Deleted in QuickBooks; HubSpot has it.", standing.total, None)


def _voided_on_one_side(standing: StandingMirror, ledger: LedgerInvoice) -> Iterator[Finding]:
    voided = standing.status is InvoiceStatus.VOIDED
    if voided != ledger.voided:
        where, other = ("HubSpot", "QuickBooks") if voided else ("QuickBooks", "HubSpot")
        yield Finding(Equation.STANDING, f"Voided in {where}, not in {other}.", standing.total, ledger.total)


def _billed(total: Money, ledger: LedgerInvoice) -> Iterator[Finding]:
    if total != ledger.total:
        reason = f"HubSpot shows {total}, QuickBooks billed {ledger.total}."
        yield Finding(Equation.BILLED, reason, total, ledger.total)


def _open(figures: Figures, standing: StandingMirror, ledger: LedgerInvoice) -> Iterator[Finding]:
    paid = ledger.total.amount > 0 and ledger.balance.amount == 0
    if paid != (standing.status is InvoiceStatus.PAID):
        reason = f"{ledger.balance} are open in QuickBooks; HubSpot shows it as {standing.status}."
        yield Finding(Equation.APPLIED, reason, figures.open.hubspot, ledger.balance)
    elif figures.open.difference.amount:
        reason = f"HubSpot shows {figures.open.hubspot} as open, in QuickBooks {ledger.balance} are."
        yield Finding(Equation.APPLIED, reason, figures.open.hubspot, ledger.balance)


def _figures(record: SyncRecord, standing: StandingMirror, billed: Money, ledger: LedgerInvoice) -> Figures:
    zero = Money(Decimal(0), billed.currency)
    voided = standing.status is InvoiceStatus.VOIDED
    shown = zero if voided else billed
    facts = record.facts
    still_open = zero if voided else facts.balance if facts is not None else shown
    credited = facts.credited if facts is not None and not voided else zero
    return Figures(
        billed=Sides(shown, ledger.total),
        received=Sides(shown - still_open - credited, ledger.total - ledger.balance - credited),
        refunded=Sides.none(billed.currency),
        credited=credited,
        open=Sides(still_open, ledger.balance),
    )
