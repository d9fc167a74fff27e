"""What both systems say about an invoice, in figures and as plain texts by field, read without any adapter of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.amounts import LineAmounts, invoice_amounts, minor_unit
from infra.sandbox.hubspot.object_types import ADJUSTMENTS, COMPANY, CONTACT, INVOICE, LINE_ITEM
from infra.sandbox.hubspot.record import Record

Entity = Mapping[str, Any]
View = dict[str, str]
ZERO = Decimal(0)
MARKER = "tieout:"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An order-level discount, fee or tax, and what it comes to."""

    label: str
    percent: bool
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Billed:
    """What HubSpot bills, in its own figures. `nets` are by line, `subtotal` is their sum, `line_tax` is what the
    lines' own rate groups come to. `grosses` are quantity x price by line, rounded half up as QuickBooks does."""

    currency: str
    total: Decimal
    nets: tuple[Decimal, ...]
    grosses: tuple[Decimal, ...]
    subtotal: Decimal
    line_tax: Decimal
    discounts: tuple[Adjusted, ...]
    fees: tuple[Adjusted, ...]
    taxes: tuple[Adjusted, ...]


def billed(hubspot: HubSpotSandbox, invoice: Record) -> Billed:
    """HubSpot's figures; what single adjustments come to is told by its own arithmetic, one adjustment at a time."""
    lines = linked(hubspot, invoice, LINE_ITEM)
    nets, taxes = [_amount(line, "amount") for line in lines], [_amount(line, "hs_tax_amount") for line in lines]
    currency = invoice.get("hs_currency") or hubspot.config.currency
    unit = minor_unit(currency)
    amounts = [LineAmounts(ZERO, ZERO, net, tax, unit) for net, tax in zip(nets, taxes, strict=True)]
    kinds = [
        sorted(linked(hubspot, invoice, type_id), key=lambda one: _amount(one, "hs_sort_order"))
        for type_id in ADJUSTMENTS
    ]

    def total(*counts: int) -> Decimal:
        some = [[one.properties for one in kind[:count]] for kind, count in zip(kinds, counts, strict=True)]
        return invoice_amounts(hubspot.config, amounts, some[0], some[1], some[2], unit).total

    numbers = [len(kind) for kind in kinds]
    found: list[tuple[Adjusted, ...]] = []
    for position, kind in enumerate(kinds):
        steps = [total(*numbers[:position], count, *[0] * (2 - position)) for count in range(len(kind) + 1)]
        found.append(
            tuple(
                Adjusted(
                    one.get("hs_label") or "",
                    one.get("hs_type") == "PERCENT",
                    (after - before) * (1 if position else -1),
                )
                for one, before, after in zip(kind, steps, steps[1:], strict=False)
            )
        )
    return Billed(
        currency=currency,
        total=_amount(invoice, "hs_amount_billed"),
        nets=tuple(nets),
        grosses=tuple(
            (_amount(line, "quantity") * _amount(line, "price")).quantize(unit, ROUND_HALF_UP) for line in lines
        ),
        subtotal=sum(nets, ZERO),
        line_tax=sum(taxes, ZERO),
        discounts=found[0],
        fees=found[1],
        taxes=found[2],
    )


def in_quickbooks(invoice: Entity) -> View:
    """The owned fields as they stand in the ledger. Lines without their item."""
    view = {
        "date": str(invoice["TxnDate"]),
        "due": str(invoice.get("DueDate", "")),
        "memo": str(invoice.get("CustomerMemo", {}).get("value", "")),
        "email": str(invoice.get("BillEmail", {}).get("Address", "")),
        "customer": str(invoice["CustomerRef"]["value"]),
        "number": str(invoice.get("DocNumber", "")),
        "terms": str(invoice.get("SalesTermRef", {}).get("value", "")),
        "discount": plain(discount_of(invoice)),
        "total": plain(invoice["TotalAmt"]),
    }
    for position, line in enumerate(sold(invoice), 1):
        detail = line["SalesItemLineDetail"]
        view[f"line {position}"] = _line(
            line.get("Description", ""), detail.get("Qty", ""), detail.get("UnitPrice", ""), line["Amount"]
        )
    return view | {f"custom {id_}": text for id_, text in custom_fields(invoice).items()}


