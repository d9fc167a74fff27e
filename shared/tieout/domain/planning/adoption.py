"""Which documents that nobody marked are the ones that HubSpot's invoices would become: adopted, or shown to a person.

A back-fill meets books in which invoices were entered by hand. One that says the same (number, customer, total with
currency, date) is adopted, once a person approved the list. Whatever only looks like it needs a person: creating it
could double it, and adopting it would be a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import InvoiceContent, LedgerInvoice, SourceInvoice
from tieout.domain.money import Money
from tieout.domain.planning.books import Books
from tieout.domain.planning.plan import Adopt, Attend
from tieout.domain.planning.totals import agreement, goal

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """A HubSpot invoice of which nothing stands in the ledger: what it would be there. `id` is HubSpot's. `customer_id`
    None: it cannot be described yet, and `total` is HubSpot's own."""

    id: str
    number: str | None
    customer_id: str | None
    total: Money | None
    day: date

    @classmethod
    def of(cls, source: SourceInvoice, desired: InvoiceContent | None) -> Wanted:
        """By HubSpot's own date, which a closed period does not move. `desired` None: something of it is missing, such
        as a product, and nothing is the same as that for certain."""
        number, day = (source.number or "").strip() or None, source.invoice_date
        if desired is None:
            return cls(source.id, number, None, source.total, day)
        return cls(source.id, number, desired.customer_id, goal(desired), day)


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """A ledger invoice that belongs to no record, bears no marker and is not voided."""

    id: str
    number: str | None
    customer_id: str
    total: Money
    day: date

    @classmethod
    def of(cls, invoice: LedgerInvoice) -> Unclaimed:
        """What of it is compared."""
        content = invoice.content
        number = (content.number or "").strip() or None
        return cls(invoice.id, number, content.customer_id, invoice.total, content.invoice_date)

    def __str__(self) -> str:
        return f"{self.number or '(no number)'} (id {self.id}) of {self.day}, {self.total}"


@dataclass(frozen=True, slots=True)
class Same:
    """The ledger's invoice `far_id` says the same."""

    far_id: str

    @property
    def told(self) -> str:
        """For a person, until it is adopted."""
        return f"QuickBooks invoice {self.far_id} says the same, and was not adopted yet: run the back-fill again."


@dataclass(frozen=True, slots=True)
class Unclear:
    """The ledger's invoices `far_ids` may be the same; `detail` says why it is not certain."""

    far_ids: tuple[str, ...]
    detail: str

    @property
    def told(self) -> str:
        """For a person."""
        return self.detail


Match = Same | Unclear


def match(wanted: Iterable[Wanted], unclaimed: Iterable[Unclaimed]) -> Mapping[str, Match]:
    """By HubSpot's id, what stands in the ledger of these invoices already; absent: nothing that looks like it.

    Does not depend on the order of either. No ledger invoice is the same as two of HubSpot's.
    """
    asked, there = sorted(wanted, key=_by_id), sorted(unclaimed, key=_by_id)
    exact = _pairs(asked, there, _exactly)
    claims: dict[str, int] = defaultdict(int)
    for found in exact.values():
        for document in found:
            claims[document.id] += 1
    answers: dict[str, Match] = {}
    for id_, found in exact.items():
        if len(found) == 1 and claims[found[0].id] == 1:
            answers[id_] = Same(found[0].id)
        elif found:
            which = "Several QuickBooks invoices say" if len(found) > 1 else "Another HubSpot invoice says"
            answers[id_] = _unclear(found, f"{which} the same (number, customer, total, date)")
    taken = {one.far_id for one in answers.values() if isinstance(one, Same)}
    left = [document for document in there if document.id not in taken]
    open_ = [one for one in asked if one.id not in answers]
    numbered, alike = _pairs(open_, left, _number), _pairs(open_, left, _looks)
    of_a_sum = _pairs([one for one in open_ if one.customer_id is None], left, _sum)
    for one in open_:
        found = numbered[one.id]
        if one.customer_id is None:
            same = "The number is" if found else "Date and total are"
            if found := found or of_a_sum[one.id]:
                answers[one.id] = _unclear(found, f"{same} the same, and the customer cannot be compared yet")
        elif found:
            answers[one.id] = _unclear(found, f"The number is the same, but not {_differences(one, found[0])}")
        elif found := alike[one.id]:
            answers[one.id] = _unclear(found, "Customer, date and total are the same, but not the number")
    return answers


def decide_adoption(
    desired: InvoiceContent, wanted: Wanted, approved: Same, present: LedgerInvoice | None, books: Books
) -> Adopt | Attend:
    """What becomes of an invoice for which `approved` was shown to a person, by what stands there (`present`) now."""
    if present is None or present.voided or _exactly(Unclaimed.of(present)) != _exactly(wanted):
        stands = "is gone" if present is None or present.voided else f"is {Unclaimed.of(present)} now"
        detail = f"QuickBooks invoice {approved.far_id} {stands}, which was to be adopted."
        return Attend(AttentionCode.ADOPTION_UNCLEAR, detail)
    verdict = agreement(desired, present.content, present.total, books.settings)
    return verdict if isinstance(verdict, Attend) else Adopt(present, desired, agreement=verdict)


def _by_id(one: Wanted | Unclaimed) -> tuple[int, str]:
    return len(one.id), one.id


_Trait = tuple[object, ...] | None


def _exactly(one: Wanted | Unclaimed) -> _Trait:
    return (one.number, one.customer_id, one.total, one.day) if one.number and one.customer_id else None


def _number(one: Wanted | Unclaimed) -> _Trait:
    return (one.number,) if one.number else None


def _looks(one: Wanted | Unclaimed) -> _Trait:
    return (one.customer_id, one.total, one.day) if one.customer_id else None


def _sum(one: Wanted | Unclaimed) -> _Trait:
    return (one.total, one.day) if one.total is not None else None


def _pairs(
    wanted: Sequence[Wanted], there: Sequence[Unclaimed], trait: Callable[[Wanted | Unclaimed], _Trait]
) -> dict[str, list[Unclaimed]]:
    """Those that share a trait, by HubSpot's id; who has none shares it with nobody."""
    by_trait: dict[object, list[Unclaimed]] = defaultdict(list)
    for one in there:
        by_trait[trait(one)].append(one)
    by_trait.pop(None, None)
    return {one.id: by_trait.get(trait(one), []) for one in wanted}


def _unclear(found: Sequence[Unclaimed], why: str) -> Unclear:
    named = "; ".join(str(one) for one in found[:_MOST_NAMED]) + ("; and more" if len(found) > _MOST_NAMED else "")
    return Unclear(tuple(one.id for one in found), f"{why}: QuickBooks has {named}.")


def _differences(one: Wanted, other: Unclaimed) -> str:
    differ = [
        name
        for name, mine, theirs in (
            ("the customer", one.customer_id, other.customer_id),
            ("the total", one.total, other.total),
            ("the date", one.day, other.day),
        )
        if mine != theirs
    ]
    return ", ".join(differ)
