"""What a QuickBooks payment means for HubSpot: one recorded payment for each invoice that its money is applied to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tieout.domain.attention import AttentionCode
from tieout.domain.dates import calendar_date
from tieout.domain.marker import is_marked
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, LedgerPayment, SourcePayment, UnreadablePayment
from tieout.domain.planning.applied import INVOICE, received_by_invoice
from tieout.domain.planning.payment_plan import Billing
from tieout.domain.planning.plan import Attend, Change, Nothing, Skip
from tieout.domain.planning.standing import written_as
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.settings import Settings

PULL_SWITCHED_OFF = Skip("switched_off", "Taking payments over from QuickBooks is switched off in the settings.")
NOT_RECORDED = Skip("not_recorded", "Recording QuickBooks payments in HubSpot is switched off in the settings.")
RECORDING_REFUSED = Skip("recording_refused", "HubSpot lets no payments be recorded; the invoice shows what was paid.")
_OURS = Skip("posted_by_tieout", "Tieout itself posted it; it is looked at with its HubSpot payment.")
_VOIDED = Skip("voided", "The payment is voided in QuickBooks.")
_DELETED = Skip("deleted", "The payment was deleted in QuickBooks.")
_NOT_OF_OURS = Skip("no_synced_invoice", "None of its money is applied to an invoice that came from HubSpot.")


@dataclass(frozen=True, slots=True)
class MirrorCase:
    """One QuickBooks payment to plan.

    `source` None: deleted there. `billings` are, by the ledger's id, those invoices it is applied to that came from
    HubSpot, `deleted` those of them that are deleted there. `present` are the recorded payments as HubSpot has them, by
    id (absent: deleted). `refunded` is what a person said was given back of a recorded payment, by the ledger's id of
    its invoice. `refuses`: HubSpot is known to take no recorded payments. `by_person`: somebody asked for it (a retry).
    `of_hubspot`: it counts as posted for a HubSpot payment, although it bears no marker. `rivals`, by the ledger's
    invoice, are HubSpot payments that may be the same money, because people entered it on both sides.
    """

    source: LedgerPayment | None
    postings: tuple[Posting, ...] = ()
    billings: Mapping[str, Billing] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    present: Mapping[str, SourcePayment | UnreadablePayment] = field(default_factory=dict)
    refunded: Mapping[str, Money] = field(default_factory=dict)
    refuses: bool = False
    by_person: bool = False
    of_hubspot: bool = False
    rivals: Mapping[str, SourcePayment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """Record this payment on HubSpot invoice `parent_id`."""

    content: PostingContent
    parent_id: str


@dataclass(frozen=True, slots=True)
class Correct:
    """Make the recorded payment `posting` say `content`."""

    posting: Posting
    content: PostingContent


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the recorded payment: the money is not applied to its invoice any more."""

    posting: Posting


MirrorStep = Record | Correct | Remove
MirrorPlan = MirrorStep | Nothing | Skip | Attend


@dataclass(frozen=True, slots=True)
class MirrorDecision:
    """A plan, and the recorded payments that the record remembers from now on: as they were seen, without those
    gone."""

    plan: MirrorPlan
    postings: tuple[Posting, ...]


def plan_mirrors(case: MirrorCase, settings: Settings, time_zone: str) -> MirrorDecision:
    """The next step for a payment; after a `Record`, `Correct` or `Remove` it is planned again.

    A person's change of one recorded payment stops that one only. `time_zone` is the portal's, in which HubSpot shows
    dates (IANA).
    """
    if not case.postings:
        skipped = _screened(case, settings)
        if skipped is not None:
            return MirrorDecision(skipped, ())
    elif not settings.pull_payments:
        return MirrorDecision(PULL_SWITCHED_OFF, case.postings)
    wanted = _wanted(case, settings)
    kept: list[Posting] = []
    problems: list[Attend] = []
    steps: list[MirrorStep] = []
    for posting in case.postings:
        content = wanted.pop(_invoice_of(posting), None)
        looked = _looked(posting, content, case, time_zone)
        if isinstance(looked, Posting):
            kept.append(looked)
            steps.extend(_steps(looked, content))
        elif isinstance(looked, Attend):
            kept.append(posting)
            problems.append(looked)
        elif content is not None:
            # It was deleted, and a person wants it back.
            wanted[_invoice_of(posting)] = content
    missing, hindered = _missing(wanted, case, settings)
    steps += missing
    plan = steps[0] if steps else _verdict(case, kept, problems, hindered)
    return MirrorDecision(plan, tuple(kept))


def _screened(case: MirrorCase, settings: Settings) -> Skip | None:
    """Why nothing of a payment is recorded, whatever it is applied to."""
    source = case.source
    if source is None:
        return _DELETED
    if case.of_hubspot or is_marked(source.private_note):
        return _OURS
    if source.voided:
        return _VOIDED
    return None if settings.pull_payments else PULL_SWITCHED_OFF


def _wanted(case: MirrorCase, settings: Settings) -> dict[str, PostingContent]:
    """By invoice, what HubSpot should have."""
    source = case.source
    if source is None or source.voided:
        return {}
    methods = {id_: method for method, id_ in sorted(settings.payment_methods.items(), reverse=True)}
    return {
        far_id: PostingContent(
            document=Document.HUBSPOT_PAYMENT,
            amount=amount,
            day=source.day,
            customer_id=source.customer_id,
            allocations=(Allocation(INVOICE, far_id, amount),),
            method_id=methods.get(source.method_id or ""),
            reference=source.reference,
            refunded=case.refunded.get(far_id),
        )
        for far_id, amount in received_by_invoice(source).items()
        if far_id in case.billings
    }


