"""What the services need of HubSpot's deals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from tieout.domain.planning.deal import Deal, DealInvoice, Estimate


class DealCrm(Protocol):
    """HubSpot's deals, for one connection. Errors as `Crm` says."""

    def deals_of(self, object_type: str, ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The ids of the deals associated with each of these `invoices` or `companies`, in one call for up to 1,000."""
        ...

    def deals(self, ids: Collection[str], order_property: str | None = None) -> Mapping[str, Deal]:
        """Those of these deals that exist, in one call for up to 100. `order_property` names the property that holds
        the order number."""
        ...

    def deals_by_order(self, order_property: str, numbers: Collection[str]) -> Sequence[Deal]:
        """The deals with one of these order numbers, whatever their case, in one search for up to 100; HubSpot's search
        lags a little behind its records."""
        ...

    def associate_deals(self, deal_ids: Mapping[str, str]) -> Mapping[str, str]:
        """Associate invoices (by HubSpot id) with deals, in one call; one that exists already stays. Returns the
        invoices for which HubSpot refused it, with its message: one of the two may be gone."""
        ...

    def invoices_of_deals(self, deal_ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The ids of the HubSpot invoices associated with each of these deals, in one call for up to 1,000."""
        ...

    def show_on_deals(self, invoices: Mapping[str, DealInvoice | None]) -> Mapping[str, str]:
        """Write the invoices' figures onto deals (by id; None: clear them) in one batch update per 100; the properties
        and their group are created when absent. Returns the deals that HubSpot refused, with its message; one that does
        not exist any more is passed over."""
        ...


class EstimateLedger(Protocol):
    """What the services need of QuickBooks' estimates. Errors as `Ledger` says."""

    def estimates(self, ids: Collection[str]) -> Mapping[str, Estimate]:
        """These estimates in one metered read per 100; a deleted one is absent."""
        ...
