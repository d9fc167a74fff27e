"""Invoices as HubSpot calculates them, in any of the readings that it leaves open, by the sandbox's own arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from infra.sandbox.hubspot.amounts import invoice_amounts, line_amounts, minor_unit
from infra.sandbox.hubspot.config import HubSpotConfig
from tests.support.builders import a_line, an_invoice
from tieout.domain.invoice import Adjustment, AdjustmentKind, SourceInvoice, SourceLine
from tieout.domain.money import Money

TAX_RATE = Decimal("6.5")
RATE_GROUP = "15970230"


def a_discount(value: str, *, percent: bool = False) -> Adjustment:
    """An order discount."""
    return Adjustment(AdjustmentKind.DISCOUNT, "Spring", Decimal(value), percent)


def a_fee(value: str, *, percent: bool = False) -> Adjustment:
    """An order-level fee."""
    return Adjustment(AdjustmentKind.FEE, "Rush", Decimal(value), percent)


def a_tax(value: str, *, percent: bool = True) -> Adjustment:
    """An order-level tax."""
    return Adjustment(AdjustmentKind.TAX, "VAT", Decimal(value), percent)


def billed(
    lines: Sequence[SourceLine] = (),
    adjustments: Sequence[Adjustment] = (),
    config: HubSpotConfig | None = None,
    **changes: Any,
) -> SourceInvoice:
    """An invoice with the amounts that HubSpot would give its lines and itself."""
    config = config or HubSpotConfig()
    invoice = an_invoice(*(lines or (a_line(),)), adjustments=tuple(adjustments), **changes)
    unit = minor_unit(invoice.currency)
    figures = [
        line_amounts(config, _line(one), TAX_RATE if one.tax_rate_id else Decimal(0), unit) for one in invoice.lines
    ]
    described = tuple(
        replace(
            one,
            amount=found.net,
            tax_amount=found.tax if one.tax_rate_id else None,
            tax_rate=TAX_RATE if one.tax_rate_id else None,
        )
        for one, found in zip(invoice.lines, figures, strict=True)
    )
    discounts, fees, taxes = (
        [_adjustment(one) for one in adjustments if one.kind is kind]
        for kind in (AdjustmentKind.DISCOUNT, AdjustmentKind.FEE, AdjustmentKind.TAX)
    )
    total = invoice_amounts(config, figures, discounts, fees, taxes, unit).total
    return replace(invoice, lines=described, total=Money(total, invoice.currency))


def _line(line: SourceLine) -> dict[str, str]:
    values = {
        "quantity": line.quantity,
        "price": line.unit_price,
        "discount": line.discount,
        "hs_discount_percentage": line.discount_percent,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _adjustment(one: Adjustment) -> dict[str, str]:
    return {"hs_type": "PERCENT" if one.percent else "FIXED", "hs_value": str(one.value)}
