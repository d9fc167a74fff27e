"""Pairs of fields of invoices that were born in QuickBooks: HubSpot's values are written there, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from tieout.domain.attention import AttentionCode
from tieout.domain.company import LedgerCompany
from tieout.domain.conflict import Decision, taken
from tieout.domain.errors import NeedsAttention, StaleVersion
from tieout.domain.field_pairs import Direction, FieldPair, with_definitions
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.planning.fields import (
    ComparedFields,
    FieldsPlan,
    answered,
    hubspot_texts,
    ledger_texts,
    unkept,
    worth_keeping,
)
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.take_side import and_pairs, with_pairs
from tieout.domain.planning.totals import period_closed
from tieout.domain.record import Intent, Operation, State, SyncRecord, request_id
from tieout.domain.settings import Settings
from tieout.ports import Workspace
from tieout.services.claims import Claims, Held
from tieout.services.intents import Intents
from tieout.services.own_invoices import OwnInvoice, OwnInvoiceUpdate


def pairs_of_mirrors(settings: Settings, company: LedgerCompany) -> tuple[FieldPair, ...]:
    """The pairs as they go for such invoices: to HubSpot only while nothing is sent to QuickBooks."""
    pairs = with_definitions(settings.pairs, company.custom_fields)
    if settings.push_invoices:
        return pairs
    return tuple(replace(pair, direction=Direction.TO_HUBSPOT) for pair in pairs if pair.to_hubspot)


def plan_mirrored_fields(
    record: SyncRecord,
    source: LedgerInvoice,
    properties: Mapping[str, str | None] | None,
    settings: Settings,
    company: LedgerCompany,
    decision: Decision | None = None,
) -> FieldsPlan | Attend:
    """What the pairs of one invoice come to; a person is asked where both sides changed. `properties` None: its HubSpot
    invoice is made anew, and empty."""
    compared = _compared(record, source, properties, settings, company)
    plan = compared.plan()
    found = with_pairs(None, plan.conflicts)
    if found is not None:
        side = taken(decision, found.conflict)
        if side is None:
            return Attend(AttentionCode.EDITED_IN_HUBSPOT, found.detail, found.conflict)
        plan = compared.plan(side)
    closed, day = company.books_closed_through, source.content.invoice_date
    if plan.problem is None and plan.written and closed is not None and day <= closed:
        return period_closed(day, closed)
    return plan.problem or plan


def asked_with_fields(
    attend: Attend,
    record: SyncRecord,
    source: LedgerInvoice,
    properties: Mapping[str, str | None],
    settings: Settings,
    company: LedgerCompany,
) -> Attend:
    """Where a person has to choose a side anyway, they choose it for the pairs on which both sides changed, too."""
    if attend.conflict is None:
        return attend
    pairs = _compared(record, source, properties, settings, company).plan().conflicts
    conflict, detail = and_pairs(attend.conflict, attend.detail, pairs)
    return replace(attend, conflict=conflict, detail=detail)


def _compared(
    record: SyncRecord,
    source: LedgerInvoice,
    properties: Mapping[str, str | None] | None,
    settings: Settings,
    company: LedgerCompany,
) -> ComparedFields:
    pairs = pairs_of_mirrors(settings, company)
    there = ledger_texts(pairs, source)
    if properties is None:
        return ComparedFields(pairs, {pair.hubspot: "" for pair in pairs}, there)
    return ComparedFields(pairs, hubspot_texts(pairs, properties), there, record.fields)


@dataclass(frozen=True, slots=True)
class MirroredFields:
    """Carries such plans out. `vendor_timeout` is how long a sent request may still be carried out.

    The invoice is QuickBooks' own and bears no marker. Whether a lost write happened is told by sending it once more:
    under the same request id QuickBooks gives the first answer, and its version refuses what never arrived.
    """

    claims: Claims
    vendor_timeout: timedelta

    def write(self, workspace: Workspace, held: Held, present: LedgerInvoice, plan: FieldsPlan) -> LedgerInvoice | None:
        """Bring QuickBooks' side to what the plan says; gives its answer. Leaves the record claimed and in sync."""
        record = held.record
        revision = record.revision + 1
        rid = request_id(
            workspace.connection.realm_id, "invoice", record.key, Operation.UPDATE, revision, record.generation
        )
        body = workspace.ledger.prepare_fields_update(present, dict(plan.written)).body
        now = self.claims.clock.now()
        intent = Intent(Operation.UPDATE, rid, revision, body, now, far_id=present.id, fields=tuple(plan.remembered))
        effect = _Fields()
        self._intents.carry_out(workspace, held, effect, record, intent)
        return effect.answered

    def verify(self, workspace: Workspace, held: Held) -> bool:
        """See `Intents.verify`."""
        return self._intents.verify(workspace, held, _Fields())

    @property
    def _intents(self) -> Intents:
        return Intents(self.claims, self.vendor_timeout)


def of_fields(record: SyncRecord) -> bool:
    """Whether the intent of this record is such a write."""
    intent = record.intent
    return intent is not None and intent.fields is not None and intent.content is None and intent.mirror is None


def remembering(record: SyncRecord, plan: FieldsPlan) -> SyncRecord:
    """The record once QuickBooks holds what it should."""
    return _told(replace(record, fields=worth_keeping(plan.remembered)))


def _told(record: SyncRecord) -> SyncRecord:
    return replace(record, detail=unkept(record.fields)) if record.state is State.SYNCED else record


@dataclass(slots=True)
class _Fields(OwnInvoiceUpdate):
    """Fulfils `intents.Effect`."""

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> OwnInvoice | None:
        """By sending it once more. What is refused then was refused before. While nothing is sent to QuickBooks, what
        stands there tells: it is compared anew."""
        if not workspace.settings.push_invoices:
            return None
        try:
            return self.send(workspace, record, intent)[0]
        except (StaleVersion, NeedsAttention):
            return None

    def linked(self, record: SyncRecord, intent: Intent, answer: OwnInvoice, *, looked: bool) -> SyncRecord:
        """The answer to a repetition is the first one, so it is QuickBooks' own in either case."""
        del looked
        fields = answered(intent.fields or (), answer.invoice, looked=False)
        return replace(record, fields=fields)

    def settled(self, _workspace: Workspace, record: SyncRecord, _intent: Intent, _answer: OwnInvoice) -> SyncRecord:
        """With what QuickBooks did not keep."""
        return _told(record.to(State.SYNCED))

    def done(self, _intent: Intent) -> str:
        """For the trail."""
        return "wrote HubSpot's fields to QuickBooks"
