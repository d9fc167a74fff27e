"""HubSpot's own properties of each object type, as tables (invoices, line items and payments guides)."""

from infra.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType
from infra.sandbox.hubspot.property_model import Group, Option, Property
from infra.sandbox.hubspot.schema_payments import ORDERS, PAYMENTS, SUBSCRIPTIONS

_FIELD = {
    "string": "text",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
}

# A row: names, type, flags. R: the value is read-only. C: calculated by HubSpot (and read-only). M: several choices.
# U: no two records have the same value.
Row = tuple[str, str, str]

INVOICES: tuple[Row, ...] = (
    ("hs_currency hs_tax_id hs_purchase_order_number hs_comments hs_language hs_locale", "string", ""),
    ("hs_title hs_number hs_external_invoice_id hs_unique_id hs_external_recipient", "string", ""),
    ("hs_recipient_shipping_address hs_recipient_shipping_address2 hs_recipient_shipping_city", "string", ""),
    ("hs_recipient_shipping_state hs_recipient_shipping_zip hs_recipient_shipping_country", "string", ""),
    ("hs_recipient_company_address hs_recipient_company_address2 hs_recipient_company_city", "string", ""),
    ("hs_recipient_company_state hs_recipient_company_zip", "string", ""),
    ("hs_recipient_company_country hs_recipient_company_country_code", "string", "R"),
    ("hs_invoice_date hs_due_date hs_external_createdate hs_payment_date", "datetime", ""),
    ("hs_invoice_status=draft,open,paid,voided", "enumeration", ""),
    ("hs_invoice_billable hs_allow_partial_payments", "bool", ""),
    ("hs_allowed_payment_methods=credit_or_debit_card,ach,sepa,bacs,pads", "enumeration", "M"),
    ("hs_invoice_payment_collection_method=manual,none", "enumeration", ""),
    ("hs_collect_address_types=billing_address,shipping_address", "enumeration", "M"),
    ("hs_custom_fields", "string", ""),
    ("hs_invoice_source=HUBSPOT,data_sync", "enumeration", "R"),
    ("hs_invoice_link hs_pdf_download_link", "string", "R"),
    # Calculated on billable invoices, written on the others: no read-only flag can say that.
    ("hs_amount_billed", "number", ""),
    ("hs_amount_paid hs_balance_due hs_days_overdue hs_subtotal hs_total_discount", "number", "C"),
    ("hs_discount_percentage", "number", "C"),
    ("hs_invoice_latest_contact_email hs_invoice_latest_contact_firstname", "string", "R"),
    ("hs_invoice_latest_contact_lastname hs_invoice_latest_company_name", "string", "R"),
)
LINE_ITEMS: tuple[Row, ...] = (
    ("name description hs_sku hs_product_id hs_tax_rate_group_id hs_line_item_currency_code", "string", ""),
    ("quantity price+ discount+ hs_discount_percentage+ hs_cost_of_goods_sold hs_position_on_quote", "number", ""),
    ("amount hs_total_discount hs_pre_discount_amount hs_effective_unit_price", "number", "C"),
    ("hs_post_tax_amount hs_tax_amount hs_margin hs_acv hs_arr hs_mrr hs_tcv", "number", "C"),
    ("hs_tax_rate hs_auto_tax_amount", "number", "R"),
    ("hs_tax_label hs_tax_category tax", "string", "R"),
    ("recurringbillingfrequency hs_recurring_billing_period hs_recurring_billing_terms", "string", ""),
    ("hs_recurring_billing_number_of_payments", "number", ""),
    ("hs_recurring_billing_start_date hs_recurring_billing_end_date", "date", ""),
    ("hs_billing_start_delay_type hs_pricing_model hs_tier_ranges hs_tier_prices hs_external_id", "string", ""),
    ("hs_billing_start_delay_days hs_billing_start_delay_months", "number", ""),
    ("hs_billing_period_start_date hs_billing_period_end_date", "date", ""),
    ("hs_product_type hs_variant_id hs_bundle_id", "string", ""),
    ("hs_unique_creation_key hs_sync_amount", "string", "R"),
    ("ip__sync_extension__external_source_app_id ip__sync_extension__external_source_account_id", "string", "R"),
)
ADJUSTMENT: tuple[Row, ...] = (
    ("hs_label", "string", ""),
    ("hs_type=PERCENT,FIXED", "enumeration", ""),
    ("hs_value+4", "number", ""),
    ("hs_sort_order", "number", ""),
)
ROWS: dict[str, tuple[Row, ...]] = {
    "invoices": INVOICES,
    "line_items": LINE_ITEMS,
    "discounts": (*ADJUSTMENT, ("hs_duration=ONCE,REPEATING,FOREVER", "enumeration", "")),
    "fees": ADJUSTMENT,
    "taxes": ADJUSTMENT,
    "contacts": (
        ("email firstname lastname phone mobilephone company jobtitle website", "string", ""),
        ("address city state zip country hs_language lifecyclestage", "string", ""),
        ("hs_merged_object_ids", "string", "R"),
    ),
    "companies": (
        ("name domain phone website industry description", "string", ""),
        ("address address2 city state zip country lifecyclestage", "string", ""),
        ("hs_merged_object_ids", "string", "R"),
    ),
    "deals": (
        ("dealname dealstage pipeline description deal_currency_code", "string", ""),
        ("amount", "number", ""),
        ("closedate", "datetime", ""),
        ("hs_is_closed hs_is_closed_won", "bool", "C"),
    ),
    "products": (
        ("name description hs_sku hs_product_type recurringbillingfrequency hs_url", "string", ""),
        ("price+ hs_cost_of_goods_sold tax", "number", ""),
    ),
    "notes": (
        ("hs_note_body hs_attachment_ids", "string", ""),
        ("hs_timestamp", "datetime", ""),
    ),
    "commerce_payments": PAYMENTS,
    "orders": ORDERS,
    "subscriptions": SUBSCRIPTIONS,
}
_STANDARD: tuple[Row, ...] = (
    ("hs_object_id hs_object_source hs_object_source_id hs_object_source_label", "string", "R"),
    ("hubspot_owner_id", "string", ""),
)
# HubSpot's default groups; invoiceinformation is the invoice's.
_GROUP = {
    "line_items": "lineiteminformation",
    "companies": "companyinformation",
    "taxes": "taxinformation",
    "commerce_payments": "commercepaymentinformation",
}
BOOLEANS = (Option("True", "true", 0), Option("False", "false", 1))


