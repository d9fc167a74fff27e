"""What people do to invoices of the demo after they were synced."""

from __future__ import annotations

from infra.local.demo.story import CATALOGUE, ORDER, Day, Invoice, item_body


def raise_quantity(day: Day, invoice: Invoice) -> None:
    """A seventh is sold."""
    line = day.hubspot.lines_of(invoice.id)[0]
    day.hubspot.update("line_items", line, {"quantity": "7"})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Quantity as agreed by phone."})


def move_due_date(day: Day, invoice: Invoice) -> None:
    """The buyer gets more time."""
    day.hubspot.update("invoices", invoice.id, {"hs_due_date": "2027-01-15T00:00:00Z"})


def void(day: Day, invoice: Invoice) -> None:
    """It was a mistake."""
    day.hubspot.update("invoices", invoice.id, {"hs_invoice_status": "voided"})


def delete(day: Day, invoice: Invoice) -> None:
    """It should never have been."""
    day.hubspot.delete("invoices", invoice.id)


def receive_payment(day: Day, invoice: Invoice) -> None:
    """The bookkeeper receives a part of it in QuickBooks."""
    present = day.in_quickbooks(invoice)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": present["Id"], "TxnType": "Invoice"}]}
    customer, currency = present["CustomerRef"], present["CurrencyRef"]
    day.quickbooks.create(
        "Payment", {"CustomerRef": customer, "CurrencyRef": currency, "TotalAmt": 100, "Line": [line]}
    )


def pay_then_raise(day: Day, invoice: Invoice) -> None:
    """More is sold after a part was paid."""
    receive_payment(day, invoice)
    raise_quantity(day, invoice)


def pay_then_lower(day: Day, invoice: Invoice) -> None:
    """Less is billed than was paid already."""
    receive_payment(day, invoice)
    line = day.hubspot.lines_of(invoice.id)[0]
    day.hubspot.update("line_items", line, {"quantity": "0.5"})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Half an hour only."})


def pay_then_void(day: Day, invoice: Invoice) -> None:
    """It was a mistake, and a part was paid already."""
    receive_payment(day, invoice)
    void(day, invoice)


def merge_company(day: Day, invoice: Invoice) -> None:
    """Somebody cleans up in HubSpot: the company becomes part of another entry under a new name and a new id."""
    kind, company = day.parties[invoice.customer]
    cleaned = day.hubspot.create(kind, {"name": "Gull Group"})
    day.parties[invoice.customer] = (kind, day.hubspot.merge(kind, cleaned, company))
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Now part of the Gull Group."})


def edit_memo_on_both_sides(day: Day, invoice: Invoice) -> None:
    """Two people write two comments, one in each system."""
    present = day.in_quickbooks(invoice)
    day.quickbooks.change("Invoice", present, {"CustomerMemo": {"value": "Pay by Friday!"}})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Pay by Monday."})


def note_in_quickbooks_then_change(day: Day, invoice: Invoice) -> None:
    """Somebody enters a ship date in QuickBooks, and the due date moves in HubSpot."""
    present = day.in_quickbooks(invoice)
    day.quickbooks.change("Invoice", present, {"ShipDate": "2026-11-30"})
    move_due_date(day, invoice)


def delete_in_quickbooks(day: Day, invoice: Invoice) -> None:
    """Somebody deletes it in QuickBooks."""
    day.quickbooks.delete("Invoice", day.in_quickbooks(invoice))


def create_item_and_retry(day: Day, invoice: Invoice) -> None:
    """The bookkeeper enters the product that was missing, and asks for another look."""
    gadget = CATALOGUE["gadget"]
    day.quickbooks.create("Item", item_body(gadget, day.quickbooks))
    day.retry(invoice.id)


def give_discount(day: Day, invoice: Invoice) -> None:
    """The first line gets ten percent off."""
    line = day.hubspot.lines_of(invoice.id)[0]
    day.hubspot.update("line_items", line, {"hs_discount_percentage": "10"})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "Ten percent off, as promised."})


def add_purchase_order(day: Day, invoice: Invoice) -> None:
    """The buyer's number comes later."""
    day.hubspot.update("invoices", invoice.id, {"hs_purchase_order_number": "PO-LATE"})
    day.hubspot.update("invoices", invoice.id, {"hs_comments": "With your order number."})


def ship_and_renumber(day: Day, invoice: Invoice) -> None:
    """The bookkeeper enters a tracking number in QuickBooks, and the seller corrects the order number in HubSpot."""
    day.quickbooks.change("Invoice", day.in_quickbooks(invoice), {"TrackingNum": "1Z 999"})
    day.hubspot.update("invoices", invoice.id, {ORDER: "SO-1002"})
