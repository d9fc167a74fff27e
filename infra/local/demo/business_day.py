"""The demo's business day: which invoices are finalised, what happens to them, and what must become of each."""

from __future__ import annotations

from infra.local.demo import changes
from infra.local.demo.story import EUR_RATE, INTERNAL, JPY_RATE, METHOD, ORDER, Ending, Extra, Invoice, Line, Stands

_HOUR, _SEATS, _SUPPORT = Line("consulting", "1"), Line("licence", "12"), Line("support", "1")
_EXCLUDED, _ATTENTION = Ending.EXCLUDED, Ending.ATTENTION
# HubSpot's tax rate group of 6.5 %.
_STATE_TAX = "15970230"


def invoices() -> list[Invoice]:
    """The invoices of the day, in the order in which they are finalised."""
    return [
        *_plain(),
        *_discounted(),
        *_with_fees_and_taxes(),
        *_fields_and_currencies(),
        *_changed(),
        *_left_out(),
        *_shipped(),
    ]


def _invoice(what: str, customer: str, *lines: Line) -> Invoice:
    return Invoice(what, customer, lines)


def _plain() -> list[Invoice]:
    return [
        _invoice("customer known by name and e-mail", "Acme Corp", Line("onboarding", "1"), _HOUR),
        _invoice("two lines of one product", "Acme Corp", Line("consulting", "3.5"), Line("consulting", "2", "120.00")),
        _invoice("customer known by name", "Cedar & Pine", _SEATS),
        _invoice("new customer", "Blue Harbor LLC", _SUPPORT),
        _invoice("the same new customer at once", "Blue Harbor LLC", _SEATS, _HOUR),
        _invoice("and once more", "Blue Harbor LLC", Line("widget", "144")),
        _invoice("half a cent a piece", "Delta Freight", Line("widget", "1"), Line("widget", "3")),
        _invoice("an apostrophe in the name", "O'Neill Brothers", Line("support", "2")),
        _invoice("billed to a person", "zoe@freelance.example", Line("consulting", "8")),
        Invoice(
            "a vendor bears the person's name",
            "pat@solo.example",
            (_SUPPORT,),
            stands=Stands(customer="Pat Parker (pat@solo.example)"),
        ),
        Invoice(
            "an employee bears the person's name",
            "emma@solo.example",
            (_HOUR,),
            stands=Stands(customer="Emma Ernst (emma@solo.example)"),
        ),
        _invoice("product known by name", "Eagle Eye Optics", Line("licence", "250")),
        _invoice("many lines", "Delta Freight", *(Line("consulting", f"{number}") for number in range(1, 13))),
        _invoice("a free line", "Acme Corp", _SUPPORT, Line("onboarding", "1", "0")),
        Invoice("with a comment", "Cedar & Pine", (_HOUR,), properties={"hs_comments": "Danke – «merci» & thanks"}),
        _invoice("answer lost after the write", "Acme Corp", Line("support", "4")),
        _invoice("answer lost after the write, too", "Eagle Eye Optics", Line("consulting", "6")),
        _invoice("QuickBooks fails", "Delta Freight", Line("support", "3")),
        _invoice("connection breaks before the write", "Cedar & Pine", Line("support", "5")),
        _invoice("large amount", "Eagle Eye Optics", Line("onboarding", "412.25")),
    ]


def _discounted() -> list[Invoice]:
    loyal, voucher = Extra("discounts", "Loyal", "PERCENT", "5"), Extra("discounts", "Voucher", "FIXED", "20")
    return [
        _invoice("line: 10 % off", "Acme Corp", Line("support", "1", percent_off="10")),
        _invoice("line: 33 % off, not divisible", "Cedar & Pine", Line("licence", "7", percent_off="33")),
        _invoice("line: 5.00 off", "Delta Freight", Line("consulting", "4", fixed_off="5")),
        _invoice("line: all of it off", "Acme Corp", _HOUR, Line("onboarding", "1", percent_off="100")),
        _invoice(
            "two lines off",
            "Acme Corp",
            Line("support", "3", percent_off="20"),
            Line("consulting", "2", fixed_off="10"),
        ),
        Invoice(
            "stock off, quantity kept",
            "Delta Freight",
            (Line("crate", "12", percent_off="12.5"),),
            stands=Stands(discount="36.00"),
        ),
        Invoice("order: 5 % off", "Acme Corp", (_SEATS,), extras=(loyal,), stands=Stands(discount="11.99")),
        Invoice("order: 20.00 off", "Blue Harbor LLC", (_SUPPORT,), extras=(voucher,), stands=Stands(discount="20")),
        Invoice(
            "order: two discounts",
            "O'Neill Brothers",
            (Line("onboarding", "1"),),
            extras=(loyal, voucher),
            stands=Stands(discount="95.00"),
        ),
        Invoice(
            "line and order off",
            "Eagle Eye Optics",
            (Line("support", "10", percent_off="10"),),
            extras=(loyal,),
            stands=Stands(discount="40.05"),
        ),
    ]