def in_hubspot(hubspot: HubSpotSandbox, invoice: Record) -> View:
    """The same fields as HubSpot has them, lines before discounts; without customer and terms, which are chosen."""
    contact = next(iter(linked(hubspot, invoice, CONTACT)), None)
    view = {
        "date": (invoice.get("hs_invoice_date") or "")[:10],
        "due": (invoice.get("hs_due_date") or "")[:10],
        "memo": (invoice.get("hs_comments") or "").strip(),
        "email": (contact.get("email") if contact else None) or "",
        "number": invoice.get("hs_number") or "",
        "discount": plain(sum((one.amount for one in billed(hubspot, invoice).discounts), ZERO)),
        "total": plain(_amount(invoice, "hs_amount_billed")),
        "custom 1": invoice.get("hs_purchase_order_number") or "",
        "custom 2": invoice.get("hs_title") or "",
    }
    for position, line in enumerate(linked(hubspot, invoice, LINE_ITEM), 1):
        view[f"line {position}"] = _line(
            described(line), line.get("quantity") or "", line.get("price") or "", line.get("amount") or ""
        )
    return view


def described(line: Record) -> str:
    """What a line says in words."""
    return " - ".join(text for text in (line.get("name"), line.get("description")) if text)


def sold(invoice: Entity) -> list[Entity]:
    """The ledger's lines that sell something."""
    return [line for line in invoice["Line"] if line["DetailType"] == "SalesItemLineDetail"]


def discount_of(invoice: Entity) -> Decimal:
    """The ledger's order discount."""
    amounts = [line["Amount"] for line in invoice["Line"] if line["DetailType"] == "DiscountLineDetail"]
    return sum(amounts, ZERO)


def custom_fields(invoice: Entity) -> dict[str, str]:
    """The ledger's custom fields, filled or not, by definition id."""
    return {one["DefinitionId"]: one.get("StringValue", "") for one in invoice.get("CustomField", ())}


def paid(invoice: Entity) -> Decimal:
    """What is applied to a ledger invoice."""
    return Decimal(invoice["TotalAmt"] - invoice["Balance"])


def linked(hubspot: HubSpotSandbox, invoice: Record, type_id: str) -> list[Record]:
    """The invoice's records of a type."""
    return hubspot.store.linked(invoice, type_id)


def billed_to(hubspot: HubSpotSandbox, invoice: Record, *, contact_first: bool) -> Record | None:
    """The company or contact that the setting's level means."""
    levels = (CONTACT, COMPANY) if contact_first else (COMPANY, CONTACT)
    found = [one for level in levels for one in linked(hubspot, invoice, level)[:1]]
    return found[0] if found else None


def name_of(party: Record) -> str:
    """The name of a company or contact."""
    if party.type.type_id == COMPANY:
        return party.get("name") or ""
    name = " ".join(text for text in (party.get("firstname"), party.get("lastname")) if text)
    return name or party.get("email") or ""


def invoices(hubspot: HubSpotSandbox) -> dict[str, Record]:
    """All of HubSpot's invoices, archived ones too."""
    return hubspot.store.records[INVOICE]


def dead(invoice: Entity) -> bool:
    """Whether a ledger invoice is void."""
    return invoice["TotalAmt"] == 0 and str(invoice.get("PrivateNote", "")).startswith("Voided")


def notes(invoice: Entity) -> list[str]:
    """The lines of a ledger invoice's private note that are a person's, or say something to one."""
    lines: Sequence[str] = str(invoice.get("PrivateNote", "")).splitlines()
    return [line for line in lines if MARKER not in line]


def plain(number: object) -> str:
    """A number without needless zeros."""
    text = str(number)
    return f"{Decimal(text).normalize():f}" if text else ""


def _amount(record: Record, name: str) -> Decimal:
    return Decimal(record.get(name) or 0)


def _line(description: str, quantity: object, price: object, amount: object) -> str:
    return f"{description}: {plain(quantity)} x {plain(price)} = {plain(amount)}"
