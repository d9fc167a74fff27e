"""What processors charged, in the console: the kept report, read anew, booked, downloaded."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from infra.sandbox.hubspot.checkout import UNTOLD
from tests.support.console_client import ConsoleClient
from tests.support.console_world import ConsoleWorld
from tests.support.fee_world import FeeWorld
from tieout.domain.person import Role
from tieout.domain.record import State

MARCH = "/fees/2026-03"


@pytest.fixture
def world() -> FeeWorld:
    """Two payments in March, which is over."""
    world = FeeWorld()
    for _ in range(2):
        world.people.pay(world.synced())
    world.clock.advance(40 * 86_400)
    return world


@pytest.fixture
def console(world: FeeWorld) -> ConsoleWorld:
    return ConsoleWorld(world)


@pytest.fixture
def client(console: ConsoleWorld) -> ConsoleClient:
    return console.signed_in()


def calls(world: FeeWorld) -> int:
    return len(world.hubspot.traffic.exchanges) + len(world.quickbooks.traffic.exchanges)


def test_a_month_without_a_report_says_so_and_asks_nobody(
    console: ConsoleWorld, client: ConsoleClient, world: FeeWorld
) -> None:
    before = calls(world)
    page = client.get(console.path(MARCH))
    assert page.status == 200
    assert "No report of this month was kept yet." in page.text
    assert calls(world) == before


def test_it_begins_with_the_month_that_ended_last(console: ConsoleWorld, client: ConsoleClient) -> None:
    assert "Fees, March 2026" in client.get(console.path("/fees")).text


def test_a_month_is_read_anew_and_shown_with_chart_findings_and_trail(
    console: ConsoleWorld, client: ConsoleClient, world: FeeWorld
) -> None:
    world.people.pay(world.synced(), fee=UNTOLD, at=world.clock.now() - timedelta(days=30))
    page = client.get(console.path(MARCH)).form("/check").submit()
    assert "March 2026 was read anew from HubSpot." in page.text
    assert "1,080.00 USD" in page.text
    assert "1 without known fee" in page.text
    assert "The fee is not known" in page.text
    assert page.html.count('class="series-1"') == 2
    assert " style=" not in page.html
    [line] = [one for one in console.trail.own if one.action == "checked fees"]
    assert (line.actor, line.facts["period"]) == ("Olga Operator", "2026-03")
    before = calls(world)
    assert "1,080.00 USD" in client.get(console.path(MARCH)).text
    assert calls(world) == before
    assert world.booked("Purchase") == []


def test_a_month_is_booked_once_however_often_it_is_asked_for(
    console: ConsoleWorld, client: ConsoleClient, world: FeeWorld
) -> None:
    page = client.get(console.path(MARCH)).form("/book").submit()
    assert "The fees of March 2026 are booked." in page.text
    assert "Expense" in page.text
    [expense] = world.booked("Purchase")
    client.get(console.path(MARCH)).form("/book").submit()
    assert [one["Id"] for one in world.booked("Purchase")] == [expense["Id"]]
    assert len([one for one in console.trail.own if one.action == "asked to book fees"]) == 2


def test_what_stands_in_the_way_is_shown(console: ConsoleWorld, client: ConsoleClient, world: FeeWorld) -> None:
    world.monthly(processing_fee_account_id=None)
    page = client.get(console.path(MARCH)).form("/book").submit()
    assert "Not everything of March 2026 is booked" in page.text
    assert "processing_fee_account_id" in page.text
    assert world.booked("Purchase") == []
    [record] = [one for one in world.records if one.key.kind.value == "fees"]
    assert record.state is State.ATTENTION


def test_where_fees_are_only_reported_nothing_can_be_booked(
    console: ConsoleWorld, client: ConsoleClient, world: FeeWorld
) -> None:
    world.monthly(fee_booking="report_only")
    page = client.get(console.path(MARCH))
    assert "fee_booking is report_only" in page.text
    assert not [one for one in page.forms if one.action.endswith("/book")]
    # Sent from a page that was open before.
    token = page.form("/check").fields
    before = calls(world)
    assert "fee_booking is report_only" in client.post(console.path(f"{MARCH}/book"), token).text
    assert calls(world) == before, "what cannot be booked is not read either"
    assert not [one for one in console.trail.own if one.action == "asked to book fees"]
    assert world.booked("Purchase") == []


@pytest.mark.parametrize(
    ("form", "media_type"), [("csv", "text/csv"), ("json", "application/json"), ("html", "text/html")]
)
def test_the_kept_report_is_a_file(console: ConsoleWorld, client: ConsoleClient, form: str, media_type: str) -> None:
    client.get(console.path(MARCH)).form("/check").submit()
    found = client.get(console.path(f"{MARCH}/file/{form}"))
    assert found.status == 200
    assert found.headers["content-type"].startswith(media_type)
    assert found.headers["content-disposition"] == f'attachment; filename="fees-2026-03.{form}"'
    assert found.content.decode() == console.reports.kept["c1", date(2026, 3, 31), f"fees-2026-03.{form}"]


@pytest.mark.parametrize(
    "path",
    ["/fees/2026-13", "/fees/nonsense", "/fees/2026-03-01", "/fees/2031-01", f"{MARCH}/file/exe", f"{MARCH}/file/csv"],
)
def test_what_is_not_there_is_not_found(console: ConsoleWorld, client: ConsoleClient, path: str) -> None:
    assert client.get(console.path(path)).status == 404


def test_a_viewer_reads_and_changes_nothing(console: ConsoleWorld) -> None:
    page = console.signed_in(Role.VIEWER).get(console.path(MARCH))
    assert page.status == 200
    assert not [one for one in page.forms if "/fees/" in one.action]


def test_a_vendor_that_does_not_answer_is_said_and_nothing_kept(
    console: ConsoleWorld, client: ConsoleClient, world: FeeWorld
) -> None:
    form = client.get(console.path(MARCH)).form("/check")
    world.hubspot_fault("status_500", "/commerce_payments/search", times=9, method="POST")
    assert form.submit().status == 424
    assert console.reports.kept == {}


def test_in_portuguese(console: ConsoleWorld) -> None:
    page = console.signed_in(accept_language="pt-BR").get(console.path(MARCH))
    assert "Taxas, março 2026" in page.text
