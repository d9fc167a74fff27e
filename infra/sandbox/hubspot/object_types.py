"""The table of CRM object types: names, ids, scopes and what an answer holds when no property is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from infra.sandbox.hubspot.errors import HubSpotError

COMMERCE_SCOPE = "e-commerce"


@dataclass(frozen=True)
class ObjectType:
    """One object type.

    `label` is its key in the `associations` of a record (`line items`, with a space); `told_when_created` are
    properties that the answer to a creation holds, besides what was written.
    """

    name: str
    singular: str
    type_id: str
    created: str
    modified: str
    defaults: tuple[str, ...]
    searchable: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    scope_name: str = ""
    also_scopes: tuple[str, ...] = ()
    natural_key: str | None = None
    single_parents: tuple[str, ...] = field(default=())
    told_when_created: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Key under `associations` in a read record."""
        return self.name.replace("_", " ")

    def scopes(self, action: str) -> frozenset[str]:
        """Scopes of which any one allows `read` or `write` of records."""
        return frozenset({f"crm.objects.{self.scope_name or self.name}.{action}", *self.also_scopes})

    def schema_scopes(self, action: str) -> frozenset[str]:
        """Scopes of which any one allows `read` or `write` of property definitions."""
        return frozenset({f"crm.schemas.{self.scope_name or self.name}.{action}", *self.also_scopes})

    @property
    def system_properties(self) -> tuple[str, ...]:
        """Properties that every answer holds, whatever was asked for."""
        return (self.created, self.modified, "hs_object_id")


_HS = ("hs_createdate", "hs_lastmodifieddate")
_CREATED = ("createdate", "hs_lastmodifieddate")

OBJECT_TYPES: tuple[ObjectType, ...] = (
    ObjectType(
        "contacts",
        "contact",
        "0-1",
        "createdate",
        "lastmodifieddate",
        ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        searchable=("firstname", "lastname", "email", "phone", "company"),
        natural_key="email",
    ),
    ObjectType(
        "companies",
        "company",
        "0-2",
        *_CREATED,
        ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
        searchable=("name", "domain", "phone", "website"),
    ),
    ObjectType(
        "deals",
        "deal",
        "0-3",
        *_CREATED,
        (
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ),
        searchable=("dealname", "pipeline", "dealstage", "description"),
    ),
    ObjectType(
        "products",
        "product",
        "0-7",
        *_CREATED,
        ("createdate", "description", "hs_lastmodifieddate", "hs_object_id", "name", "price"),
        searchable=("name", "description", "price", "hs_sku"),
        scope_name="products",
        also_scopes=(COMMERCE_SCOPE,),
    ),
    ObjectType(
        "line_items",
        "line_item",
        "0-8",
        *_CREATED,
        ("createdate", "hs_lastmodifieddate", "hs_object_id", "hs_product_id", "quantity"),
        searchable=("name", "description", "hs_sku"),
        also_scopes=(COMMERCE_SCOPE,),
        # A line item belongs to one parent (line items guide): it is copied, not shared.
        single_parents=("0-53", "0-3", "0-101"),
    ),
    ObjectType(
        "invoices",
        "invoice",
        "0-53",
        *_HS,
        (*_HS, "hs_object_id"),
        searchable=("hs_number", "hs_title", "hs_purchase_order_number", "hs_invoice_latest_company_name"),
        required=("hs_currency",),
    ),
    ObjectType(
        "discounts",
        "discount",
        "0-84",
        *_HS,
        (*_HS, "hs_object_id"),
        scope_name="line_items",
        also_scopes=(COMMERCE_SCOPE,),
    ),
    ObjectType(
        "fees",
        "fee",
        "0-85",
        *_HS,
        (*_HS, "hs_object_id"),
        required=("hs_label", "hs_type", "hs_value"),
        scope_name="line_items",
        also_scopes=(COMMERCE_SCOPE,),
    ),
    ObjectType(
        "taxes",
        "tax",
        "0-86",
        *_HS,
        (*_HS, "hs_object_id"),
        scope_name="line_items",
        also_scopes=(COMMERCE_SCOPE,),
        # An invoice-level tax is unique to its invoice (taxes guide).
        single_parents=("0-53",),
    ),
    ObjectType(
        "commerce_payments",
        "commerce_payment",
        "0-101",
        *_HS,
        (*_HS, "hs_object_id"),
        searchable=("hs_customer_email", "hs_reference_number", "hs_payment_id"),
        required=("hs_initial_amount", "hs_initiated_date"),
        scope_name="commercepayments",
        # What the guide's example of a creation answers.
        told_when_created=(
            "hs_has_associated_invoice",
            "hs_hubspot_payments_enabled",
            "hs_initial_amount_in_portal_currency",
            "hs_initial_amount_in_settlement_currency",
            "hs_latest_status",
            "hs_net_amount",
            "hs_net_amount_after_refunds",
            "hs_net_amount_in_portal_currency",
            "hs_net_amount_in_settlement_currency",
            "hs_number_of_associated_invoices",
            "hs_object_source",
            "hs_payment_creation_method",
            "hs_payment_id",
            "hs_presentment_to_portal_currency_dated_exchange_rate",
            "hs_total_discounts_amount",
            "hs_total_discounts_amount_in_portal_currency",
        ),
    ),
    ObjectType(
        "notes",
        "note",
        "0-46",
        *_HS,
        (*_HS, "hs_object_id"),
        searchable=("hs_note_body",),
        required=("hs_timestamp",),
        # Notes go with the scopes of contacts (notes guide).
        scope_name="contacts",
    ),
    ObjectType("orders", "order", "0-123", *_HS, (*_HS, "hs_object_id"), searchable=("hs_order_name",)),
    ObjectType("subscriptions", "subscription", "0-69", *_HS, (*_HS, "hs_object_id"), searchable=("hs_name",)),
)

BY_ID = {one.type_id: one for one in OBJECT_TYPES}
_BY_TEXT = {text: one for one in OBJECT_TYPES for text in (one.name, one.singular, one.type_id)}
ADJUSTMENTS = ("0-84", "0-85", "0-86")
INVOICE, LINE_ITEM, CONTACT, COMPANY, DEAL, PRODUCT = "0-53", "0-8", "0-1", "0-2", "0-3", "0-7"
PAYMENT, ORDER, SUBSCRIPTION, NOTE = "0-101", "0-123", "0-69", "0-46"
FILES_SCOPE = "files"
TAX_RATES_SCOPE = "tax_rates.read"


def find_type(text: str) -> ObjectType:
    """The type called by its plural or singular name or its id. Raises 400."""
    found = _BY_TEXT.get(text) or _BY_TEXT.get(text.lower())
    if found is None:
        raise HubSpotError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {text}")
    return found


def all_scopes(types: Iterable[ObjectType] = OBJECT_TYPES) -> frozenset[str]:
    """Every scope the sandbox knows."""
    granular = {
        f"crm.{family}.{one.scope_name or one.name}.{action}"
        for one in types
        for family in ("objects", "schemas")
        for action in ("read", "write")
    }
    return frozenset({*granular, COMMERCE_SCOPE, TAX_RATES_SCOPE, FILES_SCOPE, "oauth"})
