"""What functions/webhook_intake is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.hubspot.webhooks import HubSpotWebhooks
from tieout.adapters.quickbooks.webhooks import QuickBooksWebhooks
from tieout.adapters.secrets.secrets import Secrets, WebhookSecrets
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.queues import hint_queues
from tieout.runtime.http import Route, WebhookApi
from tieout.services.intake import Intake


@dataclass(frozen=True, slots=True)
class WebhookIntake:
    """A route for each vendor."""

    hubspot: Route
    quickbooks: Route


def build() -> WebhookIntake:
    """The intake of both vendors."""
    settings, aws, clock = config.load(config.IntakeConfig), Aws(), SystemClock()
    connections = DynamoConnections(aws.dynamodb, settings.table, clock)
    # Built at once: the vendors wait for the first answer, too.
    vault = aws.secrets_manager
    secrets = Secrets(lambda: vault, clock)

    def signing() -> WebhookSecrets:
        return secrets.read(settings.webhook_secret, WebhookSecrets)

    def refresh() -> bool:
        return secrets.refresh(settings.webhook_secret)

    api = WebhookApi(Intake(hint_queues(settings, aws, clock)), settings.public_url)
    hubspot = HubSpotWebhooks(lambda: signing().hubspot_client_secrets, refresh, connections.by_portal, clock)
    quickbooks = QuickBooksWebhooks(lambda: signing().intuit_verifier_tokens, refresh, connections.by_realm, clock)
    return WebhookIntake(partial(api.receive, hubspot, "hubspot"), partial(api.receive, quickbooks, "quickbooks"))
