"""A back-fill as the command opens it: real clients, eight threads, one table, and both vendors with their limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.functions.cloud import Cloud
from tests.support import aws
from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.domain.record import State
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.backfill import open_backfill
from tieout.runtime.bootstrap.store import open_store
from tieout.services.backfill import Wish, new_run

_OF_EACH = 12


def test_threads_fill_both_systems_once_within_the_limits(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in cloud.environment("InvoicePushFunction").items():
        monkeypatch.setenv(name, text)
    clock = SystemClock()
    connections = DynamoConnections(aws.dynamodb(), aws.TABLE, clock)
    connections.apply_settings("acme", {"pull_invoices": True, "cutover_date": "2026-06-01"}, "test", clock.now())
    # One customer for several, so that threads want the same one at the same time.
    made = [cloud.invoice(f"Old {at % 3}") for at in range(_OF_EACH)]
    bookkeeper, before = Visitor(cloud.quickbooks), len(cloud.booked())
    customer = bookkeeper.create("Customer", DisplayName="Older still")
    detail = {"ItemRef": {"value": "1"}, "Qty": Decimal(3), "UnitPrice": Decimal(120)}
    line = {"Amount": Decimal(360), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    for at in range(_OF_EACH):
        dates = {"TxnDate": f"2026-02-{at + 1:02}", "DueDate": "2026-03-31"}
        bookkeeper.create("Invoice", CustomerRef={"value": customer["Id"]}, Line=[line], **dates)
    settings = config.load(config.WorkerConfig)
    services = Aws()
    backfill = open_backfill(settings, services, open_store(settings, services))
    workspace = backfill.workspaces.open("acme")
    assert workspace is not None
    wish = Wish(date(2026, 1, 1), new_run(clock.now()))
    outlook = backfill.outlooks.of(workspace, wish, lambda *_: None)
    mine = outlook.to_be_done
    assert {one.key.origin_id for one in mine} >= set(made)
    assert len(mine) == 2 * _OF_EACH
    done = [one for some in backfill.carry_out(outlook.matches).run(mine, wish.run) for one in some]
    assert {(one.state, one.reason) for one in done} == {(State.SYNCED, "")}
    assert len(cloud.booked()) - before == 2 * _OF_EACH
    assert {record.run for record in cloud.records.get_many([one.key for one in mine]).values()} == {wish.run}
    refused = [
        one for one in (*cloud.hubspot.traffic.exchanges, *cloud.quickbooks.traffic.exchanges) if one.status == 429
    ]
    assert refused == []
    assert backfill.spent() > 0
    assert backfill.outlooks.of(workspace, wish, lambda *_: None).to_be_done == ()
