"""The sweep over both vendors' sandboxes: the same end without a single webhook, no echo, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.told import ToldWorld, settled_as
from tieout.domain.record import Kind, State

DAY = 97  # quarters of an hour, and one more


def play(world: ToldWorld) -> dict[str, str]:
    """A few days at a company: everything that people do to invoices and payments in either system. Gives the names of
    the HubSpot records."""
    people, books = world.people, world.bookkeeper
    named = {name: world.invoice() for name in ("paid", "part", "edited", "deleted there", "deleted here", "changed")}
    world.pass_time()
    rows = {name: row for name, id_ in named.items() for row in world.booked() if row["Id"] == world.far_id(id_)}
    named["all of it"] = people.pay(named["paid"])
    named["half of it"] = people.pay(named["part"], "180.00", processor="byo_stripe", method="ach")
    named["early"] = world.invoice(status="draft")
    named["on its way"] = people.pay(named["edited"], status="processing")
    world.pass_time()
    world.edit(named["early"], hs_invoice_status="open")
    named["at once"] = people.pay(named["early"])
    people.refund(named["all of it"], "60.00")
    people.fail(named["on its way"])
    world.pass_time()
    people.refund(named["all of it"], "40.00")
    people.dispute(named["half of it"])
    world.edit(named["edited"], hs_due_date="2026-05-15T00:00:00Z")
    books.change("Invoice", world.row(rows["changed"]), DueDate="2026-09-09")
    books.delete("Invoice", world.row(rows["deleted there"]))
    world.delete(named["deleted here"])
    world.pass_time()
    [receipt] = [row for row in world.booked("Payment") if row["TotalAmt"] == Decimal("180.00")]
    books.void("Payment", receipt)
    books.create(
        "Payment", CustomerRef=rows["edited"]["CustomerRef"], TotalAmt=Decimal("100.00"),
        Line=[{"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": rows["edited"]["Id"], "TxnType": "Invoice"}]}],
    )  # fmt: skip
    world.pass_time(DAY)
    return named


def ledger(world: ToldWorld) -> list[tuple[object, ...]]:
    """What stands in QuickBooks, by what a bookkeeper sees."""
    invoices = [
        ("Invoice", row.get("DocNumber"), row["TotalAmt"], row["Balance"], row["DueDate"]) for row in world.booked()
    ]
    money = [
        (entity, row["TotalAmt"], row.get("UnappliedAmt"), row["TxnDate"], len(row.get("Line", [])))
        for entity in ("Payment", "RefundReceipt", "CreditMemo", "SalesReceipt")
        for row in world.booked(entity)
    ]
    return sorted([*invoices, *money], key=str)


def shown(world: ToldWorld, named: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What HubSpot shows of the invoices."""
    properties = "hs_invoice_status,hs_amount_paid,hs_balance_due,tieout_status,tieout_message"
    answers = {
        name: world.person.get(f"/crm/objects/2026-09/invoices/{id_}", params={"properties": properties})
        for name, id_ in named.items()
    }
    kept = properties.split(",")
    return {
        name: {key: answer.json()["properties"].get(key) for key in kept}
        for name, answer in answers.items()
        if answer.status_code == 200
    }


def end_of(world: ToldWorld) -> tuple[object, ...]:
    named = play(world)
    records = sorted(settled_as(one) for one in world.records if one.key.kind in (Kind.INVOICE, Kind.PAYMENT))
    assert not [one for one in world.records if one.state in (State.WRITING, State.PLANNED, State.VERIFYING)]
    return records, ledger(world), shown(world, named), sorted(map(str, world.bookkeeper.books().items()))


def test_the_end_is_the_same_with_every_webhook_switched_off() -> None:
    told, swept = ToldWorld(sweeps=False), ToldWorld(webhooks=False)
    by_webhooks, by_sweep = end_of(told), end_of(swept)
    for one, other in zip(by_sweep, by_webhooks, strict=True):
        assert one == other
    assert sum(run.counts["changes_queued"] for run in swept.runs) >= 15
    both = end_of(ToldWorld())
    for one, other in zip(both, by_webhooks, strict=True):
        assert one == other
