"""Ties out every connection at night, keeps a drift report of each, and counts what does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tieout.domain.company import Connection
from tieout.domain.errors import StoreUnavailable, SyncError
from tieout.ports import Clock, Connections, Workspaces
from tieout.ports.reports import Reports
from tieout.services.drift_report import as_csv, as_json
from tieout.services.outcome import Run, Trouble
from tieout.services.reconcile import Report
from tieout.services.tie_out_rounds import TieOutRounds

_STEP = "tie_out"


@dataclass(frozen=True, slots=True)
class NightlyReconcile:
    """Reads both sides and writes nothing but the reports."""

    connections: Connections
    workspaces: Workspaces
    rounds: TieOutRounds
    reports: Reports
    clock: Clock

    def run(self, trace_id: str, deadline: datetime) -> Run:
        """One night. A connection that cannot be read is that connection's trouble; the others have their turn."""
        del trace_id
        done: list[Report] = []
        troubles: list[Trouble] = []
        failure: Exception | None = None
        connections = self._in_turn()
        for one in connections:
            if self.clock.now() >= deadline:
                break
            try:
                workspace = self.workspaces.open(one.id)
                if workspace is not None:
                    done.append(self.rounds.run(workspace, deadline))
                    self._keep(done[-1])
                    if done[-1].stopped is not None:
                        troubles.append(Trouble(one.id, _STEP, done[-1].stopped))
            except StoreUnavailable as error:
                troubles.append(Trouble(one.id, _STEP, error))
                failure = failure or error
            except SyncError as error:
                troubles.append(Trouble(one.id, _STEP, error))
            except Exception as error:  # noqa: BLE001 - a bug with one connection, reported when the others are done
                troubles.append(Trouble(one.id, _STEP, error))
                failure = failure or error
        return self._told(done, len(connections) - len(done), troubles, failure)

    def _in_turn(self) -> list[Connection]:
        """Another one first each night: where the time is too short, it is not always for the same."""
        found = [one for one in self.connections.all() if not one.paused]
        first = self.clock.now().toordinal() % len(found) if found else 0
        return found[first:] + found[:first]

    def _keep(self, report: Report) -> None:
        day = report.at.astimezone(UTC).date()
        self.reports.keep(report.connection, day, "drift.json", as_json(report), "application/json; charset=utf-8")
        self.reports.keep(report.connection, day, "drift.csv", as_csv(report), "text/csv; charset=utf-8")
        # Only now: a part whose report nobody can read comes again.
        self.rounds.keep(report)

    @staticmethod
    def _told(done: Sequence[Report], left: int, troubles: Sequence[Trouble], failure: Exception | None) -> Run:
        return Run(
            {
                "invoices_compared": sum(len(one.results) for one in done),
                "invoices_adrift": sum(len(one.drifted) for one in done),
                "invoices_not_compared": sum(one.left for one in done),
                "connections_not_compared": left,
                "tie_out_round_days": max((_days_of_round(one) for one in done), default=0),
            },
            tuple(troubles),
            failure,
        )


def _days_of_round(report: Report) -> int:
    """How long the round under way, or the one that ended this night, has taken so far."""
    began = report.coverage.round_began if report.coverage else None
    return (report.at - began).days if began else 0
