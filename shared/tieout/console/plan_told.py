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
_FAILED = message("It cannot be told what would be done: a vendor did not answer as it should.")


@dataclass(frozen=True, slots=True)
class PlanTold:
    """`text` and `detail` are sentences, `changes` what an update would change, `new` what would be created."""

    text: str
    detail: str = ""
    changes: Sequence[Change] = ()
    new: InvoiceContent | None = None


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
