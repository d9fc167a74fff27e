"""The QuickBooks sandbox tells of changes in signed webhooks, in both of Intuit's forms."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import DEFAULT_REALM, VERIFIER_TOKEN, QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from infra.sandbox.quickbooks.visitor import Visitor

OTHER_REALM = "4620816365000000002"
LINE = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}


class Receiver:
    """Takes deliveries and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.got: list[tuple[dict[str, str], bytes]] = []

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert (method, url) == ("POST", "https://tieout.test/qbo")
        self.got.append((dict(headers), body))
        return self.status

    def events(self) -> list[Any]:
        return [event for _, body in self.got for event in json.loads(body)]


def build(**settings: Any) -> QuickBooksSandbox:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    app = QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, 9, 30, tzinfo=UTC)))
    app.outbox.target_url = "https://tieout.test/qbo"
    return app


def live_a_little(app: QuickBooksSandbox) -> None:
    visitor = Visitor(app)
    customer = visitor.create("Customer", DisplayName="Amy")
    visitor.change("Customer", customer, Notes="n")
    for ending in (visitor.void, visitor.delete):
        ending("Invoice", visitor.create("Invoice", CustomerRef={"value": "1"}, Line=[LINE]))


@pytest.mark.parametrize("verb", ["void", "voided"])
def test_cloud_events_come_as_an_array(verb: str) -> None:
    app, receiver = build(webhook_void_verb=verb), Receiver()
    live_a_little(app)
    assert app.deliver_webhooks(receiver) == 1
    events = receiver.events()
    assert [event["type"] for event in events] == [
        "qbo.customer.created.v1",
        "qbo.customer.updated.v1",
        "qbo.invoice.created.v1",
        f"qbo.invoice.{verb}.v1",
        "qbo.invoice.created.v1",
        "qbo.invoice.deleted.v1",
    ]
    first = events[0]
    assert (first["specversion"], first["data"], first["datacontenttype"]) == ("1.0", {}, "application/json")
    assert (first["intuitentityid"], first["intuitaccountid"]) == ("1", DEFAULT_REALM)
    assert first["time"] == "2026-11-24T09:30:00.000000000Z"
    assert first["source"].startswith("intuit.")
    assert len({event["id"] for event in events}) == 6


def test_the_legacy_form_groups_by_realm() -> None:
    app, receiver = build(webhook_format="legacy"), Receiver()
    live_a_little(app)
    app.deliver_webhooks(receiver)
    headers, body = receiver.got[0]
    [notification] = json.loads(body)["eventNotifications"]
    assert notification["realmId"] == DEFAULT_REALM
    entities = notification["dataChangeEvent"]["entities"]
    assert entities[3] == {"id": "1", "operation": "Void", "name": "Invoice", "lastUpdated": "2026-11-24T09:30:00.000Z"}
    assert [entity["operation"] for entity in entities] == ["Create", "Update", "Create", "Void", "Create", "Delete"]
    assert headers["Content-Type"] == "application/json"


def types(app: QuickBooksSandbox) -> list[str]:
    """The events since the last delivery, without what is the same in all."""
    receiver = Receiver()
    app.deliver_webhooks(receiver)
    return [event["type"].removeprefix("qbo.").removesuffix(".v1") for event in receiver.events()]


def test_a_payment_tells_of_itself_and_of_the_invoice_that_it_pays() -> None:
    app = build()
    person = Bookkeeper(app)
    person.create("Customer", DisplayName="Amy")
    made = person.create("Invoice", CustomerRef={"value": "1"}, Line=[LINE])
    types(app)
    paid = person.receive("1", Decimal(10), {made["Id"]: Decimal(10)})
    assert types(app) == ["payment.created", "invoice.updated"]
    person.change("Payment", paid, PrivateNote="note")
    assert types(app) == ["payment.updated"]
    person.unapply(paid["Id"])
    assert types(app) == ["payment.updated", "invoice.updated"]
    person.void_payment(paid["Id"])
    assert types(app) == ["payment.void"]
    person.delete_payment(paid["Id"])
    assert types(app) == ["payment.deleted"]


def test_credits_receipts_refunds_and_bookings_tell_of_themselves() -> None:
    app = build()
    person = Bookkeeper(app)
    person.create("Customer", DisplayName="Amy")
    types(app)
    memo = person.credit("1", Decimal(10))
    person.void("CreditMemo", memo)
    person.void("SalesReceipt", person.sell_for_cash("1", Decimal(10), "35"))
    person.delete("RefundReceipt", person.refund("1", Decimal(10), "35"))
    person.void("Purchase", person.spend("35", "13", Decimal(1)))
    person.void("Transfer", person.transfer("35", "36", Decimal(1)))
    person.deposit("35", [person.receive("1", Decimal(1))["Id"]])
    told = types(app)
    assert told[:4] == ["creditmemo.created", "creditmemo.void", "salesreceipt.created", "salesreceipt.void"]
    assert told[4:8] == ["refundreceipt.created", "refundreceipt.deleted", "purchase.created", "purchase.void"]
    assert told[8:] == ["transfer.created", "transfer.void", "payment.created", "deposit.created", "payment.updated"]


