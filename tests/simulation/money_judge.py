"""Whether the end of a world of money is right: each payment of both systems is where its record says, and ties out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.hubspot.object_types import INVOICE, PAYMENT
from infra.sandbox.hubspot.payments import RECEIVED
from infra.sandbox.hubspot.record import Record
from tests.simulation import books
from tests.simulation.books import ZERO, Entity
from tests.simulation.money_watch import RECEIPTS, REFUNDS, MoneyWatch
from tests.simulation.office import CONNECTION
from tests.simulation.watch import Broken
from tieout.domain.attention import AttentionCode
from tieout.domain.planning.clearing import Proof
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.settings import ClosedPeriod, Settings, WithoutInvoice
from tieout.services.reconcile import Report

_AGREED = (State.SYNCED, State.SYNCED_WITH_VARIANCE)
_LOST = ("disputed_lost", "disputed_action_required", "disputed_awaiting_decision")


@dataclass(frozen=True, slots=True)
class Paid:
    """What is true of one HubSpot payment. `receipts` and `refunds` are our documents that stand for it."""

    payment: Record
    record: SyncRecord
    receipts: list[Entity]
    refunds: list[Entity]
    invoices: list[Record]
    touched: bool
    settings: Settings
    closed: str
    unsynced: bool

    @property
    def status(self) -> str:
        """HubSpot's, or deleted."""
        return "deleted" if self.payment.archived else str(self.payment.get("hs_latest_status"))

    @property
    def received(self) -> bool:
        """Whether the money is there, or was before it went back."""
        return self.status in RECEIVED

    @property
    def reassigned(self) -> bool:
        """Whether HubSpot names other invoices than when it was posted."""
        posted = {id_ for one in self.record.postings for id_ in one.sent.invoice_ids}
        return posted != {one.id for one in self.invoices}

    @property
    def amount(self) -> Decimal:
        """What was paid."""
        return Decimal(self.payment.get("hs_initial_amount") or 0)

    @property
    def back(self) -> Decimal:
        """What was given back in HubSpot."""
        return abs(Decimal(self.payment.get("hs_refunds_amount") or 0))

    @property
    def posted_back(self) -> Decimal:
        """What our documents give back."""
        return sum((row["TotalAmt"] for row in self.refunds), ZERO)

    @property
    def unapplied(self) -> Decimal:
        """What of the receipts is applied to nothing."""
        return sum((row.get("UnappliedAmt", ZERO) for row in self.receipts), ZERO)

    @property
    def fell(self) -> bool:
        """Whether the refunded amount ever fell: a refund failed."""
        told = [abs(Decimal(one.value or 0)) for one in self.payment.history.get("hs_refunds_amount", ())]
        return any(after < before for before, after in pairwise(told))


def _synced(one: Paid) -> str | None:
    if not one.received or one.status in _LOST:
        return f"it is {one.status}"
    if len(one.receipts) != 1 or one.receipts[0]["TotalAmt"] != one.amount:
        return f"{[row['TotalAmt'] for row in one.receipts]} stand for {one.amount}"
    varies = one.settings.variance_tolerance * len(one.refunds) if one.record.state is not State.SYNCED else ZERO
    if abs(one.posted_back - one.back) > varies:
        return f"{one.back} were given back, and {one.posted_back} posted"
    if one.invoices and one.unapplied and not one.touched:
        return f"{one.unapplied} are applied to nothing"
    return None


_IGNORED: Mapping[str, Callable[[Paid], bool]] = {
    "no_amount": lambda one: one.amount == 0,
    "processing": lambda one: one.status == "processing",
    "failed": lambda one: one.status == "failed",
    "deleted": lambda one: one.status == "deleted",
    "without_invoice": lambda one: not one.invoices and one.settings.payments_without_invoice is WithoutInvoice.IGNORE,
    "invoice_ignored": lambda one: one.unsynced,
    "period_closed": lambda one: one.settings.closed_period is ClosedPeriod.IGNORE and bool(one.closed),
}
_ATTENTION: Mapping[AttentionCode, Callable[[Paid], bool]] = {
    AttentionCode.OVERPAYMENT: lambda one: len(one.invoices) == 1 and one.unapplied > 0,
    AttentionCode.ALLOCATION_UNKNOWN: lambda one: len(one.invoices) > 1,
    AttentionCode.PAYMENT_FAILED: lambda one: one.status == "failed" and bool(one.receipts or one.touched),
    AttentionCode.PAYMENT_DISPUTED: lambda one: one.status in _LOST and bool(one.receipts),
    AttentionCode.REFUND_DIFFERS: lambda one: (one.fell and one.back < one.posted_back) or one.status == "refunded",
    AttentionCode.DELETED_IN_HUBSPOT: lambda one: one.status == "deleted" and bool(one.receipts or one.refunds),
    AttentionCode.EDITED_IN_QUICKBOOKS: lambda one: one.touched,
    AttentionCode.VOIDED_IN_QUICKBOOKS: lambda one: one.touched,
    AttentionCode.PERIOD_CLOSED: lambda one: bool(one.closed),
    AttentionCode.INVOICE_NOT_SYNCED: lambda one: one.unsynced or not one.invoices,
    AttentionCode.PAYMENT_REASSIGNED: lambda one: one.reassigned,
    AttentionCode.CURRENCY_DIFFERS: lambda one: len(one.invoices) > 1,
    AttentionCode.TAX_UNSUPPORTED: lambda one: one.back > 0,
}


