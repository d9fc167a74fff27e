"""From HubSpot invoices and their records to plans: reads both sides in grouped calls, then asks planning.

Push and dry run share this; a dry run creates no customer and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from tieout.domain.attention import AttentionCode
from tieout.domain.customer import Party
from tieout.domain.invoice import InvoiceContent, InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.adoption import Match, Same, Unclear, Wanted, decide_adoption
from tieout.domain.planning.books import Books, Found
from tieout.domain.planning.content import desired_content, fingerprint, represent
from tieout.domain.planning.customer import CreateCustomer
from tieout.domain.planning.fields import ComparedFields
from tieout.domain.planning.invoice import (
    SWITCHED_OFF,
    billed_party,
    create,
    decide,
    decide_deleted,
    decide_void,
    needs_look,
    parties,
    screen,
)
from tieout.domain.planning.item import UseItem, origin_id
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update
from tieout.domain.record import Link, References, State, SyncRecord
from tieout.ports import Workspace
from tieout.services.assess_fields import as_it_stands, begun, compared, without_look
from tieout.services.books import Rates, open_books
from tieout.services.customers import Customers, Resolution
from tieout.services.items import Items

Source = SourceInvoice | UnreadableInvoice | None
NEW_CUSTOMER = "(new customer)"
# In any other state the record may be wrong about the ledger, so the ledger is asked even if HubSpot did not change.
_TRUSTED = frozenset({State.SYNCED, State.SYNCED_WITH_VARIANCE})


@dataclass(frozen=True, slots=True)
class Case:
    """One invoice to assess. `look`: the ledger has to be asked. `by_person`: somebody asked for it (a retry)."""

    record: SyncRecord
    source: Source
    look: bool = False
    by_person: bool = False

    @property
    def link(self) -> Link | None:
        """What stands in the ledger, as far as the record knows."""
        return self.record.link

    @property
    def must_look(self) -> bool:
        """Whether the ledger has to be asked although HubSpot may not have changed."""
        unseen = self.link is not None and self.link.ledger_updated_at is None
        return self.look or self.by_person or unseen or self.record.state not in _TRUSTED

    @property
    def forgets(self) -> bool:
        """Whether remembered customers and items are looked up anew: a person retried, and they may be to blame."""
        return self.by_person and (self.link is None or self.refused)

    @property
    def refused(self) -> bool:
        """Whether the ledger refused the customer or an item of it."""
        return self.record.reason == AttentionCode.REFERENCE_INACTIVE


@dataclass(slots=True)
class _Open:
    """A case on its way to a plan. Ids are those of the ledger; `items` are by line id, `stock` those of them whose
    quantity is counted. `told` is the fingerprint of what HubSpot says."""

    case: Case
    source: SourceInvoice
    told: str
    party: Party | None = None
    customer: str | None = None
    items: dict[str, str] = field(default_factory=dict)
    stock: set[str] = field(default_factory=set)
    rate: Decimal | None = None
    desired: InvoiceContent | None = None
    fields: ComparedFields | None = None
    plan: Plan | Exception | None = None

    @property
    def voided(self) -> bool:
        return self.source.status is InvoiceStatus.VOIDED

    @property
    def pending(self) -> bool:
        """Whether it still has to be described."""
        return self.plan is None and self.desired is None

    @property
    def references(self) -> References | None:
        """What the ids were found for; an invoice that has its customer already keeps it."""
        kept = self.case.link.references if self.case.link else None
        if self.told and kept and kept.source == self.told and self.party is None:
            return kept
        party = self.party.origin_id if self.party else kept.party if kept else None
        if not party:
            return None
        lines = tuple(origin_id(line) for line in self.source.lines)
        return References(party, lines, tuple(sorted(self.stock)), self.told)


@dataclass(frozen=True, slots=True)
class Assessor:
    """Makes plans. `customers` and `items` find what an invoice refers to. `approved` is what a back-fill showed to a
    person of documents that nobody marked, by HubSpot's id; None for every other worker."""

    customers: Customers
    items: Items
    approved: Mapping[str, Match] | None = None

    def assess(
        self,
        workspace: Workspace,
        cases: Sequence[Case],
        trace_id: str,
        *,
        dry: bool = False,
        deadline: datetime | None = None,
        looked: dict[str, LedgerInvoice] | None = None,
        wanted: dict[str, Wanted] | None = None,
    ) -> list[Plan | Exception]:
        """A plan for each case, in order, or what stops just that one: a SyncError or a bug. A failed grouped read
        raises. No customer is created after `deadline`. Into `looked` go the ledger's invoices that were asked for, by
        id; into `wanted`, by HubSpot's id, what the invoices would be of which nothing stands."""
        plans = self._deleted(workspace, cases, [_screened(case, workspace) for case in cases])
        opened = [one for one in plans if isinstance(one, _Open)]
        if opened:
            books = open_books(workspace)
            live = [one for one in opened if not one.voided]
            rates = Rates(workspace.ledger, books)
            for one in live:
                _reuse(one, books)
                if one.pending:
                    one.rate = rates.of(one.source, one.case.link.sent if one.case.link else None)
            self._choose_parties(live, books)
            self._find_items(workspace, live, dry=dry)
            self._find_customers(workspace, live, trace_id, dry=dry, deadline=deadline)
            for one in live:
                _guard(one, partial(_describe, one, books))
                _guard(one, partial(_compare_fields, one, books))
            found = self._look(workspace, opened, books)
            if wanted is not None:
                new = [one for one in opened if one.case.link is None]
                wanted.update({one.source.id: Wanted.of(one.source, one.desired) for one in new})
            if looked is not None:
                looked.update(found)
        return [_result(one) if isinstance(one, _Open) else one for one in plans]

    def _deleted(
        self, workspace: Workspace, cases: Sequence[Case], plans: Sequence[_Screened]
    ) -> list[Plan | Exception | _Open]:
        """Decide about the invoices that were deleted in HubSpot by what stands in the ledger."""
        ids = {case.link.far_id for case, plan in zip(cases, plans, strict=True) if plan is None and case.link}
        if not ids:
            return [plan for plan in plans if plan is not None]
        found, books = workspace.ledger.invoices(ids), open_books(workspace)
        return [
            decide_deleted(found.get(case.link.far_id) if case.link else None, books, case.record.decision)
            if plan is None
            else plan
            for case, plan in zip(cases, plans, strict=True)
        ]

    def _find_items(self, workspace: Workspace, live: Sequence[_Open], *, dry: bool) -> None:
        lines = [line for one in live if one.pending for line in one.source.lines if line.id not in one.items]
        if not lines:
            return
        forget = {line.id for one in live if one.case.forgets for line in one.source.lines}
        refused = {line.id for one in live if one.case.forgets and one.case.refused for line in one.source.lines}
        answers = self.items.resolve(workspace, lines, dry=dry, forget=forget, refused=refused)
        for one in live:
            for line in one.source.lines:
                found = answers.get(line.id)
                if isinstance(found, UseItem):
                    one.items[line.id] = found.id
                    one.stock |= {found.id} if found.stock else set()
                elif found is not None and one.plan is None:
                    one.plan = found

    def _choose_parties(self, live: Sequence[_Open], books: Books) -> None:
        """Whom the invoices without a customer are billed to; what cannot be posted gets its reason before anything
        is created for it."""
        for one in live:
            if one.customer is not None or not one.pending:
                continue
            one.plan = represent(one.source, books, one.rate)
            one.party = billed_party(one.source, books)
            if one.party is None and one.plan is None:
                one.plan = Attend(AttentionCode.CUSTOMER_MISSING, "The invoice has neither a company nor a contact.")

    def _find_customers(
        self, workspace: Workspace, live: Sequence[_Open], trace_id: str, *, dry: bool, deadline: datetime | None
    ) -> None:
        wanted = [(one, one.party) for one in live if one.party is not None and one.pending]
        if not wanted:
            return
        forget = {party.origin_id for one, party in wanted if one.case.forgets}
        refused = {party.origin_id for one, party in wanted if one.case.forgets and one.case.refused}
        parties = [party for _, party in wanted]
        answers = self.customers.resolve(
            workspace, parties, trace_id, dry=dry, forget=forget, refused=refused, deadline=deadline
        )
        for one, party in wanted:
            _take_customer(one, answers[party.origin_id])

    def _look(self, workspace: Workspace, opened: Sequence[_Open], books: Books) -> Mapping[str, LedgerInvoice]:
        """Ask the ledger what stands there, in one read for all that need it, and decide. Gives what stands."""
        ids = {one.case.link.far_id for one in opened if one.case.link and _needs_look(one, books)}
        adopted = [self._approved(one) for one in opened]
        ids |= {one.far_id for one in adopted if isinstance(one, Same)}
        found = workspace.ledger.invoices(ids) if ids else {}
        present = {far_id: found.get(far_id) for far_id in ids}
        for one, approved in zip(opened, adopted, strict=True):
            if approved is not None:
                _guard(one, partial(_adopt, one, approved, present, books))
        for one in opened:
            if self.approved is None and _is_unclear(one):
                one.plan = Attend(AttentionCode.ADOPTION_UNCLEAR, one.case.record.unclear)
            _guard(one, partial(_decide, one, present, books))
        return found

    def _approved(self, one: _Open) -> Match | None:
        """What was shown of an invoice that has no document yet."""
        found = self.approved.get(one.source.id) if self.approved and one.case.link is None else None
        described = one.plan is None and one.desired is not None
        return found if described or isinstance(found, Unclear) else None


