"""The life of an invoice: what may be written when, what finalising demands, and what is calculated afterwards."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from infra.sandbox.hubspot import payments
from infra.sandbox.hubspot.amounts import LineAmounts, invoice_amounts, line_amounts, minor_unit, taxed_share
from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.hubspot.errors import bad_values, invalid
from infra.sandbox.hubspot.object_types import ADJUSTMENTS, COMPANY, CONTACT, INVOICE, LINE_ITEM
from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.store import Store

Values = Mapping[str, str | None]

# Written by hand on non-billable invoices only; on billable ones HubSpot sets them.
MIRROR_ONLY = frozenset(
    {"hs_amount_billed", "hs_number", "hs_external_createdate", "hs_payment_date", "hs_external_recipient"}
)
BALANCES = frozenset({"hs_balance_due", "hs_amount_paid"})
# Not part of the document, so not frozen with it.
ALWAYS_OPEN = frozenset({"hs_invoice_status", "hubspot_owner_id"})
PERSON = "CRM_UI"
# The actor under which HubSpot's own data sync works; its invoices are known by their source.
NATIVE_SYNC = "DATA_SYNC"


def billable(invoice: Record) -> bool:
    """Whether HubSpot bills with this invoice, as opposed to a mirror of one made elsewhere."""
    return invoice.get("hs_invoice_billable") != "false"


def frozen(store: Store, config: HubSpotConfig, invoice: Record) -> str | None:
    """Why the document can no longer be edited, None when it can (knowledge base: edit, void invoices)."""
    status = invoice.get("hs_invoice_status")
    if not billable(invoice) or status in (None, "draft"):
        return None
    if status in ("paid", "voided"):
        return f"a {status} invoice cannot be edited"
    if payments.stands_on(store, invoice):
        return "an invoice with a payment cannot be edited"
    return None if config.edit_finalised else "editing finalised invoices is turned off in this account"


def check_editable(store: Store, config: HubSpotConfig, invoice: Record) -> None:
    """Raises 400 when the document is frozen. The exact text of HubSpot's refusal is UNSURE."""
    reason = frozen(store, config, invoice)
    if reason:
        raise invalid(f"Invoice {invoice.id} cannot be changed: {reason}", code="INVOICE_NOT_EDITABLE")


def defaults(store: Store, config: HubSpotConfig, values: Values) -> dict[str, str]:
    """What a new invoice has when nothing was said; the due date too is now (invoices guide)."""
    now = iso(store.now())
    zero = f"{Decimal(0).quantize(minor_unit(values.get('hs_currency') or config.currency))}"
    standard = {
        "hs_invoice_date": now,
        "hs_due_date": now,
        "hs_invoice_billable": "true",
        "hs_invoice_status": "draft",
        "hs_invoice_source": "data_sync" if store.source == NATIVE_SYNC else "HUBSPOT",
        "hs_amount_billed": zero,
    }
    return {name: value for name, value in standard.items() if values.get(name) is None}


def check_write(store: Store, config: HubSpotConfig, invoice: Record, values: Values, *, new: bool) -> None:
    """Refuses (400) what may not be written to this invoice in its present state."""
    mirror = (values.get("hs_invoice_billable") if new else invoice.get("hs_invoice_billable")) == "false"
    if not new and values.get("hs_invoice_billable", invoice.get("hs_invoice_billable")) != invoice.get(
        "hs_invoice_billable"
    ):
        raise _read_only("hs_invoice_billable")
    allowed = {"hs_number"} if config.number_by_api else set()
    for name in values:
        if name in MIRROR_ONLY - allowed and not mirror:
            raise _read_only(name)
        if name in BALANCES and not (mirror and config.balance_writable):
            raise _read_only(name)
    tax_id = values.get("hs_tax_id")
    if tax_id is not None and tax_id not in config.tax_ids:
        raise invalid(f"{tax_id} is not a tax id of this account", code="INVALID_TAX_ID")
    if mirror or new:
        return
    definitions = store.properties[INVOICE]
    if any(definitions[name].hubspot_defined for name in values if name not in ALWAYS_OPEN):
        check_editable(store, config, invoice)
    _check_transition(store, config, invoice.get("hs_invoice_status"), values.get("hs_invoice_status"))


