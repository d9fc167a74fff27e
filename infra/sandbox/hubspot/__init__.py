"""A stand-in for HubSpot's public API, as a server and in process."""

from infra.sandbox.hubspot.config import (
    NO_LIMITS,
    HubSpotConfig,
    Limits,
    Subscription,
    TaxRate,
    subscriptions_for,
)
from infra.sandbox.hubspot.sandbox import HubSpotSandbox

__all__ = ["NO_LIMITS", "HubSpotConfig", "HubSpotSandbox", "Limits", "Subscription", "TaxRate", "subscriptions_for"]
