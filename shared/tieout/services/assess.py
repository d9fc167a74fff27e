"""From HubSpot invoices and their records to plans: reads both sides in grouped calls, then asks planning.

Push and dry run share this; a dry run creates no customer and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.customer import Party
from tieout.domain.invoice import InvoiceContent, InvoiceStatus, LedgerInvoice, SourceInvoice, UnreadableInvoice
from tieout.domain.planning.customer import CreateCustomer
from tieout.domain.planning.invoice import (
    billed_party,
    decide,
    decide_void,
    desired_content,
    needs_look,
    represent,
    screen,
)
from tieout.domain.planning.plan import Attend, Create, Gone, Nothing, Plan, Skip
from tieout.domain.record import Link, State, SyncRecord
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


@dataclass(frozen=True, slots=True)
class Assessor:
    """Makes plans. `customers` and `items` find what an invoice refers to."""

    customers: Customers
    items: Items

    def assess(
        self, workspace: Workspace, cases: Sequence[Case], trace_id: str, *, dry: bool = False
    ) -> list[Plan | Exception]:
        """A plan for each case, in order, or what stops just that one: a SyncError or a bug. A failed
        grouped read raises."""
        plans: list[Plan | Exception | None] = [_before_reading(case, workspace) for case in cases]
        open_cases = [index for index, plan in enumerate(plans) if plan is None]
        if not open_cases:
            return [plan for plan in plans if plan is not None]
        desired = self._desired(workspace, cases, open_cases, plans, trace_id, dry=dry)
        present = self._present(workspace, cases, open_cases, desired)
        for index in open_cases:
            if plans[index] is None:
                plans[index] = _decide(cases[index], desired.get(index), present)
        return [plan if plan is not None else Nothing() for plan in plans]

    def _desired(
        self,
        workspace: Workspace,
        cases: Sequence[Case],
        open_cases: Sequence[int],
        plans: list[Plan | Exception | None],
        trace_id: str,
        *,
        dry: bool,
    ) -> dict[int, InvoiceContent]:
        """What should stand for each open case; cases that cannot have it get their plan here."""
        company = workspace.ledger.company()
        parties: dict[int, Party] = {}
        wanted: dict[int, SourceInvoice] = {}
        for index in open_cases:
            source = cases[index].source
            if not isinstance(source, SourceInvoice) or source.status is InvoiceStatus.VOIDED:
                continue
            party = billed_party(source, workspace.settings)
            problem = represent(source, company)
            if problem is None and party is None:
                problem = Attend(AttentionCode.CUSTOMER_MISSING, "The invoice has neither a company nor a contact.")
            if problem is not None or party is None:
                plans[index] = problem
                continue
            parties[index], wanted[index] = party, source
        if not wanted:
            return {}
        retried = [index for index in wanted if cases[index].by_person]
        item_ids = self.items.resolve(
            workspace,
            [line for source in wanted.values() for line in source.lines],
            dry=dry,
            forget={line.id for index in retried for line in wanted[index].lines},
        )
        for index in list(wanted):
            missing = [found for line in wanted[index].lines if isinstance(found := item_ids[line.id], Attend)]
            if missing:
                plans[index] = missing[0]
                del wanted[index], parties[index]
        customer_ids = self.customers.resolve(
            workspace,
            parties.values(),
            trace_id,
            dry=dry,
            forget={parties[index].origin_id for index in retried if index in parties},
        )
        ids = {line_id: found for line_id, found in item_ids.items() if isinstance(found, str)}
        desired: dict[int, InvoiceContent] = {}
        for index, source in wanted.items():
            content = _content(source, customer_ids[parties[index].origin_id], ids, company)
            if isinstance(content, InvoiceContent):
                desired[index] = content
            else:
                plans[index] = content
        return desired

    def _present(
        self,
        workspace: Workspace,
        cases: Sequence[Case],
        open_cases: Sequence[int],
        desired: Mapping[int, InvoiceContent],
    ) -> dict[str, LedgerInvoice | None]:
        """What stands in the ledger, for the linked cases that need a look: one read for all of them."""
        ids = set()
        for index in open_cases:
            case, link = cases[index], cases[index].link
            if link is None:
                continue
            forced = case.look or case.by_person or case.record.state not in _TRUSTED
            if (index in desired and (forced or needs_look(desired[index], link))) or _is_void(case.source):
                ids.add(link.far_id)
        found = workspace.ledger.invoices(ids) if ids else {}
        return {far_id: found.get(far_id) for far_id in ids}


def _before_reading(case: Case, workspace: Workspace) -> Plan | None:
    source, link = case.source, case.link
    if source is None:
        if link is None or case.record.state is State.VOIDED:
            return Skip("deleted", "The invoice was deleted in HubSpot.")
        return Attend(AttentionCode.DELETED_IN_HUBSPOT)
    if isinstance(source, UnreadableInvoice):
        return Attend(AttentionCode.REFUSED_BY_HUBSPOT, source.reason)
    return screen(source, workspace.settings, linked=link is not None)


def _content(
    source: SourceInvoice, customer: Resolution, item_ids: Mapping[str, str], company: LedgerCompany
) -> InvoiceContent | Attend | Exception:
    if isinstance(customer, Attend | Exception):
        return customer
    customer_id = NEW_CUSTOMER if isinstance(customer, CreateCustomer) else customer
    return desired_content(source, customer_id, item_ids, company)


def _decide(case: Case, desired: InvoiceContent | None, present: Mapping[str, LedgerInvoice | None]) -> Plan:
    source, link = case.source, case.link
    if not isinstance(source, SourceInvoice):
        raise TypeError("only a readable invoice is decided")
    standing = present.get(link.far_id) if link else None
    if desired is None:
        return decide_void(link, standing)
    if link and link.far_id not in present:
        return Nothing()
    plan = decide(source, desired, link, standing)
    recreate = case.by_person and case.record.state is State.DELETED_IN_LEDGER
    return Create(desired) if isinstance(plan, Gone) and recreate else plan


def _is_void(source: Source) -> bool:
    return isinstance(source, SourceInvoice) and source.status is InvoiceStatus.VOIDED
