"""Which deal an invoice belongs to, and what the deal shows of it: rules without a guess."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tieout.domain.invoice import InvoiceContent, InvoiceStatus, LedgerInvoice
from tieout.domain.marker import marked_origin
from tieout.domain.money import Money
from tieout.domain.planning.accepted import lay_over
from tieout.domain.record import Kind, State, SyncRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DealInvoiceStatus(StrEnum):
    """How the invoice that a deal shows stands."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    VOIDED = "voided"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class DealInvoice:
    """The QuickBooks invoice that a deal shows. Amounts are in the invoice's currency, `url` opens it.

    `updated_at` (aware) is the ledger's own time of the newest version that was seen; it is not shown.
    """

    id: str
    number: str
    amount: Money
    balance: Money
    status: DealInvoiceStatus
    due_date: date | None
    url: str
    updated_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for what looks equal on a deal."""
        shown = (self.id, self.number, str(self.amount), str(self.balance), self.status, str(self.due_date), self.url)
        return hashlib.sha256("\x1f".join(shown).encode()).hexdigest()[:16]

    @property
    def counts(self) -> bool:
        """Whether anything is still owed or was paid by it."""
        return self.status not in (DealInvoiceStatus.VOIDED, DealInvoiceStatus.DELETED)

    @property
    def rank(self) -> tuple[datetime, Decimal]:
        """Rises with the last change; of two that changed in one instant, the one that was made later counts."""
        return self.updated_at or _EPOCH, Decimal(self.id if self.id.isdecimal() else 0)


def shown_of(record: SyncRecord, url: str) -> DealInvoice | None:
    """What a deal shows of a HubSpot invoice that reached the ledger; None while nothing of it stands there.

    Amount and balance are the ledger's; where no payment is known, all of it is open. `url` opens the invoice.
    """
    link = record.link
    if link is None or link.total is None or not record.settled:
        return None
    content = lay_over(link.written, record.accepted) if link.written else link.sent
    known = record.facts.balance if record.facts else None
    balance = link.total if known is None else known
    return DealInvoice(
        id=link.far_id,
        number=link.number or "",
        amount=link.total,
        balance=balance,
        status=_status(record.state, link.total, balance),
        due_date=content.due_date if content is not None else None,
        url=url,
        updated_at=link.ledger_updated_at,
    )


def shown_of_ledger(invoice: LedgerInvoice, url: str) -> DealInvoice:
    """What a deal shows of an invoice that was born in the ledger, as it stands there."""
    state = State.VOIDED if invoice.voided else State.SYNCED
    return DealInvoice(
        id=invoice.id,
        number=invoice.content.number or "",
        amount=invoice.total,
        balance=invoice.balance,
        status=_status(state, invoice.total, invoice.balance),
        due_date=invoice.content.due_date,
        url=url,
        updated_at=invoice.updated_at,
    )


def shown_of_mirror(record: SyncRecord, url: str) -> DealInvoice | None:
    """The same from what our record says of it; None while HubSpot does not show it."""
    link = record.link
    if link is None or link.mirror is None or not record.settled:
        return None
    sent = link.mirror.sent
    nothing = Money(Decimal(0), sent.total.currency)
    known = record.facts.balance if record.facts else None
    balance = nothing if sent.status is InvoiceStatus.PAID else sent.total if known is None else known
    return DealInvoice(
        id=record.key.origin_id,
        number=sent.number or "",
        amount=sent.total,
        balance=balance,
        status=_status(record.state, sent.total, balance),
        due_date=sent.due_date,
        url=url,
        updated_at=record.covered_until,
    )


def _status(state: State, amount: Money, balance: Money) -> DealInvoiceStatus:
    match state:
        case State.DELETED_IN_LEDGER:
            return DealInvoiceStatus.DELETED
        case State.VOIDED:
            return DealInvoiceStatus.VOIDED
    if not balance.amount and amount.amount:
        return DealInvoiceStatus.PAID
    return DealInvoiceStatus.OPEN if balance == amount else DealInvoiceStatus.PARTLY_PAID


def instead(latest: DealInvoice, others: Iterable[DealInvoice], *, gone: bool) -> DealInvoice | None:
    """What a deal shows in place of an invoice that counts no longer: the next latest of its `others` that does. Where
    there is none, that invoice all the same, or nothing when it is `gone` from the deal."""
    left = [one for one in others if one.counts and one.id != latest.id]
    return newest(left) if left else None if gone else latest


def newest(invoices: Iterable[DealInvoice]) -> DealInvoice:
    """The most recently updated of at least one."""
    return max(invoices, key=lambda one: one.rank)


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as HubSpot has it. `open`: neither won nor lost. `created_on` and `closed_on` are days of the portal,
    `closed_on` the close date, which of an open deal is only a plan. `order` is the text by which orders name it."""

    id: str
    open: bool
    won: bool
    created_on: date | None = None
    closed_on: date | None = None
    order: str = ""


