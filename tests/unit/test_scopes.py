"""The scopes on the list are what Tieout needs and no more: played over HubSpot's stand-in, which refuses others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_world import OBJECTS
from tieout.domain.record import State
from tieout.domain.scopes import ALWAYS, EVERY_SCOPE, read_scopes, scopes_for
from tieout.domain.settings import DealMode, PdfTarget, Settings, UnknownInHubSpot

TOKEN = "pat-na1-sandbox"
EVERYTHING = {"pull_invoices": True, "unknown_in_hubspot": "create", "deals": "show", "pdf": "deal"}
ALL = {"synced", "shown", "deal", "pdf", "paid", "recorded", "mirrored", "met"}


@contextmanager
def granted(world: MirrorWorld, *scopes: str) -> Iterator[None]:
    """Tieout works with a token of just these scopes; before and afterwards people work with theirs."""
    full = world.hubspot.config
    world.hubspot.config = replace(full, tokens={TOKEN: frozenset(scopes)})
    try:
        yield
    finally:
        world.hubspot.config = replace(world.hubspot.config, tokens=full.tokens)


def achieved(scopes: set[str]) -> set[str]:
    """What of a day with everything switched on succeeds with these scopes."""
    world = MirrorWorld()
    world.settings(**EVERYTHING)
    invoice = world.invoice()
    deal = world.create("deals", dealname="Roof")
    world.person.put(f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{deal}")
    with granted(world, *scopes):
        world.push(world.hint(invoice))
    done = {"synced"} if world.record(invoice).state is State.SYNCED else set()
    done |= {"shown"} if world.shown(invoice) == "in_sync" else set()
    notes = world.person.get(f"{OBJECTS}/notes").json()["results"]
    done |= {"pdf"} if notes else set()
    on_deal = world.person.get(f"{OBJECTS}/deals/{deal}", params={"properties": "tieout_invoice_number"}).json()
    done |= {"deal"} if on_deal["properties"].get("tieout_invoice_number") else set()
    if "synced" not in done:
        return done
    return done | _money(world, invoice, scopes)


def _money(world: MirrorWorld, invoice: str, scopes: set[str]) -> set[str]:
    other = world.synced()
    payment = world.people.pay(invoice)
    received = world.received("100.00", {other: "100.00"})
    row = world.billed(BillEmail={"Address": "new@globex.test"}, customer=world.customer("Newcomer"))
    with granted(world, *scopes):
        for hint in (world.pay_hint(payment), world.pull_hint(received), world.own_hint(row)):
            world.push(hint)
    done = {"paid"} if world.payment(payment).state is State.SYNCED else set()
    done |= {"recorded"} if world.recorded(other) else set()
    done |= {"mirrored"} if world.mirror(row).state is State.SYNCED else set()
    met = world.crm.contacts_by_email(["new@globex.test"]) and world.crm.companies_named(["Newcomer"])
    return done | ({"met"} if met else set())


def test_every_scope_is_enough_for_everything_that_can_be_set() -> None:
    assert achieved(set(EVERY_SCOPE)) == ALL


@pytest.mark.parametrize("scope", sorted(set(EVERY_SCOPE) - {"oauth"}))
def test_no_scope_is_asked_for_that_nothing_needs(scope: str) -> None:
    # Discounts, fees and taxes are not on these invoices, so that the scope of lines is missed by the lines.
    assert achieved(set(EVERY_SCOPE) - {scope}) < ALL


def test_who_switches_things_off_needs_less() -> None:
    least = Settings(push_payments=False, pull_payments=False)
    assert scopes_for(least) == ALWAYS
    assert "crm.objects.commercepayments.write" not in scopes_for(Settings(record_payments_in_hubspot=False))
    assert "crm.objects.contacts.write" not in scopes_for(Settings(pull_invoices=True))


def test_who_switches_everything_on_needs_every_scope() -> None:
    most = Settings(
        pull_invoices=True, unknown_in_hubspot=UnknownInHubSpot.CREATE, deals=DealMode.ASSOCIATE, pdf=PdfTarget.DEAL
    )
    assert set(scopes_for(most)) == set(EVERY_SCOPE)
    assert len(set(EVERY_SCOPE)) == len(EVERY_SCOPE)


def test_the_scope_of_a_kind_is_named_as_hubspot_names_it() -> None:
    kinds = ("commerce_payments", "taxes", "fees", "notes", "companies")
    assert read_scopes(kinds) == (
        "crm.objects.commercepayments.read",
        "crm.objects.line_items.read",
        "crm.objects.contacts.read",
        "crm.objects.companies.read",
    )
