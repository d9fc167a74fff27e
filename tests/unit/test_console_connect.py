"""The connect page: HubSpot's token, the sign-in at Intuit bound to the session, disconnecting, and the dry run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest

from infra.sandbox.hubspot.config import NO_LIMITS
from tests.support.builders_connecting import SECOND_REALM
from tests.support.builders_world import START, World
from tests.support.console_client import ORIGIN, ConsoleClient, Form, Response
from tests.support.console_world import HOSTILE_NAME, ConsoleWorld
from tieout.domain.person import Role
from tieout.domain.record import State
from tieout.domain.scopes import scopes_for
from tieout.domain.settings import Settings
from tieout.ports.audit import DEPLOYMENT

CALLBACK = "/console/connect/quickbooks/callback"
PAGE = "/console/connect"


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


def to_intuit(client: ConsoleClient, connection: str = "c1", **fields: str) -> Response:
    """The operator asks to sign in at Intuit."""
    forms = [one for one in client.get(PAGE).forms if one.action.endswith("/connect/quickbooks")]
    [form] = [one for one in forms if one.fields["connection"] == [connection]] or forms[-1:]
    return form.submit(follow=False, **{"connection": connection, **fields})


def back_from_intuit(world: ConsoleWorld, client: ConsoleClient, left: Response, realm: str | None = None) -> Response:
    """The person agrees at Intuit, which sends the browser back: a navigation that another site began."""
    answer = world.connecting.consent(left.headers["location"], realm)
    return client.get(f"{CALLBACK}?{urlencode(answer)}", headers={"sec-fetch-site": "cross-site"})


def actions(world: ConsoleWorld) -> list[tuple[str, str]]:
    return [(one.actor, one.action) for one in world.trail.own]


# -- QuickBooks


def test_signing_in_again_goes_to_intuit_and_comes_back(world: ConsoleWorld) -> None:
    client, before = world.signed_in(), world.world.tokens.load("c1")
    left = to_intuit(client)
    assert left.status == 303
    address = urlsplit(left.headers["location"])
    assert (address.scheme, address.netloc) == ("https", "appcenter.test")
    page = back_from_intuit(world, client, left)
    assert (page.status, page.path) == (200, PAGE)
    assert "c1 is signed in to Sandbox Company again." in page.text
    after = world.world.tokens.load("c1")
    assert before
    assert after
    assert after.access_token != before.access_token
    assert ("Olga Operator", "connected QuickBooks") in actions(world)


def test_the_page_lets_its_forms_lead_to_intuit_and_no_other_page_does(world: ConsoleWorld) -> None:
    client = world.signed_in()
    assert (
        "form-action 'self' https://appcenter.test https://*.intuit.com;"
        in client.get(PAGE).headers["content-security-policy"]
    )
    other = client.get(world.path("/settings")).headers["content-security-policy"]
    assert "form-action 'self';" in other


def test_what_intuit_brings_counts_once(world: ConsoleWorld) -> None:
    client = world.signed_in()
    answer = world.connecting.consent(to_intuit(client).headers["location"])
    assert "again." in client.get(f"{CALLBACK}?{urlencode(answer)}").text
    tokens = world.world.tokens.load("c1")
    assert "Begin it again." in client.get(f"{CALLBACK}?{urlencode(answer)}").text
    assert world.world.tokens.load("c1") == tokens


def test_what_one_session_began_no_other_completes(world: ConsoleWorld) -> None:
    client, other = world.signed_in(), world.signed_in(name="Otto")
    tokens = world.world.tokens.load("c1")
    answer = world.connecting.consent(to_intuit(client).headers["location"])
    query = urlencode(answer)
    assert "begun by somebody else" in other.get(f"{CALLBACK}?{query}").text
    assert other.get(f"{CALLBACK}?{urlencode({**answer, 'state': 'guess'})}").status == 200
    assert world.signed_in(Role.VIEWER, "Vera").get(f"{CALLBACK}?{query}").status == 403
    assert world.client().get(f"{CALLBACK}?{query}").status == 401
    assert world.world.tokens.load("c1") == tokens
    assert "again." in client.get(f"{CALLBACK}?{query}").text, "and whoever began it still may"


def test_a_sign_in_that_takes_too_long_is_begun_again(world: ConsoleWorld) -> None:
    client = world.signed_in()
    left = to_intuit(client)
    world.world.clock.advance(16 * 60)
    assert "longer than 15 minutes" in back_from_intuit(world, client, left).text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"error": "access_denied"}, "not agreed to"),
        ({"code": "x"}, "not the address"),
        ({"code": "x", "realmId": "../1"}, "not the address"),
        ({"code": "stolen", "realmId": "4620816365000000001"}, "does not take the code"),
    ],
)
def test_an_answer_that_is_no_consent_changes_nothing(world: ConsoleWorld, query: dict[str, str], told: str) -> None:
    client, tokens = world.signed_in(), world.world.tokens.load("c1")
    state = urlsplit(to_intuit(client).headers["location"]).query.partition("state=")[2].partition("&")[0]
    page = client.get(f"{CALLBACK}?{urlencode({'state': state, **query})}")
    assert told in page.text
    assert world.world.tokens.load("c1") == tokens


def test_another_company_is_refused_with_both_named() -> None:
    world = ConsoleWorld(World(extra_realms=(SECOND_REALM,)))
    client, tokens = world.signed_in(), world.world.tokens.load("c1")
    page = back_from_intuit(world, client, to_intuit(client), SECOND_REALM)
    assert SECOND_REALM in page.text
    assert "Nothing was changed" in page.text
    assert world.world.tokens.load("c1") == tokens


def test_intuits_answer_leads_to_no_other_site(world: ConsoleWorld) -> None:
    page = world.signed_in().get(CALLBACK, follow=False, state="x", code="//evil.example", realmId="1", error="\r\nx")
    assert page.status in (303, 400)
    assert page.headers.get("location", PAGE) == PAGE


def test_a_sign_in_that_ends_soon_is_said_to(world: ConsoleWorld) -> None:
    client = world.signed_in()
    assert "Connected" in client.get(PAGE).text
    stored = world.world.tokens.load("c1")
    assert stored
    for left, told in ((timedelta(days=3), "Ends soon"), (timedelta(0), "Has to be connected again")):
        stored = replace(stored, version=stored.version + 1, refresh_expires_at=START + left)
        world.world.tokens.save("c1", stored)
        assert told in client.get(PAGE).text


# -- the end


def test_disconnecting_asks_first_revokes_and_pauses(world: ConsoleWorld) -> None:
    client = world.signed_in()
    page = client.get(PAGE).form("/disconnect").submit(sure=[])
    assert page.status == 422
    assert "Tick the box" in page.text
    assert world.world.tokens.load("c1") is not None
    page = page.form("/disconnect").submit(sure="yes")
    assert "the sign-in at Intuit was ended" in page.text
    assert "Disconnected" in page.text
    assert world.world.tokens.load("c1") is None
    assert world.world.connections.get("c1") == replace(world.world.connection, paused=True)
    assert world.connecting.portal_tokens.token("62515001") is not None
    assert ("Olga Operator", "disconnected QuickBooks") in actions(world)


def test_what_a_disconnect_left_can_be_taken_from_the_page_later(world: ConsoleWorld) -> None:
    client = world.signed_in()
    world.world.fault("status_500", path="revoke")
    assert client.get(PAGE).form("/disconnect").submit(sure="yes").status == 424
    assert world.world.tokens.load("c1") is not None
    client.get(PAGE).form("/disconnect").submit(sure="yes")
    assert world.world.tokens.load("c1") is None
    # HubSpot's token is still there, and can still be forgotten.
    client.get(PAGE).form("/disconnect").submit(sure="yes", hubspot="yes")
    assert world.connecting.portal_tokens.token(world.world.connection.portal_id) is None
    assert not [one for one in client.get(PAGE).forms if one.action.endswith("/disconnect")]


def test_hubspots_token_is_forgotten_when_that_is_wished(world: ConsoleWorld) -> None:
    client = world.signed_in()
    client.get(PAGE).form("/disconnect").submit(sure="yes", hubspot="yes")
    assert world.connecting.portal_tokens.token("62515001") is None
    assert "no token is stored" in client.get(PAGE).text


def test_when_intuit_does_not_answer_the_tokens_stay_and_it_can_be_tried_again(world: ConsoleWorld) -> None:
    client = world.signed_in()
    world.world.fault("status_500", times=10, path="revoke")
    page = client.get(PAGE).form("/disconnect").submit(sure="yes")
    assert page.status == 424
    assert "did not answer" in page.text
    assert world.world.tokens.load("c1") is not None


# -- HubSpot


def test_a_token_is_checked_and_stored_and_never_shown(world: ConsoleWorld) -> None:
    client = world.signed_in()
    world.connecting.portal_tokens.forget("62515001")
    page = client.get(PAGE)
    [form] = [one for one in page.forms if one.action.endswith("/hubspot") and "connection" in one.fields]
    page = form.submit(token="pat-na1-sandbox")
    assert "62515001 is stored" in page.text
    assert world.connecting.portal_tokens.token("62515001") == "pat-na1-sandbox"
    assert "pat-na1-sandbox" not in page.html
    assert ("Olga Operator", "stored HubSpot token") in actions(world)


@pytest.mark.parametrize(
    ("token", "told"),
    [("", "No token was given"), ("a b", "No token was given"), ("hush-hush", "does not take this token")],
)
def test_a_bad_token_is_refused_beside_its_field_and_not_repeated(world: ConsoleWorld, token: str, told: str) -> None:
    client = world.signed_in()
    [form] = [
        one for one in client.get(PAGE).forms if one.action.endswith("/hubspot") and "connection" not in one.fields
    ]
    page = form.submit(token=token)
    assert page.status == 422
    assert told in page.html.partition('id="token-new-error">')[2].partition("</p>")[0]
    assert "hush" not in page.html
    assert world.connecting.portal_tokens.stored == {"62515001": "pat-na1-sandbox"}


def test_a_token_that_lacks_scopes_is_stored_only_when_that_is_accepted() -> None:
    held = [scope for scope in scopes_for(Settings()) if scope != "crm.objects.invoices.write"]
    world = ConsoleWorld(World(hubspot={"limits": NO_LIMITS, "tokens": {"pat-lacking": held}}))
    client = world.signed_in()

    def form(page: Response) -> Form:
        return next(one for one in page.forms if one.action.endswith("/hubspot") and "connection" in one.fields)

    page = form(client.get(PAGE)).submit(token="pat-lacking")
    assert page.status == 422
    assert "The token lacks crm.objects.invoices.write." in page.text
    assert "Store it all the same" in page.text
    assert world.connecting.portal_tokens.token("62515001") == "pat-na1-sandbox"
    page = form(page).submit(token="pat-lacking", accept_missing="yes")
    assert "is stored, although it lacks crm.objects.invoices.write." in page.text
    assert world.connecting.portal_tokens.token("62515001") == "pat-lacking"


# -- first steps


def test_a_new_company_is_connected_step_by_step_up_to_a_plan_of_one_real_invoice() -> None:
    world = ConsoleWorld()
    own = world.world
    own.connections._connections.clear()
    world.connecting.portal_tokens.stored.clear()
    client = world.signed_in()
    page = client.get("/console")
    assert "Nothing is connected yet" in page.text
    page = client.get(next(one for one in page.links if one.endswith("/connect")))
    assert "First steps" in page.text
    assert f"{ORIGIN}{CALLBACK}" in page.text
    page = page.form("/connect/hubspot").submit(token="pat-na1-sandbox")
    form = page.form("/connect/quickbooks")
    assert form.fields["portal"] == ["62515001"], "what was stored just now is filled in"
    refused = form.submit(connection="no spaces, please")
    assert refused.status == 422
    assert refused.form("/connect/quickbooks").fields["connection"] == ["no spaces, please"], "what was typed is kept"
    assert "1 to 40 letters" in refused.text
    left = form.submit(follow=False, connection="acme")
    page = back_from_intuit(world, client, left)
    assert page.path == "/console/c/acme/dry-run"
    assert "acme is connected with the QuickBooks company Sandbox Company" in page.text
    found = own.connections.get("acme")
    assert found is not None
    assert (found.portal_id, found.realm_id) == ("62515001", own.connection.realm_id)


def test_a_token_comes_before_the_company(world: ConsoleWorld) -> None:
    client = world.signed_in()
    page = to_intuit(client, "second", portal="777")
    assert page.status == 422
    assert "connect HubSpot first" in page.text
    assert [one for one, _ in actions(world)] == ["admin", "Olga Operator"], "nothing but the sign-in happened"


def test_hostile_input_is_shown_as_it_is(world: ConsoleWorld) -> None:
    client = world.signed_in()
    page = to_intuit(client, HOSTILE_NAME[:40], portal="62515001")
    assert page.status == 422
    assert "<script>" not in page.html


def test_the_dry_run_shows_a_plan_and_writes_nothing(world: ConsoleWorld) -> None:
    client, own = world.signed_in(Role.VIEWER), world.world
    id_ = own.invoice(company=own.company(HOSTILE_NAME))
    number = own.number(id_)
    assert client.get(world.path("/dry-run")).status == 200
    for named in (number, id_):
        page = client.get(world.path("/dry-run"), invoice=named)
        assert page.status == 200
        assert "It would be created in QuickBooks." in page.text
        assert "360.00 USD" in page.text
        assert "<script>" not in page.html
    assert own.booked() == []
    assert list(own.records) == []
    own.sync(id_)
    page = client.get(world.path("/dry-run"), invoice=number)
    assert "Nothing would be written" in page.text
    assert any("/record/invoice/hubspot/" in one for one in page.links)
    assert own.record(id_).state is State.SYNCED


@pytest.mark.parametrize("named", ["INV-9999", "12345", HOSTILE_NAME])
def test_an_invoice_that_hubspot_does_not_have_is_said_to_be_missing(world: ConsoleWorld, named: str) -> None:
    page = world.signed_in().get(world.path("/dry-run"), invoice=named)
    assert page.status == 422
    assert "HubSpot has no invoice with this number or id." in page.text
    assert page.form("/dry-run").fields["invoice"] == [named[:60]], "what was typed is kept"
    assert "<script>" not in page.html


def test_signing_in_and_out_stands_in_the_trail(world: ConsoleWorld) -> None:
    client = world.signed_in(name="Ana Souza")
    client.get(world.path("/overview")).form("/sign-out").submit()
    assert actions(world) == [("admin", "made sign-in link"), ("Ana Souza", "signed in"), ("Ana Souza", "signed out")]
    page = world.trail.between(DEPLOYMENT, START - timedelta(days=1), START + timedelta(days=1))
    assert [line.entry.facts for line in page.lines if line.entry.action == "made sign-in link"] == [
        {"for": "Ana Souza", "role": "operator"}
    ]
