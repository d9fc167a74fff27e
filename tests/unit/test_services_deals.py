"""Invoices on deals, over both sandboxes: association by rule, figures of the latest invoice, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.sandbox.kernel.traffic import Exchange
from tests.support.builders_world import OBJECTS, World
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause
from tieout.domain.money import Money
from tieout.domain.planning.deal import DealInvoice, DealInvoiceStatus, Traces
from tieout.domain.record import Kind, RecordKey, State
from tieout.services.deal_figures import DEAL_REFUSED
from tieout.services.deals import AMBIGUOUS, Deals, Followed, SettledInvoice
from tieout.services.on_deals import REFUSED

SHOWN = "number,amount,balance,status,due_date,link"


def world_with(mode: str = "show", **settings: object) -> World:
    world = World()
    world.settings(deals=mode, **settings)
    return world


def deal(world: World, *, invoice: str | None = None, company: str | None = None, **properties: str) -> str:
    made = world.create("deals", None, **{"dealname": "Roof", "dealstage": "contractsent", **properties})
    if invoice:
        associate(world, invoice, made)
    if company:
        answer = world.person.put(f"{OBJECTS}/deals/{made}/associations/default/companies/{company}")
        assert answer.status_code == 200, answer.text
    return made


def associate(world: World, invoice: str, deal_id: str) -> None:
    answer = world.person.put(f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{deal_id}")
    assert answer.status_code == 200, answer.text


def on(world: World, deal_id: str) -> dict[str, Any]:
    """What the deal shows, without Tieout's prefix."""
    names = ",".join(f"tieout_invoice_{name}" for name in SHOWN.split(","))
    answer = world.person.get(f"{OBJECTS}/deals/{deal_id}", params={"properties": names})
    assert answer.status_code == 200, answer.text
    properties = answer.json()["properties"]
    return {name: properties.get(f"tieout_invoice_{name}") for name in SHOWN.split(",")}


def deals_of(world: World, invoice: str) -> list[str]:
    answer = world.person.get(f"{OBJECTS}/invoices/{invoice}/associations/deals")
    return [str(one["toObjectId"]) for one in answer.json()["results"]]


def path_of(exchange: Exchange) -> str:
    return urlsplit(exchange.url).path


def writes(world: World, path: str) -> int:
    """How many calls to this path HubSpot got."""
    return sum(path_of(one).endswith(path) for one in world.hubspot.traffic.exchanges)


def test_a_deal_shows_its_invoice_and_nothing_is_written_twice() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    assert world.sync(invoice).state is State.SYNCED
    [row] = world.booked()
    shown = on(world, made)
    assert shown == {
        "number": row["DocNumber"],
        "amount": "360.00",
        "balance": "360.00",
        "status": "open",
        "due_date": "2026-03-31",
        "link": f"https://app.test/app/invoice?txnId={row['Id']}&companyId={world.connection.realm_id}",
    }
    before = writes(world, "/deals/batch/update")
    world.sync(invoice, Cause.RETRY)
    assert writes(world, "/deals/batch/update") == before


def test_nothing_is_asked_about_deals_while_they_are_off() -> None:
    world = World()
    invoice = world.invoice()
    deal(world, invoice=invoice)
    world.sync(invoice)
    assert not any("deals/batch" in path_of(one) for one in world.hubspot.traffic.exchanges)


def test_a_deal_follows_its_most_recently_updated_invoice() -> None:
    world = world_with()
    first, second = world.invoice(), world.invoice(price="10.00")
    made = deal(world, invoice=first)
    associate(world, second, made)
    world.push(world.hint(second))
    world.clock.advance(5)
    world.push(world.hint(first))
    assert on(world, made)["amount"] == "360.00"
    world.edit(second, hs_comments="a change that reaches QuickBooks")
    world.sync(second)
    assert on(world, made)["amount"] == "30.00"


def test_an_older_version_never_takes_the_place_of_a_newer_one() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    follower, workspace = Deals(world.claims, world.notices), world.open("c1")
    assert workspace is not None
    usd = Money(Decimal(5), "USD")
    new = DealInvoice("9", "N", usd, usd, DealInvoiceStatus.OPEN, None, "u", world.clock.now())
    old = replace(new, id="8", number="O", updated_at=world.clock.now() - timedelta(minutes=1))
    for shown in (new, old):
        done = follower.follow(workspace, [SettledInvoice(invoice, shown)], "t")
        assert set(done.states) == {invoice}
    assert on(world, made)["number"] == "N"


def test_several_invoices_of_a_deal_in_one_batch_are_one_update() -> None:
    world = world_with()
    invoices = [world.invoice(price=f"{price}.00") for price in (10, 20, 30)]
    made = deal(world, invoice=invoices[0])
    for one in invoices[1:]:
        associate(world, one, made)
    before = writes(world, "/deals/batch/update")
    world.push(*(world.hint(one) for one in invoices))
    # One that shows that the portal lacks the properties, and one that writes.
    assert writes(world, "/deals/batch/update") - before == 2
    latest = max(world.booked(), key=lambda row: (row["MetaData"]["LastUpdatedTime"], int(row["Id"])))
    assert on(world, made)["number"] == latest["DocNumber"]


