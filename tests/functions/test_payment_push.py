"""A payment's message through the function itself, with both vendors at the other end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.cloud import Cloud, event
from tests.support.lambda_runtime import Function
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


@pytest.fixture(scope="module")
def payments(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("PaymentPushFunction") as started:
        yield started


def message(object_: str, id_: str) -> dict[str, Any]:
    """The event of the file, about another record."""
    given: dict[str, Any] = event("sqs_payment_hint")
    [record] = given["Records"]
    record["body"] = record["body"].replace("hubspot.payment", object_).replace('"2001"', f'"{id_}"')
    return given


def worked_off(function: Function, given: dict[str, Any]) -> None:
    answer = function.invoke(given)
    assert answer.error is None
    assert answer.payload == {"batchItemFailures": []}


def record_of(cloud: Cloud, id_: str) -> SyncRecord:
    found = cloud.records.get(RecordKey("acme", Kind.PAYMENT, "hubspot", id_))
    assert found is not None
    return found


def test_an_early_payment_waits_and_then_pays_its_invoice_in_quickbooks(
    push: Function, payments: Function, cloud: Cloud
) -> None:
    invoice = cloud.invoice("Zebra Quagga")
    payment = cloud.hubspot.people.record(invoice, reference="1042")
    given = message("hubspot.payment", payment)
    worked_off(payments, given)
    assert (record_of(cloud, payment).state, record_of(cloud, payment).reason) == (State.WAITING, "invoice_not_synced")
    worked_off(push, message("hubspot.invoice", invoice))
    worked_off(payments, json.loads(json.dumps(given).replace('\\"webhook\\"', '\\"retry\\"')))
    record = record_of(cloud, payment)
    assert record.state is State.SYNCED
    [row] = cloud.quickbooks.company.rows["Payment"].values()
    assert [one.far_id for one in record.postings] == [row["Id"]]
    assert (str(row["TotalAmt"]), row["PaymentRefNum"]) == ("360.00", "1042")
    assert cloud.booked()[0]["Balance"] == 0
    log = payments.logged()
    assert "handled_synced" in log
    assert "Zebra" not in log
    assert "360.00" not in log


def test_a_document_that_a_payment_made_is_looked_at_through_the_payment(payments: Function, cloud: Cloud) -> None:
    [row] = cloud.quickbooks.company.rows["Payment"].values()
    calls = len(cloud.quickbooks.traffic.exchanges)
    worked_off(payments, message("quickbooks.posted_document", f"payment:{row['Id']}"))
    assert '"result":"covered"' in payments.logged()
    assert len(cloud.quickbooks.traffic.exchanges) == calls
    worked_off(payments, message("quickbooks.posted_document", "payment:999"))
    assert '"result":"not_ours"' in payments.logged()