def _ignored(one: Paid) -> str | None:
    truth = _IGNORED.get(one.record.reason)
    # Of a receipt that stands only a refund can be left out, because it came too late.
    posted = bool(one.receipts or one.refunds) and not (one.record.reason == "period_closed" and one.back > 0)
    return f"it is {one.status}, {len(one.receipts)} receipts stand" if posted or not truth or not truth(one) else None


def _attention(one: Paid) -> str | None:
    truth = _ATTENTION.get(AttentionCode(one.record.reason))
    return None if truth and truth(one) else "that is not true"


_ENDS: Mapping[State, Callable[[Paid], str | None]] = {
    State.SYNCED: _synced,
    State.SYNCED_WITH_VARIANCE: _synced,
    State.IGNORED: _ignored,
    State.ATTENTION: _attention,
    State.DELETED_IN_LEDGER: lambda one: None if one.touched else "nobody deleted anything",
}


@dataclass(slots=True)
class MoneyJudge:
    """`restored`: payments that a person took out of the recycle bin. `ends` counts where the records came to rest."""

    hubspot: HubSpotSandbox
    watch: MoneyWatch
    settings: Callable[[], Settings]
    reconcile: Callable[[], Report]
    proofs: Callable[[], tuple[Proof, ...]]
    restored: Set[str] = frozenset()
    ends: Counter[str] = field(default_factory=Counter)

    def judge(self) -> None:
        """Raises Broken for the first payment about which something untrue is said."""
        for payment in self.hubspot.store.records[PAYMENT].values():
            if payment.id not in self.watch.recorded:
                self._paid(payment)
        for id_, row in self.watch.quickbooks.company.rows["Payment"].items():
            if ("Payment", id_) not in self.watch.made:
                self._received(id_, row)
        for id_, (origin, invoice) in self.watch.recorded.items():
            self._recorded(id_, origin, invoice)
        self._tied_out()
        self._fees()

    # -- HubSpot -> QuickBooks

    def _paid(self, payment: Record) -> None:
        record = self.watch.records.get(RecordKey(CONNECTION, Kind.PAYMENT, "hubspot", payment.id))
        if record is None:
            if payment.archived is None and not self._unknowable(payment):
                raise Broken(f"nobody ever looked at HubSpot payment {payment.id}")
            return
        if self._unseen(record):
            return
        self.ends[f"payment {record.state} {record.reason}".strip()] += 1
        end = _ENDS.get(record.state)
        problem = end(self._facts(payment, record)) if end else "that is no end"
        if record.reason == "deleted" and self._unknowable(payment):
            problem = None
        if record.intent is not None or record.lease_owner is not None:
            problem = "it is not at rest"
        if problem:
            said = f"{record.state} {record.reason} {record.detail!r}"
            raise Broken(f"HubSpot payment {payment.id} is {said}, but {problem}: {payment.properties}")

    def _unseen(self, record: SyncRecord) -> bool:
        """QuickBooks tells times in seconds: what a person did in the very second of our write looks like the write."""
        return any(self.watch.made[where] == record.key for where in self.watch.unseen)

    def _unknowable(self, payment: Record) -> bool:
        """Restored while nobody told: HubSpot's search finds what was modified, and a restored record was not."""
        return payment.id in self.restored and not self.hubspot.config.restore_touches

    def _facts(self, payment: Record, record: SyncRecord) -> Paid:
        key, store = record.key, self.hubspot.store
        mine = [where for where, holder in self.watch.made.items() if holder == key]
        invoices = store.linked(payment, INVOICE)
        return Paid(
            payment=payment,
            record=record,
            receipts=[row for row in self.watch.standing(key, RECEIPTS) if row["TotalAmt"]],
            refunds=self.watch.standing(key, REFUNDS),
            invoices=invoices,
            touched=any(where in self.watch.touched for where in mine),
            settings=self.settings(),
            closed=str(self.watch.quickbooks.company.preference("AccountingInfoPrefs", "BookCloseDate") or ""),
            unsynced=any(not self._synced_invoice(one.id) for one in invoices),
        )

    def _synced_invoice(self, id_: str) -> bool:
        record = self.watch.records.get(RecordKey(CONNECTION, Kind.INVOICE, "hubspot", id_))
        return record is not None and record.state in _AGREED

    # -- QuickBooks -> HubSpot

    def _received(self, id_: str, row: Entity) -> None:
        wanted = self._allocations(row)
        record = self.watch.records.get(RecordKey(CONNECTION, Kind.PAYMENT, "quickbooks", id_))
        if record is None:
            if wanted:
                raise Broken(f"nobody ever looked at QuickBooks payment {id_}")
            return
        self.ends[f"pulled {record.state} {record.reason}".strip()] += 1
        problem = self._wrongly_pulled(record, wanted)
        if problem:
            raise Broken(f"QuickBooks payment {id_} is {record.state} {record.reason} {record.detail!r}, but {problem}")

    def _wrongly_pulled(self, record: SyncRecord, wanted: dict[str, Decimal]) -> str | None:
        here = self._standing(record.key.origin_id)
        touched = any(
            ("HubSpot", id_) in self.watch.touched
            for id_, (origin, _) in self.watch.recorded.items()
            if origin == record.key.origin_id
        )
        match record.state:
            case State.SYNCED:
                return None if here == wanted or touched else f"it is applied to {wanted}, recorded is {here}"
            case State.IGNORED if record.reason == "recording_refused":
                return None if not self.hubspot.config.payment_processors else "HubSpot takes recorded payments"
            case State.IGNORED:
                # Of an invoice that was deleted in HubSpot before the payment found it, the invoice's own record tells.
                gone = all(books.invoices(self.hubspot)[id_].archived for id_ in wanted)
                return None if gone and not here else f"it is applied to {wanted}, recorded is {here}"
            case State.ATTENTION:
                return self._no_attention(AttentionCode(record.reason), wanted, here, touched=touched)
        return "that is no end"

    def _no_attention(
        self, code: AttentionCode, wanted: dict[str, Decimal], here: dict[str, Decimal], *, touched: bool
    ) -> str | None:
        match code:
            case AttentionCode.RECORDED_PAYMENT_DELETED | AttentionCode.EDITED_IN_HUBSPOT:
                return None if touched else "nobody touched it"
            case AttentionCode.DELETED_IN_HUBSPOT:
                gone = any(books.invoices(self.hubspot)[id_].archived for id_ in wanted)
                return None if gone else "no invoice of it was deleted"
            case AttentionCode.REFUSED_BY_HUBSPOT:
                # HubSpot takes no more than is open there, and it may be paid or voided there already.
                return None if wanted != here else "it is recorded"
        return "that is not true"

    def _recorded(self, id_: str, origin: str, invoice: str) -> None:
        """A recorded payment whose money is applied no longer may stay only when a person changed it."""
        payment = self.hubspot.store.records[PAYMENT][id_]
        if payment.archived or ("HubSpot", id_) in self.watch.touched:
            return
        row = self.watch.quickbooks.company.rows["Payment"].get(origin)
        if row is None or invoice not in self._allocations(row):
            raise Broken(
                f"HubSpot payment {id_} stands for QuickBooks payment {origin}, which pays {invoice} no longer"
            )

    def _allocations(self, row: Entity) -> dict[str, Decimal]:
        """By HubSpot invoice, the money of a payment; of one that uses credits up nothing is said here."""
        found: dict[str, Decimal] = {}
        if not row["TotalAmt"] or books.dead(row):
            return found
        for line in row.get("Line", ()):
            for link in line.get("LinkedTxn", ()):
                book = self.watch.books.get(link["TxnId"]) if link["TxnType"] == "Invoice" else None
                if book is not None:
                    found[book.origin] = found.get(book.origin, ZERO) + line["Amount"]
        return found

    def _standing(self, origin: str) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for id_, (of, invoice) in self.watch.recorded.items():
            payment = self.hubspot.store.records[PAYMENT][id_]
            if of == origin and payment.archived is None:
                found[invoice] = found.get(invoice, ZERO) + Decimal(payment.get("hs_initial_amount") or 0)
        return found

    # -- fees

    def _fees(self) -> None:
        """What was charged is booked, once; what stands on the clearing accounts is payments less what left them."""
        groups: dict[tuple[str, str], list[SyncRecord]] = {}
        for record in self.watch.records:
            if record.key.kind is Kind.FEES:
                processor, currency = record.key.origin_id.split(":")[:2]
                groups.setdefault((processor, currency), []).append(record)
                self.ends[f"fees {record.state} {record.reason}".strip()] += 1
        for (processor, currency), records in groups.items():
            booked, charged = self.watch.fees_booked(processor, currency), self._charged(processor, currency)
            if all(one.state is State.SYNCED for one in records) and booked != charged:
                raise Broken(f"{processor} charged {charged} {currency}, and {booked} are booked")
            if any(not one.settled for one in records):
                raise Broken(
                    f"the booking of fees is not at rest: {[(one.key, one.state, one.reason) for one in records]}"
                )
        for proof in self.proofs():
            self.ends["clearing proved"] += 1
            # A foreign document on an account in home currency is rounded on its own.
            foreign = any(one.get("CurrencyRef", {}).get("value") == "EUR" for one in self._documents())
            if not proof.holds and not (foreign and not proof.others and abs(_figure(proof)) <= Decimal("0.05")):
                raise Broken(f"the clearing account is off by {proof.difference}: {proof.others}")

    def _documents(self) -> Iterator[Entity]:
        rows = self.watch.quickbooks.company.rows
        return (rows[entity][id_] for entity, id_ in self.watch.made if id_ in rows[entity])

    def _charged(self, processor: str, currency: str) -> Decimal:
        total = ZERO
        for one in self.hubspot.store.records[PAYMENT].values():
            same = one.get("hs_processor_type") == processor and one.get("hs_currency_code") == currency
            if same and one.archived is None and one.get("hs_latest_status") in RECEIVED and one.get("hs_fees_amount"):
                total += Decimal(one.get("hs_fees_amount") or 0)
                if not self.hubspot.config.fees_include_platform_fee:
                    total += Decimal(one.get("hs_platform_fee") or 0)
        return total

    # -- the tie-out

    def _tied_out(self) -> None:
        """Nothing is off that is not somebody's to decide, and said so."""
        for one in self.reconcile().results:
            if not one.findings:
                self.ends["ties out"] += 1
                continue
            self.ends["does not tie out"] += 1
            unsaid = [finding for finding in one.findings if not finding.reason]
            if unsaid or not self._excused(one.key.origin_id):
                told = "; ".join(finding.reason for finding in one.findings)
                raise Broken(f"invoice {one.key.origin_id} does not tie out, and all its records agree: {told}")

    def _excused(self, invoice: str) -> bool:
        payments = self.hubspot.store.linked(books.invoices(self.hubspot)[invoice], PAYMENT)
        return any(map(self._unknowable, payments)) or any(
            self._unseen(record)
            or (record.state not in _AGREED and (record.state is not State.IGNORED or record.reason in _UNPOSTED))
            for record in self._concerned(invoice)
        )

    def _concerned(self, invoice: str) -> Iterator[SyncRecord]:
        """The record of an invoice and those of its payments in both systems."""
        far_ids = {id_ for id_, book in self.watch.books.items() if book.origin == invoice}
        payments = {one.id for one in self.hubspot.store.linked(books.invoices(self.hubspot)[invoice], PAYMENT)}
        for record in self.watch.records:
            key = record.key
            applied = {part.far_id for one in record.postings for part in one.sent.allocations}
            row = self.watch.quickbooks.company.rows["Payment"].get(key.origin_id, {})
            if (
                (key.kind is Kind.INVOICE and key.origin_id == invoice)
                or (key.kind is Kind.PAYMENT and key.origin_system == "hubspot" and key.origin_id in payments)
                or (key.kind is Kind.PAYMENT and applied & far_ids)
                or (
                    key.kind is Kind.PAYMENT
                    and key.origin_system == "quickbooks"
                    and invoice in (self._allocations(row) if row else ())
                )
            ):
                yield record


_UNPOSTED = ("recording_refused", "invoice_ignored", "period_closed")


def _figure(proof: Proof) -> Decimal:
    return proof.difference.amount if proof.difference is not None else ZERO
