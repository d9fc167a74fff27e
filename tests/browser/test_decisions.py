"""What people decide, pressed in a real browser: on a desktop in English, on a phone in Portuguese."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.visiting import LOOKS, Console, Look, Visit
from tests.support.console_world import ConsoleWorld, seeded, serving
from tests.support.fee_world import FeeWorld
from tieout.domain.hint import Cause
from tieout.domain.record import State, SyncRecord

# English on a desktop, Portuguese on a phone.
BOTH = pytest.mark.parametrize("look", LOOKS[::2], ids=str)


@pytest.fixture
def console(browser: Browser) -> Iterator[Console]:
    with serving(seeded) as (origin, world):
        found = Console(browser, origin, world)
        yield found
        found.close()


def needy(console: Console) -> SyncRecord:
    """The invoice whose both sides differ."""
    return next(one for one in console.world.world.records if one.state is State.ATTENTION)


def decide_path(console: Console) -> str:
    key = needy(console).key
    return console.world.path(f"/attention/invoice/hubspot/{key.origin_id}")


def press(visit: Visit, english: str, portuguese: str) -> str:
    """Press the button; gives what the page then says."""
    name = english if visit.look.language == "en" else portuguese
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name=name, exact=True).first.click()
    return visit.page.locator("main").inner_text()


def causes(console: Console) -> list[Cause]:
    return [one.cause for one in console.world.world.hints.pop_due(limit=50)]


@BOTH
def test_what_is_ticked_is_retried(console: Console, look: Look) -> None:
    causes(console)
    with console.visit(look) as visit:
        visit.open(console.world.path("/attention"))
        visit.page.locator("input[name=record]").first.check()
        said = press(visit, "Retry", "Tentar de novo")
        assert ("1 record is looked at again" if look.language == "en" else "1 registro será examinado") in said
        assert visit.complaints == []
    assert Cause.RETRY in causes(console)


@BOTH
def test_leaving_alone_asks_for_a_note_and_keeps_the_tick(console: Console, look: Look) -> None:
    record = needy(console)
    with console.visit(look) as visit:
        visit.open(console.world.path("/attention"))
        visit.page.locator("input[name=record]").first.check()
        press(visit, "Leave alone", "Deixar como está")
        assert visit.page.locator("#e-note").is_visible()
        assert visit.page.locator("input[name=record]").first.is_checked()
        assert visit.barriers() == []
        visit.page.locator("input[name=note]").fill("Entered by hand")
        press(visit, "Leave alone", "Deixar como está")
        assert visit.too_wide() <= 0
    found = console.world.world.records.get(record.key)
    assert found is not None
    assert (found.state, found.detail) == (State.IGNORED, "Entered by hand")


@BOTH
def test_what_was_put_right_is_said_for_the_whole_list(console: Console, look: Look) -> None:
    causes(console)
    with console.visit(look) as visit:
        visit.open(console.world.path("/attention"))
        visit.page.locator("input[name=all]").check()
        press(visit, "I have put it right", "Já corrigi")
    assert Cause.RETRY in causes(console)


@BOTH
def test_a_side_is_taken(console: Console, look: Look) -> None:
    record = needy(console)
    with console.visit(look) as visit:
        visit.open(decide_path(console))
        press(visit, "Take QuickBooks' values", "Adotar os valores do QuickBooks")
        assert visit.complaints == []
    found = console.world.world.records.get(record.key)
    assert found is not None
    assert found.decision is not None
    assert found.decision.by == "Olga Operator"


@BOTH
def test_a_customer_is_searched_for_and_linked(console: Console, look: Look) -> None:
    with console.visit(look) as visit:
        visit.open(decide_path(console))
        visit.page.get_by_role("link", name="Link by hand" if look.language == "en" else "Vincular à mão").click()
        visit.page.wait_for_url("**/link")
        with visit.page.expect_navigation():
            visit.page.locator("form[action$='/search'] button").first.click()
        visit.page.locator("#f-q").fill("Nordwind")
        with visit.page.expect_navigation():
            visit.page.locator("form.filters button").click()
        assert visit.barriers() == []
        assert visit.too_wide() <= 0
        visit.picture("link_found")
        said = press(visit, "This one", "Este")
        assert "Nordwind Logistics" in said
        assert "Nordwind" not in visit.page.url
        assert visit.complaints == []
    [linked] = [one for one in console.world.world.records if one.link is not None and one.link.by_hand]
    assert linked.key.kind.value == "customer"


def paid(origin: str) -> ConsoleWorld:
    """A month with a payment, over by now, whose fees may be booked."""
    world = FeeWorld()
    world.people.pay(world.synced())
    world.clock.advance(40 * 86_400)
    return ConsoleWorld(world, origin=origin)


@BOTH
def test_a_month_of_fees_is_read_booked_and_downloaded(browser: Browser, look: Look) -> None:
    with serving(paid) as (origin, world):
        console = Console(browser, origin, world)
        with console.visit(look) as visit:
            visit.open(world.path("/fees/2026-03"))
            press(visit, "Read the month anew", "Ler o mês de novo")
            press(visit, "Book the month", "Lançar o mês")
            assert visit.page.locator("table").count() == 2
            assert visit.barriers() == []
            assert visit.too_wide() <= 0
            with visit.page.expect_download() as download:
                visit.page.get_by_role("link", name="CSV").click()
            assert download.value.suggested_filename == "fees-2026-03.csv"
            visit.picture("fees_booked")
        console.close()
        assert len(world.world.booked("Purchase")) == 1
