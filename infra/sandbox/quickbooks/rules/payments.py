"""Customer payments: completed, applied to what the customer owes, voided and deleted."""

from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import accounts, applying, currencies

VOIDED = "Voided"
DEPOSIT_ACCOUNTS = frozenset({"Bank", "Other Current Asset"})


def payment(draft: Draft) -> None:
    """Completes a payment and applies its lines; what is not applied stays a credit.

    A payment of 0 may link credits with charges. Raises 2020, 2050, 6000, and 620 for what it cannot be linked to.
    """
    entity, company = draft.entity, draft.company
    entity.setdefault("TxnDate", company.today().isoformat())
    currencies.document(draft)
    deposit_account(draft)
    check_reference(draft)
    entity["TotalAmt"] = total = currencies.rounded(draft, entity["TotalAmt"])
    if total < 0:
        raise business("The transaction amount must be 0 or greater.")
    if draft.before is None and "Line" not in entity and company.preference("SalesFormsPrefs", "AutoApplyPayments"):
        entity["Line"] = applying.oldest_first(company, entity["CustomerRef"]["value"], total)
    entity["Line"] = lines = applying.read_lines(draft)
    left = total - applying.used(lines)
    if left < 0:
        raise business("The amount applied is greater than the payment.")
    if left > total:
        raise business("The credits applied are greater than the charges.")
    entity["UnappliedAmt"] = left
    entity.setdefault("LinkedTxn", [])
    entity.setdefault("ProcessPayment", False)
    applying.settle(draft, lines)


def take_back(draft: Draft) -> None:
    """Frees what a payment that is voided or deleted was applied to."""
    applying.settle(draft, [])


def void(draft: Draft) -> None:
    """All amounts 0 and applied to nothing."""
    draft.entity |= {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": []}
    note_void(draft)


def note_void(draft: Draft) -> None:
    """The private note begins by saying that the transaction is void."""
    entity = draft.entity
    note = entity.get("PrivateNote", "")
    if not note.startswith(VOIDED):
        entity["PrivateNote"] = f"{VOIDED} - {note}" if note else VOIDED
    if draft.company.config.void_sets_txn_status:
        entity["TxnStatus"] = VOIDED


def unapply(draft: Draft) -> None:
    """What payments applied to a document that is voided or deleted becomes unapplied."""
    applying.reapply(draft, ZERO)


def deposit_account(draft: Draft) -> None:
    """Where the money goes: Undeposited Funds unless the document says. Raises 6000 for an account of another type."""
    entity, company = draft.entity, draft.company
    if "DepositToAccountRef" not in entity:
        undeposited = company.account(*accounts.UNDEPOSITED)
        entity["DepositToAccountRef"] = {"value": undeposited["Id"], "name": undeposited["Name"]}
        return
    accounts.checked(draft, entity["DepositToAccountRef"], DEPOSIT_ACCOUNTS, "Money that is deposited")


def check_reference(draft: Draft) -> None:
    """Raises 2050 for a PaymentRefNum that is too long."""
    number, longest = draft.entity.get("PaymentRefNum", ""), draft.company.config.payment_ref_max
    if len(number) > longest:
        raise fault("2050", f"Min:0 Max:{longest} supported. Supplied length:{len(number)}", "PaymentRefNum")


def explained(company: Company, paid: dict[str, Any]) -> dict[str, Any]:
    """A payment as it is answered: each line says what it is linked to, and what of that was open to it."""
    lines = [{**line, "LineEx": {"any": _facts(company, line)}} for line in paid["Line"]]
    return {**paid, "Line": lines}


def _facts(company: Company, line: dict[str, Any]) -> list[dict[str, Any]]:
    [link] = line["LinkedTxn"]
    document = company.get(applying.TARGETS[link["TxnType"]].entity, link["TxnId"])
    open_ = document["Balance"] + line["Amount"] if "Balance" in document else document["TotalAmt"]
    facts = {"txnId": link["TxnId"], "txnOpenBalance": f"{open_:.2f}", "txnReferenceNumber": document.get("DocNumber")}
    return [
        {
            "name": "{http://schema.intuit.com/finance/v3}NameValue",
            "declaredType": "com.intuit.schema.finance.v3.NameValue",
            "scope": "javax.xml.bind.JAXBElement$GlobalScope",
            "value": {"Name": name, "Value": value},
            "nil": False,
            "globalScope": True,
            "typeSubstituted": False,
        }
        for name, value in facts.items()
        if value is not None
    ]
