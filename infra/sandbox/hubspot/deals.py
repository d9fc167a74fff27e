"""What HubSpot calculates on a deal: whether its stage is a closed one, and the close date that a closed stage sets."""

from infra.sandbox.hubspot.property_model import iso
from infra.sandbox.hubspot.record import Record
from infra.sandbox.hubspot.store import Store

WON, LOST = "closedwon", "closedlost"


def settle(store: Store, deal: Record) -> None:
    """Calculates anew. The stages are those of the default pipeline (HubSpot: default deal properties)."""
    stage, before = deal.get("dealstage"), deal.get("hs_is_closed")
    closed = stage in (WON, LOST)
    store.put(deal, "hs_is_closed", str(closed).lower(), calculated=True)
    store.put(deal, "hs_is_closed_won", str(stage == WON).lower(), calculated=True)
    if closed and before == "false":
        # A deal that moves into a closed stage is closed now, whatever was planned.
        store.put(deal, "closedate", iso(store.now()), calculated=True)
