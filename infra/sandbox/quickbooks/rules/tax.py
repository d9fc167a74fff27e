"""Sales tax of a sales form: none, by one code (US), automated (US), or by a code on each line (elsewhere)."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules.currencies import rounded

_UNIT_PRICE = Decimal("0.0000001")
AUTOMATED_RATE = "1"


@dataclass(frozen=True)
class Rate:
    """One TaxRate: its id and percent."""

    id: str
    percent: Decimal


def check_mode(draft: Draft) -> None:
    """Judges GlobalTaxCalculation. Raises 6170, and 6000 where a non-US company leaves it out."""
    entity, company = draft.entity, draft.company
    mode = entity.get("GlobalTaxCalculation")
    if mode == "NotApplicable" and draft.sent.get("TxnTaxDetail"):
        raise fault("6170", "TxnTaxDetail is not allowed when GlobalTaxCalculation is NotApplicable.")
    if company.us:
        entity.pop("GlobalTaxCalculation", None)
    elif mode is None and taxed(company):
        raise business("GlobalTaxCalculation is required for companies outside the US.")


def taxed(company: Company) -> bool:
    """Whether the company charges sales tax at all."""
    return bool(company.preference("TaxPrefs", "UsingSalesTax"))


def mark_line(draft: Draft, line: dict[str, Any]) -> None:
    """Sets or judges a sales line's tax code, and splits an amount that includes tax. Raises 6100, 6000, 2500."""
    detail, company = line["SalesItemLineDetail"], draft.company
    code = detail.get("TaxCodeRef", {}).get("value")
    if company.us:
        if code is None:
            code = "TAX" if taxed(company) and _taxable(draft, detail) else "NON"
        elif code not in ("TAX", "NON"):
            raise fault("6100", "Invalid US TaxCodeRef : TaxCodeRef must be TAX or NON.", "TaxCodeRef")
        detail["TaxCodeRef"] = {"value": code}
        return
    mode = draft.entity.get("GlobalTaxCalculation")
    if not taxed(company) or mode == "NotApplicable":
        detail.pop("TaxCodeRef", None)
        return
    if code is None:
        raise business("Make sure all your transactions have a tax rate before you save.")
    rates = rates_of(company, code)
    if mode == "TaxInclusive":
        _split(draft, line, detail, sum((rate.percent for rate in rates), ZERO))


def mark_purchase(draft: Draft, detail: dict[str, Any]) -> None:
    """Sets or judges the tax code of a purchase's line; the sandbox's codes have no rates for purchases, so no tax.

    Raises 6100, 2500.
    """
    code = detail.get("TaxCodeRef", {}).get("value")
    if draft.company.us:
        if code not in (None, "TAX", "NON"):
            raise fault("6100", "Invalid US TaxCodeRef : TaxCodeRef must be TAX or NON.", "TaxCodeRef")
        detail["TaxCodeRef"] = {"value": code or "NON"}
    elif code is not None:
        rates_of(draft.company, code)


def _split(draft: Draft, line: dict[str, Any], detail: dict[str, Any], percent: Decimal) -> None:
    """Amount becomes the net amount; TaxInclusiveAmt, when sent, says that Amount is net already."""
    if "TaxInclusiveAmt" in detail:
        return
    gross = line["Amount"]
    line["Amount"] = rounded(draft, gross / (1 + percent / 100))
    detail["TaxInclusiveAmt"] = gross
    if detail.get("Qty") and "UnitPrice" in detail:
        detail["UnitPrice"] = (line["Amount"] / detail["Qty"]).quantize(_UNIT_PRICE)


def _taxable(draft: Draft, detail: dict[str, Any]) -> bool:
    item = draft.company.find("Item", detail["ItemRef"]["value"]) or {}
    given = draft.entity.get("CustomerRef")
    customer = draft.company.get("Customer", given["value"]) if given else {}
    return bool(item.get("Taxable")) and customer.get("Taxable") is not False


def rates_of(company: Company, code: str) -> list[Rate]:
    """The rates of a TaxCode. Raises 2500."""
    found = company.find("TaxCode", code)
    if found is None:
        raise fault("2500", f"Invalid Reference Id : TaxCodes element id {code} not found", "TaxCodeRef")
    details = found.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    ids = [detail["TaxRateRef"]["value"] for detail in details]
    return [Rate(id_, company.get("TaxRate", id_)["RateValue"]) for id_ in ids]


def detail_of(draft: Draft, lines: list[dict[str, Any]], subtotal: Decimal, discount: Decimal) -> dict[str, Any]:
    """TxnTaxDetail with TotalTax and the tax lines, computed from the sales lines.

    The discount lowers the taxable amount pro rata when ApplyTaxAfterDiscount is true.
    """
    company, entity = draft.company, draft.entity
    if not taxed(company):
        return {"TotalTax": ZERO}
    after = entity.get("ApplyTaxAfterDiscount") and subtotal
    share = (subtotal - discount) / subtotal if after else Decimal(1)
    net: dict[Rate, Decimal] = defaultdict(Decimal)
    sent: dict[str, Any] = draft.sent.get("TxnTaxDetail", {})
    code = entity.get("TxnTaxDetail", {}).get("TxnTaxCodeRef")
    for line in lines:
        detail = line.get("SalesItemLineDetail", {})
        for rate in _rates_for(company, code, detail.get("TaxCodeRef", {}).get("value")):
            net[rate] += line["Amount"] * share
    tax_lines = [_tax_line(draft, rate, amount) for rate, amount in net.items()]
    total = sum((line["Amount"] for line in tax_lines), ZERO)
    if not company.us and "TotalTax" in sent:
        # Outside the US a TxnTaxDetail that is sent wins over what would be computed.
        total, tax_lines = rounded(draft, sent["TotalTax"]), sent.get("TaxLine", tax_lines)
    result: dict[str, Any] = {"TotalTax": total}
    if company.us and code and not company.preference("TaxPrefs", "PartnerTaxEnabled"):
        result["TxnTaxCodeRef"] = code
    return result | ({"TaxLine": tax_lines} if tax_lines else {})


def _rates_for(company: Company, txn_code: dict[str, Any] | None, line_code: str | None) -> list[Rate]:
    if not company.us:
        return rates_of(company, line_code) if line_code else []
    if line_code != "TAX":
        return []
    if company.preference("TaxPrefs", "PartnerTaxEnabled"):
        return [Rate(AUTOMATED_RATE, company.config.partner_tax_percent)]
    return rates_of(company, txn_code["value"]) if txn_code else []


def _tax_line(draft: Draft, rate: Rate, net: Decimal) -> dict[str, Any]:
    return {
        "Amount": rounded(draft, net * rate.percent / 100),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate.id},
            "PercentBased": True,
            "TaxPercent": rate.percent,
            "NetAmountTaxable": rounded(draft, net),
        },
    }
