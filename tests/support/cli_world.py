"""The command line over a deployment in this process: both vendors' sandboxes, our store in memory, one clock."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.cli import show
from infra.cli.deployment import Deployment, NoDeployment
from infra.cli.main import main
from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.quickbooks.config import CLIENT_ID, CLIENT_SECRET, VERIFIER_TOKEN
from tests.support.builders_backfill_world import backfill_of
from tests.support.builders_connecting import Connecting
from tests.support.builders_world import VENDOR_TIMEOUT, World
from tests.support.memory import MemoryConnections, MemoryHints, MemoryRecords, MemoryTokens, VirtualClock
from tests.support.memory_doors import MemoryDoors
from tests.support.memory_letters import MemoryLetters
from tests.support.memory_sweep import MemoryCursors, MemoryNotices, MemoryReadMeter
from tieout.adapters.secrets.secrets import VendorSecrets, WebhookSecrets
from tieout.services.assess import Assessor
from tieout.services.customers import Customers
from tieout.services.items import Items
from tieout.services.pull_invoices import PullInvoices
from tieout.services.redrive import Redrive
from tieout.services.showing_invoices import MirroredInvoiceWriter
from tieout.services.sign_in import SignIn
from tieout.services.undo import Undo


@dataclass(frozen=True)
class MemoryStore:
    """A deployment's own state."""

    clock: VirtualClock
    connections: MemoryConnections
    records: MemoryRecords
    tokens: MemoryTokens
    hints: MemoryHints
    cursors: MemoryCursors
    meter: MemoryReadMeter
    notices: MemoryNotices


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said. `out` and `err` have their runs of blanks made one."""

    code: int
    out: str
    err: str
    raw: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.raw)


@dataclass
class CommandLine:
    """A terminal in front of a world. `queues` and `public_url` are as the deployment says."""

    world: World
    capture: pytest.CaptureFixture[str]
    public_url: str = "http://127.0.0.1:9"
    queues: Mapping[str, int] = field(default_factory=lambda: {"invoice push": 0, "dead letters": 0})
    stacks: list[str | None] = field(default_factory=list)
    doors: MemoryDoors = field(default_factory=MemoryDoors)
    letters: MemoryLetters = field(default_factory=MemoryLetters)

    def __post_init__(self) -> None:
        """Secrets Manager holds the token of the world's portal."""
        self.connecting = Connecting(self.world)
        self.connecting.portal_tokens.keep(self.world.connection.portal_id, "pat-na1-sandbox")

    @property
    def mirrors(self) -> PullInvoices:
        """The worker of QuickBooks' own invoices."""
        return PullInvoices(
            self.world,
            self.world.claims,
            MirroredInvoiceWriter(self.world.claims, VENDOR_TIMEOUT),
            VENDOR_TIMEOUT,
        )

    def run(self, *arguments: str) -> Ran:
        """Run `tieout` with these arguments."""
        self.capture.readouterr()
        log = logging.getLogger("tieout")
        level = log.level
        try:
            with pytest.raises(SystemExit) as left:
                main(arguments, self._open)
        finally:
            # The command silences the functions' log; other tests read it.
            log.setLevel(level)
        said = self.capture.readouterr()
        code = left.value.code
        return Ran(
            code if isinstance(code, int) else 0, " ".join(said.out.split()), " ".join(said.err.split()), said.out
        )

    def _open(self, stack: str | None) -> Deployment:
        self.stacks.append(stack)
        if stack == "nowhere":
            raise NoDeployment("stack nowhere cannot be reached")
        world = self.world
        store = MemoryStore(
            world.clock,
            world.connections,
            world.records,
            world.tokens,
            world.hints,
            world.cursors,
            world.meter,
            world.notices,
        )
        assessor = Assessor(Customers(world.claims, VENDOR_TIMEOUT), Items(world.records, world.clock))
        return Deployment(
            "test",
            self.public_url,
            store,
            world,
            world.service,
            self.mirrors,
            assessor,
            lambda: self.queues,
            _vendor,
            _webhooks,
            SignIn(self.doors, world.clock, self.connecting.trail),
            self.connecting.service,
            self.connecting.trail,
            lambda: backfill_of(world, self.mirrors),
            Redrive(self.letters, world.records, self.connecting.trail, world.clock),
            Undo(world.claims, self.connecting.trail, VENDOR_TIMEOUT),
        )


def _vendor() -> VendorSecrets:
    return VendorSecrets(
        intuit_client_id=CLIENT_ID, intuit_client_secret=CLIENT_SECRET, hubspot_tokens={"62515001": "pat-na1-sandbox"}
    )


def _webhooks() -> WebhookSecrets:
    return WebhookSecrets(
        hubspot_client_secrets=[HubSpotConfig().client_secret], intuit_verifier_tokens=[VERIFIER_TOKEN]
    )


def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of output is broken because a terminal is narrow."""
    monkeypatch.setattr(show.out, "_width", 400)
    monkeypatch.setattr(show.err, "_width", 400)
