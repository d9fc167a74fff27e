"""The proof: what stands in QuickBooks, read through its own API, against what HubSpot says, invoice by invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.local.demo.story import METHOD, ORDER, TRACKING, Day, Ending, Invoice
from tieout.domain.attention import ATTENTION, AttentionCode

_PROPERTIES = (
    "hs_number",
    "hs_amount_billed",
    "hs_invoice_status",
    "tieout_status",
    "tieout_message",
    "tieout_quickbooks_number",
    "tieout_quickbooks_link",
    ORDER,
    TRACKING,
    METHOD,
)
_SHOWN = {
    Ending.IN_SYNC: "in_sync",
    Ending.ATTENTION: "needs_attention",
    Ending.VOIDED: "voided",
    Ending.EXCLUDED: "excluded",
    # HubSpot shows nothing on what is not there any more.
    Ending.DELETED: "",
}
# What attention leaves standing in QuickBooks, in how many copies.
_STANDS_ANYWAY = frozenset({"edited_in_quickbooks", "total_below_paid", "void_of_paid_invoice"})


@dataclass(frozen=True)
class Finding:
    """One invoice on both sides. `problem` is empty when everything is as it must be."""

    invoice: Invoice
    number: str
    billed: str
    in_quickbooks: str
    status: str
    message: str
    problem: str


def prove(day: Day, invoices: Sequence[Invoice], entered_by_hand: int) -> list[Finding]:
    """Compare both sides. `entered_by_hand` is how many QuickBooks invoices people entered themselves."""
    shown = day.hubspot.read("invoices", [one.id for one in invoices], _PROPERTIES)
    ledger = day.quickbooks.query("Invoice")
    ours = {one.id: [found for found in ledger if _stands_for(one, found)] for one in invoices}
    findings = [_examine(day, one, shown.get(one.id, {}), ours[one.id]) for one in invoices]
    strangers = len(ledger) - sum(map(len, ours.values())) - entered_by_hand
    if strangers:
        findings.append(Finding(Invoice("invoices nobody asked for", "", ()), "", "", str(strangers), "", "", "extra"))
    return findings


def _stands_for(invoice: Invoice, found: Mapping[str, Any]) -> bool:
    return f"/invoice/{invoice.id}/" in found.get("PrivateNote", "") or found["Id"] == invoice.by_hand


def _examine(
    day: Day, invoice: Invoice, shown: Mapping[str, str | None], found: Sequence[Mapping[str, Any]]
) -> Finding:
    billed, status = shown.get("hs_amount_billed") or "", shown.get("tieout_status") or ""
    texts = ", ".join(f"{one.get('DocNumber', '')} {one['TotalAmt']:,}" for one in found) or "-"
    return Finding(
        invoice,
        shown.get("hs_number") or "",
        f"{Decimal(billed):,}" if billed else "-",
        texts,
        status,
        shown.get("tieout_message") or "",
        _problem(day, invoice, shown, status, found),
    )


def _problem(
    day: Day, invoice: Invoice, shown: Mapping[str, str | None], status: str, found: Sequence[Mapping[str, Any]]
) -> str:
    """What is not as it must be, empty when all is."""
    if status != _SHOWN[invoice.ending] and not (invoice.draft and not status):
        return f"HubSpot shows {status or 'no status'}"
    stands = invoice.ending in (Ending.IN_SYNC, Ending.VOIDED, Ending.DELETED) or invoice.code in _STANDS_ANYWAY
    if len(found) != int(stands):
        return f"stands {len(found)} times in QuickBooks, not {int(stands)}"
    if invoice.ending is Ending.ATTENTION and not (shown.get("tieout_message") or "").startswith(
        _summary(invoice.code)
    ):
        return f"HubSpot does not say {invoice.code}"
    if invoice.ending is Ending.IN_SYNC:
        return _difference(shown, found[0]) or _form(day, invoice, found[0]) or unpaired(shown, found[0])
    if invoice.ending in (Ending.VOIDED, Ending.DELETED) and found[0]["TotalAmt"] != 0:
        return "not voided in QuickBooks"
    return ""


def _summary(code: str) -> str:
    return ATTENTION[AttentionCode(code)].summary


def _difference(shown: Mapping[str, str | None], found: Mapping[str, Any]) -> str:
    if Decimal(found["TotalAmt"]) != Decimal(shown.get("hs_amount_billed") or "-1"):
        return "the totals differ"
    if found.get("DocNumber") != shown.get("hs_number"):
        return "the numbers differ"
    if found.get("DocNumber") != shown.get("tieout_quickbooks_number"):
        return "HubSpot shows another QuickBooks number"
    if f"txnId={found['Id']}" not in (shown.get("tieout_quickbooks_link") or ""):
        return "HubSpot links to another invoice"
    return ""


def _form(day: Day, invoice: Invoice, found: Mapping[str, Any]) -> str:
    """Whether discount, lines, terms, custom fields, customer and currency are as the story says."""
    stands = invoice.stands
    if stands is None:
        return ""
    name = found["CustomerRef"]["name"]
    charges = sum(1 for one in invoice.extras if one.kind != "discounts")
    custom = [(one["Name"], one["StringValue"]) for one in found.get("CustomField", ()) if one.get("StringValue")]
    terms = day.terms.get(found.get("SalesTermRef", {}).get("value", ""), "") if stands.terms else ""
    facts = {
        "discount": (Decimal(stands.discount), _discount(found)),
        "lines": (stands.lines or len(invoice.lines) + charges, len(_of_kind(found, "SalesItemLineDetail"))),
        "terms": (stands.terms, terms),
        "custom fields": (list(stands.custom), custom),
        "currency": (invoice.currency, found["CurrencyRef"]["value"]),
        "customer": (stands.customer or name, name),
        "shipping": (stands.shipped, shipping_of(found)),
        "exchange rate": (Decimal(stands.rate), Decimal(found.get("ExchangeRate", 1))),
    }
    return "; ".join(f"{name}: {has}, not {wanted}" for name, (wanted, has) in facts.items() if wanted != has)


def shipping_of(found: Mapping[str, Any]) -> tuple[str, str]:
    """Tracking number and shipping method of a QuickBooks invoice."""
    return found.get("TrackingNum", ""), found.get("ShipMethodRef", {}).get("value", "")


def unpaired(shown: Mapping[str, str | None], found: Mapping[str, Any]) -> str:
    """Which pairs of fields do not say the same in HubSpot and in QuickBooks."""
    order = next((one.get("StringValue", "") for one in found.get("CustomField", ()) if one["DefinitionId"] == "3"), "")
    both = zip((ORDER, TRACKING, METHOD), (order, *shipping_of(found)), strict=True)
    return "; ".join(f"{name}: {shown.get(name)}, not {text}" for name, text in both if (shown.get(name) or "") != text)


def _discount(found: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(line["Amount"]) for line in _of_kind(found, "DiscountLineDetail")), Decimal(0))


def _of_kind(found: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [line for line in found["Line"] if line.get("DetailType") == kind]
