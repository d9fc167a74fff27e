"""A message about an invoice of QuickBooks through the function itself, with both vendors at the other end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from infra.sandbox.quickbooks.visitor import Visitor
from tests.functions.cloud import OBJECTS, Cloud, event
from tests.support import aws
from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.domain.hint import HintObject
from tieout.domain.record import Kind, RecordKey, State


def test_an_invoice_made_in_quickbooks_goes_through_both_queues_to_hubspot(cloud: Cloud) -> None:
    clock = SystemClock()
    connections = DynamoConnections(aws.dynamodb(), cloud.values["TIEOUT_TABLE"], clock)
    connections.apply_settings("acme", {"pull_invoices": True}, "test", clock.now())
    bookkeeper = Visitor(cloud.quickbooks)
    customer = bookkeeper.create("Customer", DisplayName="Zebra Quagga")
    detail = {"ItemRef": {"value": "1"}, "Qty": Decimal(3), "UnitPrice": Decimal(120)}
    line = {"Amount": Decimal(360), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    made = bookkeeper.create("Invoice", CustomerRef={"value": customer["Id"]}, Line=[line])
    with cloud.running("InvoicePushFunction") as push:
        _worked_off(push, "sqs_unknown_quickbooks_invoice", made["Id"])
    [hint] = cloud.hints()
    assert (hint.object, hint.id) == (HintObject.QUICKBOOKS_OWN_INVOICE, made["Id"])
    with cloud.running("InvoicePullFunction") as pull:
        _worked_off(pull, "sqs_own_invoice_hint", made["Id"])
        log = pull.logged()
    record = cloud.records.get(RecordKey("acme", Kind.INVOICE, "quickbooks", made["Id"]))
    assert record is not None
    assert record.state is State.SYNCED
    assert record.link is not None
    names = "hs_amount_billed,hs_invoice_status,hs_invoice_billable"
    path = f"{OBJECTS}/invoices/{record.link.far_id}"
    shown = cloud.person.get(path, params={"properties": names}).json()["properties"]
    assert (Decimal(shown["hs_amount_billed"]), shown["hs_invoice_status"]) == (Decimal(360), "open")
    assert shown["hs_invoice_billable"] == "false"
    assert "handled_synced" in log
    assert "Zebra" not in log
    assert "360" not in log


def _worked_off(function: Any, name: str, id_: str) -> None:
    """The event of a file, about this invoice."""
    given: dict[str, Any] = event(name)
    [record] = given["Records"]
    hint = record["body"]
    start = hint.index('"id":') + len('"id":')
    end = hint.index(",", start)
    record["body"] = f'{hint[:start]}"{id_}"{hint[end:]}'
    answer = function.invoke(given)
    assert answer.error is None
    assert answer.payload == {"batchItemFailures": []}
