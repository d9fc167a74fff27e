"""Takes back in QuickBooks what Tieout made: of an invoice with its payments and refunds, of a payment, of a whole run.

Each group is planned, shown to a person, and planned anew once its records are claimed, so that what anybody did in
between is seen. That a record is to be left alone is stored together with the first intent: whatever dies then, the
sync does not make again what was taken back, until a person retries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tieout.domain.errors import (
    ConnectionLost,
    NeedsAttention,
    NotInLedger,
    OutcomeUnknown,
    StaleVersion,
    SyncError,
)
from tieout.domain.hint import Cause
from tieout.domain.payment import Document
from tieout.domain.planning.books import Books
from tieout.domain.planning.payment_plan import Standing, TakeBack
from tieout.domain.planning.plan import Change, Void
from tieout.domain.planning.undo import (
    Hindrance,
    InvoiceCase,
    MoneyCase,
    Refused,
    Step,
    place,
    plan_undo,
)
from tieout.domain.record import BY_HAND, Kind, LeftAlone, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry, Workspace
from tieout.ports.audit import Trail
from tieout.services.claims import Claims, Held, LeaseLost
from tieout.services.parking import park
from tieout.services.posting import PostingWriter, look_at
from tieout.services.writing import Writer

_MADE_INVOICE = "created invoice"
_MADE = "created "
_WHOLE_TRAIL = 10_000
_PAGE = 100
_PAYMENT = "Payment"


@dataclass(frozen=True, slots=True)
class Group:
    """What is taken back together: `keys` are its records, an invoice last; `key` names it for people. `plan` is what
    would be done now."""

    key: RecordKey
    label: str
    keys: tuple[RecordKey, ...]
    plan: tuple[Step, ...] | Refused


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of a group: the steps that were carried out, and what stopped it, if anything did."""

    group: Group
    done: tuple[Step, ...] = ()
    stopped: Refused | None = None


@dataclass(slots=True)
class _Claimed:
    """A record of a group while it is claimed; `before` is as it was. `touched`: a document of it was taken back."""

    held: Held
    before: SyncRecord
    touched: bool = False


@dataclass(slots=True)
class _Cases:
    invoice: InvoiceCase | None = None
    money: list[MoneyCase] = field(default_factory=list)


