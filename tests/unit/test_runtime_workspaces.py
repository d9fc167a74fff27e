"""Opened connections stay as they are while the function is warm, but not the secrets that they use."""

from base64 import b64encode
from datetime import timedelta
from itertools import count

import httpx
import pytest

from tests.support.builders import CONNECTION
from tests.support.memory import MemoryConnections, MemoryLimiter, MemoryTokens, VirtualClock
from tests.support.memory_sweep import MemoryReadMeter
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import VendorSecrets
from tieout.domain.company import Connection
from tieout.domain.errors import ConnectionLost, Transient
from tieout.ports import TokenSet
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess


def test_a_rotated_client_secret_reaches_connections_that_were_opened_before() -> None:
    clock, valid = VirtualClock(), "Basic " + b64encode(b"the-id:the-new").decode()
    secrets = {"now": "the-old"}

    def oauth(request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != valid:
            return httpx.Response(401, json={"error": "invalid_client"})
        return httpx.Response(200, json={"access_token": "a", "refresh_token": "r", "expires_in": 3600})

    def vendor_secrets() -> VendorSecrets:
        return VendorSecrets(intuit_client_id="the-id", intuit_client_secret=secrets["now"], hubspot_tokens={"1": "t"})

    api = make_client("https://api.test", transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    access = VendorAccess(
        api, api, make_client("https://oauth.test", transport=httpx.MockTransport(oauth)), "https://app", vendor_secrets
    )
    tokens, names = MemoryTokens(clock), count()
    assert tokens.save(CONNECTION, TokenSet("stale", "refresh", clock.now() - timedelta(hours=1), version=1))
    connections = MemoryConnections(Connection(CONNECTION, "1", "2"))
    opened = ConnectedWorkspaces(
        connections,
        tokens,
        MemoryLimiter(clock),
        clock,
        access,
        lambda: f"worker-{next(names)}",
        MemoryReadMeter(clock),
    )

    workspace = opened.open(CONNECTION)
    assert workspace is not None
    with pytest.raises(ConnectionLost):
        workspace.ledger.company()
    secrets["now"] = "the-new"
    again = opened.open(CONNECTION)
    assert again is not None
    assert again.ledger is workspace.ledger
    # The token is there now, so the call gets as far as QuickBooks itself.
    with pytest.raises(Transient) as raised:
        again.ledger.company()
    assert raised.value.context["status"] == "503"