def _read_only(name: str) -> Exception:
    message = f'"{name}" is a read only property; its value cannot be set.'
    return bad_values([{"message": message, "error": "READ_ONLY_VALUE", "name": name}])


def _check_transition(store: Store, config: HubSpotConfig, before: str | None, after: str | None) -> None:
    if after is None or after == before:
        return
    by_person = store.source == PERSON
    allowed = {
        ("draft", "open"): True,
        ("open", "paid"): by_person or config.paid_by_api,
        ("open", "voided"): by_person or config.void_by_api,
    }
    if not allowed.get((before or "draft", after)):
        raise invalid(
            f"hs_invoice_status cannot be changed from {before} to {after}", code="INVALID_INVOICE_STATUS_TRANSITION"
        )


def settle(store: Store, config: HubSpotConfig, invoice: Record, before: str | None) -> None:
    """Completes a write after its associations are in place: finalising, then the calculated properties.

    Raises 400 when a finalised invoice lacks a contact or line items (invoices guide; the text is UNSURE).
    """
    status = invoice.get("hs_invoice_status")
    if status not in (before, "draft"):
        _check_complete(store, config, invoice, status)
        if billable(invoice):
            _number(store, config, invoice)
    refresh(store, config, invoice)


def _check_complete(store: Store, config: HubSpotConfig, invoice: Record, status: str | None) -> None:
    has_lines = bool(store.linked(invoice, LINE_ITEM))
    if not billable(invoice):
        if config.mirror_needs_line_item and status == "open" and not has_lines:
            raise _missing("INVOICE_TO_LINE_ITEM")
        return
    if not has_lines:
        raise _missing("INVOICE_TO_LINE_ITEM")
    if not store.linked(invoice, CONTACT):
        raise _missing("INVOICE_TO_CONTACT")


def _missing(association: str) -> Exception:
    return invalid(
        f"Invoice cannot be finalised: a required association is missing: {association}",
        code="MISSING_REQUIRED_ASSOCIATION",
        context={"associationType": [association]},
    )


def _number(store: Store, config: HubSpotConfig, invoice: Record) -> None:
    if invoice.get("hs_number") is None:
        before = store.invoice_number
        store.invoice_number += 1
        store.did(lambda: setattr(store, "invoice_number", before))
        store.put(invoice, "hs_number", f"INV-{store.invoice_number}")
    page = f"https://app.hubspot.com/invoices/{config.portal_id}/{invoice.id}"
    store.put(invoice, "hs_invoice_link", page, calculated=True)
    store.put(invoice, "hs_pdf_download_link", f"{page}/pdf", calculated=True)


def check_delete(store: Store, config: HubSpotConfig, invoice: Record) -> None:
    """Raises 400 when the invoice may not be deleted (knowledge base: delete invoices)."""
    status = invoice.get("hs_invoice_status")
    if not billable(invoice) or status == "draft":
        return
    if status == "paid" or payments.stands_on(store, invoice):
        raise invalid(f"Invoice {invoice.id} has a payment and cannot be deleted", code="INVOICE_NOT_DELETABLE")
    if not config.delete_open:
        raise invalid("Deleting finalised invoices is turned off in this account", code="INVOICE_NOT_DELETABLE")


# -- calculated properties


