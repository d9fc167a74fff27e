"""Payments and changes as HubSpot may answer them, call by call, and what is sent, byte by byte."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted_hubspot import (
    ASSOCIATIONS,
    OBJECTS,
    ScriptedHubSpot,
    associated,
    batch,
    error,
    json_answer,
    record,
)
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import RecordingRefusal
from tieout.adapters.hubspot.recording import PaymentRecorder, create_body, update_body
from tieout.domain.attention import AttentionCode
from tieout.domain.dates import calendar_date
from tieout.domain.errors import ConnectionLost, NeedsAttention, OutcomeUnknown, Transient
from tieout.domain.money import Money
from tieout.domain.payment import PaymentStatus, Processor, Refunded, SourcePayment, UnreadablePayment
from tieout.ports.payments import Feed, RecordedPayment

PAYMENTS = f"{OBJECTS}/commerce_payments"
READ = f"{PAYMENTS}/batch/read"
TO_INVOICES = f"{ASSOCIATIONS}/commerce_payments/invoices/batch/read"
SINCE = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
SINCE_MS = 1772442000123
USUAL = {
    "hs_initial_amount": "100",
    "hs_initiated_date": "2026-03-02T09:00:00Z",
    "hs_currency_code": "USD",
    "hs_latest_status": "succeeded",
}


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


History = list[dict[str, str | None]]


def reads(history: History | None = None, **properties: str | None) -> ScriptedHubSpot:
    return reading(properties, history)


def reading(properties: Mapping[str, str | None], history: History | None = None) -> ScriptedHubSpot:
    hubspot = ScriptedHubSpot()
    one = {**record("7", **{**USUAL, **properties})}
    if history is not None:
        one["propertiesWithHistory"] = {"hs_refunds_amount": history}
    hubspot.on(READ, batch(one))
    hubspot.on(TO_INVOICES, batch(associated("7", 41, 9)))
    return hubspot


def payment(hubspot: ScriptedHubSpot) -> SourcePayment:
    found = hubspot.crm.payments(["7"])["7"]
    assert isinstance(found, SourcePayment)
    return found


def test_payments_are_asked_for_with_the_history_of_refunds() -> None:
    hubspot = reads()
    assert payment(hubspot).invoice_ids == ("9", "41")
    [asked] = hubspot.bodies[READ]
    assert asked["propertiesWithHistory"] == ["hs_refunds_amount"]
    assert asked["inputs"] == [{"id": "7"}]
    assert "hs_platform_fee_in_settlement_currency" in asked["properties"]


def test_ids_that_are_none_of_hubspots_are_never_sent() -> None:
    hubspot = ScriptedHubSpot()
    assert hubspot.crm.payments(["abc"]) == {}
    assert hubspot.crm.payments_of(["abc"]) == {"abc": ()}
    assert hubspot.calls == []


def test_a_payment_that_is_still_associated_and_deleted_already_is_none_of_the_invoices() -> None:
    hubspot = reads()
    hubspot.on(f"{ASSOCIATIONS}/invoices/commerce_payments/batch/read", batch(associated("9", 7, 8)))
    of = hubspot.crm.payments_of(["9"])
    assert [one.id for one in of["9"]] == ["7"]


def test_a_payment_that_names_no_processor_was_taken_by_hand() -> None:
    assert payment(reads()).processor is Processor.BY_HAND
    assert payment(reads(hs_payment_method="ach")).method == "ach"
    assert payment(reads(hs_payment_method="ach", hs_payment_method_type="card")).method == "card"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("hs_initial_amount", None, "hs_initial_amount: is missing"),
        ("hs_initiated_date", None, "hs_initiated_date: is missing"),
        ("hs_initiated_date", "soon", 'hs_initiated_date: "soon" is not a date'),
        ("hs_currency_code", "$", 'hs_currency_code: "$" is not a currency code'),
        ("hs_latest_status", None, "hs_latest_status: is missing"),
        ("hs_latest_status", "lost", 'hs_latest_status: "lost" is not known'),
        ("hs_processor_type", "pigeon", 'hs_processor_type: "pigeon" is not known'),
        ("hs_refunds_amount", "some", 'hs_refunds_amount: "some" is not a number'),
        ("hs_fees_amount", "some", 'hs_fees_amount: "some" is not a number'),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, text: str | None, reason: str) -> None:
    assert reading({name: text}).crm.payments(["7"]) == {"7": UnreadablePayment("7", reason)}


def version(value: str | None, second: int) -> dict[str, str | None]:
    return {"value": value, "timestamp": f"2026-03-02T09:00:{second:02d}.000Z"}


def test_the_history_tells_each_change_once_and_begins_with_the_first_refund() -> None:
    history = [version("", 50), version("50", 40), version("50.00", 30), version("20", 20), version("0", 10)]
    found = payment(reads(history=history, hs_refunds_amount=None)).refund_history
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert found == tuple(
        Refunded(usd(total), start + timedelta(seconds=second)) for total, second in (("20", 20), ("50", 30), ("0", 50))
    )


def test_no_history_is_none() -> None:
    assert payment(reads(hs_refunds_amount="5")).refund_history == ()
    assert payment(reads(history=[], hs_refunds_amount="5")).refunded == usd("5")
    assert payment(reads(history=[{"value": "5", "timestamp": None}])).refund_history == ()


@pytest.mark.parametrize(
    ("settlement", "told", "fee"),
    [
        (None, {"hs_fees_amount": "3.2"}, usd("3.20")),
        ("USD", {"hs_fees_amount": "3.2"}, usd("3.20")),
        (
            "EUR",
            {"hs_fees_amount": "3.2", "hs_fees_amount_in_settlement_currency": "2.96"},
            Money(Decimal("2.96"), "EUR"),
        ),
        ("EUR", {"hs_fees_amount": "3.2"}, None),
        ("EUR", {"hs_fees_amount_in_settlement_currency": "0"}, None),
        (None, {}, None),
    ],
)
def test_fees_are_in_the_settlement_currency_or_unknown(
    settlement: str | None, told: dict[str, str], fee: Money | None
) -> None:
    assert payment(reading({"hs_settlement_currency_code": settlement, **told})).processing_fee == fee


RECORDED = RecordedPayment("44", usd("99.9"), date(2026, 11, 10), "tieout:c1/payment/8/1", "check", "1042")


def test_the_body_of_a_recorded_payment() -> None:
    said = {
        "hs_initial_amount": "99.90",
        "hs_initiated_date": "2026-11-10T17:00:00Z",
        "hs_currency_code": "USD",
        "hs_payment_method_type": "check",
        "hs_processor_type": "quickbooks",
        "hs_reference_number": "1042",
        "hs_latest_status": "succeeded",
        "hs_internal_comment": "tieout:c1/payment/8/1",
    }
    body = json.loads(create_body(RECORDED, "America/New_York"))
    assert body["properties"] == said
    assert body["associations"] == [
        {"to": {"id": "44"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 542}]}
    ]
    assert json.loads(update_body(RECORDED, "America/New_York")) == {"properties": {**said, "hs_refunds_amount": ""}}


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Auckland", "Pacific/Kiritimati"]),
    st.decimals("0.01", "9999999999.99", places=2),
)
def test_day_and_amount_of_a_recorded_payment_come_back(day: date, zone: str, amount: Decimal) -> None:
    sent = RecordedPayment("44", Money(amount, "USD"), day, "tieout:c1/payment/8/1")
    properties = json.loads(create_body(sent, zone))["properties"]
    back = payment(reads(**properties))
    assert (calendar_date(back.initiated_at, zone), back.amount) == (day, sent.amount)
    assert (back.comment, back.status, back.refunded) == (sent.marker, PaymentStatus.SUCCEEDED, usd("0"))


def prepared(hubspot: ScriptedHubSpot) -> Any:
    return hubspot.crm.prepare_payment(RECORDED)


def test_hubspot_need_not_repeat_what_was_sent_and_may_correct_it() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(PAYMENTS, json_answer(record("7", hs_latest_status="processing", hs_reference_number=None), 201))
    made = hubspot.crm.record_payment(prepared(hubspot))
    assert (made.id, made.amount, made.invoice_ids) == ("7", usd("99.90"), ("44",))
    assert (made.status, made.reference) == (PaymentStatus.PROCESSING, "1042")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("x"),
        json_answer(error("INTERNAL_ERROR"), 502),
        json_answer({"no": "record"}, 201),
        json_answer(record("7", hs_initial_amount="?"), 201),
    ],
)
def test_an_answer_to_a_write_that_says_nothing_leaves_it_open(answer: Any) -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(PAYMENTS, answer)
    with pytest.raises(OutcomeUnknown):
        hubspot.crm.record_payment(prepared(hubspot))


def test_a_missing_scope_refuses_recording_and_loses_no_connection() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(PAYMENTS, json_answer(error("MISSING_SCOPES", "one or more scopes are missing"), 403))
    with pytest.raises(NeedsAttention) as refused:
        hubspot.crm.record_payment(prepared(hubspot))
    assert refused.value.code is AttentionCode.RECORDING_REFUSED
    hubspot.instead(PAYMENTS, json_answer(error("EXPIRED"), 401))
    with pytest.raises(ConnectionLost):
        hubspot.crm.record_payment(prepared(hubspot))


def test_another_sign_of_the_refusal_is_a_row_more() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(
        PAYMENTS, json_answer(error("VALIDATION_ERROR", errors=[{"message": "no", "code": "NO_SUCH_TOOL"}]), 400)
    )
    with pytest.raises(NeedsAttention) as refused:
        hubspot.crm.record_payment(prepared(hubspot))
    assert refused.value.code is AttentionCode.REFUSED_BY_HUBSPOT
    recorder = PaymentRecorder(hubspot.client, lambda: "USD", (RecordingRefusal(400, "NO_SUCH_TOOL"),))
    with pytest.raises(NeedsAttention) as refused:
        recorder.create(prepared(hubspot).body)
    assert refused.value.code is AttentionCode.RECORDING_REFUSED


def test_a_wrong_address_is_no_deletion() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(f"{PAYMENTS}/7", httpx.Response(404, text="<html>"))
    with pytest.raises(NeedsAttention):
        hubspot.crm.update_payment("7", hubspot.crm.prepare_payment_update(RECORDED))
    with pytest.raises(NeedsAttention):
        hubspot.crm.delete_payment("7")


class Index:
    """HubSpot's search over records that all changed, at these milliseconds after SINCE: 10,000 are listed, no more."""

    def __init__(self, offsets: list[int], *, most: int = 10_000) -> None:
        self.rows = sorted((SINCE_MS + offset, at) for at, offset in enumerate(offsets, start=1))
        self.most = most
        self.hubspot = ScriptedHubSpot()
        self.hubspot.on(f"{PAYMENTS}/search", self._answer)

    def _answer(self, body: Any) -> httpx.Response:
        [group] = body["filterGroups"]
        [condition] = group["filters"]
        start, limit = int(body.get("after", "0")), body["limit"]
        if start + limit > self.most:
            return json_answer(error("VALIDATION_ERROR", "paging beyond 10,000"), 400)
        rows = [row for row in self.rows if row[0] >= int(condition["value"])]
        shown = [record(str(id_), hs_lastmodifieddate=str(at)) for at, id_ in rows[start : start + limit]]
        more = start + limit < len(rows)
        paging = {"paging": {"next": {"after": str(start + limit)}}} if more else {}
        return json_answer({"total": len(rows), "results": shown, **paging})

    def listed(self) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = self.hubspot.crm.changed(Feed.PAYMENTS, SINCE, after)
            found += [one.id for one in page.changes]
            if page.next is None:
                return found
            after = page.next