def _with_fees_and_taxes() -> list[Invoice]:
    rush, card = Extra("fees", "Rush fee", "FIXED", "25"), Extra("fees", "Card fee", "PERCENT", "3")
    city, green = Extra("taxes", "City tax", "PERCENT", "6.5"), Extra("taxes", "Green tax", "FIXED", "4.20")
    loyal = Extra("discounts", "Loyal", "PERCENT", "5")
    return [
        Invoice("fee, fixed", "Acme Corp", (_SEATS,), extras=(rush,)),
        Invoice("fee, percent", "Cedar & Pine", (_SUPPORT,), extras=(card,)),
        Invoice("two fees", "Blue Harbor LLC", (_HOUR,), extras=(rush, card)),
        Invoice("tax, percent", "Acme Corp", (_SEATS,), extras=(city,)),
        Invoice("tax, fixed", "Delta Freight", (_SUPPORT,), extras=(green,)),
        Invoice("two taxes", "Eagle Eye Optics", (_HOUR, _SUPPORT), extras=(city, green)),
        Invoice(
            "tax of a line", "Acme Corp", (Line("support", "2", tax_rate=_STATE_TAX), _HOUR), stands=Stands(lines=3)
        ),
        Invoice("discount, fee and tax", "Acme Corp", (_SEATS,), extras=(loyal, rush, city), stands=Stands("11.99")),
        Invoice(
            "everything at once",
            "O'Neill Brothers",
            (Line("consulting", "7", percent_off="15"), Line("licence", "9")),
            extras=(loyal, rush, card, city, green),
            stands=Stands("52.28"),
        ),
    ]


def _fields_and_currencies() -> list[Invoice]:
    loyal = Extra("discounts", "Loyal", "PERCENT", "5")
    order, project = ("PO number", "PO-17"), ("Project", "North wing")
    return [
        Invoice(
            "with a PO number",
            "Acme Corp",
            (_SEATS,),
            properties={"hs_purchase_order_number": "PO-17"},
            stands=Stands(custom=(order,)),
        ),
        Invoice(
            "with a project",
            "Cedar & Pine",
            (_HOUR,),
            properties={"hs_title": "North wing"},
            stands=Stands(custom=(project,)),
        ),
        Invoice(
            "with both",
            "Delta Freight",
            (_SUPPORT,),
            properties={"hs_purchase_order_number": "PO-17", "hs_title": "North wing"},
            stands=Stands(custom=(order, project)),
        ),
        Invoice("due in 15 days", "Acme Corp", (_HOUR,), due="2026-12-09", stands=Stands(terms="Net 15")),
        Invoice("due in 60 days", "Acme Corp", (_HOUR,), due="2027-01-23", stands=Stands(terms="Net 60")),
        Invoice(
            "due at once", "zoe@freelance.example", (_HOUR,), due="2026-11-24", stands=Stands(terms="Due on receipt")
        ),
        Invoice("in euros", "Acme Corp", (_SEATS,), currency="EUR", stands=Stands(rate=EUR_RATE)),
        Invoice(
            "in euros, again",
            "Acme Corp",
            (_HOUR, _SUPPORT),
            currency="EUR",
            stands=Stands(rate=EUR_RATE, customer="Acme Corp (EUR)"),
        ),
        Invoice(
            "in yen, which have no cents",
            "Delta Freight",
            (Line("consulting", "1.5", percent_off="10"), _SUPPORT),
            currency="JPY",
            stands=Stands(rate=JPY_RATE, customer="Delta Freight (JPY)"),
        ),
        Invoice(
            "in euros, 5 % off",
            "Fjord Fisheries",
            (_SEATS,),
            currency="EUR",
            extras=(loyal,),
            stands=Stands("11.99", rate=EUR_RATE),
        ),
        Invoice(
            "a currency without a rate", "Fjord Fisheries", (_HOUR,), _ATTENTION, "currency_unsupported", currency="CHF"
        ),
        Invoice("in a closed period", "Acme Corp", (_HOUR,), _ATTENTION, "period_closed", "2026-09-15"),
        Invoice("on its last day", "Delta Freight", (_SEATS,), _ATTENTION, "period_closed", "2026-09-30"),
        Invoice("on the first open day", "Delta Freight", (_SEATS,), date="2026-10-01", due="2026-10-31"),
    ]


