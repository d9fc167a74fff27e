"""Tieout's own side of the simulation: the real services and adapters, built anew for each cold start of a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import cast

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.quickbooks import QuickBooksSandbox
from tests.simulation.observed import Observed
from tests.simulation.queue import Queue
from tests.simulation.sabotage import Sabotage
from tests.simulation.stage import START, Clock, Stage
from tests.simulation.watch import Records
from tests.simulation.wire import QuickClient, Wire
from tests.support.memory import MemoryTokens, VirtualClock
from tests.support.memory_sweep import MemoryCursors
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.hubspot.webhooks import HubSpotWebhooks
from tieout.adapters.quickbooks.auth import TokenSource
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.adapters.quickbooks.webhooks import QuickBooksWebhooks
from tieout.domain.company import Connection
from tieout.domain.errors import RateLimited
from tieout.domain.settings import Settings
from tieout.domain.settings_document import parse_settings
from tieout.ports import Crm, Hints, Ledger, Tokens, TokenSet, Workspace
from tieout.ports import Records as RecordsPort
from tieout.services.assess import Assessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.intake import Intake
from tieout.services.items import Items
from tieout.services.push_invoices import PushInvoices
from tieout.services.waking import due

CONNECTION = "c1"
VENDOR_TIMEOUT = timedelta(seconds=120)
APP_URL = "https://app.qbo.intuit.com"
HUBSPOT_TOKEN = "pat-na1-sandbox"


class Limiter:
    """Fulfils `ports.Limiter`: short pauses are waited for, long ones refused."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closed_until = {"quickbooks": START, "hubspot": START, "hubspot_search": START}

    def permit(self, connection: str, system: str) -> None:
        del connection
        wait = (self._closed_until[system] - self._clock.now()).total_seconds()
        if wait > 5:
            raise RateLimited(context={"system": system}, retry_after=wait)
        if wait > 0:
            self._clock.sleep(wait)

    def pause(self, connection: str, system: str, seconds: float) -> None:
        del connection
        until = self._clock.now() + timedelta(seconds=seconds)
        self._closed_until[system] = max(until, self._closed_until[system])


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Fulfils `ports.Workspaces` for one worker; settings are read anew for each batch."""

    workspace: Workspace
    settings: Callable[[], Settings]

    def open(self, connection: str) -> Workspace | None:
        if connection != self.workspace.connection.id:
            return None
        return replace(self.workspace, settings=self.settings())


@dataclass(slots=True)
class Office:
    """Everything of ours that outlives a worker, and the way to start one."""

    stage: Stage
    queue: Queue
    records: Records
    hubspot: HubSpotSandbox
    quickbooks: QuickBooksSandbox
    wires: dict[str, Wire]
    document: dict[str, object]
    sabotage: Sabotage
    settings: Settings = field(init=False)
    connection: Connection = field(init=False)
    tokens: MemoryTokens = field(init=False)
    limiter: Limiter = field(init=False)
    intake: Intake = field(init=False)
    cursors: MemoryCursors = field(init=False)
    _tokens_made: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.apply(self.document)
        config, clock = self.quickbooks.config, self.stage.clock
        self.connection = Connection(
            CONNECTION, str(self.hubspot.config.portal_id), config.realm_id, self.hubspot.config.time_zone
        )
        self.tokens = MemoryTokens(cast(VirtualClock, clock))
        lives = timedelta(seconds=config.access_token_seconds)
        self.tokens.save(CONNECTION, TokenSet(config.access_token, config.refresh_token, START + lives, version=1))
        self.limiter = Limiter(clock)
        self.intake = Intake(self.queue)
        self.cursors = MemoryCursors()

    def apply(self, document: dict[str, object]) -> None:
        """Put a document of settings in force."""
        self.document, self.settings = document, parse_settings(document)

    def webhooks(self, system: str) -> HubSpotWebhooks | QuickBooksWebhooks:
        """The reader of a vendor's deliveries."""
        if system == "hubspot":
            secret = self.hubspot.config.client_secret
            return HubSpotWebhooks(lambda: [secret], lambda: False, lambda _: self.connection, self.stage.clock)
        token = self.quickbooks.config.verifier_token
        return QuickBooksWebhooks(lambda: [token], lambda: False, lambda _: self.connection, self.stage.clock)

    def wake(self) -> int:
        """Queue the hints of what is due; gives how many."""
        woken = 0
        for found in due(CONNECTION, self.records, self.cursors, self.stage.clock, "sweep"):
            if found.hints:
                self.queue.send(found.hints)
            found.then()
            woken += len(found.hints)
        return woken

    def start_worker(self) -> PushInvoices:
        """A cold start: new clients, nothing remembered."""
        stage, clock = self.stage, self.stage.clock
        records = cast(RecordsPort, Observed(self.records, "records", stage))
        hints = cast(Hints, Observed(self.queue, "hints", stage))
        claims = Claims(self.sabotage.records(records), hints, clock, self._new_token)
        return PushInvoices(
            workspaces=Workspaces(self._workspace(), lambda: self.settings),
            claims=claims,
            assessor=Assessor(Customers(claims, VENDOR_TIMEOUT), Items(records, clock)),
            writer=self.sabotage.writer(claims, VENDOR_TIMEOUT),
            vendor_timeout=VENDOR_TIMEOUT,
        )

    def ledger_url(self, far_id: str) -> str:
        """Where a person opens an invoice."""
        return f"{APP_URL}/app/invoice?txnId={far_id}&companyId={self.connection.realm_id}"

    def _workspace(self) -> Workspace:
        stage, clock = self.stage, self.stage.clock
        http = {name: QuickClient(f"https://{name}.test", wire) for name, wire in self.wires.items()}
        config = self.quickbooks.config
        source = TokenSource(
            CONNECTION,
            cast(Tokens, Observed(self.tokens, "tokens", stage)),
            http["quickbooks"],
            lambda: (config.client_id, config.client_secret),
            clock,
            self._new_token,
        )
        client = QuickBooksClient(self.connection, http["quickbooks"], source, self.limiter)
        crm = HubSpotCrm(
            self.connection, HubSpotClient(http["hubspot"], lambda: HUBSPOT_TOKEN, self.limiter, CONNECTION)
        )
        ledger = QuickBooksLedger(self.connection, client, clock, APP_URL)
        return Workspace(
            self.connection,
            self.settings,
            cast(Crm, Observed(crm, "crm", stage)),
            cast(Ledger, Observed(ledger, "ledger", stage)),
        )

    def _new_token(self) -> str:
        return f"token-{next(self._tokens_made)}"
