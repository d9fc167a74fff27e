"""Which ledger customer an invoice belongs to, or which one to create."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tieout.domain.attention import AttentionCode
from tieout.domain.customer import CustomerDraft, LedgerCustomer, NameHolder, Party, PartyKind
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import Settings

# Intuit: DisplayName at most 500; a colon parts a customer from its sub-customer, so it cannot be in a name.
MAX_NAME = 500


@dataclass(frozen=True, slots=True)
class UseCustomer:
    """An existing customer matches; `how` says by what."""

    id: str
    how: str


@dataclass(frozen=True, slots=True)
class CreateCustomer:
    """None matches: create this one."""

    draft: CustomerDraft


CustomerPlan = UseCustomer | CreateCustomer | Attend


def display_name(party: Party) -> str:
    """The name a party bears in the ledger: its own, else its e-mail address; empty when it has neither. A customer in
    a foreign currency bears the currency behind its name."""
    name = _own_name(party)
    return f"{name[: MAX_NAME - 6]} ({party.currency})" if name and party.foreign else name


def known_names(party: Party) -> frozenset[str]:
    """Every name under which the party may stand in the ledger already."""
    names = (display_name(party), suffixed_name(party), _own_name(party))
    return frozenset(name for name in names if name)


def _own_name(party: Party) -> str:
    return _clean(party.name) or _clean(party.email or "")


def _clean(text: str) -> str:
    return re.sub(r" {2,}", " ", re.sub(r"[:\t\r\n]+", " ", text)).strip()[:MAX_NAME].rstrip()


def plan_customer(party: Party, candidates: Sequence[LedgerCustomer], settings: Settings) -> CustomerPlan:
    """Match `party` among `candidates` (customers that share its name or e-mail): by e-mail, then by name, else create.

    Two candidates that match equally well are attention, never a guess. A contact is not matched by name to a customer
    with another e-mail address: people share names. A customer of another currency is never used.
    """
    name = display_name(party)
    if not name:
        return Attend(AttentionCode.CUSTOMER_MISSING, f"The HubSpot {party.kind} has no name.")
    active = [one for one in candidates if one.active and _bills_in(one, party)]
    if settings.match_customers_by_email and party.email:
        by_email = [one for one in active if _same(one.email, party.email)]
        if len(by_email) == 1:
            return UseCustomer(by_email[0].id, "e-mail")
        exact = [one for one in by_email if _same(one.name, name)]
        if len(exact) == 1:
            return UseCustomer(exact[0].id, "e-mail and name")
        if by_email:
            return _ambiguous(by_email)
    # The name with the e-mail address behind it is the one that Tieout gives after a clash.
    names = {known.casefold() for known in known_names(party)}
    by_name = [one for one in active if one.name.casefold() in names]
    fitting = [one for one in by_name if not _another_person(party, one)]
    if len(fitting) == 1:
        return UseCustomer(fitting[0].id, "name")
    if len(fitting) > 1:
        return _ambiguous(fitting)
    if not settings.create_customers:
        return Attend(AttentionCode.CUSTOMER_MISSING, f"“{name}” is not in QuickBooks, and creating is switched off.")
    taken = [NameHolder("Customer", one.id, one.name, one.active) for one in candidates if _same(one.name, name)]
    return plan_after_clash(party, name, taken) if taken else _create(party, name)


def plan_remembered(plan: CustomerPlan, known: Collection[str]) -> CustomerPlan:
    """`plan` for a party of whom the customers `known` (ledger ids) are remembered: its own, and those of the records
    that HubSpot merged into it.

    A single one is the party's, whatever it is called by now. Of several the one counts that matches by e-mail or name;
    that none of them does is attention, because a further customer would be wrong in any case.
    """
    if len(known) == 1:
        [id_] = known
        return UseCustomer(id_, "memory")
    if not known or (isinstance(plan, UseCustomer) and plan.id in known):
        return plan
    told = ", ".join(sorted(known, key=int))
    return Attend(AttentionCode.CUSTOMER_AMBIGUOUS, f"Merged in HubSpot, and several in QuickBooks: ids {told}.")


def plan_after_clash(party: Party, tried: str, holders: Sequence[NameHolder]) -> CustomerPlan:
    """What to do when the ledger says that the display name `tried` is taken, and by whom.

    A contact gets its e-mail address as a suffix once; anything else is attention that names the holder.
    """
    suffixed = suffixed_name(party)
    if suffixed and not _same(suffixed, tried):
        return _create(party, suffixed)
    told = ", ".join(f"{one.kind} {one.id}{'' if one.active else ' (inactive)'}" for one in holders) or "unknown"
    return Attend(AttentionCode.DUPLICATE_NAME, f"“{tried}” is held by {told}.")


def suffixed_name(party: Party) -> str | None:
    """The name with the e-mail address behind it, None for a party without one."""
    name = display_name(party)
    if not party.email or _same(name, party.email):
        return None
    return f"{name[: MAX_NAME - len(party.email) - 3]} ({party.email})"


def _create(party: Party, name: str) -> CreateCustomer:
    company = _own_name(party) if party.kind is PartyKind.COMPANY else None
    draft = CustomerDraft(name, company, party.given_name, party.family_name, party.email, party.currency)
    return CreateCustomer(draft)


def _bills_in(customer: LedgerCustomer, party: Party) -> bool:
    """Whether the customer's currency is the party's; one that the ledger does not name is the home currency."""
    if party.currency is None:
        return True
    return not party.foreign if customer.currency is None else customer.currency == party.currency


def _another_person(party: Party, customer: LedgerCustomer) -> bool:
    both = party.email and customer.email
    return party.kind is PartyKind.CONTACT and bool(both) and not _same(party.email, customer.email)


def _ambiguous(candidates: Sequence[LedgerCustomer]) -> Attend:
    told = ", ".join(f"{one.name} (id {one.id})" for one in candidates[:5])
    return Attend(AttentionCode.CUSTOMER_AMBIGUOUS, f"Candidates: {told}.")


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").casefold() == (other or "").casefold()
