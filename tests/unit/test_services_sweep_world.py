"""The sweep over both vendors' sandboxes: the same end without a single webhook, no echo, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.told import ToldWorld, settled_as
from tieout.domain.errors import ConnectionLost, Transient
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
    customer = rows["edited"]["CustomerRef"]
    changing = books.create("Payment", CustomerRef=customer, **applied("100.00", rows["edited"]))
    vanishing = books.create("Payment", CustomerRef=customer, **applied("30.00", rows["edited"]))
    books.create("RefundReceipt", CustomerRef=customer, DepositToAccountRef={"value": "35"}, Line=[sold("20.00")])
    memo = books.create("CreditMemo", CustomerRef=customer, Line=[sold("50.00")])
    world.pass_time()
    books.change("Payment", books.read("Payment", changing["Id"]), **applied("60.00", rows["edited"]))
    books.delete("Payment", books.read("Payment", vanishing["Id"]))
    credit = {"TxnId": memo["Id"], "TxnType": "CreditMemo"}
    line = {"Amount": Decimal("50.00"), "LinkedTxn": [credit]}
    whole = applied("50.00", rows["edited"])
    books.create("Payment", CustomerRef=customer, TotalAmt=Decimal(0), Line=[*whole["Line"], line])
    world.pass_time(DAY)
    return named


def applied(amount: str, invoice: dict[str, Any]) -> dict[str, Any]:
    """The fields of a payment of this amount for an invoice."""
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    return {"TotalAmt": Decimal(amount), "Line": [{"Amount": Decimal(amount), "LinkedTxn": [link]}]}


def sold(amount: str) -> dict[str, Any]:
    """A line that sells something for this amount."""
    detail = {"ItemRef": {"value": "1"}, "Qty": Decimal(1), "UnitPrice": Decimal(amount)}
    return {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


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


def received(world: ToldWorld) -> list[tuple[object, ...]]:
    """The payments that HubSpot shows, those that Tieout recorded among them."""
    kept = ("hs_initial_amount", "hs_latest_status", "hs_processor_type", "hs_refunds_amount")
    answer = world.person.get("/crm/objects/2026-09/commerce_payments", params={"properties": ",".join(kept)})
    return sorted((tuple(one["properties"].get(name) for name in kept) for one in answer.json()["results"]), key=str)


def end_of(world: ToldWorld) -> tuple[object, ...]:
    named = play(world)
    records = sorted(settled_as(one) for one in world.records if one.key.kind in (Kind.INVOICE, Kind.PAYMENT))
    assert not [one for one in world.records if one.state in (State.WRITING, State.PLANNED, State.VERIFYING)]
    assert ("60.00", "succeeded", "quickbooks", None) in received(world)
    return (
        records,
        ledger(world),
        received(world),
        shown(world, named),
        sorted(map(str, world.bookkeeper.books().items())),
    )


def test_the_end_is_the_same_with_every_webhook_switched_off() -> None:
    told, swept = ToldWorld(sweeps=False), ToldWorld(webhooks=False)
    by_webhooks, by_sweep = end_of(told), end_of(swept)
    for one, other in zip(by_sweep, by_webhooks, strict=True):
        assert one == other
    assert sum(run.counts["changes_queued"] for run in swept.runs) >= 15
    both = end_of(ToldWorld())
    for one, other in zip(both, by_webhooks, strict=True):
        assert one == other


def quickbooks_reads(world: ToldWorld, since: int) -> list[str]:
    exchanges = world.quickbooks.traffic.exchanges[since:]
    return [
        one.url.partition(world.connection.realm_id)[2].partition("?")[0] for one in exchanges if one.method == "GET"
    ]


def test_an_idle_hour_costs_a_read_a_sweep_and_nothing_is_queued() -> None:
    world = ToldWorld(webhooks=False)
    world.people.pay(world.invoice())
    world.pass_time(8)
    before, counted = len(world.quickbooks.traffic.exchanges), world.meter.counted
    world.pass_time(4)
    assert quickbooks_reads(world, before) == ["/cdc"] * 4
    assert world.meter.counted == counted + 4
    assert [run.counts["changes_queued"] + run.counts["records_woken"] for run in world.runs[-4:]] == [0] * 4


def test_what_tieout_wrote_itself_is_no_news_in_quickbooks_and_dies_out_in_hubspot() -> None:
    world = ToldWorld(webhooks=False)
    payment = world.people.pay(world.invoice())
    world.pass_time()
    assert world.payment(payment).state is State.SYNCED
    before, written = len(world.quickbooks.traffic.exchanges), len(world.booked("Payment"))
    world.pass_time(4)
    # The status on the invoice is a change in HubSpot, so it is looked at once more, in HubSpot; of QuickBooks only the
    # company's preferences are read again.
    asked = [one.url for one in world.quickbooks.traffic.exchanges[before:] if "/query?" in one.url]
    assert [url for url in asked if "Preferences" not in url] == []
    assert [run.counts["changes_queued"] for run in world.runs[1:]] == [1, 0, 0, 0]
    assert len(world.booked("Payment")) == written == 1


@pytest.mark.parametrize("limit", ["in_all", "each_entity"])
def test_more_changes_than_change_data_capture_tells_leave_no_gap(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.adapters.quickbooks.changes._MOST_CHANGES", 3)
    world = ToldWorld(webhooks=False, cdc_most=3, cdc_limit=limit)
    ids = [world.invoice() for _ in range(8)]
    world.pass_time()
    rows = [world.row({"Id": world.far_id(id_)}) for id_ in ids]
    world.pass_time(2)
    for row in rows[:6]:
        world.bookkeeper.change("Invoice", row, DueDate="2026-09-09")
    for row in rows[6:]:
        world.bookkeeper.delete("Invoice", row)
    world.pass_time(2)
    assert [world.record(id_).state for id_ in ids] == [State.ATTENTION] * 6 + [State.DELETED_IN_LEDGER] * 2


def test_an_index_of_hubspot_that_lags_behind_hides_nothing_for_long() -> None:
    world = ToldWorld(webhooks=False, hubspot={"index_lag_seconds": 240})
    ids = []
    for _ in range(4):
        ids.append(world.invoice())
        world.pass_time()
    world.pass_time()
    assert {world.record(id_).state for id_ in ids} == {State.SYNCED}


def test_an_invoice_deleted_in_hubspot_is_found_within_a_day() -> None:
    world = ToldWorld(webhooks=False)
    id_ = world.invoice()
    world.pass_time()
    world.delete(id_)
    world.pass_time()
    assert world.record(id_).state is State.SYNCED
    world.pass_time(DAY)
    assert world.record(id_).state is State.ATTENTION
    before = len(world.quickbooks.traffic.exchanges)
    world.pass_time(DAY)
    assert set(quickbooks_reads(world, before)) == {"/cdc"}


@pytest.mark.parametrize(("kind", "error"), [("status_401", ConnectionLost), ("status_500", Transient)])
def test_a_sweep_goes_on_where_a_vendor_stopped_it(kind: str, error: type[Exception]) -> None:
    world = ToldWorld(webhooks=False)
    id_ = world.invoice()
    world.pass_time()
    world.clock.advance(60)
    [row] = world.booked()
    world.bookkeeper.change("Invoice", row, DueDate="2026-09-09")
    late = world.invoice()
    world.fault("status_500", times=9, method="GET", path="/cdc$")
    world.hubspot_fault(kind, "/search$", times=9)
    world.clock.advance(900)
    run = world.sweep()
    assert {one.step for one in run.troubles} == {"quickbooks", "hubspot.invoices", "hubspot.payments"}
    assert any(isinstance(one.error, error) for one in run.troubles)
    assert run.failure is None
    assert len(world.hints) == 0
    for app in (world.quickbooks, world.hubspot):
        app.faults.clear()
    world.pass_time()
    assert (world.record(id_).state, world.record(late).state) == (State.ATTENTION, State.SYNCED)
