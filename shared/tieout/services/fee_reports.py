"""Reports the fees of every connection whose local day closed, keeps the files, and has them booked by the policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.domain.fee import Period
from tieout.domain.planning.fees import Composition, report
from tieout.domain.settings import FeeBooking
from tieout.ports import Clock, Connections, Cursors, Workspace, Workspaces
from tieout.ports.reports import Reports
from tieout.services.book_fees import BookFees
from tieout.services.keeping_fees import keep_fees
from tieout.services.outcome import Run, Trouble
from tieout.services.report_fees import gather

CURSOR = "fees"
"""The cursor of a connection: the begin of the first day that is not reported yet. Its mark is the company's zone."""

_STEP = "fees"
# So long after its end a month is looked at again every day, for fees that are told or given back late.
_LATE_DAYS = 15
# What is reported at most after a pause; older days are in their months' reports.
_MOST_DAYS = 31


@dataclass(slots=True)
class _Tally:
    reports: int = 0
    missing: int = 0
    odd: int = 0
    ambiguous: int = 0
    unfinished: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    failure: Exception | None = None

    def fail(self, connection: str, error: Exception, *, ours: bool) -> None:
        self.unfinished += 1
        if ours:
            self.blame(connection, error)
        else:
            self.troubles.append(Trouble(connection, _STEP, error))

    def blame(self, connection: str, error: Exception) -> None:
        """Our own code or infrastructure is at fault."""
        self.troubles.append(Trouble(connection, _STEP, error))
        self.failure = self.failure or error


@dataclass(frozen=True, slots=True)
class FeeReports:
    """Runs every hour.

    The cursor moves once everything of a day is kept and booked: whatever stops a run costs a repetition, and a report
    that is kept again replaces the one before.
    """

    connections: Connections
    workspaces: Workspaces
    booking: BookFees
    reports: Reports
    cursors: Cursors
    clock: Clock

    def run(self, trace_id: str, deadline: datetime) -> Run:
        """Every connection whose day closed; one that cannot be read is that connection's own trouble."""
        tally = _Tally()
        for one in self.connections.all():
            if one.paused:
                continue
            if self.clock.now() >= deadline:
                tally.unfinished += 1
                continue
            try:
                self._connection(one.id, trace_id, deadline, tally)
            except StoreUnavailable as error:
                tally.fail(one.id, error, ours=True)
            except SyncError as error:
                tally.fail(one.id, error, ours=False)
            except Exception as error:  # noqa: BLE001 - a bug with one connection, reported when the others are done
                tally.fail(one.id, error, ours=True)
        return Run(
            {
                "fee_reports": tally.reports,
                "fees_missing": tally.missing,
                "fees_odd": tally.odd,
                "fees_ambiguous": tally.ambiguous,
                "fee_reports_unfinished": tally.unfinished,
            },
            tuple(tally.troubles),
            tally.failure,
        )

    def _connection(self, connection: str, trace_id: str, deadline: datetime, tally: _Tally) -> None:
        now, position = self.clock.now(), self.cursors.load(connection, CURSOR)
        zone = self.cursors.mark(connection, CURSOR)
        # Asking the company every hour would be metered; its zone is as it was yesterday.
        if position is not None and zone is not None and now.astimezone(ZoneInfo(zone)) < _next(position, zone):
            return
        workspace = self.workspaces.open(connection)
        if workspace is None:
            return
        company = workspace.ledger.company()
        yesterday = now.astimezone(ZoneInfo(company.time_zone)).date() - timedelta(days=1)
        since = yesterday if position is None else position.astimezone(ZoneInfo(company.time_zone)).date()
        done = [
            self._month(workspace, month, _closed(month, since, yesterday), yesterday, trace_id, deadline, tally)
            for month in _months(since, yesterday)
        ]
        if not all(done):
            tally.unfinished += 1
            return
        self.cursors.set_mark(connection, CURSOR, company.time_zone)
        self.cursors.save(connection, CURSOR, _begin(yesterday + timedelta(days=1), company.time_zone))

    def _month(
        self,
        workspace: Workspace,
        month: Period,
        days: list[date],
        yesterday: date,
        trace_id: str,
        deadline: datetime,
        tally: _Tally,
    ) -> bool:
        """Whether nothing is left to book of it."""
        payments = gather(workspace, month).through(yesterday)
        whole = report(payments)
        finished, keep = True, partial(keep_fees, self.reports, self.booking.claims.records, self.clock, workspace)
        # A month that is still going on would be corrected every day.
        if month.last <= yesterday or workspace.settings.fee_booking is FeeBooking.DAILY:
            for one in self.booking.book(workspace, whole, trace_id, deadline):
                finished = finished and one.finished
                if one.bug is not None:
                    tally.blame(workspace.connection.id, one.bug)
        keep(whole)
        for day in days:
            # The month shows better than one day how the platform fee is told.
            keep(report(payments.within(Period.day(day)), whole.evidence))
        tally.reports += 1 + len(days)
        tally.missing += sum(one.missing for one in whole.totals)
        tally.odd += len(whole.findings) + len(whole.payments.unreadable)
        tally.ambiguous += whole.composition is Composition.AMBIGUOUS
        return finished


def _begin(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def _next(position: datetime, zone: str) -> datetime:
    """When the day that begins at `position` closes."""
    return _begin(position.astimezone(ZoneInfo(zone)).date() + timedelta(days=1), zone)


def _months(since: date, yesterday: date) -> Iterator[Period]:
    """The months that are looked at: those of the days that closed, and for a while the one before."""
    months = {Period.month(day) for day in _days(since, yesterday)}
    first = Period.month(yesterday).first
    if yesterday.day <= _LATE_DAYS:
        months.add(Period.month(first - timedelta(days=1)))
    yield from sorted(months)


def _closed(month: Period, since: date, yesterday: date) -> list[date]:
    return [day for day in _days(since, yesterday) if day in month]


def _days(since: date, yesterday: date) -> list[date]:
    """The days that closed, at most the last so many."""
    count = min((yesterday - since).days + 1, _MOST_DAYS)
    return [yesterday - timedelta(days=back) for back in reversed(range(count))]
