"""Whether a HubSpot invoice is for the ledger, and what to do when something else stands there than should."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Accepted, Decision, Side, taken
from tieout.domain.customer import Party
from tieout.domain.invoice import InvoiceContent, InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.accepted import lay_over, still_accepted, total_accepted, without
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import moved_to
from tieout.domain.planning.difference import changes
from tieout.domain.planning.fields import ComparedFields, FieldsPlan, worth_keeping
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.planning.take_side import Edited, deleted_in_hubspot, edited_there, with_pairs
from tieout.domain.planning.totals import agreement, compare, goal, period_closed
from tieout.domain.record import Link
from tieout.domain.settings import BeyondTolerance, ClosedPeriod, CustomerLevel, DeletedInHubSpot, Settings

SWITCHED_OFF = Skip("switched_off", "Sending invoices to QuickBooks is switched off in the settings.")


def screen(
    invoice: SourceInvoice | UnreadableInvoice, settings: Settings, *, linked: bool, taken_in: bool = False
) -> Skip | Attend | None:
    """Whether the invoice is for the ledger at all, before anything is looked up; None means yes.

    The cut-over date is for what was there before, unless a back-fill took it in (`taken_in`): that is followed.

    An invoice that already stands in the ledger (`linked`) is not forgotten because a filter changed: it keeps
    following HubSpot, and a step back to draft is attention. What an unreadable one does not tell excludes nothing.
    """
    if not settings.push_invoices:
        return SWITCHED_OFF
    if linked:
        return Attend(AttentionCode.REOPENED_IN_HUBSPOT) if invoice.status is InvoiceStatus.DRAFT else None
    if not invoice.billable:
        return Skip("not_billable", "The invoice is a record of a document billed elsewhere.")
    if settings.skip_data_sync_invoices and invoice.origin == "data_sync":
        return Skip("data_sync", "HubSpot's own data sync brought this invoice.")
    if invoice.status is InvoiceStatus.DRAFT:
        return Skip("draft", "The invoice is still a draft.")
    if invoice.status is InvoiceStatus.VOIDED:
        return Skip("voided", "The invoice was voided before it reached QuickBooks.")
    before = settings.cutover_date and invoice.invoice_date and invoice.invoice_date < settings.cutover_date
    if before and not taken_in:
        return Skip("before_cutover", f"The invoice is dated before the cut-over date {settings.cutover_date}.")
    for rule in settings.filters:
        if not rule.passes(invoice.properties):
            wanted = f" {', '.join(rule.values)}" if rule.values else ""
            return Skip("filtered", f"A filter excludes it: {rule.property} {rule.operator}{wanted}.")
    return None


def billed_party(invoice: SourceInvoice, books: Books) -> Party | None:
    """Whom the invoice is billed to, by the setting's level and else by the other one."""
    return by_level(*parties(invoice, books), books)


def parties(invoice: SourceInvoice, books: Books) -> tuple[Party | None, Party | None]:
    """Company and contact as customers in the invoice's currency: QuickBooks' customers have one currency each."""
    company, contact = (in_currency(one, invoice.currency, books) for one in (invoice.company, invoice.contact))
    return company, contact


def in_currency(party: Party | None, currency: str, books: Books) -> Party | None:
    """A party as a customer in `currency`."""
    if party is None or not books.company.multicurrency:
        return party
    return replace(party, currency=currency, foreign=currency != books.company.home_currency)


def by_level(company: Party | None, contact: Party | None, books: Books) -> Party | None:
    """The one of the two that is billed: of the setting's level, else the other."""
    first, second = (contact, company) if books.settings.customer_level is CustomerLevel.CONTACT else (company, contact)
    return first or second


def needs_look(desired: InvoiceContent, link: Link, settings: Settings, accepted: Accepted | None = None) -> bool:
    """Whether the ledger has to be read: HubSpot says something else than what was sent last, or the totals differ
    without a person having taken the ledger's.

    Reads are metered, so an invoice that did not change costs none.
    """
    if link.sent is None or link.total is None or changes(link.sent, desired):
        return True
    return isinstance(compare(goal(desired), link.total, settings, accepted), Attend)


def unseen(desired: InvoiceContent, link: Link, settings: Settings, accepted: Accepted | None = None) -> Plan:
    """What is left to say about an invoice for which the ledger was not read: that it still agrees, and how well."""
    if link.total is None or link.written is None:
        return Nothing()
    verdict = agreement(desired, link.written, link.total, settings, accepted)
    return verdict if isinstance(verdict, Attend) else Nothing(verdict)


