"""What can be decided about an invoice. Dry run prints a plan; push carries the same plan out."""

from __future__ import annotations

from dataclasses import dataclass, field

from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Accepted, Conflict
from tieout.domain.field_pairs import SyncedField
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.record import References


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs: `before` stands in the ledger, `after` comes from HubSpot. Texts for people."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before or '(empty)'} -> {self.after or '(empty)'}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Both sides agree. `variance`: their totals differ, within the tolerance; `detail` says what a person should know
    all the same."""

    variance: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """Nothing of ours stands in the ledger: write `content`.

    Here as in the others, `fields` is what is to be remembered of pairs of fields (None: what was remembered stays).
    """

    content: InvoiceContent
    references: References | None = None
    fields: tuple[SyncedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """`present` stands in the ledger: make it `content`. `accepted`: what of it are QuickBooks' own values, because a
    person took them."""

    present: LedgerInvoice
    content: InvoiceContent
    changes: tuple[Change, ...]
    references: References | None = None
    accepted: Accepted | None = None
    fields: tuple[SyncedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """`present` stands in the ledger and has to stand there no longer.

    HubSpot voided it, or (`rejected`, the figures) it was created with a total that is not HubSpot's, or it was deleted
    in HubSpot.
    """

    present: LedgerInvoice
    rejected: str = ""


@dataclass(frozen=True, slots=True)
class Adopt:
    """`present` already says what HubSpot says: remember that it does, write nothing. `accepted`: where it does not,
    because a person took QuickBooks' values."""

    present: LedgerInvoice
    content: InvoiceContent
    references: References | None = None
    agreement: Agreement = Agreement()
    accepted: Accepted | None = None
    fields: tuple[SyncedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Both sides agree. `references`: what HubSpot says now, where that comes to the same."""

    agreement: Agreement = Agreement()
    references: References | None = None
    fields: tuple[SyncedField, ...] | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Not for the ledger; `reason` is a short code, `detail` says it in words."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The document that we held was deleted in the ledger by somebody."""


@dataclass(frozen=True, slots=True)
class Attend:
    """A person decides. `detail` holds the figures, `conflict` the values to choose from, where one side can be
    taken."""

    code: AttentionCode
    detail: str = ""
    conflict: Conflict | None = field(default=None, compare=False)


Plan = Create | Update | Void | Adopt | Nothing | Skip | Gone | Attend
