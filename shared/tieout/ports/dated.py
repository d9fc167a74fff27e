"""What a back-fill needs of the two vendors: the invoices from a date on, whatever happened to them since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tieout.domain.invoice import LedgerInvoice


@dataclass(frozen=True, slots=True)
class DatedInvoice:
    """A HubSpot invoice and its date, as books use it."""

    id: str
    day: date


class DatedCrm(Protocol):
    """HubSpot's invoices by date. Errors as `Crm` says."""

    def invoices_since(self, day: date) -> Iterator[Sequence[DatedInvoice]]:
        """The live invoices dated `day` or later, each once, in the order in which they were made, in pages of one
        search each; drafts and those that HubSpot does not bill too."""
        ...


class DatedLedger(Protocol):
    """The ledger's invoices by date. Errors as `Ledger` says."""

    def invoices_since(self, day: date) -> Iterator[Sequence[LedgerInvoice]]:
        """The invoices dated `day` or later, each once, in the order in which they were made, in pages of one metered
        read each; voided ones too."""
        ...
