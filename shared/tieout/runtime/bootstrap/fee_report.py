"""What functions/fee_report is made of."""

from __future__ import annotations

from tieout.adapters.s3.reports import S3Reports
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_tables
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.runtime.scheduled import ScheduledJob
from tieout.services.fee_reports import FeeReports


def build() -> ScheduledJob:
    """The fee reports of every connection of the store."""
    settings, aws = config.load(config.ReportConfig), Aws()
    own = open_tables(settings, aws)
    opened = open_workspaces(settings, aws, own)
    service = FeeReports(own.connections, opened, S3Reports(aws.s3, settings.report_bucket), own.cursors, own.clock)
    return ScheduledJob(service.run, own.clock, own.meter)