@dataclass(frozen=True, slots=True)
class Traces:
    """What an invoice without a deal says about where it belongs.

    `reference`: what stands in the mapped custom field, a deal's id or an order number. `of_estimates`: the same of the
    estimates that it was made from, once they were read. `day` is the invoice's date.
    """

    day: date
    reference: str = ""
    of_estimates: tuple[str, ...] = ()

    @property
    def texts(self) -> frozenset[str]:
        """All that may be a deal's id or an order number."""
        return frozenset({self.reference.strip(), *(text.strip() for text in self.of_estimates)}) - {""}


def traces_of(content: InvoiceContent, deal_field: str | None) -> Traces:
    """The traces in an invoice that was born in the ledger; `deal_field` is the id of the mapped custom field."""
    return Traces(content.invoice_date, _reference(content.custom_fields, deal_field))


def _reference(fields: Iterable[tuple[str, str]], deal_field: str | None) -> str:
    return dict(fields).get(deal_field, "") if deal_field else ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What of a ledger's estimate may name a deal: its custom fields (definition id and text) and its private note."""

    id: str
    custom_fields: tuple[tuple[str, str], ...] = ()
    private_note: str = ""


def marks_of(estimates: Iterable[Estimate], deal_field: str | None, connection: str) -> tuple[str, ...]:
    """What names a deal on these estimates: the mapped custom field, and a marker of a deal in the private note."""
    found = []
    for one in estimates:
        marked = marked_origin(one.private_note, connection)
        found.append(_reference(one.custom_fields, deal_field))
        found.append(marked[1] if marked is not None and marked[0] == Kind.DEAL else "")
    return tuple(dict.fromkeys(text for text in found if text.strip()))


def names_a_deal(traces: Traces, named: Iterable[Deal]) -> bool:
    """Whether the invoice itself names one of these deals, so that nothing else has to be looked at."""
    return any(_is_meant(traces.reference, one) for one in named)


def _is_meant(text: str, deal: Deal) -> bool:
    said = text.strip()
    return bool(said) and (deal.id == said or deal.order.strip().casefold() == said.casefold())


class Rule(StrEnum):
    """By which rule a deal was found."""

    DEAL_ID = "deal_id"
    ORDER_NUMBER = "order_number"
    ESTIMATE = "estimate"
    OPEN_DEAL = "open_deal"
    WON_DEAL = "won_deal"


@dataclass(frozen=True, slots=True)
class Found:
    """The deal, and the rule that found it."""

    deal_id: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Several:
    """More than one deal comes into question by the first rule that finds any; ids in rising order."""

    deal_ids: tuple[str, ...]
    rule: Rule


def find_deal(
    traces: Traces, named: Sequence[Deal], of_company: Sequence[Deal], window: timedelta
) -> Found | Several | None:
    """The deal that an invoice without one belongs to; None when no rule finds any.

    `named` are the deals that exist among those that the traces name, by id or order number; `of_company` those of the
    invoice's company. The first rule that finds anything decides, and what is not clear by it stays open:

    1. the reference is a deal's id; 2. it is the order number of one deal; 3. an estimate names one in the same way;
    4. the only open deal of the company that was created within `window` of the invoice's date, when none was won
    within it; 5. when none is open, the one won last within it.
    """
    reference = traces.reference.strip()
    by_id = [one for one in named if one.id == reference]
    by_order = [one for one in named if reference and one.order.strip().casefold() == reference.casefold()]
    by_estimate = [one for one in named if any(_is_meant(text, one) for text in traces.of_estimates)]
    for rule, deals in ((Rule.DEAL_ID, by_id), (Rule.ORDER_NUMBER, by_order), (Rule.ESTIMATE, by_estimate)):
        if deals:
            return _only(deals, rule)
    return _of_company(of_company, traces.day, window)


def _of_company(deals: Sequence[Deal], day: date, window: timedelta) -> Found | Several | None:
    opened = [one for one in deals if one.open and _within(one.created_on, day, window)]
    won = [one for one in deals if one.won and not one.open and _within(one.closed_on, day, window)]
    if opened:
        return _only([*opened, *won], Rule.OPEN_DEAL)
    last = max((one.closed_on for one in won if one.closed_on), default=None)
    return _only([one for one in won if one.closed_on == last], Rule.WON_DEAL) if won else None


def _within(at: date | None, day: date, window: timedelta) -> bool:
    return at is not None and abs(at - day) <= window


def _only(deals: Sequence[Deal], rule: Rule) -> Found | Several:
    ids = sorted({one.id for one in deals}, key=lambda id_: (len(id_), id_))
    return Found(ids[0], rule) if len(ids) == 1 else Several(tuple(ids), rule)
