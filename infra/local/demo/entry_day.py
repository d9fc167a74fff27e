"""The demo's invoices that are born in QuickBooks: who is billed, what happens to each, and what HubSpot shows."""

from __future__ import annotations

from decimal import Decimal

from infra.local.demo.deal import Desk
from infra.local.demo.entry import Entry, EntryTurn, Mirrored, open_deal
from infra.local.demo.story import TRACKING
from tieout.domain.conflict import Side

KESTREL, LUMEN, MOSS, PIER = "Kestrel Cycles", "Lumen Labs", "Moss & Fern", "North Pier"
QUAI, STRANGER = "Quai Sud", "Walk-in customer"
BILLED_THERE = {KESTREL: "USD", LUMEN: "USD", MOSS: "USD", PIER: "USD", QUAI: "EUR"}
"""Companies that both systems know, and their currency in QuickBooks."""
KIM = "kim@kestrel.example"
FLEET, HELMETS, LIGHT = "Kestrel: fleet", "Kestrel: helmets", "Lumen: lab light"
_ORDER, _OTHER_ORDER = "SO-2001", "SO-2002"
_ATTENTION = "needs_attention"
_FIRST_NUMBER = 101


def cast(desk: Desk) -> None:
    """The companies in both systems, a contact, and the sellers' deals: two with order numbers, one that is the only
    open one of its company, and two of one company."""
    day, quickbooks = desk.day, desk.quickbooks
    for name, currency in BILLED_THERE.items():
        day.parties[name] = ("companies", day.hubspot.create("companies", {"name": name}))
        quickbooks.create("Customer", {"DisplayName": name, "CurrencyRef": {"value": currency}})
    quickbooks.create("Customer", {"DisplayName": STRANGER, "CurrencyRef": {"value": "USD"}})
    contact = day.hubspot.create("contacts", {"email": KIM, "firstname": "Kim", "lastname": "Kestrel"})
    day.parties[KIM] = ("contacts", contact)
    open_deal(desk, KESTREL, FLEET, _ORDER)
    open_deal(desk, KESTREL, HELMETS, _OTHER_ORDER)
    open_deal(desk, LUMEN, LIGHT)
    for what in ("hedges", "roof garden"):
        open_deal(desk, MOSS, f"Moss & Fern: {what}")


def entries(used_number: str) -> list[Entry]:
    """The invoices in the order in which they are entered; one under a number that HubSpot is going to give, too."""
    hour, plan = ("Consulting hour", "2", "145.50"), ("Support plan", "1", "89.00")
    taken = {"DocNumber": used_number}
    booked = [
        Entry("a number that HubSpot gives, too", "Acme Corp", (("Services", "1", "10.00"),), fields=taken),
        Entry(
            "discount and tax, changed later",
            KESTREL,
            (hour, ("Licence, per seat", "12", "19.99"), ("Widget", "144", "3.335")),
            turns=(EntryTurn(_change, Mirrored()),),
            percent_off="10",
            taxed=True,
            email=KIM,
        ),
        Entry(
            "its order number names the deal, later paid",
            KESTREL,
            (plan, hour),
            Mirrored(deal=FLEET, on_deal="open", pdf=True),
            (EntryTurn(_pay, Mirrored("paid", deal=FLEET, on_deal="paid", pdf=True)),),
            order=_ORDER,
        ),
        Entry(
            "made from an estimate that names the deal",
            KESTREL,
            (plan,),
            Mirrored(deal=HELMETS, on_deal="open", pdf=True),
            estimate=_OTHER_ORDER,
        ),
        Entry(
            "the only open deal of its company",
            LUMEN,
            (plan,),
            Mirrored(deal=LIGHT, on_deal="open", pdf=True),
        ),
        Entry("of two open deals none is chosen", MOSS, (hour,)),
        Entry("voided later", PIER, (plan,), turns=(EntryTurn(_void, Mirrored("voided", "voided")),)),
        Entry(
            "changed by hand in HubSpot, then QuickBooks' values are taken",
            PIER,
            (hour,),
            turns=(
                EntryTurn(_edit, Mirrored(says=_ATTENTION, code="edited_in_hubspot", edited=True)),
                EntryTurn(_take, Mirrored()),
            ),
        ),
        Entry(
            "tracking number and shipping method, both ways",
            QUAI,
            (("Services", "1", "75.00"),),
            Mirrored(shipped=("1Z 111", "UPS")),
            (EntryTurn(_ship_otherwise, Mirrored(shipped=("1Z 222", "FedEx"))),),
            currency="EUR",
            fields={"TrackingNum": "1Z 111", "ShipMethodRef": {"value": "UPS"}},
        ),
        Entry(
            "deleted in QuickBooks",
            PIER,
            (hour, plan),
            turns=(EntryTurn(_delete, Mirrored(says=_ATTENTION, code="deleted_in_quickbooks")),),
        ),
        Entry(
            "in euros, something taken back",
            QUAI,
            (("Consulting hour", "3", "130.00"), ("Services", "-1", "40.00")),
            currency="EUR",
        ),
        Entry("a customer that HubSpot does not know", STRANGER, (plan,), email="wim@walkin.example"),
        Entry("no webhook comes", KESTREL, (plan,), lost=True),
    ]
    for number, one in enumerate(booked[1:], _FIRST_NUMBER):
        one.fields = {"DocNumber": f"QB-{number}", **one.fields}
    return booked


def _change(desk: Desk, entry: Entry) -> None:
    """Half of the widgets came back, and the buyer is told so."""
    row = entry.row(desk)
    lines = [dict(line) for line in row["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    widgets = lines[2]
    detail = {**widgets["SalesItemLineDetail"], "Qty": Decimal(72)}
    lines[2] = {**widgets, "Amount": Decimal("240.12"), "SalesItemLineDetail": detail}
    desk.quickbooks.change("Invoice", row, {"Line": lines, "CustomerMemo": {"value": "Half of the widgets came back."}})


def _pay(desk: Desk, entry: Entry) -> None:
    row = entry.row(desk)
    line = {"Amount": row["TotalAmt"], "LinkedTxn": [{"TxnId": entry.id, "TxnType": "Invoice"}]}
    head = {"CustomerRef": row["CustomerRef"], "CurrencyRef": row["CurrencyRef"], "TotalAmt": row["TotalAmt"]}
    desk.quickbooks.create("Payment", {**head, "Line": [line]})


def _void(desk: Desk, entry: Entry) -> None:
    desk.quickbooks.void("Invoice", entry.row(desk))


def _delete(desk: Desk, entry: Entry) -> None:
    desk.quickbooks.delete("Invoice", entry.row(desk))
    entry.deleted = True


def _edit(desk: Desk, entry: Entry) -> None:
    """Somebody in HubSpot takes it for theirs."""
    desk.hubspot.update("invoices", entry.mirror, {"hs_number": "HS-77", "hs_comments": "As told by phone."})


def _take(desk: Desk, entry: Entry) -> None:
    """Somebody decides whose values are right."""
    desk.take(entry.id, Side.QUICKBOOKS)


def _ship_otherwise(desk: Desk, entry: Entry) -> None:
    """The parcel goes by another way: one of the two is entered in HubSpot, the other in QuickBooks."""
    desk.quickbooks.change("Invoice", entry.row(desk), {"ShipMethodRef": {"value": "FedEx"}})
    desk.hubspot.update("invoices", entry.mirror, {TRACKING: "1Z 222"})
