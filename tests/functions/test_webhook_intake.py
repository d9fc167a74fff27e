"""Every webhook event of tests/events through the function itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.functions.cloud import EVENTS, Cloud, event
from tests.support.lambda_runtime import Function
from tests.support.signing import signed, signed_by_hubspot, signed_by_intuit
from tieout.domain.hint import Cause, HintObject
from tieout.services.intake import MAX_BODY_BYTES

Event = dict[str, Any]


def as_it_is(given: Event) -> Event:
    return given


def by_another_app(given: Event) -> Event:
    return signed_by_hubspot(given, secret="another app's")


def by_another_verifier(given: Event) -> Event:
    return signed_by_intuit(given, verifier="another app's")


def five_minutes_ago(given: Event) -> Event:
    return signed_by_hubspot(given, seconds=-301)


def in_five_minutes(given: Event) -> Event:
    return signed_by_hubspot(given, seconds=330)


def a_little_ago(given: Event) -> Event:
    return signed_by_hubspot(given, seconds=-240)


def for_another_body(given: Event) -> Event:
    headers = signed_by_hubspot({**given, "body": "[]"})["headers"]
    return {**given, "headers": headers}


def for_another_address(given: Event) -> Event:
    return signed_by_hubspot(given, public_url="https://abc123.execute-api.eu-west-1.amazonaws.com")


def grown(given: Event) -> Event:
    return signed({**given, "body": "[" + " " * MAX_BODY_BYTES + "]"})


QUICKBOOKS_MONEY = {
    ("quickbooks.payment", "201"),
    ("quickbooks.refund_receipt", "202"),
    ("quickbooks.credit_memo", "203"),
    ("quickbooks.sales_receipt", "204"),
    ("quickbooks.purchase", "205"),
}
# File, how it is signed, status, and what is queued: (object, id).
CASES: list[tuple[str, Callable[[Event], Event], int, set[tuple[str, str]]]] = [
    ("hubspot_invoice_changed", signed, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_invoice_changed", a_little_ago, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_several_events", signed, 200, {("hubspot.invoice", "1001"), ("hubspot.invoice", "1002")}),
    ("hubspot_association_changed", signed, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_payment_changed", signed, 200, {("hubspot.payment", "2001"), ("hubspot.invoice", "1001")}),
    ("hubspot_base64_body", signed, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_unicode_body", signed, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_foreign_portal", signed, 200, set()),
    ("hubspot_no_events", signed, 200, set()),
    ("hubspot_wrong_signature", by_another_app, 401, set()),
    ("hubspot_missing_signature", as_it_is, 401, set()),
    ("hubspot_stale_timestamp", five_minutes_ago, 401, set()),
    ("hubspot_future_timestamp", in_five_minutes, 401, set()),
    ("hubspot_tampered_body", for_another_body, 401, set()),
    ("hubspot_invoice_changed", for_another_address, 401, set()),
    ("hubspot_signature_version_1", as_it_is, 401, set()),
    ("hubspot_signature_version_2", as_it_is, 401, set()),
    ("hubspot_no_body", as_it_is, 401, set()),
    ("hubspot_no_body", signed, 400, set()),
    ("hubspot_not_json", signed, 400, set()),
    ("hubspot_not_a_list", signed, 400, set()),
    ("hubspot_nested_too_deeply", signed, 400, set()),
    ("hubspot_bad_object_id", signed, 400, set()),
    ("hubspot_bad_portal_id", signed, 400, set()),
    ("hubspot_time_out_of_range", signed, 200, {("hubspot.invoice", "1001")}),
    ("hubspot_body_too_large", grown, 413, set()),
    ("quickbooks_invoice_updated", signed, 200, {("quickbooks.invoice", "145")}),
    ("quickbooks_older_form", signed, 200, {("quickbooks.invoice", "145")}),
    ("quickbooks_several_realms", signed, 200, {("quickbooks.invoice", "145"), ("quickbooks.invoice", "147")}),
    ("quickbooks_payments_changed", signed, 200, QUICKBOOKS_MONEY),
    ("quickbooks_payments_older_form", signed, 200, QUICKBOOKS_MONEY),
    ("quickbooks_wrong_signature", by_another_verifier, 401, set()),
    ("quickbooks_missing_signature", as_it_is, 401, set()),
    ("quickbooks_signature_not_base64", as_it_is, 401, set()),
    ("quickbooks_invoice_updated", signed_by_hubspot, 401, set()),
    ("hubspot_invoice_changed", signed_by_intuit, 401, set()),
    ("quickbooks_not_json", signed, 400, set()),
    ("quickbooks_unknown_shape", signed, 400, set()),
    ("quickbooks_bad_realm", signed, 400, set()),
    ("quickbooks_bad_id", signed, 400, set()),
    ("quickbooks_bad_time", signed, 200, {("quickbooks.invoice", "145")}),
    ("unknown_route", signed_by_hubspot, 404, set()),
]


@pytest.mark.parametrize(
    ("name", "how", "status", "hints"), CASES, ids=[f"{name}-{how.__name__}" for name, how, _, _ in CASES]
)
def test_a_delivery_is_answered_as_it_deserves(
    intake: Function, cloud: Cloud, name: str, how: Callable[[Event], Event], status: int, hints: set[tuple[str, str]]
) -> None:
    given = how(event(name))
    answer = intake.invoke(given)
    assert answer.error is None
    assert answer.payload["statusCode"] == status
    queued = cloud.hints()
    assert {(hint.object.value, hint.id) for hint in queued} == hints
    assert len(queued) == len(hints)
    assert {(hint.connection, hint.cause, hint.trace_id) for hint in queued} <= {
        ("acme", Cause.WEBHOOK, given["requestContext"]["requestId"])
    }
    if status != 404:
        assert json.loads(answer.payload["body"]) == {"status": status}
    log = intake.logged()
    assert "Traceback" not in log
    assert "propertyValue" not in log


@pytest.mark.parametrize(
    ("name", "queue", "ids"),
    [
        ("hubspot_payment_changed", "TIEOUT_PAYMENT_PUSH_QUEUE", {"2001"}),
        ("hubspot_payment_changed", "TIEOUT_INVOICE_PUSH_QUEUE", {"1001"}),
        ("quickbooks_payments_changed", "TIEOUT_PAYMENT_PULL_QUEUE", {"201", "202", "203", "204", "205"}),
    ],
)
def test_a_hint_goes_to_the_worker_whose_records_it_is_about(
    intake: Function, cloud: Cloud, name: str, queue: str, ids: set[str]
) -> None:
    intake.invoke(signed(event(name)))
    assert {json.loads(body)["id"] for body in cloud.queued(queue)} == ids
    cloud.hints()


def test_every_webhook_event_has_its_expected_answer() -> None:
    files = {file.stem for file in EVENTS.glob("*.json")}
    assert {name for name, *_ in CASES} == {name for name in files if name.startswith(("hubspot", "quick", "unknown"))}


def test_the_newest_time_of_a_records_events_is_kept(intake: Function, cloud: Cloud) -> None:
    intake.invoke(signed(event("hubspot_several_events")))
    [hint] = [one for one in cloud.hints() if one.id == "1001"]
    assert hint.occurred_at.timestamp() == 1772463605
    assert hint.object is HintObject.HUBSPOT_INVOICE


def test_a_forged_delivery_costs_neither_a_read_of_the_table_nor_a_message(intake: Function, cloud: Cloud) -> None:
    before = len(cloud.operations)
    for _ in range(5):
        intake.invoke(by_another_app(event("hubspot_invoice_changed")))
    assert {name.split(".")[0] for name in cloud.operations[before:]} <= {"secretsmanager"}
    assert len(cloud.operations) - before <= 1


def test_a_warm_delivery_reads_one_pointer_and_sends_one_batch(intake: Function, cloud: Cloud) -> None:
    intake.invoke(signed(event("hubspot_invoice_changed")))
    before = len(cloud.operations)
    intake.invoke(signed(event("hubspot_invoice_changed")))
    assert "AmazonSQS.SendMessageBatch" in cloud.operations[before:]
    assert len(cloud.operations) - before <= 3
    cloud.queued()
