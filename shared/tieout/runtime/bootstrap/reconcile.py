"""What functions/reconcile is made of."""

from __future__ import annotations

from tieout.adapters.dynamodb.cursors import TIE_OUT, DynamoCursors
from tieout.adapters.s3.reports import S3Reports
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_tables
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.runtime.scheduled import ScheduledJob
from tieout.services.nightly_reconcile import NightlyReconcile
from tieout.services.reconcile import Reconcile
from tieout.services.tie_out_rounds import TieOutRounds


def build() -> ScheduledJob:
    """The nightly tie-out of every connection of the store."""
    settings, aws = config.load(config.ReportConfig), Aws()
    own = open_tables(settings, aws)
    cursors = DynamoCursors(aws.dynamodb, settings.table, TIE_OUT)
    service = NightlyReconcile(
        own.connections,
        open_workspaces(settings, aws, own),
        TieOutRounds(Reconcile(own.records, own.clock), own.records, cursors),
        S3Reports(lambda: aws.s3, settings.report_bucket),
        own.clock,
    )
    return ScheduledJob(service.run, own.clock, own.meter)
