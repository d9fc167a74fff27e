"""The page Overview: figures, chart, banners, and that it is worth showing when something does not answer."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from tests.support.console_world import ConsoleWorld
from tests.unit.test_console_registers import put
from tieout.domain.errors import StoreUnavailable
from tieout.domain.person import Role
from tieout.domain.record import Kind, State
from tieout.domain.register import Health
from tieout.ports.notices import Notice
from tieout.ports.queues import QueueDepth
from tieout.ports.registers import Snapshot
from tieout.ports.sweeping import SWEPT

INVOICES, PAYMENTS = (Kind.INVOICE, "hubspot"), (Kind.PAYMENT, "hubspot")


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


def text(world: ConsoleWorld, **headers: str) -> str:
    """What a viewer reads."""
    page = world.signed_in(Role.VIEWER, **headers).get(world.path("/overview"))
    assert page.status == 200
    return page.text


def renewed(world: ConsoleWorld) -> None:
    """The tokens are renewed, and Intuit says how long they last."""
    world.world.clock.advance(3600)
    world.world.sync(world.world.invoice())


def test_what_is_little_is_told_as_it_is_and_the_rest_as_it_was_counted(world: ConsoleWorld) -> None:
    own = world.world
    counts = {(INVOICES, Health.IN_SYNC): 98_765, (INVOICES, Health.ATTENTION): 7}
    own.health.keep("c1", Snapshot(own.clock.now(), counts))
    for number in range(3):
        put(own, number, state=State.ATTENTION)
    put(own, 9, state=State.WAITING, kind=Kind.PAYMENT)
    own.clock.advance(600)
    page = text(world)
    assert "Invoices, HubSpot to QuickBooks 98,765 0 0 3 0 0" in page
    assert "Payments, HubSpot to QuickBooks 0 0 1 0 0 0" in page
    assert "10 minutes ago" in page
    assert "3 records need a decision. See what to do" in page


def test_what_is_much_of_what_should_be_little_is_counted_to_a_bound(world: ConsoleWorld) -> None:
    for number in range(501):
        put(world.world, number, state=State.DELETED_IN_LEDGER)
    page = text(world)
    assert "500+" in page
    assert "At least 500 records need a decision." in page


def test_before_the_first_count_nothing_is_made_up(world: ConsoleWorld) -> None:
    page = text(world)
    assert "not counted yet" in page
    assert "The first sweep counts the others." in page
    assert "Nothing was counted yet" in page


def test_figures_lead_to_the_list_of_just_those(world: ConsoleWorld) -> None:
    put(world.world, 1, state=State.WAITING)
    page = world.signed_in().get(world.path("/overview"))
    [link] = [one for one in page.links if one.endswith("/invoices?state=waiting")]
    assert "INV-1" in world.signed_in().get(link).text


def test_the_chart_has_a_bar_for_each_day_that_was_counted_and_a_gap_for_others(world: ConsoleWorld) -> None:
    own = world.world
    for days in (0, 1, 3, 29, 30):
        counts = {(INVOICES, Health.IN_SYNC): 100 + days, (INVOICES, Health.ATTENTION): days}
        own.health.keep("c1", Snapshot(own.clock.now() - timedelta(days=days), counts))
    html = world.signed_in().get(world.path("/overview")).html
    drawings = [one.partition("</svg>")[0] + "</svg>" for one in html.split('<svg viewBox="0 0 720')[1:]]
    assert len(drawings) == 2
    for drawing in drawings:
        tree = ElementTree.fromstring(f'<svg viewBox="0 0 720{drawing}')  # noqa: S314 - our own page
        bars = tree.findall("g")
        assert len(bars) == 4, "today, two of the last days, and the first of thirty"
        assert tree.get("role") == "img"
        assert tree.find("desc") is not None
        for one in bars:
            title = one.find("title")
            assert title is not None
            assert title.text
        for rect in tree.iter("rect"):
            assert float(rect.get("y", "-1")) >= 0
            assert float(rect.get("height", "-1")) >= 0
    assert " style=" not in html, "the policy allows none"


def test_a_connection_that_ended_is_told_before_everything_else(world: ConsoleWorld) -> None:
    renewed(world)
    world.world.clock.advance(timedelta(days=400).total_seconds())
    page = text(world)
    assert "QuickBooks has to be connected again" in page
    assert "Ended" in page


def test_a_connection_that_ends_soon_is_told(world: ConsoleWorld) -> None:
    renewed(world)
    world.world.clock.advance(timedelta(days=90).total_seconds())
    assert "days unless it is used. Connect it again." in text(world)


def test_the_age_of_the_oldest_hint_and_what_was_set_aside(world: ConsoleWorld) -> None:
    world.queues.found = [
        QueueDepth("invoice_push", 7, 0, timedelta(minutes=12)),
        QueueDepth("payment_push", 1, 2, timedelta(minutes=3)),
    ]
    page = text(world)
    assert "Oldest work waiting 12 minutes 8 messages in the queues" in page
    assert "2 messages were set aside after five attempts" in page


def test_a_record_that_is_due_for_long_counts_as_lag(world: ConsoleWorld) -> None:
    own = world.world
    record = put(own, 1, state=State.WAITING)
    own.records.put(record.to(State.WAITING, reason="rate_limited", due_at=own.clock.now()))
    own.clock.advance(7200)
    assert "Oldest work waiting 2 hours" in text(world)


def test_an_age_that_nobody_tells_is_unknown_and_not_none(world: ConsoleWorld) -> None:
    world.queues.found = [QueueDepth("invoice_push", 7, 0, None)]
    assert "Oldest work waiting unknown" in text(world)


def test_queues_that_do_not_answer_do_not_take_the_page_down(world: ConsoleWorld) -> None:
    world.queues.found = StoreUnavailable(context={"system": "sqs"})
    page = text(world)
    assert "the queues did not answer" in page
    assert "Messages set aside unknown" in page


def test_the_last_sweep_and_a_late_one(world: ConsoleWorld) -> None:
    own = world.world
    own.cursors.save("c1", SWEPT, own.clock.now())
    own.clock.advance(600)
    assert "Last complete sweep 10 minutes ago" in text(world)
    own.clock.advance(7200)
    assert "No sweep was complete for more than two hours" in text(world)


def test_reads_against_the_limit(world: ConsoleWorld) -> None:
    own = world.world
    for _ in range(3):
        own.meter.count("c1")
    own.meter.flush()
    assert "Reads of QuickBooks this month 3 heading for" in text(world)
    assert "of 500,000" in text(world)


def test_recorded_payments_that_hubspot_refuses_are_told(world: ConsoleWorld) -> None:
    world.world.notices.save("c1", "recording_refused", Notice("no", world.world.clock.now()))
    assert "HubSpot takes no recorded payments" in text(world)


def test_the_page_speaks_portuguese(world: ConsoleWorld) -> None:
    put(world.world, 1, state=State.ATTENTION)
    page = text(world, accept_language="pt-BR")
    for told in ("1 registro precisa de uma decisão.", "Faturas, do HubSpot para o QuickBooks", "Os últimos 30 dias"):
        assert told in page
