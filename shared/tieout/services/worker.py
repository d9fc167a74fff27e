"""What every worker does with a batch of hints: claim, verify, read, plan, write, settle, connection by connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

from tieout.domain.about import About
from tieout.domain.claim import ClaimVerdict, far_side
from tieout.domain.errors import Postponed, StaleVersion
from tieout.domain.hint import Cause, Hint, HintObject
from tieout.domain.record import BY_HAND, RecordKey, State
from tieout.ports import Workspace, Workspaces
from tieout.services.claims import Claims, Held
from tieout.services.outcome import Outcome, Result
from tieout.services.settling import Beside, Settling, Shows
from tieout.services.turn import Turn
from tieout.services.work import Work, still_open, strongest

_BUSY_PAUSE = 5.0
# The sweep leaves the records of a paused connection alone, so this is how old their due times are when it goes on.
_PAUSED = 900.0

S = TypeVar("S")
P = TypeVar("P")


class Job(Shows[S], Protocol[S, P]):
    """What is particular to the records of one kind: S is what their origin shows of a document, P a plan.

    What a step raises is dealt with by the worker: a SyncError parks the record (or, of a grouped step, all of its
    records; halves are tried apart where one may be to blame), anything else is a bug.
    """

    def key_of(self, workspace: Workspace, hint: Hint) -> RecordKey | None:
        """The record that a hint is about, None when no record of this kind can come of it."""
        ...

    def watches_ignored(self) -> bool:
        """Whether what a person told us to leave alone is read and planned all the same, to tell a person more."""
        ...

    def verify(self, workspace: Workspace, work: Work[S]) -> bool:
        """Find out what became of the record's intent, whose outcome is unknown. True when it is known now, and then
        the record is read and planned; False while the vendor may still carry it out."""
        ...

    def read(self, workspace: Workspace, works: Sequence[Work[S]]) -> None:
        """Ask the origin, in grouped calls, and set `source` and `read` of each."""
        ...

    def about(self, workspace: Workspace, work: Work[S]) -> About | None:
        """What people see of it in lists and find it by, from what was read; None when that tells nothing."""
        ...

    def plan(
        self, workspace: Workspace, works: Sequence[Work[S]], deadline: datetime | None
    ) -> Sequence[P | Exception]:
        """A plan for each, in order, or what stops just that one. The far side is asked in grouped calls, about those
        with `look` in any case."""
        ...

    def writes(self, plan: P) -> bool:
        """Whether carrying it out writes to a vendor, which is not begun after the deadline."""
        ...

    def carry_out(self, workspace: Workspace, work: Work[S], plan: P) -> None:
        """Do it: write, or note in `work.held.record` what was decided. StaleVersion means that it is planned again,
        once, with the state as it is then."""
        ...


@dataclass(frozen=True, slots=True)
class Worker(Generic[S, P]):
    """Works off hints about the records of one kind.

    `vendor_timeout`: how long a vendor may still carry out a request that got no answer (Intuit: 120 s). `beside`: what
    hangs on settled records.
    """

    workspaces: Workspaces
    claims: Claims
    job: Job[S, P]
    vendor_timeout: timedelta
    beside: Sequence[Beside[S]] = ()

    def work_off(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[Outcome]:
        """Handle a batch; an outcome for each hint, in order. No write is begun after `deadline`.

        What is wrong with one record or connection is its own affair. What is not settled is parked with a time, not
        failed; a failed outcome means that our own infrastructure or code is at fault.
        """
        turn = Turn(self.claims.clock, deadline, self.vendor_timeout)
        outcomes: dict[Hint, Outcome] = {}
        for connection in dict.fromkeys(hint.connection for hint in hints):
            mine = [hint for hint in dict.fromkeys(hints) if hint.connection == connection]
            try:
                found = self._of_connection(connection, mine, turn)
            except Exception as error:  # noqa: BLE001 - the other connections are not to blame
                found = [Outcome(hint, Result.FAILED, error=error) for hint in mine]
            outcomes.update({outcome.hint: outcome for outcome in found})
        return [outcomes[hint] for hint in hints]

    def _of_connection(self, connection: str, hints: Sequence[Hint], turn: Turn) -> Iterable[Outcome]:
        if turn.over:
            self.claims.hints.send(hints, delay=_BUSY_PAUSE)
            return [Outcome(hint, Result.BUSY, reason="out_of_time") for hint in hints]
        workspace = self.workspaces.open(connection)
        if workspace is None:
            return [Outcome(hint, Result.NOT_OURS, reason="unknown_connection") for hint in hints]
        works, outcomes = self._claim(workspace, hints)
        if works:
            self._process(workspace, works, turn)
            Settling(self.claims, turn).settle(workspace, self.job, works, self.beside)
        return [*outcomes, *(outcome for work in works for outcome in work.outcomes())]

    # -- claim

    def _claim(self, workspace: Workspace, hints: Sequence[Hint]) -> tuple[list[Work[S]], list[Outcome]]:
        by_key: dict[RecordKey, list[Hint]] = {}
        outcomes: list[Outcome] = []
        for hint in hints:
            try:
                key = self.job.key_of(workspace, hint)
            except Exception as error:  # noqa: BLE001 - one unreadable record must not stop the others
                outcomes.append(Outcome(hint, Result.FAILED, error=error))
                continue
            if key is None:
                outcomes.append(Outcome(hint, Result.NOT_OURS, reason="no_record"))
            else:
                by_key.setdefault(key, []).append(hint)
        works: list[Work[S]] = []
        for key, same in by_key.items():
            try:
                held = self._take(key, same)
            except Exception as error:  # noqa: BLE001 - as above
                outcomes.extend(Outcome(hint, Result.FAILED, error=error) for hint in same)
                continue
            if isinstance(held, ClaimVerdict):
                outcomes.extend(Outcome(hint, Result(held.value)) for hint in same)
            else:
                look = held.record.must_look or any(far_side(key, hint) for hint in same)
                tries = held.record.attempts if held.record.settled else 0
                works.append(Work(held, same, look=look, asked=held.record.asked, tries=tries))
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
            # Who holds the record will look again, but neither know that a person asked nor look at the far side.
            again = [hint for hint in hints if hint.cause is Cause.RETRY or far_side(key, hint)]
            self.claims.hints.send(again, delay=_BUSY_PAUSE)
        return verdict

    # -- verify, read, plan, write

    def _process(self, workspace: Workspace, works: Sequence[Work[S]], turn: Turn) -> None:
        for work in works:
            turn.each(work, partial(self._verify, workspace, work, turn))
        turn.all(still_open(works), partial(self.job.read, workspace))
        for work in still_open(works):
            # Before anything is written, so that each record's entries in the registers are written once.
            turn.each(work, partial(self._tell, workspace, work))
        plans: dict[int, P | Exception] = {}

        def plan(some: Sequence[Work[S]]) -> None:
            found = self.job.plan(workspace, some, turn.deadline)
            plans.update({id(work): one for work, one in zip(some, found, strict=True)})

        turn.all(still_open(works), plan)
        for work in still_open(works):
            turn.each(work, partial(self._carry_out, workspace, work, plans[id(work)], turn))

    def _verify(self, workspace: Workspace, work: Work[S], turn: Turn) -> None:
        """What is left of an earlier attempt comes first."""
        record, intent = work.record, work.record.intent
        if intent is None:
            left = record.state is State.IGNORED and record.reason == BY_HAND and not work.by_person
            work.done = left and not self.job.watches_ignored()
            if work.done:
                # Released as it is, so what it was due for must not stay due.
                work.held.record = replace(record, due_at=None)
            elif workspace.connection.paused:
                raise _paused()
            return
        if record.state is not State.VERIFYING:
            # Left behind by a worker that died: until it is known what became of it, no error may end the intent.
            work.held.record = record.to(State.VERIFYING, reason="outcome_unknown")
        if workspace.connection.paused:
            raise _paused()
        turn.stop_in_time()
        if self.job.verify(workspace, work):
            work.look = True
        else:
            due_at, reason = intent.stored_at + self.vendor_timeout, "outcome_unknown"
            work.park_as(work.record.to(State.VERIFYING, reason=reason, due_at=due_at), reason)

    def _tell(self, workspace: Workspace, work: Work[S]) -> None:
        seen = self.job.seen(work)
        work.tell(seen.label if seen else "", self.job.about(workspace, work))

    def _carry_out(self, workspace: Workspace, work: Work[S], plan: P | Exception, turn: Turn) -> None:
        try:
            self._try(workspace, work, plan, turn)
        except StaleVersion:
            # Somebody changed the document between our read and our write: plan again with the fresh state, once.
            turn.stop_in_time()
            work.look = True
            [again] = self.job.plan(workspace, [work], turn.deadline)
            self._try(workspace, work, again, turn)

    def _try(self, workspace: Workspace, work: Work[S], plan: P | Exception, turn: Turn) -> None:
        if isinstance(plan, Exception):
            raise plan
        if self.job.writes(plan):
            turn.stop_in_time()
        self.job.carry_out(workspace, work, plan)


def _paused() -> Postponed:
    """A person disconnected the company: nothing is asked, and nothing is lost."""
    return Postponed(reason="disconnected", retry_after=_PAUSED)
