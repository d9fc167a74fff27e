"""The HubSpot account behind a token that is not in use yet: which it is, and what the token may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import httpx
from pydantic import BaseModel

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.hubspot.wire import AccountDetails, Id
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost, SyncError
from tieout.ports import Limiter
from tieout.ports.connecting import Portal, TokenRefused

# Undocumented for tokens of project apps: where it does not answer, reading is tried instead.
TOKEN_INFO_PATH = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path
_KINDS = {
    "crm.objects.invoices.read": "invoices",
    "crm.objects.line_items.read": "line_items",
    "crm.objects.contacts.read": "contacts",
    "crm.objects.companies.read": "companies",
    "crm.objects.commercepayments.read": "commerce_payments",
    "crm.objects.products.read": "products",
    "crm.objects.deals.read": "deals",
}
_FILES = "files"


class TokenInfo(BaseModel):
    """What HubSpot says of a token."""

    hubId: Id  # noqa: N815 - HubSpot's name
    scopes: list[str]


@dataclass(frozen=True, slots=True)
class HubSpotPortals:
    """Fulfils `ports.connecting.Portals` over `http`; calls count with the `limiter` under the token's own name."""

    http: httpx.Client
    limiter: Limiter
    limited_as: str = "connect"

    def inspect(self, token: str) -> Portal:
        """The account behind the token, in two calls."""
        client = self._client(token)
        try:
            details = client.get(client.versions.account_path(), AccountDetails)
        except ConnectionLost as lost:
            raise TokenRefused(f"HubSpot answered {lost.context.get('status', 'no')}") from None
        return Portal(details.portal_id, details.time_zone, details.currency, self._scopes(client, token, details))

    def unreadable(self, token: str, scopes: Collection[str]) -> Collection[str]:
        """Which of these scopes a try shows to be missing."""
        crm = HubSpotCrm(Connection(self.limited_as, "", ""), self._client(token))
        missing = [scope for scope in scopes if scope in _KINDS and not crm.may_read(_KINDS[scope])]
        return [*missing, *([_FILES] if _FILES in scopes and not crm.may_read_files() else [])]

    def _client(self, token: str) -> HubSpotClient:
        return HubSpotClient(self.http, lambda: token, self.limiter, self.limited_as)

    @staticmethod
    def _scopes(client: HubSpotClient, token: str, details: AccountDetails) -> frozenset[str] | None:
        try:
            info = client.read(TOKEN_INFO_PATH, {"tokenKey": token}, TokenInfo)
        except SyncError:
            return None
        return frozenset(info.scopes) if info.hubId == details.portal_id else None
