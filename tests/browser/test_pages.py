"""Every page in a real browser: in each language, on a phone and a desktop, in light and dark, open to everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.visiting import LOOKS, PHONE, Console, Look
from tests.support.console_world import ConsoleWorld
from tieout.console.pages import PAGES
from tieout.console.routing import Scope
from tieout.domain.person import Role
from tieout.domain.record import Kind, State

# Name -> the path of a page that is looked at. Whoever adds a page adds it here, with one that has something in it.
LISTED: dict[str, Callable[[ConsoleWorld], str]] = {
    "overview": lambda world: world.path("/overview"),
    "invoices": lambda world: world.path("/invoices"),
    "invoices_needing_a_person": lambda world: world.path("/invoices?state=attention"),
    "nothing_found": lambda world: world.path("/invoices?state=variance"),
    "payments": lambda world: world.path("/payments"),
    "invoice": lambda world: _card(world, Kind.INVOICE, "Padaria"),
    "invoice_compared": lambda world: _card(world, Kind.INVOICE, "Padaria") + "?compare=now",
    "invoice_needing_a_person": lambda world: _card(world, Kind.INVOICE, "Acme", State.ATTENTION) + "?compare=now",
    "hostile_invoice": lambda world: _card(world, Kind.INVOICE, '"><script>') + "?compare=now",
    "payment": lambda world: _card(world, Kind.PAYMENT, "Padaria"),
    "attention": lambda world: world.path("/attention"),
    "decide": lambda world: _decide(world, ""),
    "link": lambda world: _decide(world, "/link"),
    "fees": lambda world: world.path("/fees/2026-03"),
    "fees_never_kept": lambda world: world.path("/fees/2026-02"),
    "settings": lambda world: world.path("/settings"),
    "connect": lambda world: "/console/connect",
    "dry_run": lambda world: f"{world.path('/dry-run')}?invoice={world.world.invoice()}",
}
# What is shown to who is not signed in, and when something is wrong: path and status.
OUTSIDE: dict[str, tuple[Callable[[ConsoleWorld], str], int]] = {
    "sign_in": (lambda world: world.link(), 200),
    "bad_link": (lambda world: "/console/sign-in/nonsense", 410),
    "not_signed_in": (lambda world: world.path("/overview"), 401),
    "not_found": (lambda world: "/console/nowhere", 404),
}


def _card(world: ConsoleWorld, kind: Kind, customer: str, state: State = State.SYNCED) -> str:
    """The card of a customer's record."""
    for one in world.world.records:
        if one.key.kind is kind and one.state is state and one.about and one.about.customer.startswith(customer):
            return world.path(f"/record/{kind}/{one.key.origin_system}/{one.key.origin_id}")
    raise AssertionError(f"no {kind} of {customer}")


def _decide(world: ConsoleWorld, step: str) -> str:
    """Where somebody decides about an invoice whose both sides differ."""
    needy = next(one for one in world.world.records if one.state is State.ATTENTION)
    return world.path(f"/attention/invoice/hubspot/{needy.key.origin_id}{step}")


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("name", LISTED)
def test_a_page_is_whole_in_every_look(console: Console, name: str, look: Look) -> None:
    with console.visit(look) as visit:
        assert visit.open(LISTED[name](console.world)) == 200
        visit.picture(name)
        assert visit.page.locator("html").get_attribute("lang") == look.language
        assert visit.page.locator("h1").count() == 1
        assert visit.complaints == []
        assert visit.too_wide() <= 0, "a phone would have to be scrolled sideways"
        assert visit.barriers() == []


@pytest.mark.parametrize("look", LOOKS[::2], ids=str)
@pytest.mark.parametrize("name", OUTSIDE)
def test_what_strangers_see_is_whole_too(console: Console, name: str, look: Look) -> None:
    path, status = OUTSIDE[name]
    with console.visit(look, None) as visit:
        assert visit.open(path(console.world)) == status
        visit.picture(name)
        # Browsers complain of every status that is none of success.
        assert [one for one in visit.complaints if f"status of {status}" not in one] == []
        assert visit.too_wide() <= 0
        assert visit.barriers() == []


