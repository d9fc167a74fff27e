"""Pairs of fields of invoices on their way to a plan: what both sides say, as far as it was read."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.invoice import InvoiceContent, LedgerInvoice, SourceInvoice
from tieout.domain.planning.books import Books
from tieout.domain.planning.content import field_texts
from tieout.domain.planning.fields import (
    ComparedFields,
    FieldsPlan,
    as_found,
    ledger_texts,
    new_fields,
    remembered,
    texts_last_seen,
    worth_keeping,
)
from tieout.domain.planning.invoice import unseen
from tieout.domain.planning.plan import Adopt, Create, Nothing, Plan
from tieout.domain.record import Link, SyncRecord


def compared(
    record: SyncRecord, source: SourceInvoice, books: Books, present: LedgerInvoice | None = None
) -> ComparedFields:
    """HubSpot's side of an invoice that was written, beside what stands in the ledger (None: what was seen last)."""
    pairs, link = books.pairs, record.link
    synced = remembered(pairs, record.fields, link)
    there = ledger_texts(pairs, present) if present else texts_last_seen(pairs, synced, link)
    return ComparedFields(pairs, field_texts(source, books), there, synced)


def without_look(
    desired: InvoiceContent, link: Link, fields: ComparedFields | None, record: SyncRecord, books: Books
) -> Plan:
    """See `unseen`; with what is to be remembered of the pairs."""
    pairs = fields.plan() if fields else FieldsPlan()
    plan = unseen(replace(desired, custom_fields=pairs.standing), link, books.settings, record.accepted)
    return replace(plan, fields=worth_keeping(pairs.remembered)) if isinstance(plan, Nothing) else plan


def begun(plan: Plan, source: SourceInvoice, books: Books) -> Plan:
    """The plan with HubSpot's values where a new document begins; a value that cannot be carried needs a person."""
    if not isinstance(plan, Create):
        return plan
    pairs = new_fields(books.pairs, field_texts(source, books))
    content = replace(plan.content, custom_fields=pairs.standing)
    return pairs.problem or replace(plan, content=content, fields=pairs.remembered)


def as_it_stands(plan: Plan, source: SourceInvoice, books: Books) -> Plan:
    """The plan with what both sides say of the pairs where a document is adopted: nothing of it is carried."""
    if not isinstance(plan, Adopt):
        return plan
    texts = field_texts(source, books), ledger_texts(books.pairs, plan.present)
    return replace(plan, fields=as_found(books.pairs, *texts))