def settled(world: World, invoice: str, **changes: Any) -> SettledInvoice:
    usd = Money(Decimal(5), "USD")
    shown = DealInvoice("9", "N-9", usd, usd, DealInvoiceStatus.OPEN, date(2026, 3, 31), "u", world.clock.now())
    return SettledInvoice(invoice, shown, **{"traces": Traces(date(2026, 3, 2)), **changes})


def follow(world: World, *found: SettledInvoice) -> Followed:
    workspace = world.open("c1")
    assert workspace is not None
    return Deals(world.claims, world.notices).follow(workspace, found, "t")


def test_the_only_open_deal_of_the_company_gets_the_invoice() -> None:
    world = world_with("associate")
    company = world.company()
    invoice = world.invoice(company=company)
    made = deal(world, company=company)
    deal(world, company=company, dealstage="closedlost")
    follow(world, settled(world, invoice, company_id=company))
    assert deals_of(world, invoice) == [made]
    assert on(world, made)["number"] == "N-9"


def test_of_several_deals_none_is_chosen_and_a_notice_says_so() -> None:
    world = world_with("associate")
    company = world.company()
    invoice = world.invoice(company=company)
    two = sorted((deal(world, company=company), deal(world, company=company)), key=int)
    follow(world, settled(world, invoice, company_id=company))
    assert deals_of(world, invoice) == []
    notice = world.notices.load("c1", AMBIGUOUS)
    assert notice is not None
    assert ", ".join(two) in notice.detail


def test_nothing_is_said_of_several_deals_when_the_setting_says_so() -> None:
    world = world_with("associate", tell_ambiguous_deals=False)
    company = world.company()
    invoice = world.invoice(company=company)
    deal(world, company=company), deal(world, company=company)
    follow(world, settled(world, invoice, company_id=company))
    assert world.notices.load("c1", AMBIGUOUS) is None


@pytest.mark.parametrize("by", ["id", "order"])
def test_the_custom_field_names_a_deal_by_id_or_by_order_number(by: str) -> None:
    world = world_with("associate", deal_order_property="description")
    company = world.company()
    invoice = world.invoice(company=company)
    deal(world, company=company)
    named = deal(world, description="SO-17")
    reference = named if by == "id" else "so-17"
    follow(world, settled(world, invoice, company_id=company, traces=Traces(date(2026, 3, 2), reference)))
    assert deals_of(world, invoice) == [named]


def test_a_deal_that_a_person_gave_the_invoice_comes_before_every_rule() -> None:
    world = world_with("associate")
    company = world.company()
    invoice = world.invoice(company=company)
    given = deal(world, invoice=invoice)
    other = deal(world, company=company)
    follow(world, settled(world, invoice, company_id=company, traces=Traces(date(2026, 3, 2), other)))
    assert deals_of(world, invoice) == [given]


def test_a_deal_that_was_deleted_between_look_and_write_stops_nothing() -> None:
    world = world_with()
    invoice, other = world.invoice(), world.invoice()
    gone, there = deal(world, invoice=invoice), deal(world, invoice=other)
    ask = world.crm.deals_of

    def then_deleted(object_type: str, ids: Any) -> Any:
        found = ask(object_type, ids)
        assert world.person.delete(f"{OBJECTS}/deals/{gone}").status_code == 204
        return found

    world.crm.deals_of = then_deleted  # type: ignore[method-assign]
    world.push(world.hint(invoice), world.hint(other))
    assert on(world, there)["status"] == "open"
    assert {world.record(one).state for one in (invoice, other)} == {State.SYNCED}
    assert world.record(invoice).due_at is None
    assert world.notices.load("c1", REFUSED) is None


def test_a_lost_answer_is_written_again_and_once_is_enough() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    world.sync(invoice)
    world.edit(invoice, hs_comments="another text")
    world.hubspot_fault("timeout_after", "/deals/batch/update$")
    # The figures are the same, so that what has to change is the invoice's number of days.
    world.edit(invoice, hs_due_date="2026-04-15T00:00:00Z")
    record = world.sync(invoice)
    assert (record.state, record.due_at is not None) == (State.SYNCED, True)
    world.run()
    assert on(world, made)["due_date"] == "2026-04-15"
    assert world.record(invoice).due_at is None


def test_without_the_scope_the_invoice_is_synced_and_a_notice_names_what_is_missing() -> None:
    world = World()
    tokens = dict(world.hubspot.config.tokens)
    scopes = frozenset(one for one in tokens["pat-na1-sandbox"] if ".deals." not in one)
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": scopes})
    world.settings(deals="show")
    invoice = world.invoice()
    record = world.sync(invoice)
    assert record.state is State.SYNCED
    notice = world.notices.load("c1", REFUSED)
    assert notice is not None
    assert "crm.objects.deals" in notice.detail
    before = world.calls
    other = world.invoice()
    made = world.calls - before
    world.sync(other)
    assert not any("deals" in path_of(one) for one in world.hubspot.traffic.exchanges[-(world.calls - before - made) :])
    assert world.record(other).due_at is not None
    world.hubspot.config = replace(world.hubspot.config, tokens=tokens)
    world.run()
    assert world.notices.load("c1", REFUSED) is None
    assert {world.record(one).due_at for one in (invoice, other)} == {None}


