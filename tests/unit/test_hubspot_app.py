"""The HubSpot app asks for what Tieout needs, is told what Tieout follows, and nothing that it writes goes round."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.hubspot_app import APP, PROJECT, WEBHOOKS, scopes, subscriptions
from infra.sandbox.hubspot.config import HubSpotConfig, with_settings
from infra.sandbox.hubspot.object_types import find_type
from tests.support.builders_mirror_world import MirrorWorld
from tests.support.told import ToldWorld
from tieout.adapters.hubspot.events import parse_events
from tieout.adapters.hubspot.properties import STATUS
from tieout.adapters.hubspot.webhooks import FOLLOWED
from tieout.domain.record import State
from tieout.domain.scopes import EVERY_SCOPE

README = (PROJECT / "README.md").read_text(encoding="utf-8")
# As our stand-in of HubSpot reads them.
SUBSCRIBED = with_settings(HubSpotConfig(), {"subscriptions": subscriptions()}).subscriptions
# What is read and never changes by itself, or what HubSpot does not let anybody subscribe to.
NOT_TOLD = {
    "invoice": {"hs_createdate", "hs_lastmodifieddate", "hs_invoice_source", "hs_invoice_billable"},
    "commerce_payment": {
        "hs_lastmodifieddate",
        "hs_payment_source_app",
        "hs_customer_email",
        # A word beside the method's type, which is told.
        "hs_payment_method",
        # Where it comes from: a payment that Tieout recorded bears its own mark here.
        "hs_internal_comment",
        # Fees are read by the fee report, which searches for them by itself.
        "hs_fees_amount",
        "hs_platform_fee",
        "hs_net_amount",
        "hs_settlement_currency_code",
    },
}


def properties(object_type: str) -> set[str]:
    return {
        one["propertyName"] for one in subscriptions() if one["objectType"] == object_type and "propertyName" in one
    }


def asked_for(world: MirrorWorld | ToldWorld, kind: str) -> set[str]:
    """The properties that Tieout asked for of this kind."""
    calls = [one for one in world.hubspot.traffic.exchanges if one.url.split("?")[0].endswith(f"/{kind}/batch/read")]
    return {name for one in calls for name in json.loads(one.request_body or "{}").get("properties", [])}


# -- the project


@pytest.mark.parametrize("path", sorted(PROJECT.rglob("*.json")), ids=lambda path: path.name)
def test_every_file_is_json_and_every_component_has_its_identity(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    if path.name.endswith("-hsmeta.json"):
        assert re.fullmatch(r"[\w-]{1,64}", document["uid"])
        assert document["type"] == {"app-hsmeta.json": "app", "webhooks-hsmeta.json": "webhooks"}[path.name]
        assert document["config"]


def test_the_project_is_where_hubspots_tool_looks_for_it() -> None:
    project = json.loads((PROJECT / "hsproject.json").read_text())
    assert set(project) == {"name", "srcDir", "platformVersion"}
    assert (PROJECT / project["srcDir"] / "app/app-hsmeta.json") == APP
    assert WEBHOOKS.parent == APP.parent / "webhooks"
    uids = [json.loads(path.read_text())["uid"] for path in (APP, WEBHOOKS)]
    assert len(set(uids)) == 2


def test_the_app_is_of_one_account_and_its_scopes_are_those_that_doctor_knows() -> None:
    config = json.loads(APP.read_text())["config"]
    assert (config["distribution"], config["auth"]["type"]) == ("private", "static")
    assert scopes() == tuple(sorted(EVERY_SCOPE))
    # An app with a static token has required scopes only (HubSpot: scopes).
    assert not config["auth"]["optionalScopes"]
    assert not config["auth"]["conditionallyRequiredScopes"]


def test_the_readme_says_of_every_scope_what_it_is_for() -> None:
    assert [one for one in scopes() if f"`{one}`" not in README] == []


def test_the_address_is_a_variable_that_the_readme_explains() -> None:
    settings = json.loads(WEBHOOKS.read_text())["config"]["settings"]
    assert settings["targetUrl"] == "${WEBHOOK_URL}"
    assert "`${WEBHOOK_URL}`" in README
    assert "HubSpotWebhookUrl" in README


# -- the subscriptions


@pytest.mark.parametrize(
    "one", subscriptions(), ids=lambda one: f"{one['objectType']}-{one.get('propertyName', one['subscriptionType'])}"
)
def test_webhook_intake_understands_what_the_app_subscribes_to(one: dict[str, Any]) -> None:
    type_id = find_type(one["objectType"]).type_id
    event = {"portalId": 7, "objectId": 42, "objectTypeId": type_id, "subscriptionType": one["subscriptionType"]}
    if one["subscriptionType"] == "object.associationChange":
        event |= {"fromObjectId": 42, "fromObjectTypeId": type_id, "toObjectId": 9, "toObjectTypeId": "0-2"}
    now = datetime(2026, 11, 2, tzinfo=UTC)
    ids = {(found.object_type_id, found.object_id) for found in parse_events(json.dumps([event]).encode(), now)}
    assert (type_id, "42") in ids
    assert one["active"] is True


def test_the_app_subscribes_to_what_webhook_intake_follows_and_to_nothing_else() -> None:
    assert {find_type(one["objectType"]).type_id for one in subscriptions()} == set(FOLLOWED)
    kinds = {one["subscriptionType"] for one in subscriptions()}
    assert kinds == {
        f"object.{kind}" for kind in ("creation", "deletion", "restore", "associationChange", "propertyChange")
    }


def test_nothing_is_subscribed_twice() -> None:
    keys = [(one["subscriptionType"], one["objectType"], one.get("propertyName")) for one in subscriptions()]
    assert len(set(keys)) == len(keys)


def test_nothing_that_tieout_writes_for_itself_is_subscribed() -> None:
    own = {name for kind in NOT_TOLD for name in properties(kind) if name.startswith("tieout_")}
    assert own == set()
    assert STATUS.startswith("tieout_")


@pytest.mark.parametrize(("object_type", "kind"), [("invoice", "invoices"), ("commerce_payment", "commerce_payments")])
def test_every_property_that_tieout_goes_by_is_told_and_no_other(object_type: str, kind: str) -> None:
    world = ToldWorld(sweeps=False, hubspot={"subscriptions": SUBSCRIBED})
    world.people.pay(world.invoice())
    world.work()
    asked = asked_for(world, kind)
    assert asked
    by_suffix = {name.removesuffix("_in_settlement_currency") for name in asked}
    assert properties(object_type) <= asked
    assert by_suffix - properties(object_type) == NOT_TOLD[object_type] & by_suffix


# -- no loop


class Everything(ToldWorld, MirrorWorld):
    """Told by webhooks alone, with all that writes into HubSpot switched on."""


@pytest.fixture
def world() -> Iterator[Everything]:
    world = Everything(sweeps=False, hubspot={"subscriptions": SUBSCRIBED})
    world.settings(deals="associate", pdf="company", unknown_in_hubspot="create")
    yield world
    world.work()
    assert (world.hubspot.outbox.pending, world.quickbooks.outbox.pending) == (0, 0)


def written(world: Everything) -> int:
    """What Tieout wrote into either system so far; reads go by POST, too."""
    reading = ("/read", "/search", "/token", "/tokens/bearer", "/query")
    return sum(
        one.method != "GET"
        and not one.url.split("?")[0].endswith(reading)
        and one.request_headers.get("x-sandbox-actor") != "CRM_UI"
        for one in [*world.hubspot.traffic.exchanges, *world.quickbooks.traffic.exchanges]
    )


def test_what_tieout_writes_comes_back_and_makes_it_write_nothing_more(world: Everything) -> None:
    invoice = world.invoice()
    row = world.billed(BillEmail={"Address": "new@globex.test"})
    world.work()
    received = world.received("100.00", {invoice: "100.00"})
    world.work()
    assert world.record(invoice).state is State.SYNCED
    assert world.mirror(row).state is State.SYNCED
    assert world.pulled(received).state is State.SYNCED
    before = written(world)
    assert before
    # Everything that was written so far is told once more, as HubSpot may do.
    [recorded] = world.recorded(invoice)
    shown = world.shown_id(row)
    world.push(world.hint(invoice), world.hint(shown), world.pay_hint(recorded))
    world.pass_time(8)
    assert written(world) == before


def test_an_edit_of_an_invoice_and_of_who_is_billed_is_told(world: Everything) -> None:
    company, other = world.company("Acme"), world.company("Globex")
    invoice = world.invoice(company=company)
    world.work()
    first = world.customer_of(invoice)
    world.edit(invoice, hs_due_date="2026-05-15T00:00:00Z")
    world.work()
    assert world.one("Invoice")["DueDate"] == "2026-05-15"
    path = f"/crm/objects/2026-09/invoices/{invoice}/associations/default/companies/{other}"
    world.clock.advance(60)
    assert world.person.put(path).status_code == 200
    gone = world.person.delete(f"/crm/objects/2026-09/invoices/{invoice}/associations/companies/{company}")
    assert gone.status_code == 204
    world.work()
    assert world.customer_of(invoice) != first


def test_a_deletion_and_a_restoration_are_told(world: Everything) -> None:
    invoice = world.invoice()
    world.work()
    world.delete(invoice)
    world.work()
    assert world.record(invoice).reason == "deleted_in_hubspot"
