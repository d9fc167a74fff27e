"""The proof of the demo's money: what stands on both sides, told in a few words and compared with what must."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.local.demo.deal import Deal, Desk, Stands, mark_of
from infra.local.demo.story import Ending, Invoice
from tieout.domain.record import State, SyncRecord
from tieout.domain.status import explain

_PAYMENT = ("hs_initial_amount", "hs_refunds_amount", "hs_latest_status", "hs_processor_type", "hs_payment_method_type")
_HOW = {"card": "by card", "ach": "by bank debit"}
_WHO = {"byo_stripe": "by Stripe", "none": "by hand", "quickbooks": "from QuickBooks"}
_STATUS = {"processing": "processing", "failed": "failed", "disputed_action_required": "disputed"}
_RECEIPTS = {"Payment": "payment", "SalesReceipt": "sales receipt"}
_DOCUMENTS = {**_RECEIPTS, "RefundReceipt": "refund receipt", "CreditMemo": "credit memo"}
_DECISIONS = frozenset({State.ATTENTION, State.DELETED_IN_LEDGER})
_WORDS = {State.SYNCED: "in sync", State.IGNORED: "left out"}
_NOTHING = "-"


@dataclass(frozen=True)
class MoneyFinding:
    """One deal on both sides. `problem` is empty when everything is as it must be; `why` is Tieout's own text."""

    deal: Deal
    stands: Stands
    why: str
    problem: str


@dataclass
class _Both:
    """Everything of money, read once. Documents and HubSpot payments are by id."""

    desk: Desk
    linked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    payments: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    due: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    balances: dict[str, Decimal] = field(default_factory=dict)

    def amount(self, payment: str) -> Decimal:
        """What was paid in HubSpot; 0 for a payment that is deleted."""
        return Decimal(self.payments.get(payment, {}).get("hs_initial_amount") or 0)


def prove_money(desk: Desk, deals: Sequence[Deal], number: int) -> list[MoneyFinding]:
    """Compare both sides with what must stand after that round."""
    begun = [(one, wanted) for one in deals if (wanted := one.after(number)) is not None]
    if not begun:
        return []
    both = _read(desk, deals)
    names = {id_: name for name, id_ in desk.accounts.items()}
    findings = [_examine(both, one, wanted, names) for one, wanted in begun]
    known = {None, *(id_ for deal in deals for id_ in deal.payments)}
    strangers = [one for rows in both.documents.values() for one in rows if mark_of(one) not in known]
    if strangers:
        nobody = Deal("documents of payments that nobody made", (), ())
        findings.append(MoneyFinding(nobody, Stands("", f"{len(strangers)}", "", ""), "", "extra"))
    return findings


def unexpected(named: Mapping[str, Sequence[str]], invoices: Sequence[Invoice], deals: Sequence[Deal]) -> list[str]:
    """What is wrong with a tie-out that names these HubSpot invoices, with reasons: it has to name those that need a
    person in the end, and no others."""
    wanted = [(one.what, {one.id}) for one in invoices if one.ending is Ending.ATTENTION]
    wanted += [(one.what, {invoice.id for invoice in one.invoices}) for one in deals if one.differs]
    silent = [f"not named: {what}" for what, ids in wanted if not ids & set(named)]
    expected = {id_ for _, ids in wanted for id_ in ids}
    return silent + [f"HubSpot invoice {id_}: {' '.join(why)}" for id_, why in named.items() if id_ not in expected]


def _read(desk: Desk, deals: Sequence[Deal]) -> _Both:
    ids = [invoice.id for deal in deals for invoice in deal.invoices]
    linked = desk.hubspot.linked("invoices", ids, "commerce_payments")
    payments = {id_ for some in linked.values() for id_ in some} | {id_ for deal in deals for id_ in deal.payments}
    both = _Both(
        desk,
        linked,
        desk.hubspot.read("commerce_payments", sorted(payments), _PAYMENT),
        desk.hubspot.read("invoices", ids, ("hs_balance_due",)),
    )
    both.documents = {entity: desk.quickbooks.query(entity) for entity in _DOCUMENTS}
    invoices = desk.quickbooks.query("Invoice")
    desk.note(invoices)
    both.balances = {one["Id"]: Decimal(one["Balance"]) for one in invoices}
    return both


