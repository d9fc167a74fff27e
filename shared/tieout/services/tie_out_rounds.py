"""The rounds of the nightly tie-out: what is compared tonight of a connection, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tieout.domain.planning.rounds import Listed, Round, Tonight, advanced, is_change, name_of, tonight
from tieout.domain.record import Kind, State, SyncRecord
from tieout.ports import Cursors, Records, Workspace
from tieout.services import decisions
from tieout.services.reconcile import Coverage, Reconcile, Report

_MARK = "round"


@dataclass(frozen=True, slots=True)
class TieOutRounds:
    """Ties out a part of a connection's invoices each night. `cursors` are the tie-out's own, not the sweep's."""

    reconcile: Reconcile
    records: Records
    cursors: Cursors

    def run(self, workspace: Workspace, deadline: datetime) -> Report:
        """Tonight's part; raises as `Reconcile.run` does, and then this part comes again. The round moves on only with
        `keep`, once the report is kept."""
        connection = workspace.connection.id
        round_ = self._load(connection)
        night = tonight(round_, self._listed(connection, round_.since))
        report = self.reconcile.run(workspace, keys=night.keys, partly=True, deadline=deadline)
        after = self._after(round_, night, report)
        coverage = Coverage(
            of=night.of,
            changed=night.changed,
            adrift_before=night.adrift,
            put_off=night.put_off,
            round_began=after.began or after.whole,
            whole_since=after.whole,
        )
        return replace(report, coverage=coverage, round=after)

    def keep(self, report: Report) -> None:
        """Remember how far the round has come."""
        if report.round is not None:
            self.cursors.set_mark(report.connection, _MARK, _encode(report.round))

    @staticmethod
    def _after(round_: Round, night: Tonight, report: Report) -> Round:
        done = set(night.keys[: len(night.keys) - report.left])
        return advanced(round_, night, done, [name_of(one.key) for one in report.drifted], report.at)

    def _load(self, connection: str) -> Round:
        mark = self.cursors.mark(connection, _MARK)
        return Round() if mark is None else _decode(mark)

    def _listed(self, connection: str, since: datetime | None) -> Iterator[Listed]:
        """An invoice has changed, too, when a payment of it did."""
        paid = self._paid(connection, since)
        for record in self.reconcile.listed(connection):
            changed = is_change(record.updated_at, since) or name_of(record.key) in paid
            yield Listed(record.key, changed)

    def _paid(self, connection: str, since: datetime | None) -> set[str]:
        """The HubSpot invoices of payments that changed. The listings begin with the latest, and end with the first
        that has not."""
        if since is None:
            return set()
        found: set[str] = set()
        for state in State:
            for record in decisions.records_in_state(self.records, connection, state):
                if not is_change(record.updated_at, since):
                    break
                found |= _invoices(record)
        return found


def _invoices(record: SyncRecord) -> set[str]:
    if record.key.kind is not Kind.PAYMENT:
        return set()
    named = {id_ for posting in record.postings for id_ in posting.sent.invoice_ids}
    return named | {posting.parent_id for posting in record.postings if posting.parent_id}


def _encode(round_: Round) -> str:
    return json.dumps(
        {
            "after": round_.after,
            "began": _text(round_.began),
            "whole": _text(round_.whole),
            "since": _text(round_.since),
            "adrift": list(round_.adrift),
        },
        separators=(",", ":"),
    )


def _decode(mark: str) -> Round:
    """A mark that makes no sense begins anew: that costs a repetition and hides nothing."""
    try:
        found = json.loads(mark)
        times = {name: _time(found[name]) for name in ("began", "whole", "since")}
        return Round(after=str(found["after"]), adrift=tuple(map(str, found["adrift"])), **times)
    except (ValueError, KeyError, TypeError):
        return Round()


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
