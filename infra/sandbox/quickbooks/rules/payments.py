"""Customer payments: what they are applied to, and how that shows on the invoices."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import ZERO, Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.rules import currencies

VOIDED = "Voided"
PAYMENT = "Payment"
INVOICE = "Invoice"
DEPOSIT_ACCOUNTS = frozenset({"Bank", "Other Current Asset"})


def payment(draft: Draft) -> None:
    """Completes a payment and applies its lines to invoices; what is not applied stays a credit.

    Raises 2020, 6000, and 620 for what a payment cannot be linked to.
    """
    entity, company = draft.entity, draft.company
    entity.setdefault("TxnDate", company.today().isoformat())
    currencies.document(draft)
    _account(draft)
    entity["TotalAmt"] = total = currencies.rounded(draft, entity["TotalAmt"])
    if total < 0:
        raise business("The transaction amount must be 0 or greater.")
    entity["Line"] = [_line(draft, line) for line in entity.get("Line", [])]
    applied = _applied(entity)
    left = total - sum(applied.values(), ZERO)
    if left < 0:
        raise business("The amount applied is greater than the payment.")
    entity["UnappliedAmt"] = left
    entity.setdefault("ProcessPayment", False)
    _settle(draft, applied)


def take_back(draft: Draft) -> None:
    """Frees the invoices of a payment that is voided or deleted."""
    _settle(draft, {})


def void(draft: Draft) -> None:
    """All amounts 0 and applied to nothing."""
    entity = draft.entity
    entity |= {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": []}
    note_void(entity)


def note_void(entity: dict[str, Any]) -> None:
    """A private note begins by saying that the transaction is void."""
    note = entity.get("PrivateNote", "")
    if not note.startswith(VOIDED):
        entity["PrivateNote"] = f"{VOIDED} - {note}" if note else VOIDED


def unapply(draft: Draft) -> None:
    """What was applied to an invoice that is voided becomes a credit of its customer."""
    reapply(draft, ZERO)


def reapply(draft: Draft, most: Decimal) -> Decimal:
    """What the payments of an invoice apply to it now that it takes at most `most`; the rest becomes unapplied."""
    before, left = draft.before or {}, most
    for link in before.get("LinkedTxn", []):
        if link["TxnType"] != PAYMENT:
            continue
        paid = draft.company.get(PAYMENT, link["TxnId"])
        others = [line for line in paid["Line"] if line["LinkedTxn"][0]["TxnId"] != before["Id"]]
        applied = _applied(paid)[before["Id"]]
        kept = min(applied, left)
        left -= kept
        if kept != applied:
            own = [{"Amount": kept, "LinkedTxn": [{"TxnId": before["Id"], "TxnType": INVOICE}]}] if kept else []
            unapplied = paid["UnappliedAmt"] + applied - kept
            draft.touched.append((PAYMENT, {**paid, "Line": others + own, "UnappliedAmt": unapplied}))
    return most - left


def _account(draft: Draft) -> None:
    entity, company = draft.entity, draft.company
    if "DepositToAccountRef" not in entity:
        [undeposited] = [one for one in company.all("Account") if one["AccountSubType"] == "UndepositedFunds"]
        entity["DepositToAccountRef"] = {"value": undeposited["Id"], "name": undeposited["Name"]}
    elif company.get("Account", entity["DepositToAccountRef"]["value"])["AccountType"] not in DEPOSIT_ACCOUNTS:
        raise business("A payment is deposited to an account of type Bank or Other Current Asset.")


def _line(draft: Draft, line: dict[str, Any]) -> dict[str, Any]:
    links = line.get("LinkedTxn", [])
    if "Amount" not in line or len(links) != 1:
        raise missing("Amount" if "Amount" not in line else "LinkedTxn")
    amount = currencies.rounded(draft, line["Amount"])
    if amount < 0:
        raise business("The amount applied cannot be negative.")
    id_ = links[0].get("TxnId", "")
    invoice = draft.company.find(INVOICE, id_) if links[0].get("TxnType") == INVOICE else None
    if invoice is None:
        raise fault("620", f"Transaction {id_} cannot be linked.", "LinkedTxn")
    if invoice["CustomerRef"]["value"] != draft.entity["CustomerRef"]["value"]:
        raise business("The transaction belongs to another customer.")
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id_, "TxnType": INVOICE}]}


def _applied(entity: dict[str, Any]) -> dict[str, Decimal]:
    """By invoice, what a payment's lines apply to it."""
    applied: dict[str, Decimal] = defaultdict(Decimal)
    for line in entity.get("Line", []):
        applied[line["LinkedTxn"][0]["TxnId"]] += line["Amount"]
    return applied


def _settle(draft: Draft, applied: dict[str, Decimal]) -> None:
    """Moves the balances of the invoices from what this payment applied before to what it applies now."""
    before = _applied(draft.before or {})
    id_ = (draft.before or {}).get("Id") or draft.company.next_id(draft.definition)
    for invoice_id in sorted({*before, *applied}, key=int):
        change = applied.get(invoice_id, ZERO) - before.get(invoice_id, ZERO)
        kept = invoice_id in applied
        if change or kept != (invoice_id in before):
            invoice = draft.company.get(INVOICE, invoice_id)
            draft.touched.append((INVOICE, _paid(draft.company, invoice, change, id_, kept=kept)))


def _paid(company: Company, invoice: dict[str, Any], change: Decimal, id_: str, *, kept: bool) -> dict[str, Any]:
    balance = invoice["Balance"] - change
    if balance < 0:
        raise business(f"The amount applied is greater than the open balance of transaction {invoice['Id']}.")
    link = {"TxnId": id_, "TxnType": PAYMENT}
    links = [one for one in invoice.get("LinkedTxn", []) if one != link] + ([link] if kept else [])
    paid = {**invoice, "Balance": balance, "LinkedTxn": links}
    if company.multicurrency:
        paid["HomeBalance"] = currencies.at_home(company, paid, balance)
    return paid
