"""Finding or creating the ledger customers of a batch of invoices, each once, whoever asks at the same time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tieout.domain.customer import LedgerCustomer, Party, PartyKind
from tieout.domain.errors import ConnectionLost, NameTaken, NotReadyYet, OutcomeUnknown, Postponed, SyncError, Transient
from tieout.domain.planning.customer import (
    CreateCustomer,
    CustomerPlan,
    UseCustomer,
    known_names,
    plan_after_clash,
    plan_customer,
    plan_remembered,
)
from tieout.domain.planning.plan import Attend
from tieout.domain.record import (
    Intent,
    Kind,
    Link,
    Operation,
    RecordKey,
    State,
    SyncRecord,
    request_id,
)
from tieout.ports import AuditEntry, PreparedWrite, Workspace
from tieout.services import memory
from tieout.services.claims import Claims, Held, LeaseLost
from tieout.services.parking import park, park_bug

# Any other exception is a bug of this one customer.
Resolution = str | CreateCustomer | Attend | Exception

_BUSY_PAUSE = 3.0


def customer_key(connection: str, party: Party) -> RecordKey:
    """The record under which a HubSpot company's or contact's customer is remembered."""
    return _key(connection, party.origin_id)


def _key(connection: str, origin_id: str) -> RecordKey:
    return RecordKey(connection, Kind.CUSTOMER, "hubspot", origin_id)


def _former(connection: str, party: Party) -> list[RecordKey]:
    """The same for the records that HubSpot merged into this one."""
    return [_key(connection, origin_id) for origin_id in party.former_origin_ids]


@dataclass(frozen=True, slots=True)
class Customers:
    """`vendor_timeout` is how long a sent request may still be carried out."""

    claims: Claims
    vendor_timeout: timedelta

    def resolve(
        self,
        workspace: Workspace,
        parties: Collection[Party],
        trace_id: str,
        *,
        dry: bool,
        forget: Collection[str],
        refused: Collection[str] = (),
        deadline: datetime | None = None,
    ) -> Mapping[str, Resolution]:
        """By party origin id: the ledger's customer id, or why there is none yet.

        One read of our records and one grouped read of the ledger for all that are not remembered. `dry` writes
        nothing and answers CreateCustomer for what would be created. `forget` names parties whose remembered customer
        gives way to one that matches (a person retried), unless a person chose it; `refused` those whose remembered
        customer the ledger refused.
        Nothing is written after `deadline`. Raises what the grouped reads raise.
        """
        connection = workspace.connection.id
        wanted = {party.origin_id: party for party in parties}
        keys = {customer_key(connection, party): party for party in wanted.values()}
        former = {key for party in wanted.values() for key in _former(connection, party)}
        remembered = self.claims.records.get_many([*keys, *former])
        chosen = {key.origin_id for key, one in remembered.items() if one.link is not None and one.link.by_hand}
        doubted = set(forget) - (chosen - set(refused))
        answers: dict[str, Resolution] = {}
        unknown: list[Party] = []
        for key, party in keys.items():
            record = remembered.get(key)
            if record and record.link and record.intent is None and party.origin_id not in doubted:
                answers[party.origin_id] = record.link.far_id
            elif record and (pause := self._pause(record)):
                # Being created, and nothing to be found out before then: asking now would only cost reads.
                answers[party.origin_id] = NotReadyYet(context={"waits_for": "customer"}, retry_after=pause)
            else:
                unknown.append(party)
        candidates = self._candidates(workspace, unknown) if unknown else []
        for party in unknown:
            before = remembered.get(customer_key(connection, party))
            own = [before, *map(remembered.get, _former(connection, party))]
            linked = [record for record in own if record is not None and record.link is not None]
            plan = plan_customer(party, _relevant(party, candidates), workspace.settings)
            gives_way = party.origin_id in doubted and isinstance(plan, UseCustomer)
            if not gives_way and party.origin_id not in refused:
                plan = plan_remembered(plan, {record.link.far_id for record in linked if record.link})
            if not dry:
                if party.origin_id in refused and isinstance(plan, Attend):
                    memory.forget(self.claims.records, linked, self.claims.clock.now())
                known = before.link if before else None
                answers[party.origin_id] = self._guarded(workspace, party, plan, known, trace_id, deadline)
            else:
                answers[party.origin_id] = plan.id if isinstance(plan, UseCustomer) else plan
        return answers

    def _pause(self, record: SyncRecord) -> float:
        """Seconds until it is worth asking again: until a parked record is due, or, while another worker holds it, as
        long as it has been held already, because that worker may be dead. 0 when it is now."""
        now = self.claims.clock.now()
        if record.leased(now):
            held_for = (now - record.updated_at).total_seconds() if record.updated_at else 0.0
            return max(_BUSY_PAUSE, held_for)
        if record.settled or record.due_at is None:
            return 0.0
        return max(0.0, (record.due_at - now).total_seconds())

    def _candidates(self, workspace: Workspace, parties: Sequence[Party]) -> Sequence[LedgerCustomer]:
        names = {name for party in parties for name in known_names(party)}
        emails = {party.email for party in parties if party.email}
        if not workspace.settings.match_customers_by_email:
            emails = set()
        return workspace.ledger.find_customers(names, emails) if names or emails else []

    def _guarded(
        self,
        workspace: Workspace,
        party: Party,
        plan: CustomerPlan,
        known: Link | None,
        trace_id: str,
        deadline: datetime | None,
    ) -> Resolution:
        """What goes wrong with one customer is the affair of its own invoices."""
        if deadline is not None and self.claims.clock.now() >= deadline:
            return Postponed(reason="out_of_time")
        try:
            return self._carry_out(workspace, party, plan, known, trace_id)
        except LeaseLost:
            return NotReadyYet(context={"waits_for": "customer"}, retry_after=_BUSY_PAUSE)
        except Exception as error:  # noqa: BLE001 - reported with the invoices that need this customer
            return error

    def _carry_out(
        self, workspace: Workspace, party: Party, plan: CustomerPlan, known: Link | None, trace_id: str
    ) -> Resolution:
        if isinstance(plan, Attend):
            return plan
        key = customer_key(workspace.connection.id, party)
        held = self.claims.take_in_passing(key, trace_id)
        if held is None:
            return NotReadyYet(context={"waits_for": "customer"}, retry_after=_BUSY_PAUSE)
        try:
            return self._settle(workspace, party, plan, known, held)
        except SyncError as error:
            parked = park(held.record, error, self.claims.clock.now(), self.vendor_timeout)
            self.claims.release(held, parked)
            if isinstance(error, OutcomeUnknown):
                return NotReadyYet(context=error.context, retry_after=self.vendor_timeout.total_seconds())
            return error
        except LeaseLost:
            raise
        except Exception:
            self.claims.release(held, park_bug(held.record, self.claims.clock.now(), self.vendor_timeout))
            raise

    def _settle(
        self, workspace: Workspace, party: Party, plan: UseCustomer | CreateCustomer, known: Link | None, held: Held
    ) -> Resolution:
        record = held.record
        if record.intent is not None:
            return self._verify(workspace, party, record.intent, held)
        if isinstance(plan, UseCustomer):
            return self._remember(held, plan.id, f"matched by {plan.how}")
        if record.link is not None and record.link != known:
            # Somebody created it between our look and our claim.
            self.claims.release(held, record.to(State.SYNCED))
            return record.link.far_id
        return self._create(workspace, party, plan, held)

    def _create(self, workspace: Workspace, party: Party, plan: CreateCustomer, held: Held) -> Resolution:
        write = workspace.ledger.prepare_customer(plan.draft)
        try:
            created = self._send(workspace, held, write, plan.draft.name)
        except NameTaken:
            again = self._after_clash(workspace, party, plan.draft.name)
            if isinstance(again, CreateCustomer):
                write = workspace.ledger.prepare_customer(again.draft)
                try:
                    created = self._send(workspace, held, write, again.draft.name)
                except NameTaken:
                    again = plan_after_clash(party, again.draft.name, workspace.ledger.name_holders(again.draft.name))
            if isinstance(again, Attend):
                cleared = replace(held.record, intent=None)
                self.claims.release(held, cleared.to(State.ATTENTION, reason=again.code, detail=again.detail))
                return again
            if isinstance(again, UseCustomer):
                return self._remember(held, again.id, f"matched by {again.how}")
        return self._remember(held, created.id, "created")

    def _after_clash(self, workspace: Workspace, party: Party, tried: str) -> CustomerPlan:
        fresh = plan_customer(party, _relevant(party, self._candidates(workspace, [party])), workspace.settings)
        if isinstance(fresh, CreateCustomer) and fresh.draft.name == tried:
            return plan_after_clash(party, tried, workspace.ledger.name_holders(tried))
        return fresh

    def _send(self, workspace: Workspace, held: Held, write: PreparedWrite, name: str) -> LedgerCustomer:
        """Store the intent, then create. A name clash leaves the record claimed, in state writing."""
        record = held.record
        if record.state is not State.WRITING:
            record = record.to(State.PLANNED).to(State.WRITING)
        revision = record.revision + 1
        rid = request_id(
            workspace.connection.realm_id, "customer", record.key, Operation.CREATE, revision, record.generation
        )
        intent = Intent(Operation.CREATE, rid, revision, write.body, self.claims.clock.now(), lookup=name)
        self.claims.store(held, replace(record, revision=revision, intent=intent))
        return workspace.ledger.create_customer(write, rid)

    def _verify(self, workspace: Workspace, party: Party, intent: Intent, held: Held) -> Resolution:
        """After an unknown outcome: wait out the vendor's time-out, look, and only then repeat.

        What is found is judged by the same rules as ever, so it does not matter whether we or a person created it.
        """
        now, record = self.claims.clock.now(), held.record
        over_at = intent.stored_at + self.vendor_timeout
        if now < over_at:
            self.claims.release(held, record.to(State.VERIFYING, reason="outcome_unknown", due_at=over_at))
            return NotReadyYet(context={"waits_for": "customer"}, retry_after=(over_at - now).total_seconds())
        if record.state is not State.VERIFYING:
            # Until it is known what became of it, no error may end the intent.
            held.record = record.to(State.VERIFYING, reason="outcome_unknown")
        candidates = _relevant(party, self._candidates(workspace, [party]))
        plan = plan_customer(party, candidates, workspace.settings)
        if isinstance(plan, UseCustomer):
            return self._remember(held, plan.id, f"matched by {plan.how}")
        if isinstance(plan, Attend) or any(one.name.casefold() == intent.lookup.casefold() for one in candidates):
            return self._give_up_intent(held, NameTaken())
        self.claims.store(held, replace(held.record.to(State.WRITING), intent=replace(intent, stored_at=now)))
        try:
            created = workspace.ledger.create_customer(PreparedWrite(intent.body), intent.request_id)
        except NameTaken as clash:
            return self._give_up_intent(held, clash)
        except (Transient, ConnectionLost):
            # That is what became of the repetition; of the first attempt it says nothing, so the intent must stay.
            held.record = held.record.to(State.VERIFYING, reason="outcome_unknown")
            raise
        return self._remember(held, created.id, "created")

    def _give_up_intent(self, held: Held, why: SyncError) -> Resolution:
        """The name belongs to somebody else, so nothing of ours was written: the next look plans anew."""
        now = self.claims.clock.now()
        cleared = replace(held.record, intent=None).to(State.WAITING, reason="name_taken", due_at=now)
        self.claims.release(held, cleared)
        return NotReadyYet(context=why.context, retry_after=_BUSY_PAUSE)

    def _remember(self, held: Held, far_id: str, how: str) -> Resolution:
        record = replace(held.record, intent=None, link=Link(far_id, exclusive=False))
        entry = AuditEntry(
            self.claims.clock.now(), "tieout", "linked customer", held.trace_id, {"how": how, "to": far_id}
        )
        self.claims.store(held, record.to(State.SYNCED), entry)
        self.claims.release(held, held.record)
        self._remember_back(held.record.key, far_id)
        return far_id

    def _remember_back(self, party: RecordKey, far_id: str) -> None:
        """So that what the ledger bills to this customer by itself is shown with the same company in HubSpot."""
        kind, _, id_ = party.origin_id.partition(":")
        back = RecordKey(party.connection, Kind.CUSTOMER, "quickbooks", far_id)
        if kind == PartyKind.COMPANY and self.claims.records.get(back) is None:
            memory.remember(self.claims.records, SyncRecord(back), id_.partition(":")[0], self.claims.clock.now())


def _relevant(party: Party, candidates: Sequence[LedgerCustomer]) -> list[LedgerCustomer]:
    names = {name.casefold() for name in known_names(party)}
    email = (party.email or "").casefold()
    return [
        one for one in candidates if one.name.casefold() in names or (email and (one.email or "").casefold() == email)
    ]
