"""The demo's business day, played in this process: the story and its proof hold before a whole stack is started."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from infra.local.demo.business_day import invoices
from infra.local.demo.deal import LAST_ROUND, Deal, Desk
from infra.local.demo.entry import enters
from infra.local.demo.entry_day import cast, entries
from infra.local.demo.entry_proof import prove_entries, unexpected_entries
from infra.local.demo.money_day import deals
from infra.local.demo.money_proof import prove_money, unexpected
from infra.local.demo.month_end import MonthEnd, close_october
from infra.local.demo.month_end import problems as october_problems
from infra.local.demo.morning import as_finalised, morning, settings, used_number
from infra.local.demo.people import HubSpotPerson, QuickBooksPerson, Sandbox
from infra.local.demo.processors import enter_payouts, open_accounts
from infra.local.demo.proof import prove
from infra.local.demo.story import HUBSPOT_ACCOUNT, QUICKBOOKS_COMPANY, Day, Ending, Invoice, Stands
from infra.local.demo.summer import close_books, summer, take_in
from infra.sandbox.kernel.transport import SandboxTransport
from tests.support import builders_world
from tests.support.builders_backfill_world import RUN, backfill_of
from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_world import VENDOR_TIMEOUT
from tieout.domain.conflict import Side
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, RecordKey
from tieout.ports import Workspace
from tieout.services import take_side
from tieout.services.backfill import Step
from tieout.services.book_fees import BookFees
from tieout.services.deals import AMBIGUOUS
from tieout.services.decisions import confirm_refund
from tieout.services.reconcile import Reconcile

# In the first round two payments wait for what people do in the second; what was deleted then is listed at night.
ALL_GO_ON, NIGHT = 2, 86_400
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> MirrorWorld:
    """The two companies of the day."""
    monkeypatch.setattr(builders_world, "START", NOON)
    company: dict[str, Any] = dict(QUICKBOOKS_COMPANY)
    company["custom_fields"] = tuple(company["custom_fields"])
    return MirrorWorld(hubspot=HUBSPOT_ACCOUNT, **company)


@pytest.fixture
def bookkeeper(world: MirrorWorld) -> QuickBooksPerson:
    """Somebody in QuickBooks' screens."""
    token = world.quickbooks.grants.person_token(world.connection.realm_id)
    http = httpx.Client(
        transport=SandboxTransport(world.quickbooks),
        base_url="https://quickbooks.test",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    return QuickBooksPerson(http, world.connection.realm_id)


@pytest.fixture
def accounts(bookkeeper: QuickBooksPerson) -> dict[str, str]:
    """QuickBooks' accounts."""
    return open_accounts(bookkeeper)


@pytest.fixture
def day(world: MirrorWorld, bookkeeper: QuickBooksPerson, accounts: dict[str, str]) -> Day:
    """The day, in the morning."""
    world.settings(**settings(bookkeeper, accounts))

    def retry(invoice_id: str) -> None:
        world.push(world.hint(invoice_id, Cause.RETRY))

    found = morning(HubSpotPerson(world.person), bookkeeper, retry)
    close_books(bookkeeper)
    return found


@pytest.fixture
def desk(world: MirrorWorld, day: Day, accounts: dict[str, str]) -> Desk:
    """Where people handle the day's money."""

    def retry(about: HintObject, id_: str) -> None:
        world.push(world.hint(id_, Cause.RETRY, object=about))

    door = httpx.Client(transport=SandboxTransport(world.hubspot), base_url="https://hubspot.test/_sandbox")

    def confirm(refund: str, target: str) -> None:
        key = RecordKey(world.connection.id, Kind.REFUND, "quickbooks", refund)
        confirm_refund(world.records, world.clock, key, target, "demo", "demo")
        retry(HintObject.QUICKBOOKS_REFUND_RECEIPT, refund)

    def take(invoice: str, side: Side) -> None:
        key = RecordKey(world.connection.id, Kind.INVOICE, "quickbooks", invoice)
        take_side.take(world.records, world.clock, key, side, "", "demo", "demo")
        retry(HintObject.QUICKBOOKS_OWN_INVOICE, invoice)

    return Desk(day, Sandbox(door), world.records, world.connection.id, accounts, retry, confirm, take)


def play(world: MirrorWorld, desk: Desk, cases: list[Deal], number: int) -> None:
    """A round of turns, of which only the sweep tells."""
    for case in cases:
        turn = case.turn(number)
        if turn is not None:
            world.clock.advance(1)
            turn.act(desk, case)
    if number >= ALL_GO_ON:
        world.clock.advance(NIGHT)
    settle(world)


def settle(world: MirrorWorld) -> None:
    """Sweep and work until there is nothing new."""
    for _ in range(6):
        world.clock.advance(10)
        ran = world.sweep()
        assert (ran.troubles, ran.failure) == ((), None)
        while due := world.hints.pop_due(limit=30):
            world.push(*due)


def wrong(desk: Desk, cases: list[Deal], number: int) -> list[str]:
    """What is not as it must be."""
    found = prove_money(desk, cases, number)
    return [f"{one.deal.what}: {one.problem} ({one.why})" for one in found if one.problem]


def test_the_money_of_the_day_ends_as_the_story_says_though_no_webhook_comes(world: MirrorWorld, desk: Desk) -> None:
    cases = deals()
    for case in cases:
        for bill in case.invoices if not case.late else ():
            desk.day.finalise(bill)
    settle(world)
    for number in range(1, LAST_ROUND + 1):
        play(world, desk, cases, number)
        assert not "\n".join(wrong(desk, cases, number))

    workspace = world.open(world.connection.id)
    assert workspace is not None
    report = Reconcile(world.records, world.clock).run(workspace)
    named = {one.key.origin_id: [finding.reason for finding in one.findings] for one in report.drifted}
    assert not "\n".join(unexpected(named, [], cases))
    assert len(named) == sum(case.differs for case in cases)

    enter_payouts(desk.quickbooks, desk.accounts)
    for _ in range(2):
        month = october(world, workspace)
        assert not "\n".join(october_problems(month))
    assert [one.record and len(one.record.postings) for one in month.booked] == [1, 1]
    assert [proof.currency for proof in month.proofs] == ["USD", "EUR"]

    # What was paid out and is not entered is left of October; money that came from elsewhere is none of Tieout's.
    checking, clearing = desk.accounts["Checking"], desk.accounts["HubSpot clearing"]
    transfer = {"Amount": Decimal("0.01"), "CurrencyRef": {"value": "USD"}}
    transfer |= {"FromAccountRef": {"value": checking}, "ToAccountRef": {"value": clearing}}
    desk.quickbooks.create("Transfer", transfer)
    assert len(october_problems(october(world, workspace))) == 2


def test_quickbooks_own_invoices_end_as_the_story_says_though_no_webhook_comes(world: MirrorWorld, desk: Desk) -> None:
    cast(desk)
    booked = entries("INV-9999")
    for number in range(LAST_ROUND + 1):
        world.clock.advance(1)
        for one in booked:
            if one.id and 0 < number <= len(one.turns):
                one.turns[number - 1].act(desk, one)
            elif enters(one, number):
                one.enter(desk)
        if number >= ALL_GO_ON:
            world.clock.advance(NIGHT)
        settle(world)
        found = prove_entries(desk, booked, number)
        assert not "\n".join(f"{one.entry.what}: {one.problem} ({one.message})" for one in found if one.problem)
    assert len(found) == len(booked)
    assert world.notices.load(world.connection.id, AMBIGUOUS) is not None

    workspace = world.open(world.connection.id)
    assert workspace is not None
    report = Reconcile(world.records, world.clock).run(workspace)
    named = {one.key.origin_id: [finding.reason for finding in one.findings] for one in report.drifted}
    assert unexpected_entries(named, booked) == []
    assert len(unexpected_entries({}, booked)) == len(named) == 1


def test_last_summer_is_taken_in_as_the_story_says(world: MirrorWorld, desk: Desk) -> None:
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", None)
    cast(desk)
    before = summer()
    before.happen(desk)
    settle(world)
    untouched = [replace(one, ending=Ending.EXCLUDED, code="", stands=None) for one in before.of_hubspot]
    # Before the cut-over date nothing happens by itself, and what was entered by hand is nobody's.
    by_hand = len(before.entries) + len(before.copied)
    assert problems(desk.day, [replace(one, by_hand="") for one in untouched], by_hand) == []
    assert [one.problem for one in prove_entries(desk, before.entries, 0)] == ["stands 0 times in HubSpot"] * 2

    workspace = world.open(world.connection.id)
    assert workspace is not None
    filled = take_in(backfill_of(world, world.mirrors), workspace, RUN)
    # What may be the copy of the one that needs a person is left out.
    planned = {Step.ADOPT: 1, Step.ATTENTION: 1, Step.CREATE: 3, Step.LEAVE: 1}
    assert Counter(one.step for one in filled.outlook.planned) == planned
    close_books(desk.quickbooks)
    settle(world)
    assert problems(desk.day, before.of_hubspot, len(before.entries) + before.left_there) == []
    assert [one.problem for one in prove_entries(desk, before.entries, 0)] == ["", ""]
    again = take_in(backfill_of(world, world.mirrors), workspace, RUN)
    assert {one.state for one in again.done} <= {"attention", "synced"}
    assert problems(desk.day, before.of_hubspot, len(before.entries) + before.left_there) == []
    report = Reconcile(world.records, world.clock).run(workspace)
    assert [one.key.origin_id for one in report.drifted] == [before.copied[1].invoice.id]


def october(world: MirrorWorld, workspace: Workspace) -> MonthEnd:
    """October, closed (again)."""
    books = BookFees(world.claims, VENDOR_TIMEOUT)
    return close_october(
        workspace,
        world.records,
        world.clock.now(),
        lambda report: books.book(workspace, report, "demo", by_person=True),
        lambda: None,
    )


def test_the_tie_out_has_to_name_an_invoice_and_a_deal_of_the_same_name() -> None:
    [case] = [one for one in invoices() if one.code == "deleted_in_quickbooks"]
    [deal] = [one for one in deals() if one.what == case.what]
    case.id, deal.invoices[0].id = "1", "2"
    assert unexpected({"1": ["deleted"], "2": ["deleted"]}, [case], [deal]) == []
    assert unexpected({"1": ["deleted"]}, [case], [deal]) == [f"not named: {deal.what}"]
    assert unexpected({"1": [], "2": [], "3": ["odd"]}, [case], [deal]) == ["HubSpot invoice 3: odd"]


def problems(day: Day, cases: list[Invoice], by_hand: int) -> list[str]:
    """What is not as it must be."""
    found = prove(day, cases, by_hand)
    return [f"{one.invoice.what}: {one.problem} ({one.message})" for one in found if one.problem]


def test_every_invoice_of_the_day_ends_as_the_story_says(world: MirrorWorld, day: Day, desk: Desk) -> None:
    cases = invoices()
    booked = entries(used_number(cases))[0]
    booked.enter(desk)
    by_hand = 1
    for case in cases:
        day.finalise(case)
    world.push(*(world.hint(case.id) for case in cases))
    world.run(most=80)
    assert problems(day, [as_finalised(case) for case in cases], by_hand) == []

    for case in cases:
        if case.later is None:
            continue
        world.clock.advance(5)
        case.later(day, case)
        world.clock.advance(1)
        cause = Cause.RETRY if case.code == "deleted_in_quickbooks" else Cause.WEBHOOK
        world.push(world.hint(case.id, cause))
    world.run(most=80)
    assert problems(day, cases, by_hand) == []


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (Stands(discount="1"), "discount: 0, not 1"),
        (Stands(lines=3), "lines: 2, not 3"),
        (Stands(terms="Net 15"), "terms: Net 30, not Net 15"),
        (Stands(custom=(("Project", "x"),)), "custom fields: [], not [('Project', 'x')]"),
        (Stands(rate="2"), "exchange rate: 1, not 2"),
        (Stands(customer="Acme"), "customer: Acme Corp, not Acme"),
    ],
)
def test_the_proof_notices_another_form(world: MirrorWorld, day: Day, stands: Stands, said: str) -> None:
    case = invoices()[0]
    day.finalise(case)
    world.sync(case.id)
    assert problems(day, [case], 0) == []
    [found] = problems(day, [replace(case, stands=stands)], 0)
    assert said in found


def test_the_proof_notices_a_total_a_double_and_another_reason(world: MirrorWorld, day: Day) -> None:
    fine, needy = invoices()[0], next(case for case in invoices() if case.code == "item_missing")
    for case in (fine, needy):
        day.finalise(case)
        world.sync(case.id)
    assert problems(day, [fine, needy], 0) == []
    assert "does not say duplicate_number" in problems(day, [fine, replace(needy, code="duplicate_number")], 0)[0]
    rows = world.quickbooks.company.rows["Invoice"]
    [id_] = rows
    rows["9000"] = {**rows[id_], "Id": "9000"}
    assert "stands 2 times in QuickBooks" in problems(day, [fine], 0)[0]
    del rows["9000"]
    rows[id_]["TotalAmt"] += Decimal("0.01")
    assert "the totals differ" in problems(day, [fine], 0)[0]
