"""The attention codes: what a bookkeeper is told, and what to do next. Each has a section in the runbook, by test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AttentionCode(StrEnum):
    """Why a record needs a person's decision."""

    CUSTOMER_MISSING = "customer_missing"
    CUSTOMER_AMBIGUOUS = "customer_ambiguous"
    DUPLICATE_NAME = "duplicate_name"
    ITEM_MISSING = "item_missing"
    ITEM_AMBIGUOUS = "item_ambiguous"
    REFERENCE_INACTIVE = "reference_inactive"
    NUMBER_TOO_LONG = "number_too_long"
    DUPLICATE_NUMBER = "duplicate_number"
    DISCOUNT_UNSUPPORTED = "discount_unsupported"
    FEE_UNSUPPORTED = "fee_unsupported"
    TAX_UNSUPPORTED = "tax_unsupported"
    CURRENCY_UNSUPPORTED = "currency_unsupported"
    NO_LINES = "no_lines"
    NEGATIVE_LINE = "negative_line"
    AMOUNT_TOO_LARGE = "amount_too_large"
    TEXT_TOO_LONG = "text_too_long"
    TOTAL_DIFFERS = "total_differs"
    TOTAL_BELOW_PAID = "total_below_paid"
    CUSTOMER_OF_PAID_INVOICE = "customer_of_paid_invoice"
    PERIOD_CLOSED = "period_closed"
    EDITED_IN_QUICKBOOKS = "edited_in_quickbooks"
    DELETED_IN_QUICKBOOKS = "deleted_in_quickbooks"
    VOIDED_IN_QUICKBOOKS = "voided_in_quickbooks"
    DELETED_IN_HUBSPOT = "deleted_in_hubspot"
    REOPENED_IN_HUBSPOT = "reopened_in_hubspot"
    VOID_OF_PAID_INVOICE = "void_of_paid_invoice"
    LINKED_ELSEWHERE = "linked_elsewhere"
    ADOPTION_UNCLEAR = "adoption_unclear"
    CANNOT_BE_APPLIED = "cannot_be_applied"
    DEPOSITED_IN_QUICKBOOKS = "deposited_in_quickbooks"
    RECORDING_REFUSED = "recording_refused"
    DEPOSIT_ACCOUNT_MISSING = "deposit_account_missing"
    INVOICE_NOT_SYNCED = "invoice_not_synced"
    OVERPAYMENT = "overpayment"
    ALLOCATION_UNKNOWN = "allocation_unknown"
    CURRENCY_DIFFERS = "currency_differs"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_DISPUTED = "payment_disputed"
    PAYMENT_REASSIGNED = "payment_reassigned"
    REFUND_DIFFERS = "refund_differs"
    REFUND_OF_IGNORED = "refund_of_ignored"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    EDITED_IN_HUBSPOT = "edited_in_hubspot"
    RECORDED_PAYMENT_DELETED = "recorded_payment_deleted"
    REFUND_IN_QUICKBOOKS = "refund_in_quickbooks"
    FEES_AMBIGUOUS = "fees_ambiguous"
    FEE_MAPPING_MISSING = "fee_mapping_missing"
    FEE_MAPPING_UNUSABLE = "fee_mapping_unusable"
    REFUSED_BY_QUICKBOOKS = "refused_by_quickbooks"
    REFUSED_BY_HUBSPOT = "refused_by_hubspot"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`summary` says what is wrong, `next_step` what to do, both in a bookkeeper's words."""

    summary: str
    next_step: str


_RETRY = "then retry this invoice"

