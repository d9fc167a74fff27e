"""Sales forms: who, when, under which number, for how much, what is open, and what a void leaves of it."""

from datetime import date, timedelta
from typing import Any

from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import applying, currencies, forms, lines, payments, tax
from infra.sandbox.quickbooks.rules.names import check_email

AUTO_NUMBER = "AUTO_GENERATE"
ALLOW_DUPLICATES = "allowduplicatedocnum"
# Transactions that a user of the API may link an invoice to; payments and credits link themselves.
SENDABLE_LINKS = frozenset({"Estimate", "ReimburseCharge", "TimeActivity"})
ESTIMATE_STATUSES = frozenset({"Accepted", "Closed", "Pending", "Rejected"})
# Finance.xsd: only these can be linked to an invoice. What linking does to their status is not documented.
_LINKABLE = frozenset({"Accepted", "Pending"})


def invoice(draft: Draft) -> None:
    """Completes an invoice. Raises the faults of its parts."""
    sales_form(draft)
    entity, company = draft.entity, draft.company
    _due(draft)
    deposit = entity.setdefault("Deposit", ZERO)
    if deposit < 0:
        raise business("A deposit cannot be negative.")
    open_ = max(ZERO, entity["TotalAmt"] - deposit)
    left = open_ - applying.reapply(draft, open_)
    entity |= applying.open_fields(company, "Invoice", entity, left)


def estimate(draft: Draft) -> None:
    """Completes an estimate, which is nothing but a promise. Raises 2170 and the faults of its parts."""
    sales_form(draft)
    status = draft.entity.setdefault("TxnStatus", "Pending")
    if status not in ESTIMATE_STATUSES:
        raise fault("2170", f"Invalid Enumeration : {status}", "TxnStatus")


def credit_memo(draft: Draft) -> None:
    """Completes a credit memo, which may be applied already. Raises the faults of its parts."""
    sales_form(draft)
    entity = draft.entity
    left = entity["TotalAmt"] - applying.reapply(draft, entity["TotalAmt"])
    entity |= applying.open_fields(draft.company, "CreditMemo", entity, left)


def receipt(draft: Draft) -> None:
    """Completes a sales receipt or a refund receipt: the money moves at once. Raises the faults of its parts."""
    sales_form(draft)
    payments.deposit_account(draft)
    payments.check_reference(draft)
    draft.entity["Balance"] = ZERO


def sales_form(draft: Draft) -> None:
    """What invoices share with credit memos, receipts and refunds."""
    entity, company = draft.entity, draft.company
    entity.setdefault("TxnDate", company.today().isoformat())
    currencies.document(draft)
    number(draft)
    _contact(draft)
    forms.custom_fields(draft)
    forms.shipping(draft)
    _links(draft)
    tax.check_mode(draft)
    form = lines.read_lines(draft)
    entity["Line"] = form.lines
    sold = [line for line in form.lines if "SalesItemLineDetail" in line]
    sold += [part for line in form.lines for part in line.get("GroupLineDetail", {}).get("Line", ())]
    entity["TxnTaxDetail"] = tax.detail_of(draft, sold, form.subtotal, form.discount)
    total = form.subtotal - form.discount + entity["TxnTaxDetail"]["TotalTax"]
    if total < 0:
        raise business("The transaction amount must be 0 or greater.")
    entity["TotalAmt"] = total
    if company.multicurrency:
        entity["HomeTotalAmt"] = currencies.at_home(company, entity, total)
    entity.setdefault("ApplyTaxAfterDiscount", False)
    entity.setdefault("EmailStatus", "NotSet")
    entity.setdefault("PrintStatus", "NeedToPrint")


def number(draft: Draft) -> None:
    """DocNumber: QuickBooks' own unless the company numbers itself; then null stays null. Raises 6140."""
    entity, company, definition = draft.entity, draft.company, draft.definition
    before = (draft.before or {}).get("DocNumber")
    if not company.preference("SalesFormsPrefs", "CustomTxnNumbers"):
        entity["DocNumber"] = before or company.next_number(definition)
        return
    wanted = entity.get("DocNumber")
    if wanted == AUTO_NUMBER or (wanted is None and entity.get("AutoDocNumber")):
        entity["DocNumber"] = company.next_number(definition)
        return
    if (
        wanted is None
        or wanted == before
        or not company.config.warn_duplicate_numbers
        or ALLOW_DUPLICATES in draft.include
    ):
        return
    holders = company.number_holders(definition, wanted)
    if holders:
        raise fault(
            "6140",
            "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
            f"DocNumber={wanted} is assigned to TxnType={holders[0].entity} with TxnId={holders[0].id}",
        )


