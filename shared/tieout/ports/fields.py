"""What the services need to bring values of QuickBooks' fields into properties of HubSpot invoices, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from tieout.domain.invoice import LedgerInvoice
from tieout.ports.writes import PreparedWrite


class FieldCrm(Protocol):
    """Properties of HubSpot invoices, for one connection. Errors as `Crm` says."""

    def properties_of(self, ids: Collection[str], names: Collection[str]) -> Mapping[str, Mapping[str, str | None]]:
        """The raw texts of these properties by invoice, in one call for up to 100. A deleted invoice is absent, and so
        is a property that HubSpot does not have."""
        ...

    def write_properties(self, values: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """Write texts by invoice and property in one batch update per 100; an empty one clears. Returns the invoices
        for which HubSpot refused it, with its message. Writing the same again does no harm."""
        ...


class FieldLedger(Protocol):
    """Fields of QuickBooks invoices, for one connection."""

    def prepare_fields_update(self, present: LedgerInvoice, fields: Mapping[str, str]) -> PreparedWrite:
        """The sparse body that changes these fields alone, as `InvoiceContent.custom_fields` names them; an empty text
        clears."""
        ...
