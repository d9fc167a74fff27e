"""HubSpot invoice -> QuickBooks: claim, read, plan, write, settle, for a whole batch of hints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from tieout.domain.errors import ConnectionLost, NeedsAttention, NotReadyYet, RateLimited, StaleVersion, SyncError
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.invoice import InvoiceStatus, SourceInvoice
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.record import BY_HAND, VOIDED_TEXT, ClaimVerdict, Kind, RecordKey, State, SyncRecord
from tieout.domain.status import ShownStatus, shown_status
from tieout.ports import Workspace, Workspaces
from tieout.services.assess import Assessor, Case, Source
from tieout.services.claims import Claims, Held, LeaseLost
from tieout.services.parking import park
from tieout.services.writing import Writer

# A delayed message wakes the record; the sweep would too, a little later (SQS: at most 15 minutes).
_LONGEST_DELAY = 900.0
_STATUS_RETRY = 60.0
_STALE_READ = 5.0
_BUSY_PAUSE = 5.0
# A record that has waited for so many looks is shown as waiting on the HubSpot invoice, with the reason.
_ATTEMPTS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hint. `result`: handled, covered, not_due, busy, not_ours or failed (to be delivered again).

    `state` and `reason` are the record's; `error` is safe to log by its type and text.
    """

    hint: Hint
    result: str
    state: str = ""
    reason: str = ""
    error: Exception | None = None