def _due(draft: Draft) -> None:
    """The term comes from the customer or the company; the due date from the term."""
    entity, company = draft.entity, draft.company
    if draft.before is None and "SalesTermRef" not in entity:
        customer = company.get("Customer", entity["CustomerRef"]["value"])
        standard = company.preference("SalesFormsPrefs", "DefaultTerms")
        term = customer.get("SalesTermRef") or standard
        if term:
            entity["SalesTermRef"] = dict(term)
    if "DueDate" in entity:
        return
    due = date.fromisoformat(entity["TxnDate"])
    if "SalesTermRef" in entity:
        due += timedelta(days=company.get("Term", entity["SalesTermRef"]["value"]).get("DueDays", 0))
    entity["DueDate"] = due.isoformat()


def _contact(draft: Draft) -> None:
    """Addresses that a new form leaves out are the customer's; mail needs an address. Raises 2210, 6000."""
    entity, company = draft.entity, draft.company
    if draft.before is None and "CustomerRef" in entity:
        customer = company.get("Customer", entity["CustomerRef"]["value"])
        for field in ("BillAddr", "ShipAddr"):
            if field not in entity and field in customer:
                entity[field] = dict(customer[field])
    for field in ("BillEmail", "BillEmailCc", "BillEmailBcc"):
        if field in entity:
            check_email(entity[field], field, several=company.config.multiple_emails)
    waiting = entity.get("EmailStatus") == "NeedToSend" and "BillEmail" not in entity
    if waiting and company.config.need_to_send_requires_email:
        raise business("BillEmail is required when EmailStatus is NeedToSend.")


def _links(draft: Draft) -> None:
    """Links that are sent may add estimates and charges; those that QuickBooks made stay. Raises 620."""
    before = (draft.before or {}).get("LinkedTxn", [])
    kept = [link for link in before if link.get("TxnType") not in SENDABLE_LINKS]
    for link in draft.entity.get("LinkedTxn", []):
        if link.get("TxnType") not in SENDABLE_LINKS:
            continue
        linked = draft.company.find(link["TxnType"], link.get("TxnId", ""))
        closed = linked is not None and linked.get("TxnStatus", "Pending") not in _LINKABLE
        if linked is None or (closed and link not in before):
            raise fault("620", f"Transaction {link.get('TxnId')} cannot be linked.", "LinkedTxn")
        kept.append(link)
    draft.entity["LinkedTxn"] = kept


def mail(draft: Draft, address: str) -> None:
    """Marks the form as sent. Raises 2210, and 6000 when there is nobody to send it to."""
    entity, company = draft.entity, draft.company
    if address:
        entity["BillEmail"] = {"Address": address}
    if "BillEmail" not in entity:
        raise business("An email address is required to send a transaction.")
    check_email(entity["BillEmail"], "BillEmail", several=company.config.multiple_emails)
    entity["EmailStatus"] = "EmailSent"
    entity["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": company.stamp()}


def void(draft: Draft) -> None:
    """All amounts 0; the note says that the form is void. The date, the number and the customer stay."""
    entity = draft.entity
    entity["Line"] = [_emptied(line) for line in entity["Line"]]
    payments.note_void(draft)
    entity["TxnTaxDetail"] = {"TotalTax": ZERO}
    entity["LinkedTxn"] = []
    for field in ("TotalAmt", "Balance", "RemainingCredit", "Deposit", "HomeTotalAmt", "HomeBalance"):
        if field in entity:
            entity[field] = ZERO


def _emptied(line: dict[str, Any]) -> dict[str, Any]:
    emptied = dict(line)
    if "Amount" in emptied:
        emptied["Amount"] = ZERO
    for key in ("SalesItemLineDetail", "DiscountLineDetail", "GroupLineDetail"):
        detail = emptied.get(key)
        if detail is None:
            continue
        zeroed = {name: ZERO for name in ("Qty", "UnitPrice", "TaxInclusiveAmt", "DiscountPercent") if name in detail}
        emptied[key] = {**detail, **zeroed}
        if "Line" in detail:
            emptied[key]["Line"] = [_emptied(part) for part in detail["Line"]]
    return emptied
