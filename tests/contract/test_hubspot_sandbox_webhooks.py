"""Webhooks of the HubSpot sandbox: what is told, signatures, batches, retries and faults."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hubspot.utils.signature import Signature
from werkzeug import Request, Response

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.events import signature_v3
from infra.sandbox.kernel import SandboxClock, running
from tests.contract.hubspot_client_support import PERSON, START, Account, to

URL = "https://sync.example.test/webhooks/hubspot"
OFFICIAL_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


class Receiver:
    """Takes deliveries in process and answers with the statuses given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[tuple[Mapping[str, str], list[dict[str, Any]]]] = []

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert (method, url) == ("POST", URL)
        timestamp = headers["X-HubSpot-Request-Timestamp"]
        official = Signature.get_signature("sandbox-client-secret", body.decode(), "v3", url, method, timestamp)
        assert headers["X-HubSpot-Signature-v3"] == official
        self.requests.append((headers, json.loads(body)))
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, events in self.requests for event in events]

    @property
    def told(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (one["subscriptionType"].removeprefix("object."), one.get("propertyName"), one.get("propertyValue"))
            for one in self.events
        ]


@pytest.fixture
def account() -> Account:
    account = Account()
    account.sandbox.outbox.target_url = URL
    return account


def deliver(account: Account, *statuses: int) -> Receiver:
    receiver = Receiver(*statuses)
    account.sandbox.deliver_webhooks(receiver)
    return receiver


def test_the_signer_reproduces_hubspots_vector() -> None:
    signed = signature_v3(
        OFFICIAL_SECRET,
        "POST",
        "https://www.example.com/webhook_uri",
        "{'example_field':'example_value'}",
        "1693657560000",
    )
    assert signed == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def test_the_signer_reproduces_the_vector_of_a_property_change() -> None:
    body = (
        '[{"eventId":100,"subscriptionId":12345,"portalId":62515,"appId":54321,"occurredAt":1790000000000,'
        '"subscriptionType":"object.propertyChange","attemptNumber":0,"objectId":44446244097,"objectTypeId":"0-53",'
        '"propertyName":"hs_invoice_status","propertyValue":"open","changeSource":"CRM_UI","sourceId":"userId:1"}]'
    )
    assert signature_v3("test-secret", "POST", URL, body, "1790000001000") == (
        "uMnXxpYe9pZolUYmJGnNAWAyxD2fOMiLbssH8Gf8BfA="
    )


def test_the_listed_escapes_of_the_uri_are_decoded_before_signing() -> None:
    plain = signature_v3("s", "POST", "https://a.test/x/y?when=1:2,(3)&z=%20", "", "1")
    assert signature_v3("s", "POST", "https://a.test/x%2Fy?when=1%3A2%2c%283%29&z=%20", "", "1") == plain
    assert signature_v3("s", "POST", "https://a.test/x/y?when=1:2,(3)&z= ", "", "1") != plain


def test_creation_and_finalising_are_told(account: Account) -> None:
    account.finalised()
    receiver = deliver(account)
    assert [kind for kind, _, _ in receiver.told].count("creation") == 1
    assert ("propertyChange", "hs_amount_billed", "100.00") in receiver.told
    assert ("propertyChange", "hs_invoice_status", "open") in receiver.told
    assert ("propertyChange", "hs_number", "INV-1001") in receiver.told
    assert {name for _, name, _ in receiver.told} <= {
        None,
        "hs_invoice_status",
        "hs_amount_billed",
        "hs_due_date",
        "hs_invoice_date",
        "hs_number",
    }


