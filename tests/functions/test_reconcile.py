"""The schedule event through the nightly tie-out itself."""

from __future__ import annotations

import json

from tests.functions.cloud import REPORTS, Cloud, event
from tests.support import aws
from tests.support.lambda_runtime import Function
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


def test_the_night_compares_both_sides_and_keeps_a_report(reconcile: Function, cloud: Cloud) -> None:
    quiet = reconcile.invoke(event("schedule")).payload
    assert quiet == {
        "invoices_compared": 0, "invoices_adrift": 0, "invoices_not_compared": 0, "connections_not_compared": 0,
        "tie_out_round_days": 0,
    }  # fmt: skip
    key = RecordKey("acme", Kind.INVOICE, "hubspot", cloud.invoice())
    cloud.records.put(SyncRecord(key, State.ATTENTION, reason="customer_missing"))
    answer = reconcile.invoke(event("schedule"))
    assert answer.error is None
    assert (answer.payload["invoices_compared"], answer.payload["invoices_adrift"]) == (1, 1)
    names = [one["Key"] for one in aws.s3().list_objects_v2(Bucket=REPORTS)["Contents"]]
    assert [name.rsplit("/", 1)[1] for name in names] == ["drift.csv", "drift.json"]
    assert all(name.startswith("acme/20") for name in names)
    report = json.loads(aws.s3().get_object(Bucket=REPORTS, Key=names[1])["Body"].read())
    assert report["findings"][0]["equation"] == "decided"
    assert "customer_missing" not in reconcile.logged()
