"""What has to agree when an invoice is said to be in sync: every figure, text and reference, to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infra.sandbox.hubspot.amounts import minor_unit
from tests.simulation import books, grounds
from tests.simulation.books import ZERO, Entity
from tests.simulation.facts import Facts
from tieout.domain.record import State
from tieout.domain.settings import CustomerLevel, TaxMode

# Said by Tieout above its marker when it moves an invoice into an open period.
_MOVED = "Dated {} in HubSpot, in a period whose books are closed."
_HALF_CENT = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Items:
    """QuickBooks' ids of the items for fees and for taxes, whatever the settings name at present."""

    fees: Set[str]
    taxes: Set[str]

    @classmethod
    def of(cls, ids: Mapping[str, str]) -> Items:
        """By the ids of all items by name."""
        return cls(
            frozenset({ids[grounds.FEES], ids[grounds.FREIGHT]}),
            frozenset({ids[grounds.SALES_TAX], ids[grounds.CITY_TAX]}),
        )


Rule = Callable[[Facts, Entity, Items], Iterator[str]]

_TAKEN = {"due": "due date", "email": "e-mail"}


def differences(facts: Facts, row: Entity, items: Items) -> list[str]:
    """What does not agree, in words."""
    if facts.accepted and not facts.took:
        return [f"nobody took QuickBooks' {sorted(facts.accepted)}"]
    return [problem for rule in _RULES for problem in rule(facts, row, items)]