@dataclass(slots=True)
class _Work:
    """One record on its way through the batch."""

    held: Held
    hints: list[Hint]
    source: Source = None
    look: bool = False
    # Set once nothing more is to be done in this batch.
    done: bool = False
    lost: bool = False
    bug: Exception | None = None
    wake_in: float | None = field(default=None)

    @property
    def record(self) -> SyncRecord:
        return self.held.record

    @property
    def newest_change(self) -> datetime | None:
        """HubSpot's time of the newest change that its webhooks told of."""
        told = [hint.occurred_at for hint in self.hints if hint.cause is Cause.WEBHOOK and not _about_ledger(hint)]
        return max(told, default=None)

    @property
    def by_person(self) -> bool:
        return any(hint.cause is Cause.RETRY for hint in self.hints)


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
        """Handle a batch; an outcome for each hint, in order. Nothing is written after `deadline`.

        One bad record never fails its neighbours. What is not settled is parked with a time, not failed; a failed
        outcome means that our own infrastructure or code is at fault.
        """
        outcomes: dict[Hint, Outcome] = {}
        for connection in dict.fromkeys(hint.connection for hint in hints):
            mine = [hint for hint in dict.fromkeys(hints) if hint.connection == connection]
            try:
                found = self._push(connection, mine, deadline)
            except Exception as error:  # noqa: BLE001 - what is wrong with one connection must not stop the others
                found = [Outcome(hint, "failed", error=error) for hint in mine]
            outcomes.update({outcome.hint: outcome for outcome in found})
        return [outcomes[hint] for hint in hints]

    def _push(self, connection: str, hints: Sequence[Hint], deadline: datetime | None) -> Iterable[Outcome]:
        workspace = self.workspaces.open(connection)
        if workspace is None:
            return [Outcome(hint, "not_ours", reason="unknown_connection") for hint in hints]
        works, outcomes = self._claim(workspace, hints)
        if works:
            self._process(workspace, works, deadline)
            self._settle(workspace, works)
        return [*outcomes, *(_outcome(work, hint) for work in works for hint in work.hints)]

    # -- claim

    def _claim(self, workspace: Workspace, hints: Sequence[Hint]) -> tuple[list[_Work], list[Outcome]]:
        by_key: dict[RecordKey, list[Hint]] = {}
        outcomes: list[Outcome] = []
        for hint in hints:
            try:
                key = self._key(workspace, hint)
            except Exception as error:  # noqa: BLE001 - one unreadable record must not stop the others
                outcomes.append(Outcome(hint, "failed", error=error))
                continue
            if key is None:
                outcomes.append(Outcome(hint, "not_ours", reason="not_from_hubspot"))
            else:
                by_key.setdefault(key, []).append(hint)
        works: list[_Work] = []
        for key, same in by_key.items():
            try:
                held = self._take(key, same)
            except Exception as error:  # noqa: BLE001 - as above
                outcomes.extend(Outcome(hint, "failed", error=error) for hint in same)
                continue
            if isinstance(held, ClaimVerdict):
                outcomes.extend(Outcome(hint, held.value) for hint in same)
            else:
                look = any(_about_ledger(hint) for hint in same)
                works.append(_Work(held, same, look=look))
        return works, outcomes

    def _take(self, key: RecordKey, hints: Sequence[Hint]) -> Held | ClaimVerdict:
        """Claim for several hints about one record. Each system's changes are covered by that system's own clock, so
        the hints of each are judged apart, and one that is not covered is enough."""
        verdict: Held | ClaimVerdict = ClaimVerdict.COVERED
        for object_ in HintObject:
            about = [hint for hint in hints if hint.object is object_]
            if about:
                verdict = self.claims.take(key, _strongest(about))
                if verdict not in (ClaimVerdict.COVERED, ClaimVerdict.NOT_DUE):
                    break
        if verdict is ClaimVerdict.BUSY:
            # Who holds the record will look again, but neither know that a person asked nor look at the ledger.
            again = [hint for hint in hints if hint.cause is Cause.RETRY or _about_ledger(hint)]
            self.claims.hints.send(again, delay=_BUSY_PAUSE)
        return verdict

    def _key(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        connection = workspace.connection.id
        if hint.object is HintObject.HUBSPOT_INVOICE:
            return RecordKey(connection, Kind.INVOICE, "hubspot", hint.id)
        return self.claims.records.origin_of(connection, "quickbooks", Kind.INVOICE, hint.id)

    # -- read, plan, write

    def _process(self, workspace: Workspace, works: Sequence[_Work], deadline: datetime | None) -> None:
        for work in works:
            self._each(work, partial(self._verify, workspace, work))
        self._all(_open(works), partial(self._read, workspace))
        plans: dict[int, Plan | Exception] = {}
        self._all(_open(works), lambda some: plans.update(self._plan(workspace, some)))
        for work in _open(works):
            plan = plans[id(work)]
            self._each(work, partial(self._carry_out, workspace, work, plan, deadline))

    def _verify(self, workspace: Workspace, work: _Work) -> None:
        record, intent = work.record, work.record.intent
        if record.state is State.IGNORED and record.reason == BY_HAND and not work.by_person:
            work.done = True
        if intent is None:
            return
        if not self.writer.verify(workspace, work.held):
            due_at = intent.stored_at + self.vendor_timeout
            self._park_at(work, work.record.to(State.VERIFYING, reason="outcome_unknown", due_at=due_at))
        else:
            work.look = True

    def _read(self, workspace: Workspace, works: Sequence[_Work]) -> None:
        properties = workspace.settings.filtered_properties
        found = workspace.crm.invoices([work.record.key.origin_id for work in works], properties)
        for work in works:
            work.source = found.get(work.record.key.origin_id)

    def _plan(self, workspace: Workspace, works: Sequence[_Work]) -> Mapping[int, Plan | Exception]:
        cases = [Case(work.record, work.source, work.look, work.by_person) for work in works]
        plans = self.assessor.assess(workspace, cases, works[0].held.hint.trace_id)
        return {id(work): plan for work, plan in zip(works, plans, strict=True)}

    def _carry_out(self, workspace: Workspace, work: _Work, plan: Plan | Exception, deadline: datetime | None) -> None:
        if isinstance(plan, Exception):
            raise plan
        if isinstance(plan, Create | Update | Void):
            if deadline is not None and self.claims.clock.now() >= deadline:
                raise NotReadyYet(context={"why": "out of time"}, retry_after=1)
            try:
                self.writer.write(workspace, work.held, plan)
            except StaleVersion:
                self._write_again(workspace, work)
        else:
            self._note(work, plan)

    def _write_again(self, workspace: Workspace, work: _Work) -> None:
        """Somebody changed the document between our read and our write: plan again with the fresh state, once."""
        case = Case(work.record, work.source, look=True, by_person=work.by_person)
        plan = self.assessor.assess(workspace, [case], work.held.hint.trace_id)[0]
        if isinstance(plan, Exception):
            raise plan
        if isinstance(plan, Create | Update | Void):
            self.writer.write(workspace, work.held, plan)
        else:
            self._note(work, plan)

    def _note(self, work: _Work, plan: Adopt | Nothing | Skip | Gone | Attend) -> None:
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
                record = _adopted(record, plan).to(State.SYNCED)
            case Nothing():
                voided = isinstance(work.source, SourceInvoice) and work.source.status is InvoiceStatus.VOIDED
                record = record.to(State.VOIDED, detail=VOIDED_TEXT) if voided else record.to(State.SYNCED)
        work.held.record = record

    # -- settle

    def _settle(self, workspace: Workspace, works: Sequence[_Work]) -> None:
        """Show the statuses in one batch update, then give every record back."""
        labelled = [work for work in works if not work.lost and work.bug is None]
        for work in labelled:
            work.held.record = _labelled(work)
        statuses = {
            work.record.key.origin_id: status
            for work in labelled
            if (status := _status_to_show(workspace, work)) is not None
        }
        failure = self._show(workspace, statuses)
        for work in labelled:
            status = statuses.get(work.record.key.origin_id)
            if status is not None and (failure is None or isinstance(failure, NeedsAttention)):
                work.held.record = replace(work.record, shown=status.fingerprint)
            elif status is not None:
                work.wake_in = min(work.wake_in or _STATUS_RETRY, _STATUS_RETRY)
            self._each(work, partial(self._release, work))
            if status is not None and failure is not None and not isinstance(failure, SyncError):
                work.bug = failure

    def _show(self, workspace: Workspace, statuses: Mapping[str, ShownStatus]) -> Exception | None:
        """Show them, and say what went wrong. The books do not wait for it: what HubSpot refuses for good (attention)
        is not tried again, anything else is."""
        if not statuses:
            return None
        try:
            workspace.crm.show_statuses(statuses)
        except Exception as error:  # noqa: BLE001 - every record still has to be given back
            return error
        return None

    def _release(self, work: _Work) -> None:
        record = work.record
        seen = work.source.modified_at if isinstance(work.source, SourceInvoice) else None
        if record.settled and seen is not None:
            record = replace(record, covered_until=max(seen, record.covered_until or seen))
            if work.newest_change is not None and work.newest_change > seen:
                # HubSpot told of a change that its answer may not show yet: look once more.
                work.wake_in = min(work.wake_in or _STALE_READ, _STALE_READ)
        self.claims.release(work.held, record)
        delay = self._delay(work)
        if delay is not None:
            cause = Cause.RETRY if work.by_person else Cause.DUE
            hint = self.claims.hint_for(record.key, cause, work.held.hint.trace_id)
            self.claims.hints.send([hint], delay=delay)

    def _delay(self, work: _Work) -> float | None:
        delay, due_at = work.wake_in, work.record.due_at
        if due_at is not None and not work.record.settled:
            delay = max(0.0, (due_at - self.claims.clock.now()).total_seconds())
        return delay if delay is not None and delay <= _LONGEST_DELAY else None

    # -- errors

    def _each(self, work: _Work, step: Callable[[], None]) -> None:
        """Run a step of one record; what goes wrong is that record's own affair."""
        try:
            step()
        except LeaseLost:
            work.done = work.lost = True
        except SyncError as error:
            self._park(work, error)
        except Exception as error:  # noqa: BLE001 - a bug in one record must not stop its neighbours
            work.done, work.bug = True, error

    def _all(self, works: Sequence[_Work], step: Callable[[Sequence[_Work]], None]) -> None:
        """Run a step of all these records together. What one of them causes must not become the affair of the others,
        so after an error that may be one's own the halves are tried apart."""
        if not works:
            return
        try:
            step(works)
        except (RateLimited, ConnectionLost) as error:
            for work in works:
                self._park(work, error)
        except Exception as error:  # noqa: BLE001 - as above: the message is delivered again, the error is logged
            if len(works) > 1 and _may_be_of_one(error):
                middle = len(works) // 2
                self._all(works[:middle], step)
                self._all(works[middle:], step)
                return
            for work in works:
                if isinstance(error, SyncError):
                    self._park(work, error)
                else:
                    work.done, work.bug = True, error

    def _park(self, work: _Work, error: SyncError) -> None:
        record = park(work.record, error, self.claims.clock.now(), self.vendor_timeout)
        if work.record.state is State.DELETED_IN_LEDGER and record.state is State.WAITING:
            # The person's wish to create it again comes back with the delayed hint; what was found out stays shown.
            work.wake_in, work.done = _STATUS_RETRY, True
        else:
            self._park_at(work, record)

    def _park_at(self, work: _Work, record: SyncRecord) -> None:
        work.held.record, work.done = record, True


def _open(works: Sequence[_Work]) -> list[_Work]:
    return [work for work in works if not work.done]


def _may_be_of_one(error: Exception) -> bool:
    """Whether one record of a group may have caused this: a bug, or an answer that found fault with the request. What
    got no answer, or a vendor's own failure, concerns all of them."""
    return not isinstance(error, SyncError) or error.context.get("status", "").startswith("4")


def _about_ledger(hint: Hint) -> bool:
    return hint.object is HintObject.QUICKBOOKS_INVOICE


def _strongest(hints: Sequence[Hint]) -> Hint:
    """The hint that stands for several about one record: a person's wish first, then what is due, then the newest."""
    rank = {Cause.RETRY: 2, Cause.DUE: 1}
    return max(hints, key=lambda hint: (rank.get(hint.cause, 0), hint.occurred_at))


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
    )
    return replace(record, link=link)


def _labelled(work: _Work) -> SyncRecord:
    number = work.source.number if isinstance(work.source, SourceInvoice) else None
    return replace(work.record, label=number) if number else work.record


def _status_to_show(workspace: Workspace, work: _Work) -> ShownStatus | None:
    """The status, when HubSpot shows another one. Drafts, and what will probably pass by itself, are left alone."""
    record = work.record
    quiet = record.state is State.IGNORED and not record.shown and record.reason in ("draft", "not_billable", "deleted")
    passing = not record.settled and record.attempts < _ATTEMPTS_SHOWN
    if not workspace.settings.write_status_to_hubspot or work.source is None or passing or quiet:
        return None
    url = workspace.ledger.invoice_url(record.link.far_id) if record.link else ""
    status = shown_status(record, url)
    return status if status.fingerprint != record.shown else None


def _outcome(work: _Work, hint: Hint) -> Outcome:
    if work.bug is not None:
        return Outcome(hint, "failed", work.record.state, work.record.reason, work.bug)
    result = "busy" if work.lost else "handled"
    return Outcome(hint, result, work.record.state, work.record.reason)
