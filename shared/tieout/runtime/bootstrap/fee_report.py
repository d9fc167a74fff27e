"""What functions/fee_report is made of."""

from __future__ import annotations

from datetime import timedelta

from tieout.adapters.s3.reports import S3Reports
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.runtime.scheduled import ScheduledJob
from tieout.services.book_fees import BookFees
from tieout.services.claims import Claims
from tieout.services.fee_reports import FeeReports


def build() -> ScheduledJob:
    """The fee reports of every connection of the store."""
    settings, aws = config.load(config.BookingConfig), Aws()
    own = open_store(settings, aws)
    opened = open_workspaces(settings, aws, own)
    held = Claims(own.records, own.hints, own.clock, new_token)
    booking = BookFees(held, timedelta(seconds=settings.vendor_timeout_seconds))
    reports = S3Reports(lambda: aws.s3, settings.report_bucket)
    service = FeeReports(own.connections, opened, booking, reports, own.cursors, own.clock)
    return ScheduledJob(service.run, own.clock, own.meter)