def test_a_search_asks_for_what_changed_at_or_after_a_time_oldest_first() -> None:
    index = Index([5])
    assert index.listed() == ["1"]
    [body] = index.hubspot.bodies[f"{PAYMENTS}/search"]
    assert body == {
        "filterGroups": [
            {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(SINCE_MS)}]}
        ],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["hs_lastmodifieddate"],
        "limit": 200,
    }


def test_more_than_ten_thousand_changes_are_all_listed() -> None:
    listed = Index([number // 3 for number in range(10_500)]).listed()
    assert set(listed) == {str(number) for number in range(1, 10_501)}
    assert len(listed) < 10_700


def test_more_changes_at_one_instant_than_a_search_gives_are_a_failed_read() -> None:
    with pytest.raises(Transient) as failed:
        Index([0] * 10_500).listed()
    assert "one instant" in failed.value.context["failure"]


def test_a_record_without_a_time_is_a_failed_read_and_hubspots_own_time_of_it_serves_too() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(f"{PAYMENTS}/search", json_answer({"total": 1, "results": [record("7")]}))
    with pytest.raises(Transient):
        hubspot.crm.changed(Feed.PAYMENTS, SINCE)
    stamped = {**record("7"), "updatedAt": "2026-03-02T09:00:00.123Z"}
    hubspot.instead(f"{PAYMENTS}/search", json_answer({"total": 1, "results": [stamped]}))
    [one] = hubspot.crm.changed(Feed.PAYMENTS, SINCE).changes
    assert one.modified_at == datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)


def test_the_recycle_bin_is_listed_page_by_page() -> None:
    hubspot = ScriptedHubSpot()
    gone = {**record("7"), "archived": True, "archivedAt": "2026-03-02T10:00:00Z", "updatedAt": "2026-03-01T10:00:00Z"}
    more = {"paging": {"next": {"after": "abc"}}}
    hubspot.on(f"{OBJECTS}/invoices", json_answer({"results": [gone], **more}), json_answer({"results": []}))
    page = hubspot.crm.archived(Feed.INVOICES)
    assert [(one.id, one.modified_at) for one in page.changes] == [("7", datetime(2026, 3, 2, 10, tzinfo=UTC))]
    assert page.next == "abc"
    assert hubspot.crm.archived(Feed.INVOICES, page.next).next is None
    asked = [dict(request.url.params) for request in hubspot.requests]
    assert asked == [{"limit": "100", "archived": "true"}, {"limit": "100", "archived": "true", "after": "abc"}]


def test_a_deletion_that_is_answered_with_nothing_is_done() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(f"{PAYMENTS}/7", httpx.Response(204))
    hubspot.crm.delete_payment("7")
    assert hubspot.calls == [("DELETE", f"{PAYMENTS}/7")]
    assert isinstance(hubspot.client, HubSpotClient)
