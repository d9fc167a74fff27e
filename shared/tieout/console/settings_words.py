"""The settings of a connection in words, in groups: what the settings page calls each of them."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.console.language import message


@dataclass(frozen=True, slots=True)
class Group:
    """`labels` are messages by the setting's name."""

    title: str
    labels: dict[str, str]


GROUPS = (
    Group(
        message("Invoices to QuickBooks"),
        {
            "push_invoices": message("Send HubSpot invoices to QuickBooks"),
            "cutover_date": message("Leave out invoices dated before"),
            "filters": message("Only invoices that pass these filters"),
            "skip_data_sync_invoices": message("Leave out invoices that HubSpot's own data sync brought"),
            "write_status_to_hubspot": message("Show the sync status on the HubSpot invoice"),
            "deleted_in_hubspot": message("When an invoice was deleted in HubSpot"),
            "closed_period": message("When a new invoice is dated in a closed period"),
            "terms": message("Terms by days until due"),
            "field_pairs": message("Pairs of fields that follow each other"),
            "custom_fields": message("Custom fields"),
            "purchase_order_field": message("Custom field of the purchase order number"),
        },
    ),
    Group(
        message("Customers and products"),
        {
            "customer_level": message("Bill the company or the contact"),
            "match_customers_by_email": message("Look for customers by e-mail first"),
            "create_customers": message("Create customers that are not found"),
            "fallback_item_id": message("Item for products that are not found"),
        },
    ),
    Group(
        message("Taxes, fees on invoices and totals"),
        {
            "tax_mode": message("How sales tax reaches QuickBooks"),
            "tax_item_id": message("Item for tax lines"),
            "tax_items": message("Items for taxes by label"),
            "tax_codes": message("Tax codes by HubSpot's tax group"),
            "untaxed_code": message("Tax code of lines without tax"),
            "fee_item_id": message("Item for fees on the order"),
            "fee_items": message("Items for fees by label"),
            "total_tolerance": message("In sync up to a difference of"),
            "variance_tolerance": message("In sync with a variance up to"),
            "beyond_tolerance": message("When a new invoice differs by more"),
        },
    ),
    Group(
        message("Invoices from QuickBooks"),
        {
            "pull_invoices": message("Show QuickBooks invoices in HubSpot"),
            "voided_in_quickbooks": message("When one was voided in QuickBooks"),
            "deleted_in_quickbooks": message("When one was deleted in QuickBooks"),
            "adopt_data_sync_invoices": message("Use the invoice that HubSpot's own data sync brought"),
            "unknown_in_hubspot": message("When HubSpot does not know the customer"),
        },
    ),
    Group(
        message("Payments and refunds"),
        {
            "push_payments": message("Send HubSpot payments and refunds to QuickBooks"),
            "pull_payments": message("Bring QuickBooks payments to HubSpot"),
            "record_payments_in_hubspot": message("Record QuickBooks payments as payments in HubSpot"),
            "deposit_accounts": message("Accounts that payments go into, by processor"),
            "payment_methods": message("Payment methods"),
            "payments_without_invoice": message("Payments without an invoice become"),
            "sales_receipt_item_id": message("Item of sales receipts"),
            "refunds": message("Refunds are posted as"),
            "receivable_account_id": message("Accounts receivable account"),
            "payment_wait_days": message("Days that a payment waits for its invoice"),
            "recognise_workflow_documents": message("Look for documents of HubSpot's own workflows"),
        },
    ),
    Group(
        message("Processors' fees"),
        {
            "fee_booking": message("Book fees"),
            "fee_vendors": message("Vendors of the fees, by processor"),
            "processing_fee_account_id": message("Expense account of processing fees"),
            "platform_fee_account_id": message("Expense account of platform fees"),
            "fee_class_id": message("Class of booked fees"),
            "fee_department_id": message("Location of booked fees"),
        },
    ),
    Group(
        message("Deals and PDFs"),
        {
            "deals": message("Show invoices on deals"),
            "deal_field": message("Custom field that names the deal"),
            "deal_order_property": message("Deal property of the order number"),
            "deal_window_days": message("Days between invoice and deal, at most"),
            "tell_ambiguous_deals": message("Tell when several deals come into question"),
            "pdf": message("Attach the PDF of an invoice to"),
        },
    ),
)