_Screened = Plan | _Open | None


def _screened(case: Case, workspace: Workspace) -> _Screened:
    """A plan where none of the ledger is needed; None for an invoice that was deleted after it was written."""
    source, link = case.source, case.link
    if source is None and link is None:
        return Skip("deleted", "The invoice was deleted in HubSpot.")
    if source is None:
        return None if workspace.settings.push_invoices else SWITCHED_OFF
    told = screen(source, workspace.settings, linked=link is not None, taken_in=bool(case.record.run))
    if told is not None:
        return told
    if isinstance(source, UnreadableInvoice):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, source.reason)
    return _Open(case, source, fingerprint(source))


def _reuse(one: _Open, books: Books) -> None:
    """Settings, preferences and matches decide when an invoice is created. As long as HubSpot says the same about it,
    what was sent is what should stand there; only a person's retry describes it anew. When HubSpot changed it, it
    keeps its customer as long as the same party is billed, and its items as long as its lines name the same products.
    """
    link = one.case.link
    if link is None or link.sent is None or link.references is None or one.case.forgets:
        return
    if link.references.source == one.told and not one.case.by_person:
        one.desired = link.sent
        return
    billed = [party for party in parties(one.source, books) if party is not None]
    if any(link.references.party in (party.origin_id, *party.former_origin_ids) for party in billed):
        one.customer = link.sent.customer_id
    one.stock = set(link.references.stock)
    known = dict(zip(link.references.lines, (line.item_id for line in link.sent.lines), strict=False))
    one.items = {line.id: known[key] for line in one.source.lines if (key := origin_id(line)) in known}


