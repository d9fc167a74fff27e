"""Connecting a portal with a company: signing in, once and by whom it was begun; and never to another company."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.sandbox.hubspot.config import NO_LIMITS
from infra.sandbox.hubspot.object_types import all_scopes
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID
from tests.support.builders_connecting import REDIRECT, SECOND_REALM, Connecting
from tests.support.builders_world import World
from tieout.domain.company import Connection
from tieout.domain.connecting import TEXTS, ConnectCode, ConnectProblem
from tieout.domain.errors import ConnectionLost, Transient
from tieout.domain.scopes import scopes_for
from tieout.domain.settings import Settings
from tieout.ports import TokenSet
from tieout.services.connect import SIGN_IN_TIME

PORTAL = "62515001"
TOKEN = "pat-na1-sandbox"


def connected(**quickbooks: Any) -> Connecting:
    """A world whose connection c1 exists, with HubSpot's token stored."""
    found = Connecting(World(**quickbooks))
    found.portal_tokens.keep(PORTAL, TOKEN)
    return found


def fresh() -> Connecting:
    """A world in which nothing is connected, and nothing stored."""
    found = Connecting(World(extra_realms=(SECOND_REALM,)))
    world = found.world
    world.connections = type(world.connections)()
    world.tokens = type(world.tokens)(world.clock)
    return Connecting(world)


def refused(code: ConnectCode, world: Connecting, answer: dict[str, str], holder: str = "browser") -> ConnectProblem:
    """Completing is refused with this code."""
    with pytest.raises(ConnectProblem) as raised:
        world.service.complete(answer, holder, "trace")
    assert raised.value.code is code
    return raised.value


# -- QuickBooks


def test_a_person_is_sent_to_intuit_with_everything_that_it_documents() -> None:
    url = urlsplit(connected().begin())
    assert (url.scheme, url.netloc, url.path) == ("https", "appcenter.test", "/connect/oauth2")
    assert parse_qs(url.query) == {
        "client_id": [CLIENT_ID],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": [REDIRECT],
        "state": ["state-1"],
    }


def test_a_new_connection_pairs_portal_and_company_and_can_work_at_once() -> None:
    world = fresh()
    world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    answer = world.consent(world.begin("acme", portal_id=PORTAL))
    found = world.service.complete(answer, "browser", "trace")
    realm = world.world.quickbooks.config.realm_id
    assert found.connection == Connection("acme", PORTAL, realm, "US/Eastern")
    assert (found.company, found.again) == ("Sandbox Company", False)
    stored = world.world.tokens.load("acme")
    assert stored is not None
    assert stored.version == 1
    now = world.world.clock.now()
    assert stored.access_expires_at - now == timedelta(hours=1)
    assert stored.hard_expires_at is not None
    assert world.world.connections.by_realm(realm) == found.connection
    assert [(line.actor, line.action) for line in world.trail.own] == [
        ("Ada", "stored HubSpot token"),
        ("Ada", "connected QuickBooks"),
    ]


def test_a_sign_in_is_completed_once() -> None:
    world = connected()
    answer = world.consent(world.begin())
    world.service.complete(answer, "browser", "trace")
    refused(ConnectCode.SIGN_IN_UNKNOWN, world, answer)


@pytest.mark.parametrize("forged", [{}, {"state": ""}, {"state": "guessed"}])
def test_an_answer_that_nobody_asked_for_is_refused(forged: dict[str, str]) -> None:
    world = connected()
    answer = world.consent(world.begin())
    del answer["state"]
    refused(ConnectCode.SIGN_IN_UNKNOWN, world, {**answer, **forged})


def test_what_one_person_began_nobody_else_completes_and_their_try_does_not_spend_it() -> None:
    world = connected()
    answer = world.consent(world.begin(holder="browser"))
    refused(ConnectCode.SIGN_IN_UNKNOWN, world, answer, "another browser")
    assert world.service.complete(answer, "browser", "trace").again


def test_a_sign_in_that_took_too_long_is_refused() -> None:
    world = connected()
    answer = world.consent(world.begin())
    world.world.clock.advance(SIGN_IN_TIME.total_seconds())
    refused(ConnectCode.SIGN_IN_UNKNOWN, world, answer)


def test_a_person_who_does_not_agree_changes_nothing() -> None:
    world = connected()
    before = world.world.tokens.load("c1")
    state = parse_qs(urlsplit(world.begin()).query)["state"][0]
    refused(ConnectCode.CONSENT_REFUSED, world, {"state": state, "error": "access_denied"})
    assert world.world.tokens.load("c1") == before


@pytest.mark.parametrize("change", [{"realmId": ""}, {"realmId": "../x"}, {"code": ""}])
def test_an_answer_without_code_or_company_is_refused(change: dict[str, str]) -> None:
    world = connected()
    refused(ConnectCode.BAD_ANSWER, world, {**world.consent(world.begin()), **change})


