"""From HubSpot invoices and their records to plans: reads both sides in grouped calls, then asks planning.

Push and dry run share this; a dry run creates no customer and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.customer import Party
from tieout.domain.invoice import InvoiceContent, InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.customer import CreateCustomer
from tieout.domain.planning.invoice import (
    billed_party,
    decide,
    decide_deleted,
    decide_void,
    desired_content,
    needs_look,
    represent,
    screen,
)
from tieout.domain.planning.item import origin_id
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update
from tieout.domain.record import Link, References, State, SyncRecord
from tieout.ports import Workspace
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
        return self.by_person and (self.link is None or self.record.reason == AttentionCode.REFERENCE_INACTIVE)


@dataclass(slots=True)
class _Open:
    """A case on its way to a plan. Ids are those of the ledger; `items` are by line id."""

    case: Case
    source: SourceInvoice
    party: Party | None = None
    customer: str | None = None
    items: dict[str, str] = field(default_factory=dict)
    desired: InvoiceContent | None = None
    plan: Plan | Exception | None = None

    @property
    def voided(self) -> bool:
        return self.source.status is InvoiceStatus.VOIDED

    @property
    def references(self) -> References | None:
        """What the ids were found for; an invoice that has its customer already keeps it."""
        kept = self.case.link.references.party if self.case.link and self.case.link.references else None
        party = kept if self.party is None else self.party.origin_id
        return References(party, tuple(origin_id(line) for line in self.source.lines)) if party else None


@dataclass(frozen=True, slots=True)
class Assessor:
    """Makes plans. `customers` and `items` find what an invoice refers to."""

    customers: Customers
    items: Items

    def assess(
        self,
        workspace: Workspace,
        cases: Sequence[Case],
        trace_id: str,
        *,
        dry: bool = False,
        deadline: datetime | None = None,
    ) -> list[Plan | Exception]:
        """A plan for each case, in order, or what stops just that one: a SyncError or a bug. A failed grouped read
        raises. No customer is created after `deadline`."""
        plans = self._deleted(workspace, cases, [_screened(case, workspace) for case in cases])
        opened = [one for one in plans if isinstance(one, _Open)]
        live = [one for one in opened if not one.voided]
        if live:
            company = workspace.ledger.company()
            for one in live:
                _reuse(one)
            self._choose_parties(workspace, live, company)
            self._find_items(workspace, live, dry=dry)
            self._find_customers(workspace, live, trace_id, dry=dry, deadline=deadline)
            for one in live:
                _describe(one, company)
        self._look(workspace, opened)
        return [_result(one) if isinstance(one, _Open) else one for one in plans]

    def _deleted(
        self, workspace: Workspace, cases: Sequence[Case], plans: Sequence[_Screened]
    ) -> list[Plan | Exception | _Open]:
        """Decide about the invoices that were deleted in HubSpot by what stands in the ledger."""
        ids = {case.link.far_id for case, plan in zip(cases, plans, strict=True) if plan is None and case.link}
        found = workspace.ledger.invoices(ids) if ids else {}
        return [
            decide_deleted(found.get(case.link.far_id) if case.link else None) if plan is None else plan
            for case, plan in zip(cases, plans, strict=True)
        ]

    def _find_items(self, workspace: Workspace, live: Sequence[_Open], *, dry: bool) -> None:
        lines = [line for one in live if one.plan is None for line in one.source.lines if line.id not in one.items]
        if not lines:
            return
        forget = {line.id for one in live if one.case.forgets for line in one.source.lines}
        answers = self.items.resolve(workspace, lines, dry=dry, forget=forget)
        for one in live:
            for line in one.source.lines:
                found = answers.get(line.id)
                if isinstance(found, str):
                    one.items[line.id] = found
                elif found is not None and one.plan is None:
                    one.plan = found

    def _choose_parties(self, workspace: Workspace, live: Sequence[_Open], company: LedgerCompany) -> None:
        """Whom the invoices without a customer are billed to; what cannot be posted gets its reason before anything
        is created for it."""
        for one in live:
            if one.customer is not None:
                continue
            one.plan = represent(one.source, company)
            one.party = billed_party(one.source, workspace.settings)
            if one.party is None and one.plan is None:
                one.plan = Attend(AttentionCode.CUSTOMER_MISSING, "The invoice has neither a company nor a contact.")

    def _find_customers(
        self, workspace: Workspace, live: Sequence[_Open], trace_id: str, *, dry: bool, deadline: datetime | None
    ) -> None:
        wanted = [(one, one.party) for one in live if one.party is not None and one.plan is None]
        if not wanted:
            return
        forget = {party.origin_id for one, party in wanted if one.case.forgets}
        parties = [party for _, party in wanted]
        answers = self.customers.resolve(workspace, parties, trace_id, dry=dry, forget=forget, deadline=deadline)
        for one, party in wanted:
            _take_customer(one, answers[party.origin_id])

    def _look(self, workspace: Workspace, opened: Sequence[_Open]) -> None:
        """Ask the ledger what stands there, in one read for all that need it, and decide."""
        ids = {one.case.link.far_id for one in opened if one.case.link and _needs_look(one)}
        found = workspace.ledger.invoices(ids) if ids else {}
        for one in opened:
            if one.plan is None:
                one.plan = _decide(one, {far_id: found.get(far_id) for far_id in ids})


_Screened = Plan | _Open | None


def _screened(case: Case, workspace: Workspace) -> _Screened:
    """A plan where none of the ledger is needed; None for an invoice that was deleted after it was written."""
    source, link = case.source, case.link
    if source is None:
        return Skip("deleted", "The invoice was deleted in HubSpot.") if link is None else None
    if isinstance(source, UnreadableInvoice):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, source.reason)
    return screen(source, workspace.settings, linked=link is not None) or _Open(case, source)


def _reuse(one: _Open) -> None:
    """Settings and matches decide when an invoice is created. Later it keeps its customer as long as HubSpot bills the
    same party, and its items as long as its lines name the same products."""
    link = one.case.link
    if link is None or link.sent is None or link.references is None or one.case.forgets:
        return
    parties = {party.origin_id for party in (one.source.company, one.source.contact) if party is not None}
    if link.references.party in parties:
        one.customer = link.sent.customer_id
    known = dict(zip(link.references.lines, (line.item_id for line in link.sent.lines), strict=False))
    one.items = {line.id: known[key] for line in one.source.lines if (key := origin_id(line)) in known}


def _take_customer(one: _Open, found: Resolution) -> None:
    if isinstance(found, Attend | Exception):
        one.plan = found
    else:
        one.customer = NEW_CUSTOMER if isinstance(found, CreateCustomer) else found


def _describe(one: _Open, company: LedgerCompany) -> None:
    """What should stand in the ledger. An invoice that did not change is not judged anew by today's preferences."""
    if one.plan is not None or one.customer is None:
        return
    content = desired_content(one.source, one.customer, one.items, company)
    link = one.case.link
    if isinstance(content, InvoiceContent) and link and link.sent and link.sent.number is None:
        # It bears the ledger's own number, also when custom numbers are switched on later.
        content = replace(content, number=None)
    if isinstance(content, InvoiceContent) and link and not needs_look(content, link):
        one.desired = content
        return
    problem = represent(one.source, company)
    if problem is not None or not isinstance(content, InvoiceContent):
        one.plan = problem or (content if isinstance(content, Attend) else None)
    else:
        one.desired = content


def _needs_look(one: _Open) -> bool:
    link = one.case.link
    if link is None or one.plan is not None:
        return False
    if one.voided:
        return True
    return one.desired is not None and (one.case.must_look or needs_look(one.desired, link))


def _decide(one: _Open, present: Mapping[str, LedgerInvoice | None]) -> Plan:
    case, link = one.case, one.case.link
    standing = present.get(link.far_id) if link else None
    if one.desired is None:
        return decide_void(link, standing)
    if link and link.far_id not in present:
        return Nothing()
    plan = decide(one.source, one.desired, link, standing)
    recreate = case.by_person and case.record.state is State.DELETED_IN_LEDGER
    return Create(one.desired) if isinstance(plan, Gone) and recreate else plan


def _result(one: _Open) -> Plan | Exception:
    plan = one.plan
    if plan is None:
        raise AssertionError("every case is decided")
    return replace(plan, references=one.references) if isinstance(plan, Create | Update | Adopt) else plan
