"""Opens connections: the two vendors' adapters of one connection, kept while the function is warm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import httpx

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost
from tieout.ports import Clock, Connections, Limiter, ReadMeter, Tokens, Workspace


@dataclass(frozen=True, slots=True)
class VendorAccess:
    """How the vendors are reached: one httpx client a host, shared by all connections, and the app's credentials."""

    hubspot: httpx.Client
    quickbooks: httpx.Client
    intuit_oauth: httpx.Client
    quickbooks_app_url: str
    secrets: Callable[[], VendorSecrets]


@dataclass(frozen=True, slots=True)
class ConnectedWorkspaces:
    """Fulfils `ports.Workspaces`. Settings are read anew each time; adapters are built once a connection."""

    connections: Connections
    tokens: Tokens
    limiter: Limiter
    clock: Clock
    access: VendorAccess
    new_token: Callable[[], str]
    meter: ReadMeter
    _built: dict[Connection, tuple[HubSpotCrm, QuickBooksLedger]] = field(default_factory=dict)

    def open(self, connection: str) -> Workspace | None:
        """None when there is no such connection."""
        found = self.connections.get(connection)
        if found is None:
            return None
        if found not in self._built:
            self._built[found] = (self._crm(found), self._ledger(found))
        crm, ledger = self._built[found]
        return Workspace(found, self.connections.settings(connection), crm, ledger)

    def _crm(self, connection: Connection) -> HubSpotCrm:
        def token() -> str:
            try:
                return self.access.secrets().hubspot_tokens[connection.portal_id]
            except KeyError:
                raise ConnectionLost("No HubSpot token is stored for this portal.") from None

        return HubSpotCrm(connection, HubSpotClient(self.access.hubspot, token, self.limiter, connection.id))

    def _ledger(self, connection: Connection) -> QuickBooksLedger:
        def credentials() -> tuple[str, str]:
            secrets = self.access.secrets()
            return secrets.intuit_client_id, secrets.intuit_client_secret

        oauth = self.access.intuit_oauth
        tokens = TokenSource(connection.id, self.tokens, oauth, credentials, self.clock, self.new_token)
        client = QuickBooksClient(
            connection, self.access.quickbooks, tokens, self.limiter, partial(self.meter.count, connection.id)
        )
        return QuickBooksLedger(connection, client, self.clock, self.access.quickbooks_app_url)