def test_a_connection_never_changes_its_company() -> None:
    world = connected(extra_realms=(SECOND_REALM,))
    before = world.world.tokens.load("c1")
    grants = len(world.world.quickbooks.grants.describe())
    problem = refused(ConnectCode.WRONG_COMPANY, world, world.consent(world.begin(), SECOND_REALM))
    assert SECOND_REALM in str(problem)
    assert world.world.connection.realm_id in str(problem)
    assert world.world.tokens.load("c1") == before
    # The code was not used either, so the other company has given nothing out.
    assert len(world.world.quickbooks.grants.describe()) == grants


def test_an_answer_that_names_another_company_than_was_consented_to_is_found_out() -> None:
    world = connected(extra_realms=(SECOND_REALM,))
    before = world.world.tokens.load("c1")
    answer = world.consent(world.begin(), SECOND_REALM) | {"realmId": world.world.connection.realm_id}
    refused(ConnectCode.COMPANY_REFUSED, world, answer)
    assert world.world.tokens.load("c1") == before


def test_a_company_belongs_to_one_connection() -> None:
    world = connected(extra_realms=(SECOND_REALM,))
    world.world.connections.add_connection(Connection("c2", "7", SECOND_REALM))
    world.portal_tokens.keep("8", TOKEN)
    with pytest.raises(ConnectProblem) as raised:
        world.begin("c2", portal_id="8")
    assert raised.value.code is ConnectCode.WRONG_PORTAL


def test_a_new_connection_cannot_take_the_company_of_another() -> None:
    world = fresh()
    world.world.connections.add_connection(Connection("c2", "7", SECOND_REALM))
    world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    answer = world.consent(world.begin("acme", portal_id=PORTAL), SECOND_REALM)
    assert "c2" in str(refused(ConnectCode.COMPANY_TAKEN, world, answer))
    assert world.world.connections.get("acme") is None


def test_two_who_connect_one_company_at_once_make_one_connection() -> None:
    world = fresh()
    world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    one, other = (world.consent(world.begin(name, portal_id=PORTAL)) for name in ("acme", "ajax"))
    world.service.complete(one, "browser", "trace")
    refused(ConnectCode.COMPANY_TAKEN, world, other)
    assert [found.id for found in world.world.connections.all()] == ["acme"]


def test_to_reconnect_keeps_settings_and_records_and_replaces_the_tokens() -> None:
    world = connected()
    id_ = world.world.invoice()
    world.world.sync(id_)
    world.world.settings(cutover_date="2026-01-01")
    before = world.world.record(id_)
    found = world.service.complete(world.consent(world.begin()), "browser", "trace")
    assert found.again
    stored = world.world.tokens.load("c1")
    assert stored is not None
    assert stored.access_token != ACCESS_TOKEN
    assert stored.version == 2
    assert world.world.record(id_) == before
    assert str(world.world.connections.settings("c1").cutover_date) == "2026-01-01"


def test_a_code_that_was_used_elsewhere_changes_nothing() -> None:
    world = connected()
    answer = world.consent(world.begin())
    world.world.quickbooks.grants.exchange(answer["code"], REDIRECT)
    before = world.world.tokens.load("c1")
    refused(ConnectCode.CODE_REFUSED, world, answer)
    assert world.world.tokens.load("c1") == before


def test_a_lost_answer_is_not_asked_for_again_because_a_code_counts_once() -> None:
    world = connected()
    answer = world.consent(world.begin())
    world.world.fault("timeout_after", path="/oauth2/v1/tokens/bearer$", times=5)
    calls = world.world.calls
    refused(ConnectCode.ANSWER_LOST, world, answer)
    assert world.world.calls == calls + 1


def test_wrong_keys_of_the_app_are_told_as_such() -> None:
    world = connected()
    answer = world.consent(world.begin())
    world.credentials = (CLIENT_ID, "old")
    with pytest.raises(ConnectionLost, match="invalid_client"):
        world.service.complete(answer, "browser", "trace")


def test_a_worker_that_refreshes_at_the_same_moment_does_not_undo_the_sign_in() -> None:
    world = connected()
    tokens = world.world.tokens
    old = tokens.load("c1")
    assert old is not None
    world.service.complete(world.consent(world.begin()), "browser", "trace")
    new = tokens.load("c1")
    # The worker had read the old pair before, and stores what it got for that.
    assert not tokens.save("c1", TokenSet("late", "late", world.world.clock.now(), version=old.version + 1))
    assert tokens.load("c1") == new


@pytest.mark.parametrize("name", ["", "*", "a#b", "a/b", "a b", "-a", "x" * 41])
def test_a_connection_has_a_name_that_can_stand_in_keys_and_markers(name: str) -> None:
    with pytest.raises(ConnectProblem) as raised:
        connected().begin(name, portal_id=PORTAL)
    assert raised.value.code is ConnectCode.BAD_CONNECTION_ID


