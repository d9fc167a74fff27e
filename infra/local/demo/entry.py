"""What the demo's invoices of QuickBooks are told in: what a bookkeeper enters, what follows, what HubSpot shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.local.demo.deal import LAST_ROUND, Desk

ORDER_FIELD = "3"
"""QuickBooks' custom field for the order number."""
# HubSpot's association of a deal with its company.
_DEAL_OF = 5


@dataclass(frozen=True)
class Mirrored:
    """How an invoice of QuickBooks has to stand in HubSpot. `says` is the status that Tieout shows there, `code` why it
    needs a person; `deal` the name of its deal and `on_deal` the status that the deal shows of it; `pdf`: its PDF hangs
    there. `edited`: the number and the text are a person's, who changed them in HubSpot. `shipped` is (tracking number,
    shipping method)."""

    status: str = "open"
    says: str = "in_sync"
    code: str = ""
    deal: str = ""
    on_deal: str = ""
    pdf: bool = False
    edited: bool = False
    shipped: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class EntryTurn:
    """What people do about it in one of the day's rounds, and what must come of it."""

    act: Callable[[Desk, Entry], None]
    then: Mirrored


@dataclass
class Entry:
    """One invoice that a bookkeeper enters in QuickBooks. `lines` are (QuickBooks' product, quantity, price);
    `percent_off` a discount on all of it, `taxed`: sales tax is charged; `email` is the invoice's, `order` the order
    number on it, `estimate` that on the estimate that it is made from, `fields` more that is entered. `first` is what
    HubSpot shows as soon as it was entered. `lost`: it is entered in the last round, when no webhook comes. `id` and
    `mirror` are its ids in QuickBooks and in HubSpot."""

    what: str
    customer: str
    lines: tuple[tuple[str, str, str], ...]
    first: Mirrored = Mirrored()
    turns: tuple[EntryTurn, ...] = ()
    percent_off: str = ""
    taxed: bool = False
    email: str = ""
    order: str = ""
    estimate: str = ""
    currency: str = "USD"
    lost: bool = False
    id: str = ""
    mirror: str = ""
    deleted: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    def then(self, number: int) -> Mirrored | None:
        """What HubSpot shows after that of the day's rounds; None before it was entered."""
        if not self.id:
            return None
        taken = self.turns[:number]
        return taken[-1].then if taken else self.first

    def enter(self, desk: Desk) -> None:
        """The bookkeeper enters it."""
        quickbooks = desk.quickbooks
        items = {one["Name"]: one["Id"] for one in quickbooks.query("Item")}
        [customer] = [one for one in quickbooks.query("Customer") if one["DisplayName"] == self.customer]
        lines: list[dict[str, Any]] = [self._line(items, *line) for line in self.lines]
        if self.percent_off:
            detail = {"PercentBased": True, "DiscountPercent": Decimal(self.percent_off)}
            lines.append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
        body: dict[str, Any] = {
            "CustomerRef": {"value": customer["Id"]},
            "CurrencyRef": {"value": self.currency},
            "Line": lines,
            **self.fields,
        }
        if self.taxed:
            body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": _sales_tax(desk)}}
        if self.email:
            body["BillEmail"] = {"Address": self.email}
        if self.estimate:
            promise = {name: body[name] for name in ("CustomerRef", "CurrencyRef", "Line")}
            made = quickbooks.create("Estimate", {**promise, "CustomField": [_order(self.estimate)]})
            body["LinkedTxn"] = [{"TxnId": made["Id"], "TxnType": "Estimate"}]
        if self.order:
            body["CustomField"] = [_order(self.order)]
        self.id = str(quickbooks.create("Invoice", body)["Id"])

    def _line(self, items: Mapping[str, str], name: str, quantity: str, price: str) -> dict[str, Any]:
        number, each = Decimal(quantity), Decimal(price)
        detail: dict[str, Any] = {"ItemRef": {"value": items[name]}, "Qty": number, "UnitPrice": each}
        detail["TaxCodeRef"] = {"value": "TAX" if self.taxed else "NON"}
        amount = (number * each).quantize(Decimal("0.01"))
        return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}

    def row(self, desk: Desk) -> dict[str, Any]:
        """As it stands in QuickBooks."""
        [found] = [one for one in desk.quickbooks.query("Invoice") if one["Id"] == self.id]
        return found


def _order(number: str) -> dict[str, str]:
    return {"DefinitionId": ORDER_FIELD, "Type": "StringType", "StringValue": number}


def enters(entry: Entry, number: int) -> bool:
    """Whether it is entered in that round."""
    return number == (LAST_ROUND if entry.lost else 0)


def open_deal(desk: Desk, company: str, name: str, order: str = "") -> str:
    """A seller opens a deal with a company."""
    properties = {"dealname": name, "dealstage": "contractsent"} | ({"order_number": order} if order else {})
    kind, id_ = desk.day.parties[company]
    if kind != "companies":
        raise LookupError(f"{company} is no company")
    return desk.hubspot.create("deals", properties, [(_DEAL_OF, id_)])


def _sales_tax(desk: Desk) -> str:
    [code] = [one["Id"] for one in desk.quickbooks.query("TaxCode") if one["Name"] == "California"]
    return str(code)
