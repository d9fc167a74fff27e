"""What a person changed in QuickBooks of an invoice from HubSpot, as a choice between both sides' values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Accepted, Conflict, Decision, Difference, Side, mark, told
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.planning.accepted import LINES, TOTAL, accept, can_be_accepted, lay_over, value_of
from tieout.domain.planning.plan import Attend, Change
from tieout.domain.planning.totals import goal
from tieout.domain.record import Link

# What the total follows from: who takes these takes the total that comes of them.
_MONEY = frozenset({LINES, "discount", "currency", "tax calculation", "tax code"})
_ONLY_THERE = (
    "QuickBooks' total has an amount beside the lines (tax, shipping, a deposit), which only a person can take away "
    "there."
)
_NOT_TO_BE_KEPT = "QuickBooks' {} cannot stay while HubSpot has another: correct it on one side."


@dataclass(frozen=True, slots=True)
class Edited:
    """What differs because somebody changed it in QuickBooks: `fields` by name (all lines are one; none, when it is an
    amount beside them), and the conflict. `detail` tells both values."""

    fields: tuple[str, ...]
    conflict: Conflict
    detail: str
    pairs_only: bool = False

    @property
    def attend(self) -> Attend:
        """A person is asked."""
        return Attend(AttentionCode.EDITED_IN_QUICKBOOKS, self.detail, self.conflict)

    def accepted(
        self, kept: Accepted | None, desired: InvoiceContent, present: LedgerInvoice, decision: Decision
    ) -> Accepted | None:
        """QuickBooks' values of these fields, as a person took them, besides what was taken before; and the total that
        comes of them, where it is not HubSpot's."""
        if self.pairs_only:
            # Pairs of fields remember by themselves what was taken.
            return kept
        blank = Accepted((), desired, present.content, present.total, decision.by, decision.at)
        taken = accept(kept, self.fields, desired, present, blank)
        beside = present.total - present.content.total
        total = lay_over(desired, taken).total + beside
        if total == goal(desired):
            return taken
        return replace(accept(taken, (TOTAL,), desired, present, blank), total=total)


def edited_there(
    conflicts: Sequence[Change],
    difference: Sequence[Change],
    desired: InvoiceContent,
    present: LedgerInvoice,
    *,
    beside: bool,
) -> Edited | None:
    """The choice about `conflicts`, which are part of the `difference` between both sides. `beside`: a person also
    changed the total by what is no field, such as tax. None when there is nothing to choose."""
    if not conflicts and not beside:
        return None
    of_lines = any(_is_line(one) for one in conflicts)
    shown = [one for one in difference if one in conflicts or (of_lines and _is_line(one))]
    fields = tuple(dict.fromkeys(LINES if _is_line(one) else one.field for one in shown))
    money = bool(_MONEY & set(fields))
    differences = [Difference(one.field, hubspot=one.after, quickbooks=one.before) for one in shown]
    detail = told(differences) if differences else ""
    if (money or beside) and present.total != goal(desired):
        there = f"{present.total}, of which {present.content.total} in the lines" if beside else str(present.total)
        total = Difference(TOTAL, str(goal(desired)), there)
        differences.append(total)
        detail = detail or told([total])
    sides, refusal = _sides(fields, of_lines_or_tax=money, beside=beside)
    of_total = (TOTAL,) if money or beside else ()
    marks = tuple(_mark(one, desired, present) for one in (*fields, *of_total))
    return Edited(fields, Conflict(tuple(differences), marks, sides, refusal), detail)


def with_pairs(found: Edited | None, pairs: Sequence[Change]) -> Edited | None:
    """The choice with pairs of fields that changed on both sides besides."""
    if not pairs:
        return found
    if found is None:
        of_pairs = _of_pairs(pairs)
        return Edited((), of_pairs, told(of_pairs.differences), pairs_only=True)
    both, detail = and_pairs(found.conflict, found.detail, pairs)
    return replace(found, conflict=both, detail=detail)


def and_pairs(conflict: Conflict, detail: str, pairs: Sequence[Change]) -> tuple[Conflict, str]:
    """One choice about `conflict`, which `detail` tells, and about pairs of fields: asked apart, the answer to the one
    would be forgotten over the other."""
    if not pairs:
        return conflict, detail
    more = _of_pairs(pairs)
    differences, marks = (*conflict.differences, *more.differences), (*conflict.marks, *more.marks)
    return replace(conflict, differences=differences, marks=marks), f"{detail} {told(more.differences)}"


def _of_pairs(pairs: Sequence[Change]) -> Conflict:
    differences = tuple(Difference(one.field, hubspot=one.after, quickbooks=one.before) for one in pairs)
    return Conflict(differences, tuple(mark(one.field, one.after, one.before) for one in pairs))


def _sides(fields: Sequence[str], *, of_lines_or_tax: bool, beside: bool) -> tuple[tuple[Side, ...], str]:
    """HubSpot's lines bring their total with them (and what QuickBooks makes of it is compared); what stands beside the
    lines alone is no field that could be written."""
    fixed = [one for one in fields if not can_be_accepted(one)]
    if fixed:
        return (Side.HUBSPOT,), _NOT_TO_BE_KEPT.format(", ".join(fixed))
    if beside and not of_lines_or_tax:
        return (Side.QUICKBOOKS,), _ONLY_THERE
    return (Side.HUBSPOT, Side.QUICKBOOKS), ""


def _mark(field: str, desired: InvoiceContent, present: LedgerInvoice) -> str:
    if field == TOTAL:
        return mark(field, goal(desired), present.total)
    if not can_be_accepted(field):
        return mark(field, desired, present.content)
    return mark(field, value_of(desired, field), value_of(present.content, field))


def _is_line(change: Change) -> bool:
    return change.field.startswith("line ")


def deleted_in_hubspot(present: LedgerInvoice) -> Conflict:
    """The choice about an invoice that stands in QuickBooks and is deleted in HubSpot."""
    refusal = "To leave the invoice as it is in QuickBooks, ignore it."
    return Conflict(
        (Difference("invoice", "deleted", str(present.total)),),
        (mark("deleted", present.id),),
        (Side.HUBSPOT,),
        refusal,
    )


def deleted_in_quickbooks(link: Link) -> Conflict:
    """The choice about an invoice that Tieout held and that is deleted in QuickBooks."""
    refusal = "Nothing is voided in HubSpot for you: void the invoice there, or ignore it."
    shown = str(link.total) if link.total is not None else "it stands"
    return Conflict(
        (Difference("invoice", shown, "deleted"),), (mark("deleted", link.far_id),), (Side.HUBSPOT,), refusal
    )
