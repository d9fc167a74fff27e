"""What a person searches by a part of a name, to link it by hand. Errors as `Crm` and `Ledger` say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tieout.domain.customer import Candidate


class CrmDirectory(Protocol):
    """HubSpot's companies and products."""

    def search_companies(self, text: str) -> Sequence[Candidate]:
        """Some companies that bear `text` in their name, domain or telephone number, in one search."""
        ...

    def search_products(self, text: str) -> Sequence[Candidate]:
        """Some products that bear `text` in their name, SKU or description, in one search."""
        ...


class LedgerDirectory(Protocol):
    """The ledger's customers and items, active ones alone."""

    def search_customers(self, text: str) -> Sequence[Candidate]:
        """Some customers with `text` in their display name; with an e-mail address as `text`, those that bear it. One
        metered read."""
        ...

    def search_items(self, text: str) -> Sequence[Candidate]:
        """Some items that can be sold with `text` in their name, or as their SKU. Two metered reads."""
        ...
