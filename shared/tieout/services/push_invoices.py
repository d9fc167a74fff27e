"""HubSpot invoice -> QuickBooks: claim, read, plan, write, settle, for a whole batch of hints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from tieout.domain.errors import (
    ConnectionLost,
    NeedsAttention,
    NotReadyYet,
    RateLimited,
    StaleVersion,
    SyncError,
)
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import InvoiceStatus, SourceInvoice
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.record import BY_HAND, SHOWN_UNKNOWN, VOIDED_TEXT, ClaimVerdict, Kind, RecordKey, State, SyncRecord
from tieout.domain.status import ShownStatus
from tieout.ports import Workspace, Workspaces
from tieout.services.assess import Assessor, Case
from tieout.services.claims import Claims, Held, LeaseLost
from tieout.services.outcome import Outcome, Result
from tieout.services.parking import park_bug
from tieout.services.work import Work, about_ledger, still_open, strongest
from tieout.services.writing import Writer, agreed

# A delayed message wakes the record; the sweep would too, a little later (SQS: at most 15 minutes).
_LONGEST_DELAY = 900.0
_STATUS_RETRY = timedelta(seconds=60)
_BUSY_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class PushInvoices:
    """The worker behind the invoice_push queue.

    `vendor_timeout`: how long QuickBooks may still carry out a request that got no answer (Intuit: 120 s).
    """

    workspaces: Workspaces
    claims: Claims
    assessor: Assessor
    writer: Writer
    vendor_timeout: timedelta

    def push(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; an outcome for each hint, in order. No write is begun after `deadline`.

        What is wrong with one record or connection is its own affair. What is not settled is parked with a time, not
        failed; a failed outcome means that our own infrastructure or code is at fault.
        """
        outcomes: dict[Hint, Outcome] = {}
        for connection in dict.fromkeys(hint.connection for hint in hints):
            mine = [hint for hint in dict.fromkeys(hints) if hint.connection == connection]
            try:
                found = self._push(connection, mine, deadline)
            except Exception as error:  # noqa: BLE001 - the other connections are not to blame
                found = [Outcome(hint, Result.FAILED, error=error) for hint in mine]
            outcomes.update({outcome.hint: outcome for outcome in found})
        return [outcomes[hint] for hint in hints]

    def _push(self, connection: str, hints: Sequence[Hint], deadline: datetime | None) -> Iterable[Outcome]:
        if self._out_of_time(deadline):
            self.claims.hints.send(hints, delay=_BUSY_PAUSE)
            return [Outcome(hint, Result.BUSY, reason="out_of_time") for hint in hints]
        workspace = self.workspaces.open(connection)
        if workspace is None:
            return [Outcome(hint, Result.NOT_OURS, reason="unknown_connection") for hint in hints]
        works, outcomes = self._claim(workspace, hints)
        if works:
            self._process(workspace, works, deadline)
            self._settle(workspace, works)
        return [*outcomes, *(outcome for work in works for outcome in work.outcomes())]

    def _out_of_time(self, deadline: datetime | None) -> bool:
        return deadline is not None and self.claims.clock.now() >= deadline

    # -- claim

    def _claim(self, workspace: Workspace, hints: Sequence[Hint]) -> tuple[list[Work], list[Outcome]]:
        by_key: dict[RecordKey, list[Hint]] = {}
        outcomes: list[Outcome] = []
        for hint in hints:
            try:
                key = self._key(workspace, hint)
            except Exception as error:  # noqa: BLE001 - one unreadable record must not stop the others
                outcomes.append(Outcome(hint, Result.FAILED, error=error))
                continue
            if key is None:
                outcomes.append(Outcome(hint, Result.NOT_OURS, reason="not_from_hubspot"))
            else:
                by_key.setdefault(key, []).append(hint)
        works: list[Work] = []
        for key, same in by_key.items():
            try:
                held = self._take(key, same)
            except Exception as error:  # noqa: BLE001 - as above
                outcomes.extend(Outcome(hint, Result.FAILED, error=error) for hint in same)
                continue
            if isinstance(held, ClaimVerdict):
                outcomes.extend(Outcome(hint, Result(held.value)) for hint in same)
            else:
                look = held.record.must_look or any(map(about_ledger, same))
                works.append(Work(held, same, look=look, asked=held.record.asked))
        return works, outcomes

    def _take(self, key: RecordKey, hints: Sequence[Hint]) -> Held | ClaimVerdict:
        """Claim for several hints about one record. Each system's changes are covered by that system's own clock, so
        the hints of each are judged apart, and one that is not covered is enough."""
        verdict: Held | ClaimVerdict = ClaimVerdict.COVERED
        for object_ in HintObject:
            about = [hint for hint in hints if hint.object is object_]
            if about:
                verdict = self.claims.take(key, strongest(about))
                if verdict not in (ClaimVerdict.COVERED, ClaimVerdict.NOT_DUE):
                    break
        if verdict is ClaimVerdict.BUSY:
            # Who holds the record will look again, but neither know that a person asked nor look at the ledger.
            again = [hint for hint in hints if hint.cause is Cause.RETRY or about_ledger(hint)]
            self.claims.hints.send(again, delay=_BUSY_PAUSE)
        return verdict

    def _key(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        connection = workspace.connection.id
        if about_ledger(hint):
            return self.claims.records.origin_of(connection, "quickbooks", Kind.INVOICE, hint.id)
        return RecordKey(connection, Kind.INVOICE, "hubspot", hint.id)

    # -- read, plan, write

    def _process(self, workspace: Workspace, works: Sequence[Work], deadline: datetime | None) -> None:
        for work in works:
            self._each(work, partial(self._verify, workspace, work, deadline))
        self._all(still_open(works), partial(self._read, workspace))
        plans: dict[int, Plan | Exception] = {}
        self._all(still_open(works), lambda some: plans.update(self._plan(workspace, some, deadline)))
        for work in still_open(works):
            self._each(work, partial(self._carry_out, workspace, work, plans[id(work)], deadline))

    def _verify(self, workspace: Workspace, work: Work, deadline: datetime | None) -> None:
        """What is left of an earlier attempt comes first."""
        record, intent = work.record, work.record.intent
        if intent is None:
            work.done = record.state is State.IGNORED and record.reason == BY_HAND and not work.by_person
            if work.done:
                # Released as it is, so what it was due for must not stay due.
                work.held.record = replace(record, due_at=None)
            return
        if record.state is not State.VERIFYING:
            # Left behind by a worker that died: until it is known what became of it, no error may end the intent.
            work.held.record = record.to(State.VERIFYING, reason="outcome_unknown")
        self._stop_in_time(deadline)
        if self.writer.verify(workspace, work.held):
            work.look = True
        else:
            due_at = intent.stored_at + self.vendor_timeout
            reason = "outcome_unknown"
            work.park_as(work.record.to(State.VERIFYING, reason=reason, due_at=due_at), reason)

    def _read(self, workspace: Workspace, works: Sequence[Work]) -> None:
        properties = workspace.settings.needed_properties
        found = workspace.crm.invoices([work.record.key.origin_id for work in works], properties)
        for work in works:
            work.source, work.read = found.get(work.record.key.origin_id), True

    def _plan(
        self, workspace: Workspace, works: Sequence[Work], deadline: datetime | None
    ) -> Mapping[int, Plan | Exception]:
        cases = [Case(work.record, work.source, work.look, work.by_person) for work in works]
        plans = self.assessor.assess(workspace, cases, works[0].held.hint.trace_id, deadline=deadline)
        return {id(work): plan for work, plan in zip(works, plans, strict=True)}

    def _carry_out(self, workspace: Workspace, work: Work, plan: Plan | Exception, deadline: datetime | None) -> None:
        if isinstance(plan, Exception):
            raise plan
        if not isinstance(plan, Create | Update | Void):
            _note(work, plan)
            return
        self._stop_in_time(deadline)
        try:
            self.writer.write(workspace, work.held, plan)
        except StaleVersion:
            # Somebody changed the document between our read and our write: plan again with the fresh state, once.
            self._stop_in_time(deadline)
            work.look = True
            again = self._plan(workspace, [work], deadline)[id(work)]
            if isinstance(again, Exception):
                raise again from None
            if isinstance(again, Create | Update | Void):
                self.writer.write(workspace, work.held, again)
            else:
                _note(work, again)

    def _stop_in_time(self, deadline: datetime | None) -> None:
        if self._out_of_time(deadline):
            raise NotReadyYet(context={"why": "out of time"}, retry_after=1)

    # -- settle

    def _settle(self, workspace: Workspace, works: Sequence[Work]) -> None:
        """Show the statuses in one batch update, then give every record back."""
        now = self.claims.clock.now()
        mine = [work for work in works if not work.lost]
        for work in mine:
            if work.bug is not None:
                work.held.record = park_bug(work.record, now, self.vendor_timeout)
            work.reflect(now)
            # Whoever looks next must not forget what this batch could not do.
            look, asked = work.look and work.unfinished, work.by_person and work.unfinished
            work.held.record = replace(work.record, must_look=look, asked=asked)
        statuses = {
            work.record.key.origin_id: status for work in mine if (status := work.status_to_show(workspace)) is not None
        }
        refused, failure = self._show(workspace, statuses)
        for work in mine:
            status = statuses.get(work.record.key.origin_id)
            if status is not None and (failure is not None or work.record.key.origin_id in refused):
                self._show_later(work, failure, now)
            elif status is not None:
                work.held.record = replace(work.record, shown=status.fingerprint)
            self._each(work, partial(self._release, work))

    def _show(
        self, workspace: Workspace, statuses: Mapping[str, ShownStatus]
    ) -> tuple[frozenset[str], Exception | None]:
        """Which statuses HubSpot refused, and what went wrong with all of them. The books do not wait for it."""
        if not statuses:
            return frozenset(), None
        try:
            return frozenset(workspace.crm.show_statuses(statuses)), None
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            return frozenset(), error

    def _show_later(self, work: Work, failure: Exception | None, now: datetime) -> None:
        """An outage passes, so it is tried until it works; what HubSpot refuses is tried once more, and then with the
        next change. A bug fails the message too, so that somebody sees it."""
        refused = failure is None or isinstance(failure, NeedsAttention)
        if not refused:
            # The answer may be what was lost.
            work.held.record = replace(work.record, shown=SHOWN_UNKNOWN)
        if not (refused and work.held.hint.cause is Cause.DUE):
            work.wake_at(now + _STATUS_RETRY)
        if failure is not None and not isinstance(failure, SyncError):
            work.bug = work.bug or failure

    def _release(self, work: Work) -> None:
        record = work.record
        self.claims.release(work.held, record)
        if record.due_at is None:
            return
        delay = max(0.0, (record.due_at - self.claims.clock.now()).total_seconds())
        if delay <= _LONGEST_DELAY:
            # The wish is fulfilled once the record is handled; only what could not be done is asked for again.
            cause = Cause.RETRY if work.by_person and work.unfinished else Cause.DUE
            hint = self.claims.hint_for(record.key, cause, work.held.hint.trace_id)
            self.claims.hints.send([hint], delay=delay)

    # -- errors

    def _each(self, work: Work, step: Callable[[], None]) -> None:
        """Run a step of one record; what goes wrong is that record's own affair."""
        try:
            step()
        except LeaseLost:
            work.done = work.lost = True
        except SyncError as error:
            work.park(error, self.claims.clock.now(), self.vendor_timeout)
        except Exception as error:  # noqa: BLE001 - a bug in one record must not stop its neighbours
            work.done, work.bug = True, error

    def _all(self, works: Sequence[Work], step: Callable[[Sequence[Work]], None]) -> None:
        """Run a step of all these records together. What one of them causes must not become the affair of the others,
        so after an error that may be one's own the halves are tried apart."""
        if not works:
            return
        try:
            step(works)
        except Exception as error:  # noqa: BLE001 - as above
            if len(works) > 1 and _may_be_of_one(error):
                middle = len(works) // 2
                self._all(works[:middle], step)
                self._all(works[middle:], step)
                return
            for work in works:
                self._each(work, partial(_raise, error))


def _raise(error: Exception) -> None:
    raise error


def _may_be_of_one(error: Exception) -> bool:
    """Whether one record of a group may have caused this: a bug, an answer that found fault with the request, or one
    with something in it that cannot be read. What got no answer, or a vendor's own failure, concerns all of them."""
    if isinstance(error, RateLimited | ConnectionLost):
        return False
    return not isinstance(error, SyncError) or error.context.get("status", "").startswith(("2", "4"))


def _note(work: Work, plan: Adopt | Nothing | Skip | Gone | Attend) -> None:
    """A plan that writes nothing to the ledger, as the record's new state; stored when the record is released."""
    record = work.record
    match plan:
        case Attend():
            record = record.to(State.ATTENTION, reason=plan.code, detail=plan.detail)
        case Gone():
            record = record.to(State.DELETED_IN_LEDGER, reason="deleted_in_quickbooks")
        case Skip():
            record = record.to(State.IGNORED, reason=plan.reason, detail=plan.detail)
        case Adopt():
            record = agreed(_adopted(record, plan), plan.agreement)
        case Nothing():
            voided = isinstance(work.source, SourceInvoice) and work.source.status is InvoiceStatus.VOIDED
            if record.link and plan.references:
                record = replace(record, link=replace(record.link, references=plan.references))
            record = record.to(State.VOIDED, detail=VOIDED_TEXT) if voided else agreed(record, plan.agreement)
    work.held.record = record


def _adopted(record: SyncRecord, plan: Adopt) -> SyncRecord:
    if record.link is None:
        return record
    present = plan.present
    link = replace(
        record.link,
        sync_token=present.sync_token,
        number=present.content.number,
        sent=plan.content,
        written=present.content,
        total=present.total,
        ledger_updated_at=present.updated_at,
        references=plan.references or record.link.references,
        rejected="",
    )
    return replace(record, link=link)