def calculate_line(
    store: Store, config: HubSpotConfig, line: Record, currency: str, share: Decimal = Decimal(1)
) -> LineAmounts:
    """Calculates and stores a line item's amounts; `share` of it is taxed."""
    rates = {rate.rate_id: rate for rate in config.tax_rates}
    rate = rates.get(line.get("hs_tax_rate_group_id") or "")
    percent = rate.percentage if rate else Decimal(0)
    found = line_amounts(config, line.properties, percent, minor_unit(currency), share)
    values = {
        "amount": found.net,
        "hs_total_discount": found.discount,
        "hs_pre_discount_amount": found.gross,
        "hs_effective_unit_price": found.unit,
        "hs_tax_amount": found.tax,
        "hs_post_tax_amount": found.net + found.tax,
        "hs_tax_rate": percent,
    }
    changed = [store.put(line, name, f"{value:f}", calculated=True) for name, value in values.items()]
    if rate:
        changed.append(store.put(line, "hs_tax_label", rate.label, calculated=True))
    if any(changed) and line.updated != store.now():
        store.touch(line)
    return found


def refresh(store: Store, config: HubSpotConfig, invoice: Record) -> None:
    """Calculates and stores an invoice's amounts and inherited details; moves its modification date if any changed."""
    currency = invoice.get("hs_currency") or config.currency
    unit = minor_unit(currency)
    kinds = [[one.properties for one in store.linked(invoice, type_id)] for type_id in ADJUSTMENTS]
    own = store.linked(invoice, LINE_ITEM)
    share = taxed_share(config, [line.properties for line in own], kinds[0], unit)
    lines = [calculate_line(store, config, line, currency, share) for line in own]
    found = invoice_amounts(config, lines, kinds[0], kinds[1], kinds[2], unit)
    total = found.total
    if "hs_amount_billed" in invoice.written:
        total = Decimal(invoice.get("hs_amount_billed") or 0).quantize(unit)
    paid = total if payments.marked_paid(invoice) else payments.paid(store, invoice).quantize(unit)
    status = _paid_or_open(config, invoice, total, paid)
    values: dict[str, str | None] = {
        "hs_amount_billed": f"{total:f}",
        "hs_subtotal": f"{found.subtotal:f}",
        "hs_total_discount": f"{found.discount:f}",
        "hs_amount_paid": f"{paid:f}",
        "hs_balance_due": f"{total - paid:f}",
        **_inherited(store, invoice),
    }
    if status == "voided" and billable(invoice):
        values["hs_balance_due"] = f"{Decimal(0).quantize(unit):f}"
    paid_on = payments.last_payment_date(store, invoice)
    if status == "paid" and (paid_on or invoice.get("hs_payment_date") is None):
        values["hs_payment_date"] = paid_on or iso(store.now())
    elif status == "open":
        values["hs_payment_date"] = None
    written = {name: value for name, value in values.items() if name not in invoice.written}
    changed = [store.put(invoice, "hs_invoice_status", status)]
    changed += [store.put(invoice, name, value, calculated=True) for name, value in written.items()]
    if any(changed):
        store.touch(invoice)


def _paid_or_open(config: HubSpotConfig, invoice: Record, total: Decimal, paid: Decimal) -> str | None:
    """The status that payments give to an invoice (payments guide); that losing one opens it again is UNSURE."""
    status = invoice.get("hs_invoice_status")
    if payments.marked_paid(invoice) or not (billable(invoice) or config.payments_settle_mirrors):
        return status
    if status == "open" and paid >= total > 0:
        return "paid"
    return "open" if status == "paid" and paid < total and config.lost_payment_reopens_invoice else status


def _inherited(store: Store, invoice: Record) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    contacts, companies = store.linked(invoice, CONTACT), store.linked(invoice, COMPANY)
    if contacts:
        values |= {f"hs_invoice_latest_contact_{name}": contacts[-1].get(name) for name in _CONTACT_DETAILS}
    if companies:
        values["hs_invoice_latest_company_name"] = companies[-1].get("name")
    return values


_CONTACT_DETAILS = ("email", "firstname", "lastname")


def days_overdue(invoice: Record, now: datetime) -> str | None:
    """`hs_days_overdue`: whole days since the due date of an open invoice; it changes with time alone."""
    due = invoice.get("hs_due_date")
    if due is None or invoice.get("hs_invoice_status") != "open":
        return None
    return str(max((now - datetime.fromisoformat(due)).days, 0))
