"""Books the fees of a period in QuickBooks: one record for each processor, currency and period, whatever is retried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tieout.domain.account import LedgerAccount, LedgerVendor
from tieout.domain.attention import AttentionCode
from tieout.domain.claim import posted_hint_id
from tieout.domain.errors import Postponed, SyncError
from tieout.domain.fee import Period
from tieout.domain.payment import Document, Processor
from tieout.domain.planning.books import Books
from tieout.domain.planning.fee_booking import FeeCase, FeePlan, fee_key, groups_of, plan_fees
from tieout.domain.planning.fees import CHARGING, Charged, FeeReport, Total
from tieout.domain.planning.payment_plan import Post, Standing
from tieout.domain.planning.plan import Attend, Gone, Nothing, Skip
from tieout.domain.planning.receipt import with_rate
from tieout.domain.planning.standing import posting_changes, seen, written_as
from tieout.domain.posting import Posting
from tieout.domain.record import BY_HAND, RecordKey, State, SyncRecord
from tieout.domain.settings import FeeBooking, Settings
from tieout.ports import Workspace
from tieout.services.books import open_books
from tieout.services.claims import Claims, Held, LeaseLost
from tieout.services.parking import park, park_bug
from tieout.services.posting import PostingWriter, look_at

# An expense and a deposit correct anything; a plan that never ends is a bug.
_MOST_STEPS = 4
_OUT_OF_TIME = 60.0


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of the fees of one processor and currency in one period.

    `record` None: another worker holds it, or it waits and is not due yet. `bug`: what nobody foresaw.
    """

    key: RecordKey
    record: SyncRecord | None
    bug: Exception | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do until the fees, the settings or the books change."""
        return self.record is not None and self.record.settled and self.bug is None

    @property
    def as_it_should(self) -> bool:
        """Whether the books say what the report says, and nobody has to do anything."""
        return self.finished and self.record is not None and self.record.state is State.SYNCED


@dataclass(frozen=True, slots=True)
class _Due:
    """The fees of one processor and currency in one period, as they should be booked."""

    period: Period
    processor: Processor
    currency: str
    fees: Charged
    missing: int


@dataclass(slots=True)
class _Desk:
    """What the bookings of one report share; accounts and vendors are read once, when something is to be booked."""

    workspace: Workspace
    books: Books
    report: FeeReport
    trace_id: str
    deadline: datetime | None
    by_person: bool
    _named: tuple[Mapping[str, LedgerAccount], Mapping[str, LedgerVendor]] | None = None

    def named(self) -> tuple[Mapping[str, LedgerAccount], Mapping[str, LedgerVendor]]:
        """The accounts and the vendors that the settings name, by id."""
        if self._named is None:
            accounts, vendors = named_for_fees(self.books.settings)
            ledger = self.workspace.ledger
            self._named = (ledger.accounts(accounts), ledger.vendors(vendors))
        return self._named


def named_for_fees(settings: Settings) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the accounts and of the vendors that the booking of fees needs."""
    accounts = (settings.processing_fee_account_id, settings.platform_fee_account_id)
    return (
        frozenset(filter(None, (*accounts, *settings.deposit_accounts.values()))),
        frozenset(settings.fee_vendors.values()),
    )


