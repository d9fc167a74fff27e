"""The demo's business day, played in this process: the story and its proof hold before a whole stack is started."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from infra.local.demo.business_day import invoices
from infra.local.demo.morning import as_finalised, enter_used_number, morning, settings
from infra.local.demo.people import HubSpotPerson, QuickBooksPerson
from infra.local.demo.proof import prove
from infra.local.demo.story import QUICKBOOKS_COMPANY, Day, Invoice, Stands
from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.config import ACCESS_TOKEN
from tests.support import builders_world
from tests.support.builders_world import World
from tieout.domain.hint import Cause

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The two companies of the day."""
    monkeypatch.setattr(builders_world, "START", NOON)
    company: dict[str, Any] = {**QUICKBOOKS_COMPANY, "book_close_date": date(2026, 10, 31)}
    company["custom_fields"] = tuple(company["custom_fields"])
    return World(**company)


@pytest.fixture
def day(world: World) -> Day:
    """The day, in the morning."""
    http = httpx.Client(
        transport=SandboxTransport(world.quickbooks),
        base_url="https://quickbooks.test",
        headers={"Authorization": f"Bearer {ACCESS_TOKEN}", "Accept": "application/json"},
    )
    quickbooks = QuickBooksPerson(http, world.connection.realm_id, pause=0)
    world.settings(**settings(quickbooks))

    def retry(invoice_id: str) -> None:
        world.push(world.hint(invoice_id, Cause.RETRY))

    return morning(HubSpotPerson(world.person), quickbooks, retry)


def problems(day: Day, cases: list[Invoice], by_hand: int) -> list[str]:
    """What is not as it must be."""
    found = prove(day, cases, by_hand)
    return [f"{one.invoice.what}: {one.problem} ({one.message})" for one in found if one.problem]


def test_every_invoice_of_the_day_ends_as_the_story_says(world: World, day: Day) -> None:
    cases = invoices()
    by_hand = enter_used_number(day, cases)
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
def test_the_proof_notices_another_form(world: World, day: Day, stands: Stands, said: str) -> None:
    case = invoices()[0]
    day.finalise(case)
    world.sync(case.id)
    assert problems(day, [case], 0) == []
    [found] = problems(day, [replace(case, stands=stands)], 0)
    assert said in found


def test_the_proof_notices_a_total_a_double_and_another_reason(world: World, day: Day) -> None:
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
