"""What every store has to do with connections, settings and tokens: in memory and in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.stores import KINDS, NOW, Store, open_store
from tieout.adapters.dynamodb.errors import UnknownConnection
from tieout.domain.company import Connection
from tieout.domain.settings import CustomerLevel, Settings
from tieout.domain.settings_document import BadSettings
from tieout.ports import TokenSet
from tieout.ports.connecting import PairedElsewhere


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with open_store(request.param) as opened:
        yield opened


# Connections and settings.

ACME = Connection("acme", portal_id="11", realm_id="21", portal_time_zone="America/Sao_Paulo")


def test_a_connection_is_found_by_id_portal_and_realm(store: Store) -> None:
    store.connections.add_connection(ACME)
    other = Connection("other", "12", "22")
    store.connections.add_connection(other)

    assert store.connections.get("acme") == ACME
    assert store.connections.by_portal("11") == ACME
    assert store.connections.by_realm("22") == other
    assert list(store.connections.all()) == [ACME, other]


def test_what_was_never_paired_is_not_found(store: Store) -> None:
    assert store.connections.get("acme") is None
    assert store.connections.by_portal("11") is None
    assert store.connections.by_realm("21") is None
    assert list(store.connections.all()) == []


def test_adding_a_connection_again_changes_its_time_zone_only(store: Store) -> None:
    store.connections.add_connection(ACME)
    moved = replace(ACME, portal_time_zone="Europe/Lisbon")
    store.connections.add_connection(moved)

    assert list(store.connections.all()) == [moved]
    assert store.connections.by_portal("11") == store.connections.by_realm("21") == moved


@pytest.mark.parametrize(
    "rival",
    [
        Connection("other", "11", "22"),
        Connection("other", "12", "21"),
        Connection("acme", "12", "21"),
        Connection("acme", "11", "22"),
    ],
    ids=["portal of another", "company of another", "another portal", "another company"],
)
def test_a_portal_or_company_that_is_paired_elsewhere_is_refused(store: Store, rival: Connection) -> None:
    store.connections.add_connection(ACME)

    with pytest.raises(PairedElsewhere):
        store.connections.add_connection(rival)

    assert list(store.connections.all()) == [ACME]
    assert store.connections.by_portal("12") is None
    assert store.connections.by_realm("22") is None


def test_settings_are_the_defaults_until_some_are_applied(store: Store) -> None:
    store.connections.add_connection(ACME)
    assert store.connections.settings("acme") == Settings()

    store.connections.apply_settings("acme", {"customer_level": "contact"}, "ana", NOW)

    assert store.connections.settings("acme") == Settings(customer_level=CustomerLevel.CONTACT)


def test_every_version_of_the_settings_is_kept(store: Store) -> None:
    store.connections.add_connection(ACME)
    store.connections.apply_settings("acme", {"push_invoices": False}, "ana", NOW)
    store.connections.apply_settings("acme", {"create_customers": False}, "rui", NOW + timedelta(days=1))

    history = store.connections.settings_history("acme")

    assert [(one.version, one.document, one.by, one.at) for one in history] == [
        (2, {"create_customers": False}, "rui", NOW + timedelta(days=1)),
        (1, {"push_invoices": False}, "ana", NOW),
    ]


def test_refused_settings_are_not_stored(store: Store) -> None:
    store.connections.add_connection(ACME)

    with pytest.raises(BadSettings):
        store.connections.apply_settings("acme", {"push_invoices": "yes"}, "ana", NOW)

    assert store.connections.settings_history("acme") == []


def test_settings_of_a_connection_that_does_not_exist_are_refused(store: Store) -> None:
    with pytest.raises(UnknownConnection):
        store.connections.apply_settings("nobody", {}, "ana", NOW)


# Tokens.


def tokens(version: int, text: str = "a") -> TokenSet:
    return TokenSet(
        access_token=f"access-{text}",
        refresh_token=f"refresh-{text}",
        access_expires_at=NOW + timedelta(hours=1),
        refresh_expires_at=NOW + timedelta(days=100),
        version=version,
    )


def test_tokens_are_saved_by_the_one_who_saw_the_newest(store: Store) -> None:
    assert store.tokens.load("acme") is None
    assert store.tokens.save("acme", tokens(1))
    assert store.tokens.save("acme", tokens(2, "b"))

    assert not store.tokens.save("acme", tokens(2, "late"))
    assert not store.tokens.save("acme", tokens(1, "later"))
    assert not store.tokens.save("acme", tokens(4, "ahead"))

    assert store.tokens.load("acme") == tokens(2, "b")
    assert store.tokens.load("other") is None


def test_one_worker_at_a_time_refreshes(store: Store) -> None:
    until = NOW + timedelta(seconds=30)
    assert store.tokens.acquire_refresh("acme", "worker-1", until)
    assert store.tokens.acquire_refresh("acme", "worker-1", until)
    assert not store.tokens.acquire_refresh("acme", "worker-2", until)
    assert store.tokens.acquire_refresh("other", "worker-2", until)

    store.tokens.release_refresh("acme", "worker-2")
    assert not store.tokens.acquire_refresh("acme", "worker-2", until)
    store.tokens.release_refresh("acme", "worker-1")
    assert store.tokens.acquire_refresh("acme", "worker-2", until)


@pytest.mark.parametrize(("elapsed", "free"), [(29.9, False), (30, True), (45, True)])
def test_the_refresh_lease_of_a_dead_worker_ends(store: Store, elapsed: float, free: bool) -> None:
    assert store.tokens.acquire_refresh("acme", "dead", NOW + timedelta(seconds=30))
    store.clock.advance(elapsed)

    assert store.tokens.acquire_refresh("acme", "worker-2", NOW + timedelta(seconds=90)) is free