def test_every_page_of_the_menu_is_looked_at(console: Console) -> None:
    looked_at = {path(console.world).partition("?")[0] for path in LISTED.values()}
    for page in PAGES:
        if page.menu:
            start = console.world.path(page.start) if page.scope is Scope.CONNECTION else f"/console{page.start}"
            # Where the menu leads may lead on, to the newest month for instance.
            assert any(one == start or one.startswith(f"{start}/") for one in looked_at), page.name


@pytest.mark.parametrize("look", LOOKS[:1], ids=str)
def test_a_viewer_sees_no_button_that_changes_anything(console: Console, look: Look) -> None:
    with console.visit(look, Role.VIEWER) as visit:
        for path in LISTED.values():
            visit.open(path(console.world))
            assert visit.page.locator("main form[method=post]:not(.looks)").count() == 0


def test_the_keyboard_reaches_the_content_first(console: Console) -> None:
    with console.visit(LOOKS[0]) as visit:
        visit.open(console.world.path("/overview"))
        visit.page.keyboard.press("Tab")
        focused = visit.page.locator(":focus")
        assert focused.get_attribute("href") == "#main"
        assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid", "the focus is seen"
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "main"


def test_the_language_is_switched_and_remembered(console: Console) -> None:
    with console.visit(Look("en", PHONE, "light"), fresh=True) as visit:
        visit.open(f"{console.world.path('/overview')}?page=1")
        visit.page.get_by_role("button", name="Português (Brasil)").click()
        assert visit.page.locator("html").get_attribute("lang") == "pt-BR"
        assert visit.page.url.endswith("/overview?page=1")
        visit.open(console.world.path("/overview"))
        assert visit.page.locator("html").get_attribute("lang") == "pt-BR"
        assert visit.complaints == []


def test_a_link_signs_in_once_and_the_cookie_is_out_of_reach_of_scripts(console: Console) -> None:
    look = LOOKS[0]
    link = console.world.link(name="Bruna Lima")
    with console.visit(look, None) as visit:
        assert visit.open(link) == 200
        visit.page.get_by_role("button", name="Sign in").click()
        visit.page.wait_for_url("**/overview")
        assert "Bruna Lima" in visit.page.locator(".person").inner_text()
        [cookie] = [one for one in visit.page.context.cookies() if one.get("name") == "__Host-tieout"]
        assert cookie.get("httpOnly")
        assert cookie.get("secure")
        assert cookie.get("sameSite") == "Lax"
        assert visit.page.evaluate("document.cookie") == ""
        visit.page.get_by_role("button", name="Sign out").click()
        assert visit.open(console.world.path("/overview")) == 401
    with console.visit(look, None) as visit:
        assert visit.open(link) == 410


def test_an_invoice_is_searched_for_found_and_asked_for_again(console: Console) -> None:
    with console.visit(LOOKS[0]) as visit:
        visit.open(console.world.path("/invoices"))
        visit.page.get_by_label("Number or customer").fill("padaria sao")
        visit.page.get_by_role("button", name="Show").click()
        assert "padaria" not in visit.page.url, "no name reaches an address"
        visit.page.locator("tbody th a").first.click()
        assert "Padaria São João" in visit.page.locator("main").inner_text()
        visit.page.get_by_role("button", name="Retry").click()
        assert "It will be looked at again" in visit.page.get_by_role("status").inner_text()
        visit.page.get_by_role("link", name="Compare both sides now").click()
        assert "Lines side by side" in visit.page.locator("main").inner_text()
        assert visit.complaints == []


def test_another_sites_form_changes_nothing(console: Console) -> None:
    with console.visit(LOOKS[0]) as visit:
        signed_in = len(console.world.doors.sessions)
        # A page of another origin ("null") with a form that sends itself; the cookie goes with it only if we let it.
        form = f"<form method=post action='{console.origin}/console/sign-out'></form>"
        with visit.page.expect_navigation(url=f"{console.origin}/**"):
            visit.page.goto(f"data:text/html,{form}<script>document.forms[0].submit()</script>")
        assert "not sent from this console" in visit.page.locator("main").inner_text()
        assert len(console.world.doors.sessions) == signed_in


def test_a_script_in_a_name_does_not_run(console: Console) -> None:
    with console.visit(LOOKS[0], None) as visit:
        visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
        visit.open(console.world.link(name="<img src=x onerror=alert(1)><script>alert(2)</script>"))
        assert "onerror=alert(1)" in visit.page.locator("main").inner_text()
        assert visit.complaints == []
