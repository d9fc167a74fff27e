"""Fee reports as files that people find again: kept by the schedule and by who checks a month anew."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tieout.domain.fee import Period
from tieout.domain.planning.fees import FeeReport
from tieout.ports import Clock, Records, Workspace
from tieout.ports.reports import Reports
from tieout.services.fee_documents import FeeDocument, as_csv, as_json
from tieout.services.fee_entries import entries_of
from tieout.services.fee_page import as_html

TYPES = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
"""The forms of a report, by the ending of its file."""


def keep_fees(reports: Reports, records: Records, clock: Clock, workspace: Workspace, found: FeeReport) -> None:
    """Keep a report in all its forms, with what is booked of it; one that is kept again replaces the one before."""
    company, connection = workspace.ledger.company(), workspace.connection.id
    at = clock.now().astimezone(ZoneInfo(company.time_zone))
    document = FeeDocument(connection, company.name, at, found, entries_of(records, workspace, found))
    texts = {"html": as_html(document), "csv": as_csv(found), "json": as_json(document)}
    period = found.payments.period
    for ending, text in texts.items():
        reports.keep(connection, period.last, file_name(period, ending), text, TYPES[ending])


def file_name(period: Period, ending: str) -> str:
    """What a report of a period is called."""
    return f"fees-{period}.{ending}"
