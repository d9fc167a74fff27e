"""The way to Intuit and back in a real browser, which holds redirects of forms against the policy, and cookies, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from infra.sandbox.kernel.server import running
from tests.browser.visiting import LOOKS, Console
from tests.support.builders_world import World
from tests.support.console_world import ConsoleWorld, serving
from tieout.adapters.quickbooks.authorisation import IntuitAuthorisation
from tieout.console.site import Site
from tieout.runtime.console import run_console


@pytest.fixture
def console(browser: Browser) -> Iterator[Console]:
    """A console whose people sign in at a QuickBooks of another origin."""
    world = World()
    with running(world.quickbooks) as url:
        # Another site, not only another port of this one: browsers then leave out cookies that are SameSite=Strict.
        intuit = url.replace("127.0.0.1", "localhost")

        def make(origin: str) -> ConsoleWorld:
            made = ConsoleWorld(world, origin)
            connect = made.desk.connect
            assert isinstance(connect.authorisation, IntuitAuthorisation)
            leading_there = replace(connect, authorisation=replace(connect.authorisation, authorise_url=intuit))
            made.desk = replace(made.desk, connect=leading_there, sign_in_origin=intuit)
            made.site = Site(made.desk, made.guard)
            made.handler = run_console(made.site, world.meter)
            return made

        with serving(make) as (origin, made):
            found = Console(browser, origin, made)
            yield found
            found.close()


def test_a_company_is_signed_in_to_again_at_intuit_and_back(console: Console) -> None:
    before = console.world.world.tokens.load("c1")
    with console.visit(LOOKS[0]) as visit:
        visit.open("/console/connect")
        visit.page.get_by_role("button", name="Sign in to QuickBooks again").click()
        visit.page.wait_for_url(f"{console.origin}/console/connect")
        assert "c1 is signed in to Sandbox Company again." in visit.page.locator("main").inner_text()
        assert [one for one in visit.complaints if "localhost" not in one] == []
        assert any(one.startswith("asks http://localhost") for one in visit.complaints), "it led to the other site"
    after = console.world.world.tokens.load("c1")
    assert before
    assert after
    assert after.access_token != before.access_token


def test_no_form_of_another_page_leads_there(console: Console) -> None:
    with console.visit(LOOKS[0]) as visit:
        visit.open(console.world.path("/settings"))
        script = "action => { const form = document.forms[0]; form.action = action; form.submit() }"
        visit.page.evaluate(script, f"{console.world.desk.sign_in_origin}/connect/oauth2")
        visit.page.wait_for_timeout(500)
        assert visit.page.url.endswith("/settings")
        assert any("form-action" in one for one in visit.complaints)


def test_disconnecting_takes_a_tick(console: Console) -> None:
    with console.visit(LOOKS[0]) as visit:
        visit.open("/console/connect")
        visit.page.locator("summary", has_text="Disconnect").click()
        visit.page.get_by_role("button", name="Disconnect").click()
        assert "Tick the box" in visit.page.locator(".error").inner_text()
        assert visit.barriers() == []
        visit.page.locator("input[name=sure]").check()
        visit.page.get_by_role("button", name="Disconnect").click()
        visit.page.wait_for_url("**/console/connect")
        assert "the sign-in at Intuit was ended" in visit.page.locator("main").inner_text()
    assert console.world.world.tokens.load("c1") is None