@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_a_void_may_show_as_an_update(form: str) -> None:
    app, receiver = build(webhook_void_verb="updated", webhook_format=form), Receiver()
    live_a_little(app)
    app.deliver_webhooks(receiver)
    body = json.loads(receiver.got[0][1])
    if form == "cloudevents":
        assert body[3]["type"] == "qbo.invoice.updated.v1"
    else:
        assert body["eventNotifications"][0]["dataChangeEvent"]["entities"][3]["operation"] == "Update"


@pytest.mark.parametrize(("told", "data"), [(False, {}), (True, {"deletedid": "2"})])
def test_a_merge_names_the_customer_that_stays_and_by_setting_the_one_that_is_gone(
    told: bool, data: dict[str, str]
) -> None:
    for form in ("cloudevents", "legacy"):
        app, receiver = build(webhook_tells_merged=told, webhook_format=form), Receiver()
        person = Bookkeeper(app)
        for name in ("Amy", "Amy again"):
            person.create("Customer", DisplayName=name)
        person.merge_customers("1", "2")
        app.deliver_webhooks(receiver)
        body = json.loads(receiver.got[0][1])
        if form == "cloudevents":
            last = body[-1]
            assert (last["type"], last["intuitentityid"], last["data"]) == ("qbo.customer.merged.v1", "1", data)
        else:
            last = body["eventNotifications"][0]["dataChangeEvent"]["entities"][-1]
            assert (last["operation"], last["id"], last["deletedId"]) == ("Merge", "1", "2")


@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_a_delivery_is_signed_over_its_raw_body(form: str) -> None:
    app, receiver = build(webhook_format=form), Receiver()
    live_a_little(app)
    app.deliver_webhooks(receiver)
    headers, body = receiver.got[0]
    expected = base64.b64encode(hmac.new(VERIFIER_TOKEN.encode(), body, hashlib.sha256).digest()).decode()
    assert headers["intuit-signature"] == expected
    assert {"intuit-created-time", "intuit-t-id", "intuit-notification-schema-version"} <= set(headers)


def test_the_content_type_is_switchable() -> None:
    for settings, expected in (
        ({}, "application/cloudevents+json"),
        ({"webhook_content_type": "application/json"}, "application/json"),
    ):
        app, receiver = build(**settings), Receiver()
        live_a_little(app)
        app.deliver_webhooks(receiver)
        assert receiver.got[0][0]["Content-Type"] == expected


def test_events_of_several_realms_share_a_delivery_or_not() -> None:
    for together, deliveries in ((True, 1), (False, 2)):
        app, receiver = build(extra_realms=[OTHER_REALM], webhook_realms_together=together), Receiver()
        token = f"{app.config.access_token}-{OTHER_REALM}"
        Visitor(app).create("Customer", DisplayName="Amy")
        Visitor(app, realm=OTHER_REALM, access_token=token).create("Customer", DisplayName="Amy")
        assert app.deliver_webhooks(receiver) == deliveries
        assert {event["intuitaccountid"] for event in receiver.events()} == {DEFAULT_REALM, OTHER_REALM}


def test_many_events_are_split() -> None:
    app, receiver = build(webhook_batch=4), Receiver()
    live_a_little(app)
    assert app.deliver_webhooks(receiver) == 2
    assert [len(json.loads(body)) for _, body in receiver.got] == [4, 2]


def test_a_refused_delivery_is_tried_again_by_intuits_schedule() -> None:
    app, receiver = build(), Receiver(500)
    Visitor(app).create("Customer", DisplayName="Amy")
    for wait in (0, 10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600):
        app.clock.advance(max(0, wait - 1))
        assert app.deliver_webhooks(receiver) == (1 if wait == 0 else 0)
        if wait:
            app.clock.advance(1)
            assert app.deliver_webhooks(receiver) == 1
    receiver.status = 200
    app.clock.advance(21600)
    app.deliver_webhooks(receiver)
    assert app.outbox.pending == 0
    assert len({event["id"] for event in receiver.events()}) == 1


def test_refusals_replays_and_what_has_no_event_stay_silent() -> None:
    app = build()
    visitor = Visitor(app)
    visitor.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1")
    visitor.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r1")
    visitor.call("POST", "customer", {"DisplayName": "Amy"}, requestid="r2")
    visitor.read("Customer", "1")
    assert app.outbox.pending == 1
    preferences = visitor.read("Preferences", "1")
    visitor.change("Preferences", preferences, TaxPrefs={"UsingSalesTax": False})
    assert app.outbox.pending == 2


@pytest.mark.parametrize(
    ("kind", "now", "later"), [("webhook_drop", 0, 0), ("webhook_duplicate", 2, 0), ("webhook_reorder", 0, 1)]
)
def test_ordered_webhook_faults_strike(kind: str, now: int, later: int) -> None:
    app, receiver = build(), Receiver()
    app.faults.add({"kind": kind, "times": 1})
    Visitor(app).create("Customer", DisplayName="Amy")
    assert app.deliver_webhooks(receiver) == now
    app.clock.advance(60)
    assert app.deliver_webhooks(receiver) == later
