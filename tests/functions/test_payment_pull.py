"""A QuickBooks payment's message through the function itself, with both vendors at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.functions.cloud import OBJECTS, Cloud, event
from tests.support.lambda_runtime import Function
from tieout.domain.hint import HintObject
from tieout.domain.record import Kind, RecordKey, State


@pytest.fixture(scope="module")
def pulls(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("PaymentPullFunction") as started:
        yield started


def worked_off(function: Function, name: str, written: str, id_: str) -> None:
    """The event of a file, about another record."""
    given: dict[str, Any] = event(name)
    [record] = given["Records"]
    record["body"] = record["body"].replace(f'"{written}"', f'"{id_}"')
    answer = function.invoke(given)
    assert answer.error is None
    assert answer.payload == {"batchItemFailures": []}


def test_a_payment_received_in_quickbooks_is_recorded_on_its_invoice_in_hubspot(
    push: Function, pulls: Function, cloud: Cloud
) -> None:
    invoice = cloud.invoice("Zebra Quagga")
    worked_off(push, "sqs_one_hint", "1001", invoice)
    [row] = cloud.booked()
    line = {"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}
    bookkeeper = Visitor(cloud.quickbooks)
    made = bookkeeper.create("Payment", CustomerRef=row["CustomerRef"], TotalAmt=Decimal("100.00"), Line=[line])
    worked_off(pulls, "sqs_quickbooks_payment_hint", "201", made["Id"])
    record = cloud.records.get(RecordKey("acme", Kind.PAYMENT, "quickbooks", made["Id"]))
    assert record is not None
    assert record.state is State.SYNCED
    [posting] = record.postings
    path = f"{OBJECTS}/commerce_payments/{posting.far_id}"
    shown = cloud.person.get(path, params={"properties": "hs_initial_amount,hs_processor_type"}).json()["properties"]
    assert (Decimal(shown["hs_initial_amount"]), shown["hs_processor_type"]) == (Decimal(100), "quickbooks")
    log = pulls.logged()
    assert "handled_synced" in log
    assert "Zebra" not in log
    assert "100.00" not in log
    cloud.hints()


def test_a_document_of_ours_is_passed_on_to_the_worker_that_made_it(pulls: Function, cloud: Cloud) -> None:
    invoice = cloud.invoice()
    payment = cloud.hubspot.people.record(invoice)
    with cloud.running("InvoicePushFunction") as push, cloud.running("PaymentPushFunction") as payments:
        worked_off(push, "sqs_one_hint", "1001", invoice)
        worked_off(payments, "sqs_payment_hint", "2001", payment)
    record = cloud.records.get(RecordKey("acme", Kind.PAYMENT, "hubspot", payment))
    assert record is not None
    [posting] = record.postings
    cloud.hints()
    worked_off(pulls, "sqs_quickbooks_payment_hint", "201", posting.far_id)
    forwarded = [hint for hint in cloud.hints() if hint.object is HintObject.POSTED_DOCUMENT]
    assert [hint.id for hint in forwarded] == [f"payment:{posting.far_id}"]
    assert cloud.records.get(RecordKey("acme", Kind.PAYMENT, "quickbooks", posting.far_id)) is None
