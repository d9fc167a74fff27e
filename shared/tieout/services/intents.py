"""Intent before effect: a write is stored before it is sent; after a lost answer it is looked for, then repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol, TypeVar

from tieout.domain.attention import AttentionCode
from tieout.domain.errors import ConnectionLost, NotInLedger, Postponed, StaleVersion, Transient
from tieout.domain.record import Intent, Operation, State, SyncRecord
from tieout.domain.trail import told
from tieout.ports import AuditEntry, LinkTaken, Workspace
from tieout.services.claims import Claims, Held

# Applying other settings wakes what waits for them; this is for a wake-up that was lost.
SWITCHED_OFF_PAUSE = 6 * 3600.0


class Document(Protocol):
    """What stands on the far side after a write."""

    @property
    def id(self) -> str:
        """The far side's id."""
        ...

    @property
    def call_id(self) -> str:
        """The vendor's own id of the write that this answers, "" when it answers none."""
        ...


A = TypeVar("A", bound=Document)


class Effect(Protocol[A]):
    """What is particular to the documents of one kind; A is what the far side answers."""

    def send(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> tuple[A, bool]:
        """Send the stored body. Gives what was answered and whether it is, instead of the write's own answer, what was
        found standing there. Raises what the port raises for a write."""
        ...

    def find(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> A | None:
        """The document that a create made, if it did. None only when the far side was asked and holds none."""
        ...

    def standing(self, workspace: Workspace, id_: str, intent: Intent) -> A:
        """The document by its id, as it is now; raises NotInLedger when the far side says that it was deleted."""
        ...

    def landed(self, workspace: Workspace, record: SyncRecord, intent: Intent) -> A | None:
        """The document, when the change of it (update, void, delete) was carried out; None when it was not and never
        will be, because a version guards it. Raises as `standing` does."""
        ...

    def linked(self, record: SyncRecord, intent: Intent, answer: A, *, looked: bool) -> SyncRecord:
        """The record that remembers the write. `looked`: the answer is what stands there later, and a person may have
        changed it since."""
        ...

    def settled(self, workspace: Workspace, record: SyncRecord, intent: Intent, answer: A) -> SyncRecord:
        """The linked record in the state that the answer means. With an intent of its own when another write has to
        follow: that is stored together with the link, so that a crash in between forgets neither."""
        ...

    def may_be_repeated(self, workspace: Workspace, intent: Intent) -> bool:
        """Whether the settings still allow that a create which did not arrive is sent again."""
        ...

    def done(self, intent: Intent) -> str:
        """What was done, as the trail says it: "created invoice"."""
        ...

    def names(self, answer: A) -> str:
        """The document, as a person reads it: "QuickBooks invoice 12"."""
        ...


@dataclass(frozen=True, slots=True)
class Intents:
    """Carries writes out. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def carry_out(
        self, workspace: Workspace, held: Held, effect: Effect[A], record: SyncRecord, intent: Intent
    ) -> None:
        """Store `record` with the intent, send, keep the answer.

        Leaves the record claimed, in the state that the answer means. Raises what the port raises for a write (the
        intent stands then, and the caller parks the record), and StaleVersion to be planned again.
        """
        planned = record.to(State.PLANNED).to(State.WRITING)
        self.claims.store(held, replace(planned, revision=intent.revision, intent=intent))
        self._send(workspace, held, effect, intent)

    def verify(self, workspace: Workspace, held: Held, effect: Effect[A]) -> bool:
        """Find out what became of an intent whose outcome is unknown. True when it is known now.

        False: the vendor may still carry it out, the record is to be parked until `intent.stored_at` + time-out.
        A create that cannot be found is repeated with the same body under the same request id; raises Postponed while
        the settings forbid that.
        """
        intent = held.record.intent
        if intent is None:
            return True
        now = self.claims.clock.now()
        if now < intent.stored_at + self.vendor_timeout:
            return False
        if held.record.state is not State.VERIFYING:
            self.claims.store(held, held.record.to(State.VERIFYING, reason="outcome_unknown"))
        if intent.operation is not Operation.CREATE:
            self._verify_change(workspace, held, effect, intent)
            return True
        found = effect.find(workspace, held.record, intent)
        if found is not None:
            self._keep(workspace, held, effect, intent, found, looked=True)
            return True
        if not effect.may_be_repeated(workspace, intent):
            raise Postponed(reason="switched_off", retry_after=SWITCHED_OFF_PAUSE)
        repeated = replace(intent, stored_at=now)
        self.claims.store(held, replace(held.record.to(State.WRITING), intent=repeated))
        try:
            self._send(workspace, held, effect, repeated, repeated_create=True)
        except (Transient, ConnectionLost):
            # That is what became of the repetition; of the first attempt it says nothing, so the intent must stay.
            held.record = held.record.to(State.VERIFYING, reason="outcome_unknown")
            raise
        return True

    def _verify_change(self, workspace: Workspace, held: Held, effect: Effect[A], intent: Intent) -> None:
        """An update or void either stands on the far side now, or it never will and is planned anew: its version and
        the time that passed make sure that it cannot arrive later."""
        landed = effect.landed(workspace, held.record, intent)
        if landed is not None:
            self._keep(workspace, held, effect, intent, landed, looked=True)
        else:
            self.claims.store(held, replace(held.record, intent=None).to(State.WAITING, reason="not_carried_out"))

    def _send(
        self,
        workspace: Workspace,
        held: Held,
        effect: Effect[A],
        intent: Intent,
        *,
        repeated_create: bool = False,
    ) -> None:
        try:
            answer, looked = effect.send(workspace, held.record, intent)
        except StaleVersion:
            self.claims.store(held, replace(held.record, intent=None).to(State.WAITING, reason="changed_meanwhile"))
            raise
        # It stands there now: until that is stored, no error may end the intent.
        held.record = held.record.to(State.VERIFYING, reason="outcome_unknown")
        if repeated_create:
            answer, looked = self._still_there(workspace, held, effect, intent, answer), True
        self._keep(workspace, held, effect, intent, answer, looked=looked)

    def _still_there(self, workspace: Workspace, held: Held, effect: Effect[A], intent: Intent, answer: A) -> A:
        """The answer to a repetition may be the old success of a document that was deleted since: look."""
        try:
            return effect.standing(workspace, answer.id, intent)
        except NotInLedger:
            self.claims.store(held, effect.linked(held.record, intent, answer, looked=False))
            raise

    def _keep(
        self, workspace: Workspace, held: Held, effect: Effect[A], intent: Intent, answer: A, *, looked: bool
    ) -> None:
        before = held.record
        linked = effect.linked(replace(before, intent=None), intent, answer, looked=looked)
        settled = effect.settled(workspace, linked, intent, answer)
        if settled.intent is not None:
            settled = settled.to(State.WRITING)
        elif looked:
            # A person may have changed what was found: it has to be compared, by whoever comes next if not at once.
            settled = replace(settled, due_at=self.claims.clock.now())
        action = f"{effect.done(intent)}{' (found after a lost answer)' if looked else ''}"
        far = "quickbooks" if held.record.key.origin_system == "hubspot" else "hubspot"
        facts = {"request_id": intent.request_id, f"{far}_id": answer.id}
        if answer.call_id:
            facts["intuit_tid"] = answer.call_id
        entry = AuditEntry(self.claims.clock.now(), intent.by, action, held.trace_id, facts, told(before, intent))
        try:
            self.claims.store(held, settled, entry)
        except LinkTaken as taken:
            lost = replace(held.record, intent=None)
            detail = f"{effect.names(answer)} belongs to {taken.holder}."
            self.claims.store(held, lost.to(State.ATTENTION, reason=AttentionCode.LINKED_ELSEWHERE, detail=detail))
            return
        if settled.intent is not None:
            self._send(workspace, held, effect, settled.intent)