class _Touched(Exception):
    """Somebody did something to a document since it was planned, so that it stays."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Undo:
    """The use case. `vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    trail: Trail
    vendor_timeout: timedelta

    # -- what there is to take back

    def of_record(self, workspace: Workspace, key: RecordKey) -> Group:
        """An invoice with everything that Tieout posted for it, or a payment with its refunds."""
        return self._planned(workspace, key)

    def of_run(self, workspace: Workspace, run: str, began: datetime) -> list[Group]:
        """Everything that was made since `began` for the records of a run, the newest first."""
        connection, made = workspace.connection.id, dict[RecordKey, datetime]()
        for key, at in self._made_since(connection, began):
            made.setdefault(key, at)
        records = self.claims.records.get_many(list(made))
        mine = [key for key in made if key in records and records[key].run == run]
        groups = [self._planned(workspace, key) for key in mine if key.kind is Kind.INVOICE]
        covered = {key for group in groups for key in group.keys}
        alone = [key for key in mine if key.kind is Kind.PAYMENT and key not in covered]
        groups += [self._planned(workspace, key) for key in alone]
        return sorted(groups, key=lambda group: made[group.key], reverse=True)

    def _made_since(self, connection: str, began: datetime) -> Iterator[tuple[RecordKey, datetime]]:
        after, until = None, self.claims.clock.now() + timedelta(days=1)
        while True:
            page = self.trail.between(connection, began, until, _PAGE, after)
            for line in page.lines:
                key = line.record
                ours = key is not None and key.origin_system == "hubspot" and line.entry.action.startswith(_MADE)
                if ours and key is not None and key.kind in (Kind.INVOICE, Kind.PAYMENT):
                    yield key, line.entry.at
            after = page.next
            if after is None:
                return

    def _planned(self, workspace: Workspace, key: RecordKey) -> Group:
        record = self.claims.records.get(key)
        if record is None:
            return Group(key, key.origin_id, (key,), ())
        keys = (*self._payments_of(workspace, record), key) if key.kind is Kind.INVOICE else (key,)
        found = self.claims.records.get_many(keys)
        plan = self._plan(workspace, [found[one] for one in keys if one in found])
        return Group(key, record.label or key.origin_id, keys, plan)

    def _payments_of(self, workspace: Workspace, record: SyncRecord) -> tuple[RecordKey, ...]:
        """The HubSpot payments whose documents stand on the invoice, the earliest first; others' are not ours to
        know. And those that stood there before: a part of an undo that was interrupted."""
        link, connection = record.link, record.key.connection
        if link is None or record.key.origin_system != "hubspot":
            return ()
        present = workspace.ledger.invoices({link.far_id}).get(link.far_id)
        ids = [id_ for type_, id_ in (present.settlements if present else ()) if type_ == _PAYMENT]
        places = [(Document.PAYMENT.value, id_) for id_ in sorted(ids, key=lambda one: (len(one), one))]
        origins = self.claims.records.origins_of(connection, "quickbooks", places)
        keys = [origins[where] for where in places if where in origins]
        return tuple(dict.fromkeys(key for key in keys if key.origin_system == "hubspot"))

    # -- planning

    def _plan(self, workspace: Workspace, records: Sequence[SyncRecord]) -> tuple[Step, ...] | Refused:
        waiting = next((one for one in records if one.intent is not None), None)
        if waiting is not None:
            name = waiting.label or waiting.key.origin_id
            told = f"A write of {name} has an unknown outcome: try again in some minutes."
            return Refused(Hindrance.OUTCOME_UNKNOWN, told)
        cases = self._cases(workspace, records)
        return plan_undo(cases.invoice, cases.money, Books(workspace.ledger.company(), workspace.settings))

    def _cases(self, workspace: Workspace, records: Sequence[SyncRecord]) -> _Cases:
        """The records with their documents as they stand, in one read of each kind."""
        wanted: dict[str, set[str]] = {}
        for one in (posting for record in records for posting in record.postings if not posting.voided):
            wanted.setdefault(one.sent.document.holder_kind, set()).add(one.far_id)
        present: dict[tuple[str, str], Standing] = {}
        for kind, ids in wanted.items():
            present |= {(kind, id_): one for id_, one in look_at(workspace, Document(kind), ids).items()}
        cases = _Cases()
        for record in records:
            if record.key.kind is Kind.INVOICE:
                cases.invoice = self._invoice(workspace, record)
            else:
                mine = {place(one): present[place(one)] for one in record.postings if place(one) in present}
                cases.money.append(MoneyCase(record, mine))
        return cases

    def _invoice(self, workspace: Workspace, record: SyncRecord) -> InvoiceCase:
        link = record.link
        if link is None or record.key.origin_system != "hubspot":
            return InvoiceCase(record, made=False, present=None)
        made = any(
            entry.action.startswith(_MADE_INVOICE) and entry.facts.get("quickbooks_id") == link.far_id
            for entry in self.claims.records.trail(record.key, _WHOLE_TRAIL)
        )
        return InvoiceCase(record, made, workspace.ledger.invoices({link.far_id}).get(link.far_id))

    # -- doing it

    def carry_out(self, workspace: Workspace, group: Group, by: str, trace_id: str, note: str = "") -> Undone:
        """Take back what stands of a group: all of it, or nothing when anything is in the way by now.

        What QuickBooks refuses in the middle, or does not answer, stops the group there: what is done by then is told,
        and the same call goes on. Records that are done with are left alone, until a person retries them.
        """
        claimed: list[_Claimed] = []
        try:
            for key in group.keys:
                held = self.claims.take_for_person(key, trace_id)
                if held is None:
                    return self._stopped(group, Hindrance.BUSY, "A worker is at it just now: try again in a minute.")
                claimed.append(_Claimed(held, held.record))
            return self._claimed(workspace, group, claimed, by, trace_id, note)
        except LeaseLost:
            return self._stopped(group, Hindrance.BUSY, "A worker took it over: look what stands, and try again.")
        finally:
            self._give_back(claimed)

    def _claimed(
        self, workspace: Workspace, group: Group, claimed: Sequence[_Claimed], by: str, trace_id: str, note: str
    ) -> Undone:
        try:
            for one in claimed:
                if not self._verified(workspace, one):
                    told = "What became of an earlier write is not known yet: try again in some minutes."
                    return self._stopped(group, Hindrance.OUTCOME_UNKNOWN, told)
            plan = self._plan(workspace, [one.held.record for one in claimed])
        except SyncError as error:
            return self._stopped(group, Hindrance.NOT_REACHED, error.detail or str(error))
        if isinstance(plan, Refused):
            return Undone(group, (), plan)
        if not _places(plan) <= _places(group.plan):
            told = "Something else stands there now than what was shown: look again."
            return self._stopped(group, Hindrance.EDITED, told)
        alone = LeftAlone(f"Undone by {by}.{f' {note}' if note else ''}")
        done: list[Step] = []
        order = {key: at for at, key in enumerate(dict.fromkeys(step.key for step in plan))}
        for one in sorted(claimed, key=lambda one: order.get(one.held.record.key, len(order))):
            for step in (step for step in plan if step.key == one.held.record.key):
                stopped = self._step(workspace, one, step, alone, by)
                if stopped is not None:
                    return Undone(group, tuple(done), stopped)
                done.append(step)
            self._leave_alone(one, alone, by, trace_id, note)
        return Undone(group, tuple(done))

    def _verified(self, workspace: Workspace, one: _Claimed) -> bool:
        """What is left of an earlier attempt comes first."""
        record = one.held.record
        if record.intent is None:
            return True
        if record.key.kind is Kind.INVOICE:
            known = Writer(self.claims, self.vendor_timeout).verify(workspace, one.held)
        else:
            known = PostingWriter(self.claims, self.vendor_timeout).verify(workspace, one.held)
        one.before = one.held.record
        return known

    def _step(self, workspace: Workspace, one: _Claimed, step: Step, alone: LeftAlone, by: str) -> Refused | None:
        """One document. None when it is done; else why not, with the record as it has to be given back."""
        one.held.record = replace(one.held.record, left_alone=alone)
        try:
            self._write(workspace, one, step, alone.note, by)
        except OutcomeUnknown as error:
            one.held.record = park(one.held.record, error, self.claims.clock.now(), self.vendor_timeout)
            told = "QuickBooks' answer was lost. Tieout finds out what happened; then call undo again."
            return Refused(Hindrance.OUTCOME_UNKNOWN, told)
        except _Touched as touched:
            self._as_before(one)
            return touched.refused
        except StaleVersion:
            self._as_before(one)
            return Refused(Hindrance.EDITED, f"Somebody changed {step.document} {step.far_id} at the same moment.")
        except NeedsAttention as error:
            self._refused(one, error)
            return Refused(Hindrance.REFUSED, f"QuickBooks refuses {step.document} {step.far_id}: {error.detail}")
        except NotInLedger:
            # Somebody deleted it between our read and our write: gone is gone.
            self._as_before(one)
        except (ConnectionLost, SyncError) as error:
            self._as_before(one)
            return Refused(Hindrance.NOT_REACHED, error.detail or str(error))
        one.touched = True
        return None

    def _write(self, workspace: Workspace, one: _Claimed, step: Step, note: str, by: str) -> None:
        """Write one document, whose version is that of this last read. What a person did to it since the plan is seen
        here; what they do from now on QuickBooks refuses by the version."""
        ledger, record = workspace.ledger, one.held.record
        books = Books(ledger.company(), workspace.settings)
        if step.posting is None:
            # `rejected` has a person's retry create it anew (see planning.invoice).
            present = ledger.invoice(step.far_id)
            _still(plan_undo(InvoiceCase(record, made=True, present=present), (), books))
            Writer(self.claims, self.vendor_timeout).write(workspace, one.held, Void(present, note), by)
            return
        content = step.posting.sent
        standing = look_at(workspace, content.document, {step.far_id}).get(step.far_id)
        if standing is None:
            raise NotInLedger
        only = MoneyCase(replace(record, postings=(step.posting,)), {place(step.posting): standing})
        _still(plan_undo(None, (only,), books))
        PostingWriter(self.claims, self.vendor_timeout).write(workspace, one.held, TakeBack(standing, content), by)

    def _as_before(self, one: _Claimed) -> None:
        """Nothing was written: the record goes back to where it was, or, when a document of it is gone already, stays
        left alone."""
        before, now = one.before, replace(one.held.record, intent=None)
        if one.touched and now.left_alone is not None:
            told = f"{now.left_alone.note} It is not finished: undo it once more."
            one.held.record = now.to(State.IGNORED, reason=BY_HAND, detail=told, due_at=self.claims.clock.now())
            return
        kept = replace(now, left_alone=before.left_alone, link=before.link)
        one.held.record = kept.to(before.state, reason=before.reason, detail=before.detail, due_at=before.due_at)

    def _refused(self, one: _Claimed, error: NeedsAttention) -> None:
        """A definite no. When nothing of the record is gone, it is as before; else a person has to know of it."""
        if not one.touched:
            self._as_before(one)
            return
        told = f"Undoing it stopped half way: {error.detail}"
        refused = replace(one.held.record, intent=None, left_alone=None)
        one.held.record = refused.to(State.ATTENTION, reason=error.code, detail=told)

    def _leave_alone(self, one: _Claimed, alone: LeftAlone, by: str, trace_id: str, note: str) -> None:
        """Its end: ignored by hand. A record that is there already stays as it is."""
        record, now = one.held.record, self.claims.clock.now()
        if record.state is State.IGNORED and record.reason == BY_HAND and not one.touched:
            return
        left = replace(record, left_alone=alone).to(State.IGNORED, reason=BY_HAND, detail=alone.note, due_at=now)
        changed = (Change("state", f"{one.before.state} {one.before.reason}".strip(), f"ignored {BY_HAND}"),)
        facts = {"note": note} if note else {}
        entry = AuditEntry(now, by, f"undid {record.key.kind}", trace_id, facts, changed)
        self.claims.store(one.held, left, entry)

    def _give_back(self, claimed: Sequence[_Claimed]) -> None:
        for one in claimed:
            try:
                self.claims.release(one.held, one.held.record)
            except LeaseLost:
                continue
        # So that the new status is shown in HubSpot soon.
        hints = [
            self.claims.hint_for(one.held.record.key, Cause.DUE, one.held.trace_id) for one in claimed if one.touched
        ]
        if hints:
            self.claims.hints.send(hints)

    @staticmethod
    def _stopped(group: Group, why: Hindrance, detail: str) -> Undone:
        return Undone(group, (), Refused(why, detail))


def _still(plan: tuple[Step, ...] | Refused) -> None:
    """Whether a document may be taken back as it stands now. Raises _Touched, or NotInLedger when it is voided."""
    if isinstance(plan, Refused):
        raise _Touched(plan)
    if not plan:
        raise NotInLedger


def _places(plan: tuple[Step, ...] | Refused) -> set[tuple[str, str]]:
    return {(step.document, step.far_id) for step in plan} if isinstance(plan, tuple) else set()


def began_of(run: str, prefix: str) -> datetime:
    """When a run began, by its id. Raises ValueError."""
    return datetime.strptime(run.removeprefix(prefix), "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
