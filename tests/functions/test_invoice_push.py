"""Every queue event of tests/events through the function itself, with both vendors at the other end."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.functions.cloud import EVENTS, Cloud, event
from tests.support.lambda_runtime import Function
from tieout.domain.record import Kind, RecordKey, State


def batch(name: str, **ids: str) -> dict[str, Any]:
    """The event of a file, with the HubSpot ids of invoices 1001 and 1002."""
    text = json.dumps(event(name))
    for written, id_ in ids.items():
        text = text.replace(f'\\"{written[1:]}\\"', f'\\"{id_}\\"')
    found: dict[str, Any] = json.loads(text)
    return found


def state(cloud: Cloud, id_: str) -> State:
    record = cloud.records.get(RecordKey("acme", Kind.INVOICE, "hubspot", id_))
    assert record is not None
    return record.state


def failures(push: Function, given: dict[str, Any]) -> list[int]:
    """The positions of the messages that failed."""
    answer = push.invoke(given)
    assert answer.error is None
    ids = [record["messageId"] for record in given["Records"]]
    return [ids.index(one["itemIdentifier"]) for one in answer.payload["batchItemFailures"]]


def test_a_hint_brings_its_invoice_to_quickbooks_and_shows_it_in_hubspot(push: Function, cloud: Cloud) -> None:
    id_ = cloud.invoice("Zebra Quagga")
    assert failures(push, batch("sqs_one_hint", _1001=id_)) == []
    assert state(cloud, id_) is State.SYNCED
    [row] = cloud.booked()
    assert str(row["TotalAmt"]) == "360.00"
    path = f"/crm/objects/2026-09/invoices/{id_}"
    shown = cloud.person.get(path, params={"properties": "tieout_status,tieout_quickbooks_link"}).json()["properties"]
    assert shown["tieout_status"] == "in_sync"
    assert shown["tieout_quickbooks_link"].startswith("https://app.qbo.example.test/")
    log = push.logged()
    assert '"result":"handled"' in log
    assert "handled_synced" in log
    assert "Zebra" not in log
    assert "example.test" not in log


def test_the_same_message_again_costs_the_vendors_nothing(push: Function, cloud: Cloud) -> None:
    id_ = cloud.invoice()
    given = batch("sqs_one_hint", _1001=id_)
    failures(push, given)
    calls = len(cloud.hubspot.traffic.exchanges), len(cloud.quickbooks.traffic.exchanges)
    again = json.loads(json.dumps(given).replace("2026-03-02T15:00:00", "2026-03-02T14:00:00"))
    assert failures(push, again) == []
    assert (len(cloud.hubspot.traffic.exchanges), len(cloud.quickbooks.traffic.exchanges)) == calls
    assert '"result":"covered"' in push.logged()


# File, how many invoices it brings to QuickBooks, how many messages it sets aside.
CASES = [
    ("sqs_one_hint", 1, 0),
    ("sqs_several_hints", 2, 0),
    ("sqs_same_hint_twice", 1, 0),
    ("sqs_not_a_hint", 0, 1),
    ("sqs_good_and_bad", 1, 3),
    ("sqs_empty_body", 0, 1),
    ("sqs_unknown_connection", 0, 0),
    ("sqs_unknown_quickbooks_invoice", 0, 0),
    ("sqs_unknown_invoice", 0, 0),
    ("sqs_retry", 1, 0),
]


@pytest.mark.parametrize(("name", "invoices", "buried"), CASES)
def test_a_batch_ends_as_it_should(push: Function, cloud: Cloud, name: str, invoices: int, buried: int) -> None:
    before = len(cloud.booked())
    first, second = cloud.invoice(), cloud.invoice()
    assert failures(push, batch(name, _1001=first, _1002=second)) == []
    assert len(cloud.booked()) - before == invoices
    assert len(cloud.queued("TIEOUT_DEAD_LETTER_QUEUE")) == buried
    assert "Traceback" not in push.logged()


def test_every_queue_event_is_tried() -> None:
    of_others = {"sqs_payment_hint", "sqs_quickbooks_payment_hint", "sqs_own_invoice_hint"}
    assert {file.stem for file in EVENTS.glob("sqs_*.json")} - of_others == {name for name, *_ in CASES}


def test_what_was_set_aside_is_kept_as_it_came_with_the_reason(push: Function, cloud: Cloud) -> None:
    given = event("sqs_not_a_hint")
    push.invoke(given)
    assert cloud.queued("TIEOUT_DEAD_LETTER_QUEUE") == [given["Records"][0]["body"]]


def test_an_answer_that_was_lost_on_the_wire_ends_in_one_invoice(push: Function, cloud: Cloud) -> None:
    id_, before = cloud.invoice(), len(cloud.booked())
    cloud.quickbooks.faults.add({"kind": "timeout_after", "method": "POST", "path": "/invoice$", "times": 1})
    given = batch("sqs_one_hint", _1001=id_)
    assert failures(push, given) == []
    assert state(cloud, id_) is State.VERIFYING
    time.sleep(2.1)
    assert failures(push, given) == []
    assert state(cloud, id_) is State.SYNCED
    assert len(cloud.booked()) == before + 1
    cloud.queued()


def test_a_table_that_is_not_there_fails_every_message_and_logs_no_secret(cloud: Cloud) -> None:
    values = {**cloud.values}
    cloud.values["TIEOUT_TABLE"] = "no-such-table"
    try:
        with cloud.running("InvoicePushFunction") as broken:
            assert failures(broken, event("sqs_several_hints")) == [0, 1]
            log = broken.logged()
    finally:
        cloud.values.update(values)
    assert log.replace(" ", "").count('"result":"failed"') == 2
    assert "sandbox-" not in log