def _changed() -> list[Invoice]:
    city = Extra("taxes", "City tax", "PERCENT", "6.5")
    later = Stands(terms="")
    return [
        Invoice("quantity raised later", "Acme Corp", (_HOUR,), later=changes.raise_quantity),
        Invoice("quantity raised later, too", "O'Neill Brothers", (_HOUR, _SEATS), later=changes.raise_quantity),
        Invoice(
            "quantity raised later, with tax", "Acme Corp", (_SEATS,), extras=(city,), later=changes.raise_quantity
        ),
        Invoice("discount given later", "Cedar & Pine", (_HOUR, _SUPPORT), later=changes.give_discount),
        Invoice(
            "PO number added later",
            "Acme Corp",
            (_SEATS,),
            later=changes.add_purchase_order,
            stands=Stands(custom=(("PO number", "PO-LATE"),)),
        ),
        Invoice("due date moved later", "Delta Freight", (_SEATS,), later=changes.move_due_date, stands=later),
        Invoice(
            "a person's ship date is kept",
            "Acme Corp",
            (_SEATS,),
            later=changes.note_in_quickbooks_then_change,
            stands=later,
        ),
        Invoice("a part is paid, then raised", "Acme Corp", (_HOUR,), later=changes.pay_then_raise),
        Invoice(
            "a part is paid, then lowered below that",
            "Acme Corp",
            (_HOUR,),
            _ATTENTION,
            "total_below_paid",
            later=changes.pay_then_lower,
        ),
        Invoice(
            "a part is paid, then voided",
            "Delta Freight",
            (_HOUR,),
            _ATTENTION,
            "void_of_paid_invoice",
            later=changes.pay_then_void,
        ),
        Invoice(
            "its company is merged with another",
            "Gull & Sons",
            (_HOUR,),
            later=changes.merge_company,
            stands=Stands(customer="Gull & Sons"),
        ),
        Invoice("deleted in HubSpot", "Acme Corp", (_HOUR,), Ending.DELETED, later=changes.delete),
        Invoice("voided later", "Eagle Eye Optics", (_SEATS,), Ending.VOIDED, later=changes.void),
        Invoice("voided later, with tax", "Acme Corp", (_SEATS,), Ending.VOIDED, extras=(city,), later=changes.void),
        Invoice(
            "unknown product, then entered",
            "Acme Corp",
            (Line("gadget", "2"),),
            later=changes.create_item_and_retry,
            first="item_missing",
        ),
        Invoice(
            "changed on both sides",
            "Acme Corp",
            (_HOUR,),
            _ATTENTION,
            "edited_in_quickbooks",
            later=changes.edit_memo_on_both_sides,
        ),
        Invoice(
            "deleted in QuickBooks",
            "Acme Corp",
            (_HOUR,),
            _ATTENTION,
            "deleted_in_quickbooks",
            later=changes.delete_in_quickbooks,
        ),
    ]


def _left_out() -> list[Invoice]:
    internal = {"hs_title": INTERNAL}
    return [
        Invoice("filtered: internal", "Acme Corp", (_HOUR,), _EXCLUDED, "filtered", properties=internal),
        Invoice("filtered: internal", "Cedar & Pine", (_SEATS,), _EXCLUDED, "filtered", properties=internal),
        Invoice("before the cut-over date", "Acme Corp", (_HOUR,), _EXCLUDED, "before_cutover", "2026-08-31"),
        Invoice("still a draft", "Acme Corp", (_HOUR,), _EXCLUDED, "draft", draft=True),
        Invoice("unknown product", "Acme Corp", (Line("drone", "1"),), _ATTENTION, "item_missing"),
        Invoice("number already used", "Delta Freight", (_HOUR,), _ATTENTION, "duplicate_number"),
    ]


def _shipped() -> list[Invoice]:
    return [
        Invoice(
            "order and tracking number, both ways",
            "Acme Corp",
            (_SEATS,),
            properties={ORDER: "SO-1001", METHOD: "UPS"},
            later=changes.ship_and_renumber,
            stands=Stands(custom=(("Order number", "SO-1002"),), shipped=("1Z 999", "UPS")),
        )
    ]