ATTENTION: dict[AttentionCode, Explanation] = {
    AttentionCode.CUSTOMER_MISSING: Explanation(
        "The invoice has no customer that QuickBooks knows or that could be created.",
        "Give the invoice a company or a contact with a name or e-mail in HubSpot, or allow creating customers, "
        f"{_RETRY}.",
    ),
    AttentionCode.CUSTOMER_AMBIGUOUS: Explanation(
        "Several QuickBooks customers match this invoice's customer.",
        f"Merge the customers in QuickBooks, or make their e-mail or name unique, {_RETRY}.",
    ),
    AttentionCode.DUPLICATE_NAME: Explanation(
        "The customer's name is already used in QuickBooks by another customer, vendor or employee.",
        f"Rename one of the two, or reactivate the inactive customer in QuickBooks, {_RETRY}.",
    ),
    AttentionCode.ITEM_MISSING: Explanation(
        "A line's product was not found in QuickBooks by SKU or name, and no fallback item is configured.",
        f"Create the product in QuickBooks with the same SKU or name, or configure a fallback item, {_RETRY}.",
    ),
    AttentionCode.ITEM_AMBIGUOUS: Explanation(
        "Several QuickBooks products share the SKU of a line.",
        f"Make the SKU unique in QuickBooks, {_RETRY}.",
    ),
    AttentionCode.REFERENCE_INACTIVE: Explanation(
        "The customer or a product of this invoice is inactive in QuickBooks.",
        f"Make it active again in QuickBooks, or let another one match, {_RETRY}.",
    ),
    AttentionCode.NUMBER_TOO_LONG: Explanation(
        "The invoice number is longer than the 21 characters QuickBooks allows.",
        "Shorten the number in HubSpot, or switch custom transaction numbers off in QuickBooks; " + _RETRY + ".",
    ),
    AttentionCode.DUPLICATE_NUMBER: Explanation(
        "Another document in QuickBooks already bears this invoice number.",
        f"Change the number of the other document in QuickBooks, or this one's in HubSpot, {_RETRY}.",
    ),
    AttentionCode.DISCOUNT_UNSUPPORTED: Explanation(
        "The invoice has a discount that QuickBooks does not take as things are.",
        f"Switch discounts on in QuickBooks' sales settings, or correct the discount in HubSpot, {_RETRY}.",
    ),
    AttentionCode.FEE_UNSUPPORTED: Explanation(
        "The invoice has an order-level fee, and no QuickBooks item is set for it.",
        f"Name an item in the setting fee_item_id, or in fee_items for this fee's label, {_RETRY}.",
    ),
    AttentionCode.TAX_UNSUPPORTED: Explanation(
        "The sales tax of this invoice cannot be posted with the present settings.",
        f"Choose the tax_mode that fits the company, and name the items or tax codes in the settings, {_RETRY}.",
    ),
    AttentionCode.CURRENCY_UNSUPPORTED: Explanation(
        "The invoice is in a foreign currency that QuickBooks has switched off or has no exchange rate for.",
        f"Switch multicurrency on and add the currency or its rate in QuickBooks, {_RETRY}.",
    ),
    AttentionCode.NO_LINES: Explanation(
        "The invoice has no line items.",
        f"Add at least one line item in HubSpot, {_RETRY}.",
    ),
    AttentionCode.NEGATIVE_LINE: Explanation(
        "A line has a negative quantity or price, which QuickBooks does not take on an invoice.",
        "Use a discount or a credit memo instead; " + _RETRY + ".",
    ),
    AttentionCode.AMOUNT_TOO_LARGE: Explanation(
        "A line is larger than any amount QuickBooks takes.",
        f"Correct the line's quantity or price in HubSpot, {_RETRY}.",
    ),
    AttentionCode.TEXT_TOO_LONG: Explanation(
        "A text of the invoice is longer than QuickBooks allows.",
        f"Shorten the text named in the details in HubSpot, {_RETRY}.",
    ),
    AttentionCode.TOTAL_DIFFERS: Explanation(
        "HubSpot's total and the total of the same invoice in QuickBooks differ.",
        "Compare the two figures in the details, correct the one that is wrong; " + _RETRY + ".",
    ),
    AttentionCode.TOTAL_BELOW_PAID: Explanation(
        "HubSpot's new total is less than what is already paid or credited in QuickBooks.",
        "Unapply or refund the difference in QuickBooks, or correct the invoice in HubSpot; " + _RETRY + ".",
    ),
    AttentionCode.CUSTOMER_OF_PAID_INVOICE: Explanation(
        "HubSpot bills this invoice to somebody else now, but what the former customer paid is applied in QuickBooks.",
        "Unapply them in QuickBooks, or bill the former customer again in HubSpot; " + _RETRY + ".",
    ),
    AttentionCode.PERIOD_CLOSED: Explanation(
        "The books of this invoice's period are closed in QuickBooks.",
        "Reopen the period in QuickBooks, or enter a credit memo in the open one; a new invoice can also be dated in "
        "an open period. " + _RETRY.capitalize() + ".",
    ),
    AttentionCode.EDITED_IN_QUICKBOOKS: Explanation(
        "Somebody changed this invoice in QuickBooks, in a field that comes from HubSpot.",
        "Decide which value is right (both are in the details) and take HubSpot's or QuickBooks', or enter it in the "
        f"other system, {_RETRY}.",
    ),
    AttentionCode.DELETED_IN_QUICKBOOKS: Explanation(
        "Somebody deleted this invoice in QuickBooks.",
        "Retry to create it again in QuickBooks, or void it in HubSpot.",
    ),
    AttentionCode.VOIDED_IN_QUICKBOOKS: Explanation(
        "Somebody voided this invoice in QuickBooks while it is open in HubSpot.",
        "Void it in HubSpot too, or enter a new invoice.",
    ),
    AttentionCode.DELETED_IN_HUBSPOT: Explanation(
        "The invoice was deleted in HubSpot and still stands in QuickBooks.",
        "Void it in QuickBooks, or restore it in HubSpot; " + _RETRY + ".",
    ),
    AttentionCode.REOPENED_IN_HUBSPOT: Explanation(
        "The invoice is a draft again in HubSpot and still stands in QuickBooks.",
        "Finalise it again in HubSpot, or void it there.",
    ),
    AttentionCode.VOID_OF_PAID_INVOICE: Explanation(
        "The invoice was voided in HubSpot, but payments or credits are applied to it in QuickBooks.",
        "Unapply them in QuickBooks, then retry this invoice; or leave it as it is in QuickBooks and ignore it here.",
    ),
    AttentionCode.LINKED_ELSEWHERE: Explanation(
        "The QuickBooks document already belongs to another HubSpot invoice.",
        "Look at both HubSpot invoices: one of them is a duplicate. Void the one that is wrong, then retry.",
    ),
    AttentionCode.ADOPTION_UNCLEAR: Explanation(
        "QuickBooks may hold this invoice already, entered by hand, but not everything of it is the same.",
        "If it is the same, make number, customer, total and date agree and run the back-fill again; if it is another, "
        "retry this invoice to send it.",
    ),
    AttentionCode.CANNOT_BE_APPLIED: Explanation(
        "QuickBooks does not let this payment or credit be applied to the document it belongs to.",
        "Look at the invoice in QuickBooks: it may be paid, voided, deleted or another customer's; then retry this "
        "payment.",
    ),
    AttentionCode.DEPOSITED_IN_QUICKBOOKS: Explanation(
        "The payment is part of a bank deposit in QuickBooks, which locks it.",
        "Take it out of the deposit in QuickBooks, then retry this payment; or enter the change there yourself.",
    ),
    AttentionCode.RECORDING_REFUSED: Explanation(
        "HubSpot does not let payments be recorded in this account.",
        "Set up HubSpot payments or Stripe in HubSpot and allow the app to write payments, then retry this payment; or "
        "switch record_payments_in_hubspot off: the invoice shows what was paid in any case.",
    ),
    AttentionCode.DEPOSIT_ACCOUNT_MISSING: Explanation(
        "No QuickBooks account is set for the money of this payment's processor.",
        "Name the processor's clearing account in the setting deposit_accounts, then retry this payment.",
    ),
    AttentionCode.INVOICE_NOT_SYNCED: Explanation(
        "The payment has waited long enough for its invoice to reach QuickBooks.",
        "Bring the invoice to QuickBooks, and this payment follows by itself; or ignore it, and retry this one.",
    ),
    AttentionCode.OVERPAYMENT: Explanation(
        "The payment is more than what was open on its invoice; the rest stands in QuickBooks as a credit.",
        "Apply the rest to another invoice in QuickBooks; this clears by itself then.",
    ),
    AttentionCode.ALLOCATION_UNKNOWN: Explanation(
        "HubSpot does not say how much of the payment belongs to which of its invoices, and it is not all that is open "
        "on them.",
        "Apply the payment to its invoices in QuickBooks; where it is not there yet, enter it and ignore this one.",
    ),
    AttentionCode.CURRENCY_DIFFERS: Explanation(
        "The payment and its invoice or refund are in different currencies.",
        "Enter it in QuickBooks with the rate that your processor used, and ignore this payment.",
    ),
    AttentionCode.PAYMENT_FAILED: Explanation(
        "The payment had been received and is posted in QuickBooks, but HubSpot says now that it was not.",
        "Void the document in QuickBooks when the money did not come; this clears by itself then.",
    ),
    AttentionCode.PAYMENT_DISPUTED: Explanation(
        "The buyer disputes this payment.",
        "Follow it at the processor. When money was taken back, enter that in QuickBooks; then ignore this payment.",
    ),
    AttentionCode.PAYMENT_REASSIGNED: Explanation(
        "The payment belongs to other invoices in HubSpot than when it was posted.",
        "Apply it in QuickBooks as it should be and ignore this payment, or put it right in HubSpot, then retry it.",
    ),
    AttentionCode.REFUND_DIFFERS: Explanation(
        "What HubSpot says was given back cannot be, or is less than what is posted as refunded.",
        "Look at the processor. When a refund failed, void its document in QuickBooks; this clears by itself then.",
    ),
    AttentionCode.REFUND_OF_IGNORED: Explanation(
        "Money was given back of a payment that somebody told Tieout to leave alone.",
        "Enter the refund in QuickBooks as the payment was entered, then resolve this; the payment stays left alone.",
    ),
    AttentionCode.POSSIBLE_DUPLICATE: Explanation(
        "QuickBooks has a document of the same customer, amount and date, which somebody else made.",
        "When it is this payment, ignore this one; when it is another, retry: then this one is posted, too.",
    ),
    AttentionCode.EDITED_IN_HUBSPOT: Explanation(
        "Somebody changed a payment in HubSpot that Tieout recorded there from QuickBooks.",
        "Decide which value is right (both are in the details) and enter it on the other side; then retry this "
        "payment.",
    ),
    AttentionCode.RECORDED_PAYMENT_DELETED: Explanation(
        "Somebody deleted a payment in HubSpot that Tieout recorded there from QuickBooks.",
        "Retry to record it again, or unapply or delete the payment in QuickBooks; this clears by itself then.",
    ),
    AttentionCode.REFUND_IN_QUICKBOOKS: Explanation(
        "A refund was entered in QuickBooks, which does not say which payment or invoice it gives back.",
        "Resolve it with the id of the HubSpot payment or invoice it belongs to (suggestions are in the details), or "
        "ignore it.",
    ),
    AttentionCode.FEES_AMBIGUOUS: Explanation(
        "HubSpot's figures do not show whether the processing fee includes the platform fee, so no fees are booked.",
        "Compare one payment with the processor's own statement. Fees are booked once the net amounts agree.",
    ),
    AttentionCode.FEE_MAPPING_MISSING: Explanation(
        "Fees are to be booked, and no QuickBooks account or vendor is set for them.",
        "Name it in the setting that the details name, apply the settings, then book again.",
    ),
    AttentionCode.FEE_MAPPING_UNUSABLE: Explanation(
        "The QuickBooks account or vendor that is set for fees cannot be used.",
        "Make it active in QuickBooks, or name another of the right type in the setting, then book again.",
    ),
    AttentionCode.REFUSED_BY_QUICKBOOKS: Explanation(
        "QuickBooks refused the invoice.",
        f"Read QuickBooks' own message in the details, correct the cause, {_RETRY}.",
    ),
    AttentionCode.REFUSED_BY_HUBSPOT: Explanation(
        "HubSpot refused to give or take this record.",
        f"Read HubSpot's own message in the details, correct the cause, {_RETRY}.",
    ),
}

