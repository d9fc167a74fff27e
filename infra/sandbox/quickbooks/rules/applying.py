"""What payments are applied to: the lines that say so, and the open amounts that move with them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import business, fault, missing
from infra.sandbox.quickbooks.ledger import ZERO
from infra.sandbox.quickbooks.rules import currencies

Entity = dict[str, Any]
PAYMENT = "Payment"
CHARGE, CREDIT = 1, -1


class Link(NamedTuple):
    """What a line of a payment points at."""

    type: str
    id: str


@dataclass(frozen=True)
class Target:
    """A kind of transaction that a payment can be linked to: the customer owes a CHARGE and is owed a CREDIT."""

    entity: str
    sign: int


# LinkedTxn.TxnType -> target (Intuit: Payment). Journal entries cannot be linked here.
TARGETS: Mapping[str, Target] = {
    "Invoice": Target("Invoice", CHARGE),
    "CreditMemo": Target("CreditMemo", CREDIT),
    "Expense": Target("Purchase", CHARGE),
    "Check": Target("Purchase", CHARGE),
    "CreditCardCredit": Target("Purchase", CREDIT),
}


def link_type(entity: str, document: Entity) -> str:
    """The TxnType under which links name a document; purchases go by how they were paid."""
    if entity != "Purchase":
        return entity
    if document["PaymentType"] == "CreditCard" and document.get("Credit"):
        return "CreditCardCredit"
    return "Check" if document["PaymentType"] == "Check" else "Expense"


def read_lines(draft: Draft) -> list[Entity]:
    """A payment's lines as they are stored, one link each. Raises 2020, 6000, and 620 for what cannot be linked."""
    return [line for sent in draft.entity.get("Line", []) for line in _read_line(draft, sent)]


def _read_line(draft: Draft, sent: Entity) -> list[Entity]:
    links = sent.get("LinkedTxn", [])
    if "Amount" not in sent or not links:
        raise missing("Amount" if "Amount" not in sent else "LinkedTxn")
    if len(links) > 1 and draft.company.config.payment_line_links == "one":
        raise business("A line of a payment is linked to one transaction.")
    amount = currencies.rounded(draft, sent["Amount"])
    if amount < 0:
        raise business("The amount applied cannot be negative.")
    return [_line(_checked(draft, Link(link.get("TxnType", ""), link.get("TxnId", ""))), amount) for link in links]


def _line(link: Link, amount: Decimal) -> Entity:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": link.id, "TxnType": link.type}]}


def _checked(draft: Draft, link: Link) -> Link:
    target = TARGETS.get(link.type)
    document = draft.company.find(target.entity, link.id) if target else None
    if target is None or document is None or link_type(target.entity, document) != link.type:
        raise fault("620", f"Transaction {link.id} cannot be linked.", "LinkedTxn")
    if draft.entity["CustomerRef"]["value"] not in _customers(draft.company, target.entity, document):
        raise business("The transaction belongs to another customer.")
    return link


def _customers(company: Company, entity: str, document: Entity) -> set[str]:
    if "CustomerRef" in document:
        return {document["CustomerRef"]["value"]}
    return {entry.customer for entry in company.ledger.of((entity, document["Id"])) if entry.customer}


