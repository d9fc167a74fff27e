"""The schedule event through the fee reports themselves."""

from __future__ import annotations

from tests.functions.cloud import REPORTS, Cloud, event
from tests.support import aws
from tests.support.lambda_runtime import Function


def test_the_first_hour_reports_yesterday_and_its_month_and_the_next_one_nothing(
    fee_report: Function, cloud: Cloud
) -> None:
    answer = fee_report.invoke(event("schedule"))
    assert answer.error is None
    assert answer.payload["fee_reports"] >= 2
    names = [one["Key"] for one in aws.s3().list_objects_v2(Bucket=REPORTS)["Contents"]]
    assert len(names) == 3 * answer.payload["fee_reports"]
    assert all(name.startswith("acme/20") for name in names)
    before = len(cloud.operations)
    assert fee_report.invoke(event("schedule")).payload["fee_reports"] == 0
    assert "S3.PutObject" not in cloud.operations[before:]