_RETRY_PAYMENT = "then retry this payment"

# What invoices and HubSpot payments share is told in other words of a payment.
OF_PAYMENT: dict[AttentionCode, Explanation] = {
    AttentionCode.CUSTOMER_MISSING: Explanation(
        "The payment belongs to no invoice and to no customer that QuickBooks knows or that could be created.",
        f"Give the payment a contact with a name or e-mail in HubSpot, or allow creating customers, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.ITEM_MISSING: Explanation(
        "The payment or its refund belongs to no invoice, and no item is set for such documents.",
        f"Name an item in the setting sales_receipt_item_id, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.REFERENCE_INACTIVE: Explanation(
        "The customer, a product or an account of this payment is inactive in QuickBooks.",
        f"Make it active again in QuickBooks, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.TAX_UNSUPPORTED: Explanation(
        "The sales tax of this payment's refund or receipt cannot be posted with the present settings.",
        f"Set untaxed_code, or enter the document in QuickBooks and ignore this payment; else correct the settings, "
        f"{_RETRY_PAYMENT}.",
    ),
    AttentionCode.DUPLICATE_NUMBER: Explanation(
        "Another document in QuickBooks already bears the number of this payment's document.",
        f"Change the number of the other document in QuickBooks, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.CURRENCY_UNSUPPORTED: Explanation(
        "The payment is in a foreign currency that QuickBooks has switched off or has no exchange rate for.",
        f"Switch multicurrency on and add the currency or its rate in QuickBooks, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.TOTAL_DIFFERS: Explanation(
        "QuickBooks brought a document of this payment to another total than HubSpot's.",
        f"Compare the two figures in the details and correct the taxes in QuickBooks, {_RETRY_PAYMENT}; or enter the "
        "document yourself and ignore this payment.",
    ),
    AttentionCode.PERIOD_CLOSED: Explanation(
        "The books of this payment's or refund's period are closed in QuickBooks.",
        f"Reopen the period in QuickBooks, {_RETRY_PAYMENT}; or enter it in the open one and ignore this payment.",
    ),
    AttentionCode.EDITED_IN_QUICKBOOKS: Explanation(
        "Somebody changed a document of this payment in QuickBooks, in a field that comes from HubSpot.",
        "Decide which value is right (both are in the details) and enter it in the other system, "
        f"{_RETRY_PAYMENT}; or ignore it.",
    ),
    AttentionCode.DELETED_IN_QUICKBOOKS: Explanation(
        "Somebody deleted a document of this payment in QuickBooks.",
        "Retry to post it again, or ignore this payment.",
    ),
    AttentionCode.VOIDED_IN_QUICKBOOKS: Explanation(
        "Somebody voided a document of this payment in QuickBooks, and HubSpot still says that the money moved.",
        "Retry to post it again, or ignore this payment.",
    ),
    AttentionCode.DELETED_IN_HUBSPOT: Explanation(
        "The payment was deleted in HubSpot, and its documents still stand in QuickBooks.",
        "Delete or void them in QuickBooks when the money did not come, or restore the payment in HubSpot; this clears "
        "by itself then.",
    ),
    AttentionCode.LINKED_ELSEWHERE: Explanation(
        "The QuickBooks document already belongs to another HubSpot payment.",
        f"Look at both HubSpot payments: one of them is a duplicate. Delete the one that is wrong, {_RETRY_PAYMENT}.",
    ),
    AttentionCode.REFUSED_BY_QUICKBOOKS: Explanation(
        "QuickBooks refused a document of this payment.",
        f"Read QuickBooks' own message in the details, correct the cause, {_RETRY_PAYMENT}.",
    ),
}