def _heads(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    here, there = books.in_hubspot(facts.hubspot, facts.invoice), books.in_quickbooks(row)
    names = ["due", "memo", "email"] + (["number"] if facts.company.config.custom_txn_numbers else [])
    for name in names:
        if here[name] != there[name] and _TAKEN.get(name, name) not in facts.accepted:
            yield f"{name} is {here[name]!r} and {there[name]!r}"
    moved = _MOVED.format(here["date"]) in books.notes(row) and there["date"] > here["date"]
    if here["date"] != there["date"] and not moved and "invoice date" not in facts.accepted:
        yield f"date is {here['date']} and {there['date']}"


def _total(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    difference, settings = row["TotalAmt"] - facts.billed.total, facts.settings
    if "total" in facts.accepted and abs(difference) > settings.variance_tolerance:
        told = facts.record.detail
        if facts.record.state is not State.SYNCED_WITH_VARIANCE or f"total of {row['TotalAmt']:,}" not in told:
            yield f"the variance of {difference} that a person took is not said"
    elif facts.record.state is State.SYNCED_WITH_VARIANCE:
        cents = f"{abs(difference):f}"
        if not settings.total_tolerance < abs(difference) <= settings.variance_tolerance or not _computed(facts):
            yield f"the variance is {difference}"
        if cents not in facts.record.detail:
            yield f"the variance of {difference} is not said"
    elif abs(difference) > settings.total_tolerance:
        yield f"the totals are {facts.billed.total} and {row['TotalAmt']}"
    elif difference and not _computed(facts):
        yield f"the totals are {facts.billed.total} and {row['TotalAmt']}, and QuickBooks computed no tax"


def _computed(facts: Facts) -> bool:
    """Whether QuickBooks may come to another total: by a tax of its own, or by what a person took."""
    taken = bool(facts.accepted & {"lines", "discount", "total"})
    return taken or (facts.settings.tax_mode in (TaxMode.AUTOMATED, TaxMode.CODES) and facts.taxed)


def _lines(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    if "lines" in facts.accepted:
        return
    sold = books.sold(row)
    for line, net, gross, there in zip(facts.lines, facts.billed.nets, facts.billed.grosses, sold, strict=False):
        detail = there["SalesItemLineDetail"]
        item = facts.company.rows["Item"][detail["ItemRef"]["value"]]
        stock = item["Type"] == "Inventory"
        if there["Amount"] != (gross if stock else net):
            yield f"line {line.get('name')} comes to {net} and {there['Amount']}"
        quantity, price = Decimal(line.get("quantity") or 0), Decimal(line.get("price") or 0)
        # A price that does not come to the amount within half a cent, as in yen, QuickBooks refuses.
        exact = net == gross and abs(quantity * price - gross) <= _HALF_CENT
        if (exact and detail.get("UnitPrice") != price) or ((exact or stock) and detail.get("Qty") != quantity):
            yield f"line {line.get('name')} is {quantity} x {price} and {detail}"
        if not str(there.get("Description", "")).startswith(books.described(line)):
            yield f"line {line.get('name')} is called {there.get('Description')!r}"
        if item["Id"] != "1" and item not in list(facts.items_for(line)):
            yield f"line {line.get('name')} is sold as {item['Name']}"
    others = sold[len(facts.lines) :]
    fees = sum((one.amount for one in facts.billed.fees), ZERO)
    taxes = facts.tax if facts.settings.tax_mode is TaxMode.AS_ITEM else ZERO
    for what, wanted, ids in (("fees", fees, items.fees), ("taxes", taxes, items.taxes)):
        found = sum((one["Amount"] for one in others if _item(one) in ids), ZERO)
        if not _near(facts, found, wanted):
            yield f"{what} are {wanted} and {found}"
    if len(sold) < len(facts.lines) or any(_item(one) not in items.fees | items.taxes for one in others):
        yield f"there are {len(facts.lines)} lines and {len(sold)}"


def _near(facts: Facts, found: Decimal, wanted: Decimal) -> bool:
    """HubSpot tells what lines and the whole come to, and not what each discount, fee and tax does: of two ways to
    round them that come to its total either is right."""
    several = sum(map(len, (facts.billed.discounts, facts.billed.fees, facts.billed.taxes))) > 1
    return abs(found - wanted) <= (minor_unit(facts.billed.currency) if several else 0)


def _item(line: Entity) -> str:
    return str(line["SalesItemLineDetail"]["ItemRef"]["value"])


def _discount(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    if facts.accepted & {"lines", "discount"}:
        return
    of_stock = sum((one["Amount"] for one in books.sold(row)[: len(facts.lines)]), ZERO) - facts.billed.subtotal
    wanted = sum((one.amount for one in facts.billed.discounts), ZERO) + of_stock
    if not _near(facts, books.discount_of(row), wanted):
        yield f"the discount is {wanted} and {books.discount_of(row)}"


def _tax(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    if row["TxnTaxDetail"]["TotalTax"] and not _computed(facts):
        yield f"QuickBooks computed a tax of {row['TxnTaxDetail']['TotalTax']}"


def _currency(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    currency = row.get("CurrencyRef", {}).get("value", facts.company.home_currency)
    if currency != facts.billed.currency:
        yield f"the currency is {facts.billed.currency} and {currency}"
    elif facts.foreign and row["ExchangeRate"] != facts.rate:
        yield f"the exchange rate is {row['ExchangeRate']} and not {facts.rate}"


def _customer(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    """One of the two parties: the one that is meant by the setting may have been another when it was created."""
    found = facts.company.rows["Customer"][row["CustomerRef"]["value"]]
    email = found.get("PrimaryEmailAddr", {}).get("Address")
    parties = [
        books.billed_to(facts.hubspot, facts.invoice, contact_first=level is CustomerLevel.CONTACT)
        for level in CustomerLevel
    ]
    for party in parties:
        if party is not None and (
            str(found["DisplayName"]).startswith(books.name_of(party)) or (email and email == party.get("email"))
        ):
            return
    yield f"it was billed to {found['DisplayName']}"


def _terms(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    days = (_due(facts) - facts.day.toordinal()) if _due(facts) else None
    wanted = facts.settings.terms.get(days) if days is not None else None
    taken = facts.accepted & {"terms", "due date", "invoice date"}
    if wanted is not None and row.get("SalesTermRef", {}).get("value") != wanted and not taken:
        yield f"the terms are {row.get('SalesTermRef')}, {days} days apart"


def _due(facts: Facts) -> int:
    text = (facts.invoice.get("hs_due_date") or "")[:10]
    return date.fromisoformat(text).toordinal() if text else 0


def _custom_fields(facts: Facts, row: Entity, items: Items) -> Iterator[str]:
    """What the settings name stands there, or is said to be off; where HubSpot says nothing it is a person's."""
    settings, stand = facts.settings, books.custom_fields(row)
    texts = {id_: facts.invoice.get(name) or "" for name, id_ in settings.custom_fields.items()}
    if settings.purchase_order_field:
        texts[settings.purchase_order_field] = facts.invoice.get("hs_purchase_order_number") or ""
    for id_, text in texts.items():
        theirs = not text and facts.book is not None and f"custom {id_}" in facts.book.edited
        # Where a person took QuickBooks' value and the pair does not go to HubSpot, the pair remembers just these two.
        both = {(one.hubspot, one.quickbooks) for one in facts.record.fields if one.field == id_}
        theirs = theirs or (facts.took and (text, stand.get(id_)) in both)
        if id_ in stand and stand[id_] != text and not theirs:
            yield f"custom field {id_} is {text!r} and {stand[id_]!r}"
        if id_ not in stand and text and "did not keep custom field" not in facts.record.detail:
            yield f"custom field {id_} is switched off, and nobody says so"


_RULES: tuple[Rule, ...] = (
    _heads,
    _total,
    _lines,
    _discount,
    _tax,
    _currency,
    _customer,
    _terms,
    _custom_fields,
)
