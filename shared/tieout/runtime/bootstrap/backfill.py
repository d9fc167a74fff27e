"""What `tieout backfill` is made of: the workers' own services, with time to wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tieout.domain.planning.adoption import Match
from tieout.ports import Records, Workspaces
from tieout.services.backfill_outlook import Outlooks
from tieout.services.backfill_run import CarryOut, Lanes
from tieout.services.patience import Patience
from tieout.services.pull_invoices import PullInvoices
from tieout.services.push_invoices import PushInvoices

# Intuit allowed ten requests at once when it last said so; the workers of the queues want some of them, too.
LANES = 6
# A vendor that asks for a pause gets one, within the lease of the records that are claimed.
CALL_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Backfill:
    """`push` and `pull` are workers over `workspaces`, whose limiter waits instead of parking records."""

    workspaces: Workspaces
    records: Records
    push: PushInvoices
    pull: PullInvoices
    lanes: Lanes
    patience: Patience

    @property
    def outlooks(self) -> Outlooks:
        """What plans."""
        return Outlooks(self.records, self.push.assessor, self.patience)

    def carry_out(self, matches: Mapping[str, Match]) -> CarryOut:
        """What carries a plan out of which a person approved `matches`."""
        pushing = replace(self.push, assessor=replace(self.push.assessor, approved=matches))
        return CarryOut(self.records, pushing.push, self.pull.pull, self.lanes, self.patience)
