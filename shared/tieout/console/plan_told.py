"""What a push would do, in words: for the card of an invoice, and for the first one that is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tieout.console.language import message
from tieout.console.visit import Visit
from tieout.domain.attention import explanation
from tieout.domain.errors import SyncError
from tieout.domain.invoice import InvoiceContent
from tieout.domain.planning.plan import Adopt, Attend, Change, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.services.backfill import Planned, Step

_PLANS = {
    Create: message("It would be created in QuickBooks."),
    Update: message("These fields would be changed in QuickBooks."),
    Void: message("It would be voided in QuickBooks."),
    Adopt: message("Nothing would be written: QuickBooks says what HubSpot says."),
    Nothing: message("Nothing would be written: both sides agree."),
    Gone: message("Nothing would be written: it was deleted in QuickBooks. A retry creates it again."),
    Skip: message("Nothing would be written: it is left out."),
    Attend: message("Nothing would be written: it needs a decision."),
}
_STEPS = {
    Step.CREATE: message("It would be shown in HubSpot."),
    Step.ADOPT: message("Nothing would be written: HubSpot has this invoice already."),
    Step.UPDATE: message("These fields would be changed."),
    Step.VOID: message("It would be voided in HubSpot."),
    Step.NOTE: _PLANS[Nothing],
    Step.ATTENTION: _PLANS[Attend],
    Step.WAIT: message("Nothing would be written now: something has to come first."),
    Step.IN_SYNC: _PLANS[Nothing],
    Step.LEAVE: _PLANS[Skip],
}
_FAILED = message("It cannot be told what would be done: a vendor did not answer as it should.")


@dataclass(frozen=True, slots=True)
class PlanTold:
    """`text` and `detail` are sentences, `changes` what an update would change, `new` what would be created.
    `now` heads the column of what stands there."""

    text: str
    detail: str = ""
    changes: Sequence[Change] = ()
    new: InvoiceContent | None = None
    now: str = message("In QuickBooks now")


def planned_told(visit: Visit, planned: Planned) -> PlanTold:
    """What a look at an invoice from QuickBooks would do; a change may be one in either system."""
    now = message("Now")
    return PlanTold(visit.say(_STEPS[planned.step]), planned.detail, planned.changes, now=now)


def plan_told(visit: Visit, plan: Plan | Exception) -> PlanTold:
    """A plan, or why there is none, for the visitor."""
    if isinstance(plan, Exception):
        return PlanTold(visit.say(_FAILED), plan.detail if isinstance(plan, SyncError) else "")
    detail = plan.detail if isinstance(plan, Skip | Attend) else ""
    if isinstance(plan, Attend):
        detail = " ".join(filter(None, (visit.say(explanation(plan.code).summary), detail)))
    return PlanTold(
        visit.say(_PLANS[type(plan)]),
        detail,
        plan.changes if isinstance(plan, Update) else (),
        plan.content if isinstance(plan, Create) else None,
    )