def test_a_new_connection_needs_a_portal_whose_token_is_stored() -> None:
    world = fresh()
    for portal, code in ((None, ConnectCode.PORTAL_NEEDED), (PORTAL, ConnectCode.HUBSPOT_FIRST)):
        with pytest.raises(ConnectProblem) as raised:
            world.begin("acme", portal_id=portal)
        assert raised.value.code is code


# -- HubSpot


def test_a_token_is_stored_for_the_portal_that_it_opens() -> None:
    world = fresh()
    found = world.service.store_hubspot_token(f" {TOKEN}\n", "Ada", "trace")
    assert (found.portal.portal_id, found.portal.time_zone, found.connection) == (PORTAL, "US/Eastern", None)
    assert (found.lacks, found.unproven) == ((), ())
    assert world.portal_tokens.stored == {PORTAL: TOKEN}
    [line] = world.trail.own
    assert TOKEN not in str(line)


@pytest.mark.parametrize("token", ["", "  ", "a b", "tök"])
def test_what_cannot_be_a_token_is_not_tried(token: str) -> None:
    world = fresh()
    calls = world.world.calls
    with pytest.raises(ConnectProblem) as raised:
        world.service.store_hubspot_token(token, "Ada", "trace")
    assert raised.value.code is ConnectCode.TOKEN_EMPTY
    assert world.world.calls == calls


def test_a_token_that_hubspot_does_not_take_is_not_stored() -> None:
    world = fresh()
    with pytest.raises(ConnectProblem) as raised:
        world.service.store_hubspot_token("pat-wrong", "Ada", "trace")
    assert raised.value.code is ConnectCode.TOKEN_REFUSED
    assert world.portal_tokens.stored == {}


def test_a_token_of_another_portal_is_not_stored() -> None:
    world = connected()
    world.world.connections.add_connection(Connection("c2", "7", SECOND_REALM))
    for connection, portal_id in (("c2", None), (None, "7")):
        with pytest.raises(ConnectProblem) as raised:
            world.service.store_hubspot_token(TOKEN, "Ada", "trace", connection=connection, portal_id=portal_id)
        assert raised.value.code is ConnectCode.WRONG_PORTAL
        assert PORTAL in str(raised.value)
    assert "7" not in world.portal_tokens.stored


def lacking(*scopes: str, **hubspot: object) -> Connecting:
    """A world whose token lacks scopes."""
    config = {"limits": NO_LIMITS, "tokens": {TOKEN: all_scopes() - {*scopes, "e-commerce"}}, **hubspot}
    return Connecting(World(hubspot=config))


def test_each_missing_scope_is_named_and_nothing_stored() -> None:
    world = lacking("crm.objects.invoices.write", "crm.objects.contacts.read")
    with pytest.raises(ConnectProblem) as raised:
        world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    assert raised.value.facts["scopes"] == "crm.objects.invoices.write, crm.objects.contacts.read"
    assert world.portal_tokens.stored == {}
    found = world.service.store_hubspot_token(TOKEN, "Ada", "trace", accept_missing=True)
    assert found.lacks == ("crm.objects.invoices.write", "crm.objects.contacts.read")
    assert world.portal_tokens.stored == {PORTAL: TOKEN}


def test_the_scopes_that_are_needed_follow_the_settings_of_the_portals_connection() -> None:
    world = lacking("crm.objects.deals.read")
    world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    world.world.settings(deals="show")
    with pytest.raises(ConnectProblem) as raised:
        world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    assert raised.value.facts["scopes"] == "crm.objects.deals.read"


def test_where_hubspot_does_not_tell_scopes_reading_is_tried_and_writing_is_said_to_be_unproven() -> None:
    world = lacking("crm.objects.contacts.read", token_info_status=404)
    with pytest.raises(ConnectProblem) as raised:
        world.service.store_hubspot_token(TOKEN, "Ada", "trace")
    assert raised.value.facts["scopes"] == "crm.objects.contacts.read"
    whole = Connecting(World(hubspot={"token_info_status": 404}))
    found = whole.service.store_hubspot_token(TOKEN, "Ada", "trace")
    assert found.lacks == ()
    assert set(found.unproven) == {scope for scope in scopes_for(Settings()) if scope.endswith(".write")}


def test_an_older_scope_holds_those_of_line_items_and_products() -> None:
    held = all_scopes() - {"crm.objects.line_items.read"}
    world = Connecting(World(hubspot={"limits": NO_LIMITS, "tokens": {TOKEN: held}}))
    assert world.service.store_hubspot_token(TOKEN, "Ada", "trace").lacks == ()


def test_a_hubspot_that_does_not_answer_is_not_a_wrong_token() -> None:
    world = fresh()
    world.world.hubspot_fault("status_500", "/account-info", times=3)
    with pytest.raises(Transient):
        world.service.store_hubspot_token(TOKEN, "Ada", "trace")


def test_every_code_has_a_text() -> None:
    assert set(TEXTS) == set(ConnectCode)