_BOOK_AGAIN = "then book the period again (tieout fees --month 2026-10 --book)"
OF_FEES = {
    AttentionCode.DUPLICATE_NUMBER: Explanation(
        "QuickBooks has another document with the number of this entry of fees.",
        f"Give that document another number in QuickBooks, {_BOOK_AGAIN}.",
    ),
    AttentionCode.CURRENCY_UNSUPPORTED: Explanation(
        "The fees are in a foreign currency that QuickBooks has switched off or has no exchange rate for.",
        f"Switch multicurrency on and add the currency or its rate in QuickBooks, {_BOOK_AGAIN}.",
    ),
    AttentionCode.PERIOD_CLOSED: Explanation(
        "The books of these fees' period are closed in QuickBooks.",
        "Reopen the period in QuickBooks, or choose first_open_day in the setting closed_period, " + _BOOK_AGAIN + ".",
    ),
    AttentionCode.EDITED_IN_QUICKBOOKS: Explanation(
        "Somebody changed or voided an entry of these fees in QuickBooks.",
        "Change it back to the first of the two values in the details, or delete the entry in QuickBooks, "
        f"{_BOOK_AGAIN}.",
    ),
    AttentionCode.DELETED_IN_QUICKBOOKS: Explanation(
        "Somebody deleted an entry of these fees in QuickBooks, and it is not booked again by itself.",
        "Book the period (tieout fees --month 2026-10 --book) to have it again; else leave it as it is.",
    ),
    AttentionCode.REFUSED_BY_QUICKBOOKS: Explanation(
        "QuickBooks refused the entry of these fees.",
        f"Correct in QuickBooks or in the settings what the details name, {_BOOK_AGAIN}.",
    ),
    AttentionCode.REFERENCE_INACTIVE: Explanation(
        "An entry of these fees names an account, vendor, class or location that QuickBooks has not, or not active.",
        f"Make it active in QuickBooks, or name another in the settings, {_BOOK_AGAIN}.",
    ),
}
"""What is told of fees where `ATTENTION` speaks of an invoice."""


def explanation(code: AttentionCode, *, of_payment: bool = False, of_fees: bool = False) -> Explanation:
    """What a person is told; `of_payment`: the record is a HubSpot payment's; `of_fees`: of booked fees."""
    special = OF_PAYMENT if of_payment else OF_FEES if of_fees else {}
    return special.get(code, ATTENTION[code])
