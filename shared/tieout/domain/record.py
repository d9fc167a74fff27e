"""The sync record: what Tieout knows of one document, its states, and which state may follow which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tieout.domain.about import About
from tieout.domain.attached import AttachedPdf
from tieout.domain.conflict import Accepted, Conflict, Decision
from tieout.domain.field_pairs import SyncedField
from tieout.domain.hint import HintObject
from tieout.domain.invoice import InvoiceContent
from tieout.domain.mirrored_invoice import Mirror, MirrorContent
from tieout.domain.money import Money
from tieout.domain.payment import PaymentFacts
from tieout.domain.posting import Posting, PostingContent


class Kind(StrEnum):
    """What a record is about. Customers and items are matched or created on the way to an invoice, and a deal's record
    remembers which of its invoices the deal shows.

    A payment's refunds are kept with it; a refund is one that was made in the ledger, where nothing links it to one.
    """

    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    CUSTOMER = "customer"
    ITEM = "item"
    FEES = "fees"
    DEAL = "deal"


class State(StrEnum):
    """The named states; see docs/states.md for what each tells a bookkeeper."""

    SEEN = "seen"
    PLANNED = "planned"
    WRITING = "writing"
    VERIFYING = "verifying"
    SYNCED = "synced"
    SYNCED_WITH_VARIANCE = "synced_with_variance"
    WAITING = "waiting"
    ATTENTION = "attention"
    IGNORED = "ignored"
    DELETED_IN_LEDGER = "deleted_in_ledger"
    VOIDED = "voided"


SETTLED = frozenset(
    {
        State.SYNCED,
        State.SYNCED_WITH_VARIANCE,
        State.ATTENTION,
        State.IGNORED,
        State.DELETED_IN_LEDGER,
        State.VOIDED,
    }
)
UNSETTLED = frozenset(State) - SETTLED

_ANY_OUTCOME = SETTLED | {State.WAITING}
# After a decision to write: how the write can end. Without one: how a look can end.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.SEEN: _ANY_OUTCOME | {State.PLANNED},
    State.PLANNED: _ANY_OUTCOME | {State.WRITING},
    State.WRITING: _ANY_OUTCOME | {State.VERIFYING},
    State.VERIFYING: _ANY_OUTCOME | {State.WRITING, State.VERIFYING},
    State.WAITING: _ANY_OUTCOME | {State.PLANNED},
    **{state: _ANY_OUTCOME | {State.PLANNED} for state in SETTLED},
}


class IllegalTransition(RuntimeError):
    """A bug: the code wanted a state that cannot follow the present one."""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """`origin_system` is where the document was born ("hubspot" or "quickbooks"), `origin_id` its id there."""

    connection: str
    kind: Kind
    origin_system: str
    origin_id: str

    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}/{self.origin_system}/{self.origin_id}"


TIEOUT = "tieout"
"""Who a line of the trail is by when no person did it."""


class Operation(StrEnum):
    """What an intent is about to do in the ledger."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class References:
    """For which HubSpot party and products the ledger ids of an invoice were found: party's and lines' origin ids.

    They make an invoice keep its customer and items when settings or remembered matches change later. `stock` are the
    ledger ids of those items that are stock. `source` is the fingerprint of what HubSpot said: as long as it says the
    same, what was sent is still what should stand there.
    """

    party: str
    lines: tuple[str, ...]
    stock: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent, or was sent with unknown outcome. Stored before the call.

    `body` is the exact request body: a repetition sends the same bytes under the same `request_id`. `content` is what
    the body says, kept to find the document again and to know what was written (None for a void and for customers).
    `lookup` is the display name of a customer. `stored_at` is renewed when it is sent again. `mirror` is what a HubSpot
    invoice is to say, `fields` what is remembered of pairs of fields once it is done. `posting` is what the body of a
    payment's document says, `parent_id` what it belongs to (see `Posting`). `by` is who wants it, for the trail.
    """

    operation: Operation
    request_id: str
    revision: int
    body: str
    stored_at: datetime
    content: InvoiceContent | None = None
    far_id: str | None = None
    lookup: str = ""
    references: References | None = None
    posting: PostingContent | None = None
    parent_id: str = ""
    mirror: MirrorContent | None = None
    by: str = TIEOUT
    fields: tuple[SyncedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """The document on the far side. `exclusive` ones belong to one origin only, which the store enforces.

    `sent` is what Tieout wrote last and therefore owns, `written` how the ledger answered it, `total` the ledger's
    total; `ledger_updated_at` the ledger's own time of the newest version that Tieout has seen, by which the echo of
    a write is recognised. `rejected` are the figures of a document that was created with a total that is not HubSpot's
    and is voided again. `stock`: the linked item is stock, whose quantity matters. `by_hand`: a person chose
    it, so that no better match takes its place. `mirror`: what Tieout wrote of a
    QuickBooks invoice in HubSpot; then the far side's version in `ledger_updated_at` is HubSpot's (and it is None where
    HubSpot's own data sync looks after the document). `adopted`: somebody had entered the document, and a back-fill
    found it, so that its money may have been entered, too.
    """

    far_id: str
    exclusive: bool = True
    sync_token: str | None = None
    number: str | None = None
    sent: InvoiceContent | None = None
    written: InvoiceContent | None = None
    total: Money | None = None
    ledger_updated_at: datetime | None = None
    references: References | None = None
    rejected: str = ""
    stock: bool = False
    mirror: Mirror | None = None
    by_hand: bool = False
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that a person entered in the ledger and said to belong here: of the ledger's invoice `far_id`."""

    refund_id: str
    far_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A person's decision to leave a HubSpot payment alone, or to undo what was made for an invoice or a payment, with
    their `note`. `refunded` is what HubSpot said was
    given back when it was looked at first after that, or when somebody dealt with it; None before."""

    note: str
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """One document's record. Times are aware UTC.

    `reason` is a code (attention code, ignore reason, waiting reason), `detail` the figures and texts for a person.
    `must_look`: when it is due, the ledger has to be asked too; `asked`: and a person's wish is still open. `revision`
    rises with each intent, `generation` when a document that we held is shown to be deleted. `postings` are the
    documents that a payment made on the far side, in the order in which they were posted. `waiting_since`: when it
    began to wait for its invoice, None once it is settled. `facts` is what an invoice shows of its payments, None as
    long as nothing settles it. `given_back` are the refunds that people confirmed of it, or of the recorded payments of
    a payment. `left_alone`: see there. `label` names it for people; `about` is what they see of it in lists and find it
    by, None as long as Tieout has not read it. `covered_until`: HubSpot's own time of the newest version that is
    reflected here. `rehints` counts the hints that came while it was claimed, `rehints_answered` those of them for
    which a new hint was sent. `run` is the back-fill that took the document in, "" for none: its date excludes it no
    longer. `unclear`: what in QuickBooks a back-fill found that may be this invoice, "" for nothing; no worker creates
    it before a person or another back-fill says more. `shown` is the fingerprint of the status last written back onto
    the origin, `on_deals` that of what the invoice's deals show, `pdf` its PDF in HubSpot. `fields` is what is
    remembered of an invoice's pairs of fields.
    `conflict` is what a person has to choose from, None in every other case. `decision` is what a person chose and what
    was not carried out yet. `accepted` are QuickBooks' values that stay although HubSpot has others. `version` guards
    every write.
    """

    key: RecordKey
    state: State = State.SEEN
    reason: str = ""
    detail: str = ""
    due_at: datetime | None = None
    must_look: bool = False
    asked: bool = False
    attempts: int = 0
    revision: int = 0
    generation: int = 0
    intent: Intent | None = None
    link: Link | None = None
    postings: tuple[Posting, ...] = ()
    waiting_since: datetime | None = None
    facts: PaymentFacts | None = None
    given_back: tuple[GivenBack, ...] = ()
    left_alone: LeftAlone | None = None
    label: str = ""
    about: About | None = None
    covered_until: datetime | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    rehints: int = 0
    rehints_answered: int = 0
    shown: str = ""
    on_deals: str = ""
    pdf: AttachedPdf | None = None
    fields: tuple[SyncedField, ...] = ()
    run: str = ""
    unclear: str = ""
    conflict: Conflict | None = None
    decision: Decision | None = None
    accepted: Accepted | None = None
    version: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def to(
        self,
        state: State,
        *,
        reason: str = "",
        detail: str = "",
        due_at: datetime | None = None,
        conflict: Conflict | None = None,
    ) -> SyncRecord:
        """The record in its next state; raises IllegalTransition for one that cannot follow.

        What a person decided about is over when the record comes to rest; `conflict` is what to decide about then.
        """
        if state is not self.state and state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.key}: {self.state} -> {state}")
        rests = state in SETTLED
        return replace(
            self,
            state=state,
            reason=reason,
            detail=detail,
            due_at=due_at,
            attempts=0 if rests else self.attempts,
            waiting_since=None if rests else self.waiting_since,
            conflict=conflict,
            decision=None if rests else self.decision,
        )

    @property
    def far_documents(self) -> tuple[tuple[str, str], ...]:
        """Kind and id of the documents on the far side that may belong to this record only."""
        linked = ((self.key.kind.value, self.link.far_id),) if self.link and self.link.exclusive else ()
        return (*linked, *((one.sent.document.holder_kind, one.far_id) for one in self.postings))

    def leased(self, now: datetime) -> bool:
        """Whether a worker holds it."""
        return self.lease_owner is not None and self.lease_until is not None and now < self.lease_until

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do until something changes."""
        return self.state in SETTLED

    def wake_at(self) -> datetime | None:
        """When the sweep has to send this record's hint again: due, or left behind by a worker that died.

        A settled record may be due too: something was left to do, such as showing its status.

        Customers and items are driven by the invoices that need them.
        """
        if own_hint_object(self.key) is None:
            return None
        if self.lease_until is None:
            return self.due_at
        return max(self.lease_until, self.due_at or self.lease_until)


_OWN_HINTS = {
    (Kind.INVOICE, "hubspot"): HintObject.HUBSPOT_INVOICE,
    (Kind.INVOICE, "quickbooks"): HintObject.QUICKBOOKS_OWN_INVOICE,
    (Kind.PAYMENT, "hubspot"): HintObject.HUBSPOT_PAYMENT,
    (Kind.PAYMENT, "quickbooks"): HintObject.QUICKBOOKS_PAYMENT,
    (Kind.REFUND, "quickbooks"): HintObject.QUICKBOOKS_REFUND_RECEIPT,
}


def own_hint_object(key: RecordKey) -> HintObject | None:
    """What a hint about the record itself is about; None where no queue works on such records."""
    return _OWN_HINTS.get((key.kind, key.origin_system))


# Instead of a fingerprint: what is shown on the origin is not known, so the next status is written in any case.
SHOWN_UNKNOWN = "unknown"
# What a person reads about an invoice that was voided on both sides.
VOIDED_TEXT = "Voided in QuickBooks."
# The reason of a record that a person told Tieout to leave alone.
BY_HAND = "by_hand"


_REQUEST_ID_LENGTH = 40


def request_id(realm_id: str, entity: str, key: RecordKey, operation: Operation, revision: int, generation: int) -> str:
    """The ledger's `requestid` of an intent (of Intuit's 50 characters): the same for all its repetitions, another for
    every other intent."""
    parts = (realm_id, entity, str(key), operation.value, str(revision), str(generation))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:_REQUEST_ID_LENGTH]