def applied(lines: Iterable[Entity]) -> Mapping[Link, Decimal]:
    """By link, what a payment's lines apply."""
    sums: dict[Link, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[_link_of(line)] += line["Amount"]
    return sums


def _link_of(line: Entity) -> Link:
    [link] = line["LinkedTxn"]
    return Link(link["TxnType"], link["TxnId"])


def total_of(lines: Iterable[Entity], sign: int) -> Decimal:
    """What the lines apply to charges, or use of credits."""
    return sum((line["Amount"] for line in lines if TARGETS[_link_of(line).type].sign == sign), ZERO)


def used(lines: list[Entity]) -> Decimal:
    """What the lines take of the payment itself: charges less credits."""
    return total_of(lines, CHARGE) - total_of(lines, CREDIT)


def oldest_first(company: Company, customer: str, amount: Decimal) -> list[Entity]:
    """Lines that pay the customer's open invoices, the earliest due first, as far as the amount goes."""
    lines: list[Entity] = []
    for owed in sorted(company.of_customer("Invoice", customer), key=lambda one: (str(one["DueDate"]), int(one["Id"]))):
        part = min(owed["Balance"], amount)
        if part > 0:
            lines.append(_line(Link("Invoice", owed["Id"]), part))
            amount -= part
    return lines


def from_credits(company: Company, customer: str) -> list[Entity]:
    """Lines that pay the customer's open invoices from open credit memos, as far as both go."""
    memos = [memo for memo in company.of_customer("CreditMemo", customer) if memo["RemainingCredit"] > 0]
    charges = oldest_first(company, customer, sum((memo["RemainingCredit"] for memo in memos), ZERO))
    lines = [*charges, *(_line(Link("CreditMemo", memo["Id"]), memo["RemainingCredit"]) for memo in memos)]
    return _shortened(lines, CREDIT, -used(lines))


def settle(draft: Draft, lines: list[Entity]) -> None:
    """Moves what is open from what this payment applied before to what its lines apply now."""
    _move_all(draft, draft.id, applied((draft.before or {}).get("Line", [])), applied(lines))


def _move_all(draft: Draft, payment: str, before: Mapping[Link, Decimal], after: Mapping[Link, Decimal]) -> None:
    for link in sorted({*before, *after}):
        change = after.get(link, ZERO) - before.get(link, ZERO)
        if change or (link in after) != (link in before):
            _move(draft, link, payment, change, kept=link in after)


def _move(draft: Draft, link: Link, payment: str, change: Decimal, *, kept: bool) -> None:
    """One document: less is open by what is applied more, and it names the payment as long as that has a line."""
    kind = TARGETS[link.type].entity
    document = draft.current(kind, link.id)
    mark = {"TxnId": payment, "TxnType": PAYMENT}
    links = [one for one in document.get("LinkedTxn", []) if one != mark] + ([mark] if kept else [])
    left = _open(draft, kind, document, payment) - change
    if change > 0 and left < 0:
        raise business(f"The amount applied is greater than the open balance of transaction {link.id}.")
    draft.touch(kind, {**document, "LinkedTxn": links, **open_fields(draft.company, kind, document, left)})


def open_fields(company: Company, entity: str, document: Entity, left: Decimal) -> Entity:
    """The fields that say how much of a document is open."""
    if entity == "Purchase":
        return {}
    fields = {"Balance": left} | ({"RemainingCredit": left} if entity == "CreditMemo" else {})
    return fields | ({"HomeBalance": currencies.at_home(company, document, left)} if company.multicurrency else {})


def _open(draft: Draft, entity: str, document: Entity, payment: str) -> Decimal:
    """What can be applied yet, before the change; a purchase does not say it, so it follows from its payments."""
    if entity != "Purchase":
        return Decimal(document["Balance"])
    entries = draft.company.ledger.of((entity, document["Id"]))
    booked = abs(sum((entry.amount for entry in entries if entry.customer), ZERO))
    link = Link(link_type(entity, document), document["Id"])
    payments = {mark["TxnId"] for mark in document.get("LinkedTxn", [])} | {payment}
    stored = [draft.touched.get((PAYMENT, id_)) or draft.company.find(PAYMENT, id_) or {} for id_ in payments]
    return booked - sum((applied(paid.get("Line", [])).get(link, ZERO) for paid in stored), ZERO)


def reapply(draft: Draft, most: Decimal) -> Decimal:
    """What payments apply to the document of the draft now that it takes at most `most`; gives the sum of that.

    What it takes no longer becomes unapplied. A payment that joined it with a credit, or with a charge, gives back as
    much of that as it cannot cover any more.
    """
    before = draft.before
    if before is None:
        return ZERO
    own, left = Link(link_type(draft.definition.name, before), before["Id"]), most
    for mark in [one for one in before.get("LinkedTxn", []) if one["TxnType"] == PAYMENT]:
        paid = draft.current(PAYMENT, mark["TxnId"])
        have = applied(paid["Line"])
        kept = min(have[own], left)
        left -= kept
        if kept == have[own]:
            continue
        others = [line for line in paid["Line"] if _link_of(line) != own]
        lines = _fitted(others + ([_line(own, kept)] if kept else []), paid["TotalAmt"])
        now = applied(lines)
        _move_all(draft, paid["Id"], _without(have, own), _without(now, own))
        draft.touch(PAYMENT, {**paid, "Line": lines, "UnappliedAmt": paid["TotalAmt"] - used(lines)})
        if not kept:
            draft.entity["LinkedTxn"] = [one for one in draft.entity.get("LinkedTxn", []) if one != mark]
    return most - left


def _without(sums: Mapping[Link, Decimal], link: Link) -> Mapping[Link, Decimal]:
    return {key: amount for key, amount in sums.items() if key != link}


def _fitted(lines: list[Entity], total: Decimal) -> list[Entity]:
    """Lines that a payment of `total` can carry: charges up to it and its credits, credits up to its charges."""
    charges = _shortened(lines, CHARGE, total_of(lines, CHARGE) - total - total_of(lines, CREDIT))
    return _shortened(charges, CREDIT, total_of(charges, CREDIT) - total_of(charges, CHARGE))


def _shortened(lines: list[Entity], sign: int, excess: Decimal) -> list[Entity]:
    """The lines without `excess`, taken from the last of those with the sign."""
    kept: list[Entity] = []
    for line in reversed(lines):
        cut = min(max(excess, ZERO), line["Amount"]) if TARGETS[_link_of(line).type].sign == sign else ZERO
        excess -= cut
        if not cut:
            kept.append(line)
        elif cut < line["Amount"]:
            kept.append({**line, "Amount": line["Amount"] - cut})
    return kept[::-1]
