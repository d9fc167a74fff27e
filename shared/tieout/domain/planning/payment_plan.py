"""What is known of a payment when it is planned, and what can be decided about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from tieout.domain.about import About
from tieout.domain.claim import posted_hint_id
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.payment import Allocation, Document, LedgerDocument, LedgerPayment, SourcePayment, UnreadablePayment
from tieout.domain.planning.accepted import standing_content
from tieout.domain.planning.plan import Attend, Change, Gone, Nothing, Skip
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import State, SyncRecord

RECEIPTS = frozenset({Document.PAYMENT, Document.SALES_RECEIPT})
"""The documents by which money comes in; all others belong to a refund."""
COMPUTED = frozenset({Document.SALES_RECEIPT, Document.REFUND_RECEIPT, Document.CREDIT_MEMO})
"""The documents whose total QuickBooks computes, so that it may be another than was meant."""


class Reach(StrEnum):
    """Whether an invoice stands in the ledger: it does, it may come, or it is kept out."""

    LINKED = "linked"
    PENDING = "pending"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Billing:
    """A HubSpot invoice that a payment belongs to, as far as our own record of it says.

    `label` is its number or id. `reason` is why it is excluded. `far_id` and `sent` are of the ledger's invoice.
    `customer` is its customer's name, for lists only. `adopted`: the ledger's invoice was entered by hand.
    """

    id: str
    label: str
    reach: Reach
    reason: str = ""
    far_id: str = ""
    sent: InvoiceContent | None = None
    customer: str = field(default="", compare=False, repr=False)
    adopted: bool = False


def billing_of(invoice_id: str, record: SyncRecord | None) -> Billing:
    """What the record of an invoice (None: there is none yet) means for its payments.

    A document that was created with another total is voided again, and one that was deleted may be created anew, so
    payments wait for what follows. A draft is finalised before it is paid, so that it is ignored as one passes.
    """
    if record is None:
        return Billing(invoice_id, invoice_id, Reach.PENDING)
    label, link = record.label or invoice_id, record.link
    sent, customer = standing_content(record), record.about.customer if record.about else ""
    if link is not None and sent is not None and not link.rejected and record.state is not State.DELETED_IN_LEDGER:
        return Billing(invoice_id, label, Reach.LINKED, "", link.far_id, sent, customer, link.adopted)
    if record.state is State.IGNORED and record.reason != "draft" and link is None:
        return Billing(invoice_id, label, Reach.EXCLUDED, record.reason, customer=customer)
    return Billing(invoice_id, label, Reach.PENDING, customer=customer)


def with_invoices(about: About | None, billings: Sequence[Billing]) -> About | None:
    """What lists show of a payment, with the numbers of its invoices, and their customer where it names none itself."""
    if about is None:
        return None
    customer = about.customer or next((one.customer for one in billings if one.customer), "")
    return replace(about, customer=customer, invoices=tuple(dict.fromkeys(one.label for one in billings)))


class Question(StrEnum):
    """What planning may have to know of the ledger: what stands of our own documents, the open balances of the
    payment's invoices, the customer of a payment without invoice, and documents that may be the same payment."""

    STANDING = "standing"
    BALANCES = "balances"
    CUSTOMER = "customer"
    TWINS = "twins"


Standing = LedgerPayment | LedgerDocument


@dataclass(frozen=True, slots=True)
class PaymentCase:
    """One payment to plan.

    `source` None: deleted in HubSpot. `billings` are in the order of its invoices. `today` is the date in the company's
    time zone, `waited` how long the record has been waiting. `look`: the ledger has to be asked what stands.
    `by_person`: somebody asked for it (a retry).

    The last four answer a `Question` each, None where it was not asked: `standing` by posted hint id (absent: deleted),
    `balances` by the ledger's id (absent: deleted), the id of `customer`, and `twins`, unmarked documents of the same
    amount.
    """

    source: SourcePayment | UnreadablePayment | None
    postings: tuple[Posting, ...]
    billings: tuple[Billing, ...]
    today: date
    waited: timedelta = timedelta(0)
    look: bool = False
    by_person: bool = False
    standing: Mapping[str, Standing] | None = None
    balances: Mapping[str, LedgerInvoice] | None = None
    customer: str | None = None
    twins: Sequence[Standing] | None = None

    @property
    def receipt(self) -> Posting | None:
        """The document by which the money came in, while it counts."""
        return next((one for one in self.live if one.sent.document in RECEIPTS), None)

    @property
    def live(self) -> tuple[Posting, ...]:
        """The documents that count: not those that Tieout took back because their total was wrong."""
        return tuple(one for one in self.postings if not one.voided)

    def without(self, gone: Iterable[Posting]) -> PaymentCase:
        """The same without documents that stand there no longer."""
        ids = {posted_hint_id(one) for one in gone}
        return replace(self, postings=tuple(one for one in self.postings if posted_hint_id(one) not in ids))

    def present(self, posting: Posting) -> Standing | None:
        """What stands of a document that was looked for."""
        return None if self.standing is None else self.standing.get(posted_hint_id(posting))


@dataclass(frozen=True, slots=True)
class Ask:
    """The ledger has to be asked before it can be decided."""

    question: Question


@dataclass(frozen=True, slots=True)
class Post:
    """Write this document. A foreign one bears the rate of its invoice, if any, which gives way to that of its day."""

    content: PostingContent


@dataclass(frozen=True, slots=True)
class Amend:
    """`present` stands in the ledger: make it `content`. `kept` is what a person applied of it beside that."""

    present: Standing
    content: PostingContent
    changes: tuple[Change, ...]
    kept: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeBack:
    """`present`, which was posted as `content`, stands with another total and has to go again."""

    present: Standing
    content: PostingContent


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has to come first; `reason` is a short code, `detail` says it in words."""

    reason: str
    detail: str = ""


PaymentPlan = Ask | Post | Amend | TakeBack | Wait | Nothing | Skip | Gone | Attend


@dataclass(frozen=True, slots=True)
class Decision:
    """A plan, and the documents that the record remembers from now on: as they were seen, without those gone."""

    plan: PaymentPlan
    postings: tuple[Posting, ...]
