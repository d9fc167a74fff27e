"""What stands in the books for the fees of a report, as our own records say: entries, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tieout.domain.planning.fee_booking import fee_key, groups_of
from tieout.domain.planning.fees import FeeReport
from tieout.domain.record import State, SyncRecord
from tieout.domain.status import explain
from tieout.ports import Records, Workspace
from tieout.services.fee_documents import Booked, Entry, Group

_AS_IT_SHOULD = frozenset({State.SYNCED, State.SEEN})


def entries_of(records: Records, workspace: Workspace, report: FeeReport) -> Mapping[Group, Booked]:
    """By processor and currency, those of which there is a record: of the period, or of its days when it is a month."""
    period = report.payments.period
    connection = workspace.connection.id
    # Also what was booked for a currency of which no payment is left.
    groups = groups_of(report, workspace.settings, workspace.ledger.company().home_currency)
    keys = {
        group: [fee_key(connection, *group, one) for one in dict.fromkeys((period, *period.days))] for group in groups
    }
    found = records.get_many([key for of_group in keys.values() for key in of_group])
    booked = {}
    for group, of_group in keys.items():
        own = [found[key] for key in of_group if key in found]
        if own:
            problems = dict.fromkeys(explain(one) for one in own if one.state not in _AS_IT_SHOULD)
            booked[group] = Booked(tuple(entry for one in own for entry in _entries(one)), " ".join(problems))
    return booked


def _entries(record: SyncRecord) -> Iterator[Entry]:
    for number, posting in enumerate(record.postings):
        yield Entry(posting, adjusting=number > 0)
