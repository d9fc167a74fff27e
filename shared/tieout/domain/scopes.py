"""What the HubSpot app has to be allowed to do, and for which settings: one list for doctor, documents and the app.

The names are HubSpot's. Reading and writing are scopes of their own; discounts, fees and taxes go with line items, and
notes with contacts (HubSpot: scopes of each object's guide).
"""

from __future__ import annotations

from collections.abc import Iterable

from tieout.domain.settings import DealMode, PdfTarget, Settings, UnknownInHubSpot

_FAMILIES = {
    "commerce_payments": "commercepayments",
    "discounts": "line_items",
    "fees": "line_items",
    "taxes": "line_items",
    "notes": "contacts",
}


def read_scope(kind: str) -> str:
    """The scope that allows to read records of this kind, which is HubSpot's object type in the plural."""
    return f"crm.objects.{_FAMILIES.get(kind, kind)}.read"


def read_scopes(kinds: Iterable[str]) -> tuple[str, ...]:
    """The scopes of several kinds, each once."""
    return tuple(dict.fromkeys(read_scope(kind) for kind in kinds))


# `oauth` is in HubSpot's own templates of apps. Each invoice shows its sync in properties that Tieout makes.
ALWAYS = (
    "oauth",
    "crm.objects.invoices.read",
    "crm.objects.invoices.write",
    "crm.schemas.invoices.read",
    "crm.schemas.invoices.write",
    "crm.objects.line_items.read",
    "crm.objects.contacts.read",
    "crm.objects.companies.read",
)
PAYMENTS = ("crm.objects.commercepayments.read",)
RECORDED_PAYMENTS = ("crm.objects.commercepayments.write",)
MIRRORS = ("crm.objects.invoices.write", "crm.objects.line_items.write", "crm.objects.products.read")
NEW_PARTIES = (
    "crm.objects.contacts.write",
    "crm.objects.companies.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
)
DEALS = (
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
)
# A PDF hangs on a note.
PDFS = ("files", "crm.objects.contacts.read", "crm.objects.contacts.write")
DEAL_PDFS = ("crm.objects.deals.read",)

EVERY_SCOPE = tuple(
    dict.fromkeys((*ALWAYS, *PAYMENTS, *RECORDED_PAYMENTS, *MIRRORS, *NEW_PARTIES, *DEALS, *PDFS, *DEAL_PDFS))
)
"""What an app needs that is to do all that can be set."""


def scopes_for(settings: Settings) -> tuple[str, ...]:
    """What a connection with these settings needs, each once."""
    needed = [
        (True, ALWAYS),
        (settings.push_payments or settings.pull_payments, PAYMENTS),
        (settings.pull_payments and settings.record_payments_in_hubspot, RECORDED_PAYMENTS),
        (settings.pull_invoices, MIRRORS),
        (settings.pull_invoices and settings.unknown_in_hubspot is UnknownInHubSpot.CREATE, NEW_PARTIES),
        (settings.deals is not DealMode.OFF, DEALS),
        (settings.pdf is not PdfTarget.OFF, PDFS),
        (settings.pdf is PdfTarget.DEAL, DEAL_PDFS),
    ]
    return tuple(dict.fromkeys(scope for wanted, scopes in needed if wanted for scope in scopes))
