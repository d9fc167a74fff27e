"""Whether the ledger's invoice comes to what HubSpot billed, and within which tolerance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Accepted
from tieout.domain.field_pairs import not_taken
from tieout.domain.invoice import InvoiceContent
from tieout.domain.money import Money
from tieout.domain.planning.accepted import TOTAL, total_accepted
from tieout.domain.planning.plan import Agreement, Attend
from tieout.domain.settings import Settings


def period_closed(day: date, closed_through: date | None) -> Attend:
    """Attention for a document of a `day` whose books are closed."""
    return Attend(AttentionCode.PERIOD_CLOSED, f"Dated {day}, books closed through {closed_through}.")


def goal(content: InvoiceContent) -> Money:
    """The total that the ledger has to come to."""
    return content.billed or content.total


def compare(billed: Money, total: Money, settings: Settings, accepted: Accepted | None = None) -> Agreement | Attend:
    """The ledger's `total` compared with HubSpot's: in sync, in sync with a variance told to the cent, or attention.
    One that a person took counts as a variance, however large."""
    if billed.currency == total.currency:
        difference = total - billed
        if abs(difference.amount) <= settings.total_tolerance:
            return Agreement()
        if abs(difference.amount) <= settings.variance_tolerance:
            sign = "more" if difference.amount > 0 else "less"
            cents = Money(abs(difference.amount), total.currency)
            told = f"QuickBooks has {cents} {sign}: {total} instead of HubSpot's {billed}."
            return Agreement(variance=True, detail=told)
    if total_accepted(accepted, billed, total):
        told = f"A person took QuickBooks' total of {total} instead of HubSpot's {billed}."
        return Agreement(variance=True, detail=told)
    return Attend(AttentionCode.TOTAL_DIFFERS, f"HubSpot says {billed}, QuickBooks says {total}.")


def agreement(
    sent: InvoiceContent,
    stands: InvoiceContent,
    total: Money,
    settings: Settings,
    accepted: Accepted | None = None,
) -> Agreement | Attend:
    """How well `stands`, of `total`, says what was sent. Texts that QuickBooks dropped are no reason to stop, nor are
    values that a person took: they are told with the invoice."""
    verdict = compare(goal(sent), total, settings, accepted)
    if isinstance(verdict, Attend):
        return verdict
    others = ", ".join(one for one in accepted.fields if one != TOTAL) if accepted else ""
    if others:
        told = f"A person took QuickBooks' {others}, where HubSpot has other values."
        verdict = replace(verdict, detail=f"{verdict.detail} {told}".strip())
    kept = dict(stands.custom_fields)
    dropped = [id_ for id_, text in sent.custom_fields if text and not kept.get(id_)]
    filled = [id_ for id_, text in sent.custom_fields if not text and kept.get(id_)]
    texts = (verdict.detail, not_taken(dropped, filled))
    return Agreement(variance=verdict.variance, detail=" ".join(filter(None, texts)))