def decide(
    desired: InvoiceContent,
    link: Link | None,
    present: LedgerInvoice | None,
    books: Books,
    *,
    by_person: bool = False,
    decision: Decision | None = None,
    accepted: Accepted | None = None,
    fields: ComparedFields | None = None,
) -> Plan:
    """What to do, given what should stand (`desired`), what was sent and answered last (`link`), and what stands now.

    A three-way comparison field by field. The ledger may store a text a little differently than it was sent, so
    HubSpot's changes are told by what was sent, and a person's changes by what the ledger answered. A person's change
    to a field that HubSpot sees differently is never overwritten, unless a person took HubSpot's value (`decision`);
    where QuickBooks' was taken (`accepted`) it stays. `present` None: deleted (only for a linked one).
    `by_person`: somebody asked for it (a retry). `fields` are the pairs of fields, which then are no part of `desired`.
    """
    if link is None:
        return create(desired, books)
    if present is None:
        return Gone()
    if present.voided:
        return _after_void(desired, link, books, by_person=by_person)
    return _compared(desired, link, present, books, decision, accepted, fields)


def _compared(
    desired: InvoiceContent,
    link: Link,
    present: LedgerInvoice,
    books: Books,
    decision: Decision | None,
    accepted: Accepted | None,
    fields: ComparedFields | None,
) -> Plan:
    pairs = fields.plan() if fields else FieldsPlan()
    desired = replace(desired, custom_fields=()) if fields else desired
    kept = still_accepted(accepted, desired, present)
    found = with_pairs(_edited(desired, link, present, kept, books), pairs.conflicts)
    overruled = False
    if found is not None and decision is not None:
        side = taken(decision, found.conflict)
        match side:
            case Side.QUICKBOOKS:
                kept, found = found.accepted(kept, desired, present, decision), None
            case Side.HUBSPOT:
                overruled, found = True, None
        pairs = fields.plan(side) if fields else pairs
    if found is not None:
        return found.attend
    if pairs.problem is not None:
        return pairs.problem
    wanted = lay_over(desired, kept)
    whole = replace(wanted, custom_fields=pairs.standing) if fields else wanted
    synced = worth_keeping(pairs.remembered) if fields else None
    difference = changes(present.content, wanted)
    moved = changes(link.sent, desired) if link.sent else difference
    verdict = agreement(whole, present.content, present.total, books.settings, kept)
    if link.rejected and isinstance(verdict, Attend) and books.settings.beyond_tolerance is BeyondTolerance.VOID:
        # Somebody paid it before it could be voided again: then it stays, and what differs is told.
        return verdict if present.settled_by else _void(present, books, link.rejected)
    if ((moved or overruled) and difference) or pairs.carried:
        together = (*difference, *pairs.carried)
        update = Update(present, whole, together, accepted=kept, fields=pairs.remembered if fields else None)
        return _unchangeable(present, wanted, books) or update
    if isinstance(verdict, Attend):
        return verdict
    edited = link.written is not None and changes(lay_over(link.written, kept), present.content)
    same = link.sent is not None and link.sent.billed == desired.billed and kept == accepted
    if link.ledger_updated_at == present.updated_at and same and not moved and not edited:
        return Nothing(verdict, fields=synced)
    told = replace(desired, custom_fields=pairs.standing) if fields else desired
    return Adopt(present, told, agreement=verdict, accepted=kept, fields=synced)


def _edited(
    desired: InvoiceContent, link: Link, present: LedgerInvoice, kept: Accepted | None, books: Books
) -> Edited | None:
    """What a person changed in the ledger and HubSpot sees differently, but for what is `kept`."""
    wanted = lay_over(desired, kept)
    difference = changes(present.content, wanted)
    edited = {one.field for one in changes(link.written, present.content)} if link.written else set()
    conflicts = [one for one in difference if one.field in without(edited, kept)]
    beside = _beside_the_lines(link, present) and not total_accepted(kept, goal(desired), present.total)
    if beside and not conflicts:
        # Of a total that was never right it is told apart from what a person did to it.
        moved = link.sent is None or changes(link.sent, desired)
        verdict = agreement(wanted, present.content, present.total, books.settings, kept)
        wrong = isinstance(verdict, Attend)
        beside = not (wrong and link.rejected) and (wrong or bool(moved and difference))
    return edited_there(conflicts, difference, desired, present, beside=beside)


