"""What `tieout backfill` is made of: the workers' own services, with time to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from tieout.domain.planning.adoption import Match
from tieout.ports import Records, Workspaces
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.invoice_pull import pull_service
from tieout.runtime.bootstrap.invoice_push import push_service
from tieout.runtime.bootstrap.store import Store
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.runtime.config import WorkerConfig
from tieout.runtime.lanes import ThreadLanes
from tieout.runtime.spent import Spent
from tieout.services.backfill import Lanes
from tieout.services.backfill_outlook import Outlooks
from tieout.services.backfill_run import CarryOut
from tieout.services.patience import Patience, PatientLimiter
from tieout.services.pull_invoices import PullInvoices
from tieout.services.push_invoices import PushInvoices

# Enough to use the budget of calls of both systems at the usual times of their answers. How often they are asked is
# bounded by the limiter; at once it is more than a few calls only when a vendor has become slow.
LANES = 8
# A vendor that asks for a pause gets one, within the lease of the records that are claimed meanwhile.
CALL_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Backfill:
    """`push` and `pull` are workers over `workspaces`, whose limiter waits instead of parking records. `spent` gives
    the metered reads so far."""

    workspaces: Workspaces
    records: Records
    push: PushInvoices
    pull: PullInvoices
    lanes: Lanes
    patience: Patience
    spent: Callable[[], int]

    @property
    def outlooks(self) -> Outlooks:
        """What plans."""
        return Outlooks(self.records, self.push.assessor, self.lanes, self.patience)

    def carry_out(self, matches: Mapping[str, Match]) -> CarryOut:
        """What carries a plan out of which a person approved `matches`."""
        claims = replace(self.push.claims, unclear={id_: found.told for id_, found in matches.items()})
        pushing = replace(self.push, claims=claims, assessor=replace(self.push.assessor, approved=matches))
        return CarryOut(self.records, pushing.push, self.pull.pull, self.lanes, self.patience)


def open_backfill(settings: WorkerConfig, aws: Aws, own: Store) -> Backfill:
    """A back-fill over this store."""
    meter, wait = Spent(own.meter), timedelta(seconds=settings.vendor_timeout_seconds)
    limited = partial(PatientLimiter, patience=Patience(own.clock, CALL_PATIENCE))
    opened = open_workspaces(settings, aws, own, limited=limited, meter=meter)
    push, pull = push_service(opened, own, wait), pull_service(opened, own, wait)
    return Backfill(opened, own.records, push, pull, ThreadLanes(LANES), Patience(own.clock), lambda: meter.so_far)
