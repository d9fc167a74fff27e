"""A stand-in for the QuickBooks Online accounting API v3 and Intuit's OAuth, as a server or in the same process."""

from infra.sandbox.quickbooks.app import QuickBooksSandbox
from infra.sandbox.quickbooks.config import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_REALM,
    REFRESH_TOKEN,
    VERIFIER_TOKEN,
    QuickBooksConfig,
)

__all__ = [
    "ACCESS_TOKEN",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_REALM",
    "REFRESH_TOKEN",
    "VERIFIER_TOKEN",
    "QuickBooksConfig",
    "QuickBooksSandbox",
]