def _examine(both: _Both, deal: Deal, wanted: Stands, names: Mapping[str, str]) -> MoneyFinding:
    records = list(both.desk.kept(deal))
    stands = Stands(
        _joined(_in_hubspot(both, deal)),
        _joined(_in_quickbooks(both, deal, names)),
        _joined(dict.fromkeys(map(_says, records))),
        _open(both, deal),
    )
    places = {"HubSpot": "hubspot", "QuickBooks": "quickbooks", "Tieout": "says", "open": "open"}
    pairs = {name: (getattr(stands, place), getattr(wanted, place)) for name, place in places.items()}
    problem = "; ".join(f"{name}: {found}, not {wants}" for name, (found, wants) in pairs.items() if found != wants)
    why = " ".join(explain(one) for one in records if one is not None and one.state in _DECISIONS)
    return MoneyFinding(deal, stands, why, problem)


def _joined(parts: Iterator[str] | Mapping[str, None]) -> str:
    return "; ".join(filter(None, parts)) or _NOTHING


# -- HubSpot


def _in_hubspot(both: _Both, deal: Deal) -> Iterator[str]:
    of_invoices = [sorted(both.linked.get(invoice.id, ()), key=both.amount) for invoice in deal.invoices]
    ids = dict.fromkeys([*deal.payments, *(id_ for some in of_invoices for id_ in some)])
    for id_ in (id_ for id_ in ids if id_ in both.payments):
        one, amount = both.payments[id_], both.amount(id_)
        back = Decimal(one["hs_refunds_amount"] or 0)
        yield ", ".join(
            filter(
                None,
                [
                    f"{amount:,.2f} {_how(one)}",
                    f"{back:,.2f} back" if back else "",
                    _STATUS.get(one["hs_latest_status"] or "", ""),
                ],
            )
        )


def _how(payment: Mapping[str, str | None]) -> str:
    processor = payment["hs_processor_type"] or "none"
    return _WHO.get(processor) or _HOW[payment["hs_payment_method_type"] or ""]


# -- QuickBooks


def _in_quickbooks(both: _Both, deal: Deal, names: Mapping[str, str]) -> Iterator[str]:
    for entity, word in _DOCUMENTS.items():
        rows = sorted(both.documents[entity], key=lambda one: int(one["Id"]))
        for payment in deal.payments:
            yield from (_told(one, word, names) for one in rows if mark_of(one) == payment)
        yield from (_told(one, word, names) for one in rows if (entity, one["Id"]) in deal.documents)


def _told(one: Mapping[str, Any], word: str, names: Mapping[str, str]) -> str:
    total, account = Decimal(one["TotalAmt"]), names.get(one.get("DepositToAccountRef", {}).get("value", ""), "")
    used: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in one.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            used[link["TxnType"]] += Decimal(line["Amount"])
    if used["CreditMemo"]:
        return f"credit of {used['CreditMemo']:,.2f} applied"
    if word == "credit memo":
        return f"{word} {total:,.2f}"
    if not total:
        return f"{word} voided"
    rest = Decimal(one.get("UnappliedAmt", 0))
    free = f", {rest:,.2f} of it unapplied" if rest else ""
    direction = "from" if word == "refund receipt" else "to"
    return f"{word} {total:,.2f} {direction} {account}{free}"


# -- Tieout, and what is open


def _says(record: SyncRecord | None) -> str:
    if record is None:
        return "not seen"
    if record.state in _DECISIONS:
        return f"attention: {record.reason}"
    word = _WORDS.get(record.state, record.state.value)
    return f"{word}: {record.reason}" if record.state in (State.IGNORED, State.WAITING) else word


def _open(both: _Both, deal: Deal) -> str:
    """What is open on the invoices of a deal, said twice where the systems do not agree."""
    if not deal.invoices:
        return _NOTHING
    due = sum((Decimal(both.due[one.id]["hs_balance_due"] or 0) for one in deal.invoices), Decimal(0))
    standing = [both.desk.booked.get(one.id) for one in deal.invoices]
    balance = sum((both.balances[one["Id"]] for one in standing if one), Decimal(0))
    if not all(standing):
        return f"{due:,.2f}"
    return f"{due:,.2f}" if due == balance else f"{due:,.2f} / {balance:,.2f}"
