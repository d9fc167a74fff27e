"""The schedule event through the sweep itself."""

from datetime import UTC, datetime, timedelta

from tests.functions.cloud import Cloud, event
from tests.support import aws
from tests.support.lambda_runtime import Function
from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, RecordKey, State, SyncRecord


def put(cloud: Cloud, id_: str, seconds: int) -> None:
    due = datetime.now(UTC) + timedelta(seconds=seconds)
    cloud.records.put(SyncRecord(RecordKey("acme", Kind.INVOICE, "hubspot", id_), State.WAITING, due_at=due))


def test_the_schedule_queues_the_hints_of_what_is_due(sweep: Function, cloud: Cloud) -> None:
    idle = sweep.invoke(event("schedule")).payload
    assert (idle["records_woken"], idle["changes_queued"], idle["sweep_cut_short"]) == (0, 0, 0)
    assert cloud.hints() == []
    for number in range(12):
        put(cloud, f"{number}", -60)
    put(cloud, "later", 3600)
    answer = sweep.invoke(event("schedule"))
    assert answer.payload["records_woken"] == 12
    hints = cloud.hints()
    assert {hint.id for hint in hints} == {f"{number}" for number in range(12)}
    assert {(hint.connection, hint.object, hint.cause) for hint in hints} == {
        ("acme", HintObject.HUBSPOT_INVOICE, Cause.DUE)
    }
    log = sweep.logged()
    assert '"records_woken":12' in log.replace(" ", "")
    assert hints[0].trace_id in log


def test_the_schedule_queues_what_no_webhook_told_of_and_counts_the_read(sweep: Function, cloud: Cloud) -> None:
    before = len(cloud.quickbooks.traffic.exchanges)
    id_ = cloud.invoice()
    answer = sweep.invoke(event("schedule"))
    assert answer.payload["changes_queued"] == 1
    [hint] = [one for one in cloud.hints() if one.cause is Cause.SWEEP]
    assert (hint.object, hint.id) == (HintObject.HUBSPOT_INVOICE, id_)
    calls = cloud.quickbooks.traffic.exchanges[before:]
    assert [(one.method, "/cdc" in one.url) for one in calls] == [("GET", True)]
    reads = DynamoReadMeter(aws.dynamodb(), aws.TABLE, SystemClock()).reads("acme", datetime.now(UTC).date())
    assert sum(reads.values()) >= 1
    assert sweep.invoke(event("schedule")).payload["metered_reads"] >= sum(reads.values())
    cloud.hints()


def test_the_first_sweep_keeps_how_many_records_are_how(sweep: Function, cloud: Cloud) -> None:
    put(cloud, "counted", 3600)
    sweep.invoke(event("schedule"))
    days = DynamoHealthBook(aws.dynamodb(), aws.TABLE).days("acme", datetime.now(UTC).date())
    assert days, "the count is due at the first run, and hourly from then on"
    cloud.hints()


def test_a_sweep_that_cannot_queue_fails_its_invocation_with_type_and_trace_but_no_secret(cloud: Cloud) -> None:
    put(cloud, "due", -60)
    values = {**cloud.values}
    cloud.values["TIEOUT_INVOICE_PUSH_QUEUE"] = "https://sqs.eu-west-1.amazonaws.com/123456789012/no-such-queue"
    try:
        with cloud.running("SweepFunction") as broken:
            answer = broken.invoke(event("schedule"))
    finally:
        cloud.values.update(values)
    assert answer.error is not None
    assert answer.error["errorType"] == "StoreUnavailable"
    assert answer.error["stackTrace"]
    assert "acme" not in answer.error["errorMessage"]