def _take_customer(one: _Open, found: Resolution) -> None:
    if isinstance(found, Attend | Exception):
        one.plan = found
    else:
        one.customer = NEW_CUSTOMER if isinstance(found, CreateCustomer) else found


def _guard(one: _Open, step: Callable[[], None]) -> None:
    """A bug with one invoice is that invoice's own affair."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - reported with this invoice
        one.plan = error


def _describe(one: _Open, books: Books) -> None:
    """What should stand in the ledger, or why nothing can."""
    if not one.pending or one.customer is None:
        return
    sent = one.case.link.sent if one.case.link else None
    found = Found(one.customer, one.items, frozenset(one.stock), one.rate, sent)
    content = desired_content(one.source, found, books)
    if isinstance(content, Attend) and sent and _stands_unchanged(one):
        # It could not be made like this any more, but so it stands, and HubSpot says nothing new about it.
        one.desired = sent
    elif isinstance(content, Attend):
        one.plan = content
    else:
        # An invoice that bears the ledger's own number keeps it, also when custom numbers are switched on later.
        one.desired = replace(content, number=None) if sent and sent.number is None else content


def _compare_fields(one: _Open, books: Books) -> None:
    """Compare the pairs of fields with what was seen last; a value that cannot be carried needs a person."""
    if one.desired is not None and one.plan is None and one.case.link is not None:
        one.fields = compared(one.case.record, one.source, books)
        one.plan = one.fields.plan().problem


def _stands_unchanged(one: _Open) -> bool:
    link = one.case.link
    if link is None or link.references is None or link.rejected or one.case.record.state is State.DELETED_IN_LEDGER:
        return False
    return link.references.source == one.told


def _needs_look(one: _Open, books: Books) -> bool:
    link = one.case.link
    if link is None or one.plan is not None:
        return False
    if one.voided:
        return True
    if one.desired is None:
        return False
    if one.case.must_look or (one.fields is not None and one.fields.plan().differs):
        return True
    return needs_look(_beside_fields(one.desired), link, books.settings, one.case.record.accepted)


def _beside_fields(content: InvoiceContent) -> InvoiceContent:
    return replace(content, custom_fields=())


def _adopt(one: _Open, approved: Match, present: Mapping[str, LedgerInvoice | None], books: Books) -> None:
    if isinstance(approved, Unclear):
        # Whatever else is in the way: this has to be known first.
        one.plan = Attend(AttentionCode.ADOPTION_UNCLEAR, approved.detail)
    elif one.desired is not None:
        there, described = present.get(approved.far_id), _beside_fields(one.desired)
        plan = decide_adoption(described, Wanted.of(one.source, one.desired), approved, there, books)
        one.plan = as_it_stands(plan, one.source, books)


def _is_unclear(one: _Open) -> bool:
    """Whether a document that nobody marked may be this invoice: until a person or another back-fill says more, it is
    not created."""
    case = one.case
    return bool(case.record.unclear) and case.link is None and not case.by_person


def _decide(one: _Open, present: Mapping[str, LedgerInvoice | None], books: Books) -> None:
    if one.plan is None:
        one.plan = _decided(one, present, books)


def _decided(one: _Open, present: Mapping[str, LedgerInvoice | None], books: Books) -> Plan | Exception:
    case, link = one.case, one.case.link
    standing = present.get(link.far_id) if link else None
    if one.desired is None:
        return decide_void(link, standing, books)
    if link and link.far_id not in present:
        return without_look(one.desired, link, one.fields, case.record, books)
    plan = decide(
        one.desired,
        link,
        standing,
        books,
        by_person=case.by_person,
        decision=case.record.decision,
        accepted=case.record.accepted,
        fields=compared(case.record, one.source, books, standing),
    )
    recreate = case.by_person and case.record.state is State.DELETED_IN_LEDGER
    return begun(create(one.desired, books) if isinstance(plan, Gone) and recreate else plan, one.source, books)


def _result(one: _Open) -> Plan | Exception:
    plan = one.plan
    if plan is None:
        raise AssertionError("every case is decided")
    sent = one.case.link.sent if one.case.link else None
    if isinstance(plan, Nothing) and not (one.desired and sent and sent.billed == one.desired.billed):
        return plan
    return replace(plan, references=one.references) if isinstance(plan, Create | Update | Adopt | Nothing) else plan