def decide_deleted(present: LedgerInvoice | None, books: Books, decision: Decision | None = None) -> Plan:
    """What to do for an invoice that was deleted in HubSpot after it was written: by the setting, or as a person took
    HubSpot's side."""
    if present is None or present.voided:
        return Skip("deleted", "The invoice was deleted in HubSpot and stands no longer in QuickBooks.")
    found = deleted_in_hubspot(present)
    if taken(decision, found) is Side.HUBSPOT:
        return _void(present, books)
    match books.settings.deleted_in_hubspot:
        case DeletedInHubSpot.VOID:
            return _void(present, books)
        case DeletedInHubSpot.IGNORE:
            return Skip("deleted_in_hubspot", "The invoice was deleted in HubSpot and is left as it is in QuickBooks.")
        case DeletedInHubSpot.ATTENTION:
            return Attend(AttentionCode.DELETED_IN_HUBSPOT, conflict=found)


def decide_void(link: Link | None, present: LedgerInvoice | None, books: Books) -> Plan:
    """What to do for an invoice that was voided in HubSpot after it was written."""
    if link is None:
        return Skip("voided", "The invoice was voided before it reached QuickBooks.")
    if present is None or present.voided:
        return Nothing()
    return _void(present, books)


def _void(present: LedgerInvoice, books: Books, rejected: str = "") -> Void | Attend:
    if present.settled_by:
        return Attend(AttentionCode.VOID_OF_PAID_INVOICE, _applied(present))
    if books.closed(present.content.invoice_date):
        return _period_closed(present.content, books)
    return Void(present, rejected)


def create(desired: InvoiceContent, books: Books) -> Plan:
    """What to do for an invoice of which nothing stands: one in a period that is known to be closed goes by the
    setting."""
    closed_through = books.company.books_closed_through
    if closed_through is None or not books.closed(desired.invoice_date):
        return Create(desired)
    match books.settings.closed_period:
        case ClosedPeriod.FIRST_OPEN_DAY:
            return Create(moved_to(desired, closed_through))
        case ClosedPeriod.IGNORE:
            detail = f"The invoice is dated {desired.invoice_date}, and the books are closed through {closed_through}."
            return Skip("period_closed", detail)
        case ClosedPeriod.HOLD:
            return _period_closed(desired, books)


def _after_void(desired: InvoiceContent, link: Link, books: Books, *, by_person: bool) -> Plan:
    """A document that Tieout itself voided again is created anew once HubSpot says something else, or a person asks."""
    if not link.rejected:
        return Attend(AttentionCode.VOIDED_IN_QUICKBOOKS)
    changed = link.sent is None or changes(link.sent, desired) or link.sent.billed != desired.billed
    return create(desired, books) if changed or by_person else Attend(AttentionCode.TOTAL_DIFFERS, link.rejected)


def _unchangeable(present: LedgerInvoice, desired: InvoiceContent, books: Books) -> Attend | None:
    """Attention for an update that the books do not allow any more."""
    for content in (present.content, desired):
        if books.closed(content.invoice_date):
            return _period_closed(content, books)
    if present.settled_by and present.content.customer_id != desired.customer_id:
        # The payment would stay with whom it is from, applied to an invoice of another.
        told = f"QuickBooks has customer {present.content.customer_id}, HubSpot bills customer {desired.customer_id}."
        return Attend(AttentionCode.CUSTOMER_OF_PAID_INVOICE, f"{told} {_applied(present)}")
    applied = present.total - present.balance
    if present.settled_by and goal(desired).currency == applied.currency and goal(desired).amount < applied.amount:
        detail = f"HubSpot says {goal(desired)}, {applied} is applied in QuickBooks."
        return Attend(AttentionCode.TOTAL_BELOW_PAID, detail)
    return None


def _applied(present: LedgerInvoice) -> str:
    return f"Applied: {', '.join(sorted(set(present.settled_by)))}."


def _period_closed(content: InvoiceContent, books: Books) -> Attend:
    return period_closed(content.invoice_date, books.company.books_closed_through)


def _beside_the_lines(link: Link, present: LedgerInvoice) -> bool:
    """Whether a person changed the total by what is no field of ours, such as tax.

    Measured against what the ledger answered to our last write: what was beside the lines already then (the ledger's
    own tax, say, which made the totals differ) is no person's doing, and an update that mends it stays possible.
    """
    if link.written is None or link.total is None or present.total == link.total:
        return False
    beside = present.total.amount - present.content.total.amount
    return beside not in (0, link.total.amount - link.written.total.amount)
