"""Connecting over both sandboxes: the service, and a person with a browser who consents at Intuit."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qsl, urlsplit

import httpx

from infra.sandbox.kernel.transport import SandboxTransport
from infra.sandbox.quickbooks.config import CLIENT_ID, CLIENT_SECRET
from tests.support.builders_world import World
from tests.support.memory_connecting import MemoryPortalTokens, MemorySignIns, MemoryTrail
from tieout.adapters.http import make_client
from tieout.adapters.hubspot.portals import HubSpotPortals
from tieout.adapters.quickbooks.authorisation import IntuitAuthorisation
from tieout.services.connect import Connect

REDIRECT = "https://tieout.example.test/console/connect/quickbooks/callback"
SECOND_REALM = "4620816365000000002"
SECRETS = ("pat-na1-sandbox", CLIENT_SECRET)


@dataclass
class Connecting:
    """`service` connects `world`'s portal and companies; `portal_tokens` is what Secrets Manager holds."""

    world: World
    credentials: tuple[str, str] = (CLIENT_ID, CLIENT_SECRET)
    portal_tokens: MemoryPortalTokens = field(default_factory=MemoryPortalTokens)

    def __post_init__(self) -> None:
        world, names = self.world, count(1)
        books = SandboxTransport(world.quickbooks)
        self.sign_ins = MemorySignIns(world.clock)
        self.trail = MemoryTrail(world.records)
        self.browser = httpx.Client(transport=books, follow_redirects=False)
        authorisation = IntuitAuthorisation(
            "https://appcenter.test",
            make_client("https://oauth.test", transport=books),
            make_client("https://developer.test", transport=books),
            make_client("https://quickbooks.test", transport=books),
            lambda: self.credentials,
            world.clock,
        )
        portals = HubSpotPortals(
            make_client("https://api.hubapi.test", transport=SandboxTransport(world.hubspot)), world.limiter
        )
        self.service = Connect(
            world.connections,
            world.tokens,
            self.sign_ins,
            authorisation,
            portals,
            self.portal_tokens,
            self.trail,
            world.clock,
            lambda: f"state-{next(names)}",
            lambda: f"owner-{next(names)}",
        )

    def consent(self, url: str, realm: str | None = None) -> dict[str, str]:
        """A person follows the address and agrees, for a company; gives what Intuit sends the browser back with."""
        answer = self.browser.get(url, params={**dict(parse_qsl(urlsplit(url).query)), **_of(realm)})
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def begin(self, connection: str = "c1", holder: str = "browser", portal_id: str | None = None) -> str:
        """Begin a sign-in."""
        return self.service.begin(connection, REDIRECT, holder, "Ada", portal_id=portal_id)


def _of(realm: str | None) -> dict[str, str]:
    return {"realmId": realm} if realm else {}