def group_name(object_type: ObjectType) -> str:
    """The default property group of a type."""
    return _GROUP.get(object_type.name) or f"{object_type.name.removesuffix('s')}information"


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").capitalize()


def _properties(row: Row, group: str) -> list[Property]:
    names, kind, flags = row
    made = []
    for spec in names.split():
        text, _, choices = spec.partition("=")
        name, bounded, scale = text.partition("+")
        options = tuple(Option(_label(value), value, at) for at, value in enumerate(choices.split(",")) if choices)
        made.append(
            Property(
                name,
                _label(name),
                kind,
                "checkbox" if "M" in flags else _FIELD[kind],
                group,
                options=BOOLEANS if kind == "bool" else options,
                calculated="C" in flags,
                read_only="C" in flags or "R" in flags,
                unique="U" in flags,
                hubspot_defined=True,
                minimum=0 if bounded else None,
                scale=int(scale) if scale else None,
            )
        )
    return made


def properties_of(object_type: ObjectType) -> dict[str, Property]:
    """HubSpot's own properties of a type, by name."""
    group = group_name(object_type)
    dates: Row = (f"{object_type.created} {object_type.modified}", "datetime", "R")
    rows = (*_STANDARD, dates, *ROWS[object_type.name])
    return {one.name: one for row in rows for one in _properties(row, group)}


def groups_of(object_type: ObjectType) -> dict[str, Group]:
    """HubSpot's own property group of a type, by name."""
    name = group_name(object_type)
    return {name: Group(name, f"{_label(object_type.singular)} information", 0)}


SCHEMAS = {one.type_id: (properties_of(one), groups_of(one)) for one in OBJECT_TYPES}