def _invoice_of(posting: Posting) -> str:
    """The ledger's invoice that a recorded payment stands for."""
    [allocation] = posting.sent.allocations
    return allocation.far_id


# -- what stands in HubSpot


def _looked(
    posting: Posting, wanted: PostingContent | None, case: MirrorCase, time_zone: str
) -> Posting | Attend | None:
    """The recorded payment as it was seen; None when it is gone and that is all right; or what a person did to it."""
    present = case.present.get(posting.far_id)
    if present is None:
        if wanted is None or case.by_person:
            return None
        detail = f"HubSpot payment {posting.far_id} over {posting.sent.amount} was deleted; QuickBooks has it."
        return Attend(AttentionCode.RECORDED_PAYMENT_DELETED, detail)
    if isinstance(present, UnreadablePayment):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, present.reason)
    stands = as_content(present, posting.sent, time_zone)
    edits = list(_edits(posting, present, stands))
    if not edits or (wanted is None and case.by_person):
        return replace(posting, written=stands, updated_at=present.modified_at)
    counts = present.received and posting.parent_id in present.invoice_ids
    if wanted is not None and counts and not _differences(stands, wanted):
        # A person entered on the other side what stands in QuickBooks.
        return replace(posting, sent=wanted, written=stands, updated_at=present.modified_at)
    told = "; ".join(map(str, edits))
    now = "QuickBooks has it no longer" if wanted is None else f"QuickBooks has {_told(wanted)}"
    return Attend(AttentionCode.EDITED_IN_HUBSPOT, f"HubSpot payment {posting.far_id}: {told}. {now}.")


def as_content(present: SourcePayment, sent: PostingContent, time_zone: str) -> PostingContent:
    """What stands in HubSpot, in the fields that Tieout writes."""
    return replace(
        sent,
        amount=present.amount,
        day=calendar_date(present.initiated_at, time_zone),
        method_id=present.method,
        reference=present.reference,
        refunded=present.refunded if present.refunded.amount else None,
    )


def _edits(posting: Posting, present: SourcePayment, stands: PostingContent) -> Iterator[Change]:
    """A person's changes since Tieout saw it last."""
    before = written_as(posting)
    for name, old, new in zip(_OWNED, _owned(before), _owned(stands), strict=True):
        # What HubSpot put into a field that Tieout left empty is known only from its answer.
        if old != new and (posting.written is not None or old is not None):
            yield Change(name, str(old or ""), str(new or ""))
    if not present.received:
        yield Change("status", "received", present.status.value)
    if posting.parent_id not in present.invoice_ids:
        yield Change("invoice", posting.parent_id, ", ".join(present.invoice_ids))


def _differences(stands: PostingContent, wanted: PostingContent) -> bool:
    return _owned(stands) != _owned(wanted)


_OWNED = ("amount", "date", "payment method", "reference", "refunded")


def _owned(content: PostingContent) -> tuple[object, ...]:
    return content.amount, content.day, content.method_id, content.reference, content.refunded


def _told(content: PostingContent) -> str:
    return f"{content.amount} of {content.day}"


# -- what is to be done


def _steps(posting: Posting, wanted: PostingContent | None) -> Iterator[MirrorStep]:
    if wanted is None:
        yield Remove(posting)
    elif _differences(posting.sent, wanted):
        yield Correct(posting, wanted)


def _missing(
    wanted: Mapping[str, PostingContent], case: MirrorCase, settings: Settings
) -> tuple[list[MirrorStep], list[Attend | Skip]]:
    """What is still to be recorded, and what cannot be."""
    steps: list[MirrorStep] = []
    hindered: list[Attend | Skip] = []
    for far_id, content in wanted.items():
        billing = case.billings[far_id]
        if not settings.record_payments_in_hubspot:
            hindered.append(NOT_RECORDED)
        elif case.refuses:
            hindered.append(RECORDING_REFUSED)
        elif far_id in case.deleted:
            detail = f"{content.amount} are applied to invoice {billing.label}, which was deleted in HubSpot."
            hindered.append(Attend(AttentionCode.DELETED_IN_HUBSPOT, detail))
        elif far_id in case.rivals and not case.by_person:
            rival = case.rivals[far_id]
            told = f"{content.amount} are applied to invoice {billing.label}, which was entered by hand"
            detail = f"{told}; HubSpot payment {rival.id} over {rival.amount} may be the same money."
            hindered.append(Attend(AttentionCode.POSSIBLE_DUPLICATE, detail))
        else:
            steps.append(Record(content, billing.id))
    return steps, hindered


def _verdict(
    case: MirrorCase, kept: list[Posting], problems: list[Attend], hindered: list[Attend | Skip]
) -> MirrorPlan:
    """Both sides agree; or what a person has to decide."""
    attention = [*problems, *(one for one in hindered if isinstance(one, Attend))]
    if attention:
        return Attend(attention[0].code, " ".join(dict.fromkeys(one.detail for one in attention)))
    if kept and not hindered:
        return Nothing()
    skipped = [one for one in hindered if isinstance(one, Skip)]
    if skipped:
        return skipped[0]
    if case.source is None:
        return _DELETED
    return _VOIDED if case.source.voided else _NOT_OF_OURS
