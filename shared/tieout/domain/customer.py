"""The neutral customer: whom HubSpot bills, and whom the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class PartyKind(StrEnum):
    """The two kinds of HubSpot record that an invoice can be billed to."""

    COMPANY = "company"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Party:
    """A HubSpot company or contact. `name` may be empty; `email` is a contact's (a company has none of its own).

    `currency` is the one it is billed in, None where the ledger's company has one currency only; `foreign`: it is not
    the home currency, so that the party is a customer apart. `merged` are the HubSpot ids of the records that were
    merged into this one (HubSpot: a merge makes a new record); they say nothing about who it is now.
    """

    kind: PartyKind
    id: str
    name: str
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    currency: str | None = None
    foreign: bool = False
    merged: tuple[str, ...] = field(default=(), compare=False)

    @property
    def origin_id(self) -> str:
        """The id under which a remembered customer is kept: kind and HubSpot id, and a foreign currency."""
        return f"{self.kind}:{self.id}:{self.currency}" if self.foreign else f"{self.kind}:{self.id}"

    @property
    def former_origin_ids(self) -> tuple[str, ...]:
        """The same for the records that were merged into it."""
        return tuple(replace(self, id=id_).origin_id for id_ in self.merged if id_ != self.id)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer, company, contact, item or product that a person may choose in one of the systems. `id` is as a link
    keeps it, `detail` what tells two of one name apart: an e-mail address, a domain, a SKU. `stock`: its quantity is
    counted."""

    id: str
    name: str
    detail: str = ""
    stock: bool = False


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer to be created. `name` is the ledger's display name, unique over customers, vendors and employees.

    `currency` None: the company's home currency. It can never be changed later.
    """

    name: str
    company_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerCustomer:
    """A customer in the ledger. `company_name` and `person_name` are what it says of itself beside its display name."""

    id: str
    name: str
    email: str | None
    active: bool
    currency: str | None = None
    company_name: str | None = None
    person_name: str | None = None

    @property
    def named_company(self) -> str | None:
        """The company that it is; None for a person: who has a name of their own and none of a company."""
        if self.company_name:
            return self.company_name
        return None if self.person_name else self.name


@dataclass(frozen=True, slots=True)
class NameHolder:
    """Who holds a display name: `kind` is Customer, Vendor or Employee."""

    kind: str
    id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class LedgerItem:
    """A product or service in the ledger."""

    id: str
    name: str
    sku: str | None
    active: bool
    type: str | None = None

    @property
    def sold(self) -> bool:
        """Whether a line can be sold as it: groups expand into other lines, and categories cannot be sold."""
        return self.type not in ("Category", "Group")

    @property
    def stock(self) -> bool:
        """Whether its quantity is counted."""
        return self.type == "Inventory"