def test_two_workers_never_write_one_deal_at_once() -> None:
    world = world_with()
    first, second = world.invoice(), world.invoice()
    made = deal(world, invoice=first)
    associate(world, second, made)
    key = RecordKey("c1", Kind.DEAL, "hubspot", made)
    held = world.claims.take_in_passing(key, "another worker")
    assert held is not None
    record = world.sync(first)
    assert (record.state, record.on_deals) == (State.SYNCED, "")
    assert record.due_at is not None
    world.claims.release(held, held.record.to(State.SYNCED))
    world.run()
    assert on(world, made)["status"] == "open"
    assert world.record(first).due_at is None


def test_a_payment_in_quickbooks_reaches_the_deal() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    world.sync(invoice)
    [row] = world.booked()
    for amount, status, balance in (("60.00", "partly_paid", "300.00"), ("300.00", "paid", "0.00")):
        line = {"Amount": float(amount), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}
        world.book("Payment", {"CustomerRef": row["CustomerRef"], "TotalAmt": float(amount), "Line": [line]})
        world.push(world.ledger_hint(row))
        shown = on(world, made)
        assert (shown["status"], shown["balance"], shown["amount"]) == (status, balance, "360.00")


def test_a_void_reaches_the_deal() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    world.sync(invoice)
    world.edit(invoice, hs_invoice_status="voided")
    world.sync(invoice)
    assert on(world, made)["status"] == "voided"


def test_a_version_that_looks_the_same_writes_nothing() -> None:
    world = world_with()
    invoice = world.invoice()
    deal(world, invoice=invoice)
    one = settled(world, invoice, traces=None)
    known = follow(world, one).states[invoice]
    before = writes(world, "/deals/batch/update")
    world.clock.advance(60)
    later = replace(one, known=known, shown=replace(one.shown, updated_at=world.clock.now()))
    assert follow(world, later).states[invoice] != known
    assert writes(world, "/deals/batch/update") == before


def test_after_a_lost_answer_it_is_written_even_if_the_deal_showed_the_same_before() -> None:
    world = world_with()
    invoice = world.invoice()
    made = deal(world, invoice=invoice)
    one = settled(world, invoice, traces=None)
    follow(world, one)
    other = replace(one, shown=replace(one.shown, number="N-10", updated_at=world.clock.now()))
    world.hubspot_fault("timeout_after", "/deals/batch/update$")
    with pytest.raises(Transient):
        follow(world, other)
    assert on(world, made)["number"] == "N-10"
    # Undone in QuickBooks before it could be tried again.
    follow(world, one)
    assert on(world, made)["number"] == "N-9"


def test_a_deal_that_hubspot_refuses_to_change_holds_up_no_other() -> None:
    world = world_with()
    bad, good = world.invoice(), world.invoice()
    refused, fine = deal(world, invoice=bad), deal(world, invoice=good)
    show = world.crm.show_on_deals

    def picky(invoices: Any) -> Any:
        told = {refused: "A required property is missing."} if refused in invoices else {}
        return {**show({id_: one for id_, one in invoices.items() if id_ != refused}), **told}

    world.crm.show_on_deals = picky  # type: ignore[method-assign]
    world.push(world.hint(bad), world.hint(good))
    assert (on(world, refused)["status"], on(world, fine)["status"]) == (None, "open")
    assert (world.record(good).due_at, world.record(bad).due_at is not None) == (None, True)
    notice = world.notices.load("c1", DEAL_REFUSED)
    assert notice is not None
    assert notice.detail == f"Deal {refused}: A required property is missing."
    assert world.notices.load("c1", REFUSED) is None
    world.run()
    assert world.record(bad).due_at is None
    world.crm.show_on_deals = show  # type: ignore[method-assign]
    world.edit(bad, hs_due_date="2026-04-15T00:00:00Z")
    world.sync(bad)
    assert on(world, refused)["due_date"] == "2026-04-15"


def test_an_association_that_hubspot_refuses_holds_up_no_other() -> None:
    world = world_with("associate")
    company = world.company()
    good, gone = world.invoice(company=company), world.invoice(company=company, status="draft")
    made = deal(world, company=company)
    world.delete(gone)
    known: Mapping[str, Mapping[str, tuple[str, ...]]] = {"invoices": {}, "companies": {company: (made,)}}
    world.crm.deals_of = lambda kind, _: known[kind]  # type: ignore[method-assign, assignment]
    both = [settled(world, one, company_id=company) for one in (good, gone)]
    follow(world, *both)
    assert deals_of(world, good) == [made]
    assert on(world, made)["number"] == "N-9"
    notice = world.notices.load("c1", DEAL_REFUSED)
    assert notice is not None
    assert notice.detail.startswith(f"HubSpot invoice {gone} with deal {made}: ")