def test_an_event_says_who_changed_what_and_when(account: Account) -> None:
    invoice = account.finalised()
    deliver(account)
    account.sandbox.clock.advance(1.5)
    account.update("invoices", invoice, PERSON, hs_comments="Thanks")
    account.sandbox.clock.advance(1)
    ((headers, events),) = deliver(account).requests
    occurred = int(START.timestamp() * 1000) + 1500
    assert headers["X-HubSpot-Request-Timestamp"] == str(occurred + 1000)
    assert isinstance(events[0].pop("eventId"), int)
    assert isinstance(events[0].pop("subscriptionId"), int)
    assert events == [
        {
            "portalId": 62515001,
            "appId": 54321,
            "occurredAt": occurred,
            "subscriptionType": "object.propertyChange",
            "attemptNumber": 0,
            "objectId": int(invoice),
            "objectTypeId": "0-53",
            "changeSource": "CRM_UI",
            "sourceId": "userId:1",
            "propertyName": "hs_comments",
            "propertyValue": "Thanks",
            "isSensitive": False,
        }
    ]


def test_writes_by_the_app_are_told_as_its_own(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    deliver(account)
    account.update("invoices", invoice, hs_comments="x")
    account.update("invoices", invoice, hs_comments="x")
    assert [one["changeSource"] for one in deliver(account).events] == ["INTEGRATION"]


def test_calculated_amounts_can_stay_silent() -> None:
    account = Account(calculated_events=False)
    account.sandbox.outbox.target_url = URL
    account.finalised()
    changed = [one for one in deliver(account).told if one[1] == "hs_amount_billed"]
    assert changed == [("propertyChange", "hs_amount_billed", "0.00")]


def test_deletion_and_associations_are_told_when_subscribed() -> None:
    kinds = ("object.deletion", "object.associationChange")
    account = Account(subscriptions=[{"subscriptionType": kind, "objectType": "invoice"} for kind in kinds])
    account.sandbox.outbox.target_url = URL
    contact = account.create("contacts", firstname="Ann")
    invoice = account.create("invoices", [to(contact, 177)], hs_currency="USD")
    (linked,) = deliver(account).events
    assert (linked["fromObjectId"], linked["toObjectId"]) == (int(invoice), int(contact))
    assert (linked["associationTypeId"], linked["associationRemoved"]) == (177, False)
    account.http.delete(f"/crm/objects/2026-09/invoices/{invoice}")
    assert [kind for kind, _, _ in deliver(account).told] == ["associationChange", "deletion"]


def test_a_payment_and_its_refund_are_told_and_that_its_invoice_is_paid(account: Account) -> None:
    invoice = account.finalised()
    deliver(account)
    payment = account.sandbox.people.pay(invoice, fee="3.20")
    paid = deliver(account)
    assert ("creation", None, None) in paid.told
    assert ("propertyChange", "hs_latest_status", "succeeded") in paid.told
    assert ("propertyChange", "hs_fees_amount", "3.20") in paid.told
    assert ("propertyChange", "hs_invoice_status", "paid") in paid.told
    ends = {"0-101": int(payment), "0-53": int(invoice)}
    assert all(ends[one["objectTypeId"]] == one["objectId"] for one in paid.events)
    account.sandbox.people.refund(payment, "30")
    assert deliver(account).told == [
        ("propertyChange", "hs_refunds_amount", "30.00"),
        ("propertyChange", "hs_latest_status", "partially_refunded"),
    ]


def test_a_deleted_payment_that_comes_back_is_told_twice(account: Account) -> None:
    payment = account.sandbox.people.record(account.finalised())
    deliver(account)
    account.sandbox.people.archive("commerce_payments", payment)
    told = deliver(account).told
    assert ("deletion", None, None) in told
    assert ("propertyChange", "hs_invoice_status", "open") in told
    account.sandbox.people.restore("commerce_payments", payment)
    told = deliver(account).told
    assert ("restore", None, None) in told
    assert ("propertyChange", "hs_invoice_status", "paid") in told


def test_changes_of_a_payment_come_twice_and_out_of_order_when_faults_say_so(account: Account) -> None:
    payment = account.sandbox.people.pay_link("10", "ann@example.com", status="processing")
    deliver(account)
    for rule in ("webhook_reorder", "webhook_duplicate"):
        account.sandbox.faults.add({"kind": rule, "times": 1})
    account.sandbox.people.succeed(payment, fee="0.29")
    first = deliver(account).told
    account.sandbox.clock.advance(5)
    assert first == [("propertyChange", "hs_fees_amount", "0.29")] * 2
    assert deliver(account).told == [("propertyChange", "hs_latest_status", "succeeded")]


def test_a_refused_write_is_not_told(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    deliver(account)
    assert account.update("invoices", invoice, hs_comments="x", hs_invoice_status="open").status_code == 400
    account.update("invoices", invoice, hs_comments="y")
    assert deliver(account).told == [("propertyChange", "hs_comments", "y")]


def test_a_batch_has_at_most_a_hundred_events(account: Account) -> None:
    for _ in range(30):
        account.create("invoices", hs_currency="USD")
    sizes = [len(events) for _, events in deliver(account).requests]
    assert sizes[0] == 100
    assert sum(sizes) == 30 * 5


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_refused_delivery_is_tried_ten_times_more_within_a_day(account: Account, status: int) -> None:
    account.create("invoices", hs_currency="USD")
    receiver = Receiver(*[status] * 20)
    begun = account.sandbox.clock.now()
    while account.sandbox.outbox.pending:
        due = account.sandbox.outbox.next_due()
        assert due is not None
        account.sandbox.clock.advance(max((due - account.sandbox.clock.now()).total_seconds(), 0))
        account.sandbox.deliver_webhooks(receiver)
    numbers = [events[0]["attemptNumber"] for _, events in receiver.requests]
    assert numbers == list(range(11))
    hours = (account.sandbox.clock.now() - begun).total_seconds() / 3600
    assert 10 < hours < 24
    assert account.sandbox.outbox.attempts[-1].outcome == "abandoned"


def test_a_retry_repeats_the_events_with_a_new_signature(account: Account) -> None:
    account.create("invoices", hs_currency="USD")
    receiver = Receiver(500)
    account.sandbox.deliver_webhooks(receiver)
    account.sandbox.clock.advance(60)
    account.sandbox.deliver_webhooks(receiver)
    (first, events), (second, again) = receiver.requests
    assert [one | {"attemptNumber": 1} for one in events] == again
    assert first["X-HubSpot-Signature-v3"] != second["X-HubSpot-Signature-v3"]


def test_faults_drop_duplicate_and_reorder_events(account: Account) -> None:
    for rule in ("webhook_reorder", "webhook_drop", "webhook_duplicate"):
        account.sandbox.faults.add({"kind": rule, "times": 1, "path": "^/webhooks/hubspot$"})
    account.create("invoices", hs_currency="USD")
    receiver = Receiver()
    account.sandbox.deliver_webhooks(receiver)
    account.sandbox.clock.advance(5)
    account.sandbox.deliver_webhooks(receiver)
    ids = [one["eventId"] for one in receiver.events]
    # Five events: the creation is overtaken by the rest, one is lost, one comes twice.
    assert (len(ids), len(set(ids))) == (5, 4)
    assert receiver.told[-1][0] == "creation"


def test_a_served_sandbox_delivers_signed_webhooks() -> None:
    received: list[tuple[Mapping[str, str], str]] = []

    class Sink(HubSpotSandbox):
        def handle(self, request: Request) -> Response:
            received.append((dict(request.headers), request.get_data(as_text=True)))
            return Response(status=204)

    account = Account()
    with running(Sink()) as sink, running(account.sandbox) as url:
        target = f"{sink}/webhooks/hubspot"
        httpx.post(f"{url}/_sandbox/webhooks", json={"target_url": target}, trust_env=False).raise_for_status()
        account.create("invoices", hs_currency="USD")
        for _ in range(200):
            if received:
                break
            SandboxClock().pause(0.02)
    headers, body = received[0]
    lowered = {name.lower(): value for name, value in headers.items()}
    stamp = lowered["x-hubspot-request-timestamp"]
    assert lowered["x-hubspot-signature-v3"] == signature_v3("sandbox-client-secret", "POST", target, body, stamp)
    assert json.loads(body)[0]["changeFlag"] == "NEW"