@dataclass(frozen=True, slots=True)
class BookFees:
    """Books reports. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def book(
        self,
        workspace: Workspace,
        report: FeeReport,
        trace_id: str,
        deadline: datetime | None = None,
        *,
        by_person: bool = False,
    ) -> tuple[Booked, ...]:
        """Bring what is booked to what the report says, by the policy: a record a month, or one for each day.

        Nothing is booked where the policy is to report only, and no month of days: a report of a day is then left to
        that of its month. What a person deleted or told Tieout to leave alone is booked again only `by_person`: when
        somebody asks for it. What is wrong with one processor or currency is its own affair. Raises what reading the
        company raises. A report that was not booked to the end (`Booked.finished`) is to be booked again.
        """
        policy, period = workspace.settings.fee_booking, report.payments.period
        if policy is FeeBooking.REPORT_ONLY or (policy is FeeBooking.MONTHLY and period.is_day):
            return ()
        desk = _Desk(workspace, open_books(workspace), report, trace_id, deadline, by_person)
        connection = workspace.connection.id
        dues = list(_due(report, policy, desk.books))
        keys = [fee_key(connection, one.processor, one.currency, one.period) for one in dues]
        stored = self.claims.records.get_many(keys)
        return tuple(
            self._one(desk, key, due)
            for key, due in zip(keys, dues, strict=True)
            if key in stored or due.fees != Charged.nothing(due.currency) or (due.missing and due.processor in CHARGING)
        )

    def _one(self, desk: _Desk, key: RecordKey, due: _Due) -> Booked:
        held = self.claims.take_in_passing(key, desk.trace_id)
        if held is None:
            return Booked(key, None)
        bug: Exception | None = None
        label = f"Fees {due.processor.value} {due.currency} {due.period}"
        held.record = replace(held.record, label=label)
        now = self.claims.clock.now
        try:
            self._book(desk, held, due)
        except LeaseLost:
            return Booked(key, None)
        except SyncError as error:
            held.record = park(held.record, error, now(), self.vendor_timeout)
        except Exception as error:  # noqa: BLE001 - the other currencies are not to blame
            bug, held.record = error, park_bug(held.record, now(), self.vendor_timeout)
        try:
            self.claims.release(held, held.record)
        except LeaseLost:
            return Booked(key, None, bug)
        return Booked(key, held.record, bug)

    def _book(self, desk: _Desk, held: Held, due: _Due) -> None:
        writer = PostingWriter(self.claims, self.vendor_timeout)
        if not self._verified(desk, held, writer):
            return
        if _left_alone(held.record) and not desk.by_person:
            return
        problem = self._compare(desk.workspace, held)
        if isinstance(problem, Gone) and desk.by_person:
            # Made anew because somebody asks for it, unless the entries that stand need somebody first.
            problem = self._compare(desk.workspace, held)
        if problem is not None:
            _note(held, problem, due)
            return
        others = self._others(desk, due)
        if due.period.is_day and others:
            detail = f"The month {Period.month(due.period.first)} was booked as a whole, and corrects itself."
            _note(held, Skip("booked_by_month", detail), due)
            return
        for _ in range(_MOST_STEPS):
            plan = self._plan(desk, held.record, due, others)
            if not isinstance(plan, Post):
                _note(held, plan, due)
                return
            if desk.deadline is not None and self.claims.clock.now() >= desk.deadline:
                raise Postponed(reason="out_of_time", retry_after=_OUT_OF_TIME)
            writer.write(desk.workspace, held, plan)
            if held.record.state is State.ATTENTION:
                return
        raise RuntimeError(f"{held.record.key}: the booking does not come to an end")

    def _verified(self, desk: _Desk, held: Held, writer: PostingWriter) -> bool:
        """Find out first what became of a write whose answer was lost. False: that cannot be known yet."""
        intent = held.record.intent
        if intent is None:
            return True
        if held.record.state is not State.VERIFYING:
            held.record = held.record.to(State.VERIFYING, reason="outcome_unknown")
        if writer.verify(desk.workspace, held):
            return held.record.state is not State.ATTENTION
        due_at = intent.stored_at + self.vendor_timeout
        held.record = held.record.to(State.VERIFYING, reason="outcome_unknown", due_at=due_at)
        return False

    def _compare(self, workspace: Workspace, held: Held) -> Attend | Gone | None:
        """What a person did to the documents: told with both values, never overwritten. A deleted one is forgotten, so
        that the next booking makes it anew."""
        record = held.record
        standing: dict[str, Standing] = {}
        for document in (Document.EXPENSE, Document.DEPOSIT):
            ids = {one.far_id for one in record.postings if one.sent.document is document and not one.voided}
            found = look_at(workspace, document, ids) if ids else {}
            standing |= {f"{document.holder_kind}:{id_}": one for id_, one in found.items()}
        live = [one for one in record.postings if not one.voided]
        gone = [one for one in live if posted_hint_id(one) not in standing]
        if gone:
            kept = tuple(one for one in record.postings if one not in gone)
            held.record = replace(record, postings=kept, generation=record.generation + 1)
            return Gone()
        edits = [_edit(one, standing[posted_hint_id(one)]) for one in live]
        told = "; ".join(filter(None, edits))
        if told:
            return Attend(AttentionCode.EDITED_IN_QUICKBOOKS, told)
        current = tuple(one if one.voided else seen(one, standing[posted_hint_id(one)]) for one in record.postings)
        held.record = replace(record, postings=current)
        return None

    def _plan(self, desk: _Desk, record: SyncRecord, due: _Due, others: tuple[Posting, ...]) -> FeePlan:
        today = self.claims.clock.now().astimezone(ZoneInfo(desk.books.company.time_zone)).date()
        case = FeeCase(
            due.period, due.processor, due.currency, due.fees, desk.report.evidence, today, due.missing, record.postings
        )
        case = replace(case, others=others)
        if isinstance(plan_fees(case, desk.books), Nothing):
            return Nothing()
        accounts, vendors = desk.named()
        plan = plan_fees(replace(case, accounts=accounts, vendors=vendors), desk.books)
        if not isinstance(plan, Post) or due.currency == desk.books.company.home_currency:
            return plan
        return with_rate(plan, desk.workspace.ledger.exchange_rate(due.currency, plan.content.day), desk.books)

    def _others(self, desk: _Desk, due: _Due) -> tuple[Posting, ...]:
        """What records of the other policy booked of the same days: those of a month's days, or that of a day's
        month."""
        periods = (Period.month(due.period.first),) if due.period.is_day else due.period.days
        connection = desk.workspace.connection.id
        keys = [fee_key(connection, due.processor, due.currency, one) for one in periods]
        found = self.claims.records.get_many(keys)
        return tuple(one for key in keys if key in found for one in found[key].postings)


def _due(report: FeeReport, policy: FeeBooking, books: Books) -> Iterable[_Due]:
    """What should be booked by period, processor and currency: also nothing, for what was booked and is no more."""
    period, groups = report.payments.period, groups_of(report, books.settings, books.company.home_currency)
    if policy is FeeBooking.MONTHLY or period.is_day:
        return _of_period(period, report.totals, groups)
    by_day = report.by_day()
    return [due for day in period.days for due in _of_period(day, by_day.get(str(day), ()), groups)]


def _of_period(period: Period, totals: Sequence[Total], groups: Sequence[tuple[Processor, str]]) -> list[_Due]:
    found = {(one.processor, one.currency): one for one in totals}
    return [
        _Due(period, *group, found[group].fees, found[group].missing)
        if group in found
        else _Due(period, *group, Charged.nothing(group[1]), 0)
        for group in groups
    ]


def _left_alone(record: SyncRecord) -> bool:
    by_hand = record.state is State.IGNORED and record.reason == BY_HAND
    return by_hand or record.state is State.DELETED_IN_LEDGER


def _edit(posting: Posting, present: Standing) -> str:
    if present.voided:
        return f"{posting.sent.reference or present.id}: voided"
    shown = seen(replace(posting, written=None), present)
    before = posting.sent if posting.written is None else written_as(posting)
    changes = posting_changes(before, written_as(shown))
    return f"{posting.sent.reference or present.id}: " + ", ".join(map(str, changes)) if changes else ""


def _note(held: Held, plan: Nothing | Skip | Attend | Gone, due: _Due) -> None:
    """A plan that writes nothing, as the record's new state."""
    record = held.record
    match plan:
        case Attend():
            held.record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail)
        case Gone():
            held.record = record.to(State.DELETED_IN_LEDGER, reason=AttentionCode.DELETED_IN_QUICKBOOKS)
        case Skip():
            held.record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
        case Nothing():
            missing = f"{due.missing} payment(s) have no known fee yet; they are not part of it." if due.missing else ""
            held.record = record.to(State.SYNCED, detail=missing)
