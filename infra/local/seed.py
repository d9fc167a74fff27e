"""Fills a fresh stack: the secrets with what the sandboxes use, and the connection between their two companies."""

import json
from datetime import timedelta

from infra.local.deployment import Aws
from infra.sandbox.hubspot.config import HubSpotConfig
from infra.sandbox.quickbooks.config import QuickBooksConfig
from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.domain.company import Connection
from tieout.ports import TokenSet

HUBSPOT = HubSpotConfig()
QUICKBOOKS = QuickBooksConfig()
PORTAL_ID = str(HUBSPOT.portal_id)
HUBSPOT_TOKEN = next(iter(HUBSPOT.tokens))
CONNECTION = "local"


def fill_secrets(aws: Aws, webhook_secret: str, vendor_secret: str) -> None:
    """Stores the sandboxes' credentials as a person stores the vendors' after a deployment."""
    values = {
        webhook_secret: {
            "hubspot_client_secrets": [HUBSPOT.client_secret],
            "intuit_verifier_tokens": [QUICKBOOKS.verifier_token],
        },
        vendor_secret: {
            "intuit_client_id": QUICKBOOKS.client_id,
            "intuit_client_secret": QUICKBOOKS.client_secret,
            "hubspot_tokens": {PORTAL_ID: HUBSPOT_TOKEN},
        },
    }
    client = aws.client("secretsmanager")
    for secret, value in values.items():
        client.put_secret_value(SecretId=secret, SecretString=json.dumps(value))


def connect(aws: Aws, table: str) -> None:
    """Stores the connection of the sandboxes' portal and company, and the tokens that QuickBooks gave out for it."""
    client, clock = aws.client("dynamodb"), SystemClock()
    now = clock.now()
    DynamoConnections(client, table, clock).add_connection(
        Connection(CONNECTION, PORTAL_ID, QUICKBOOKS.realm_id, HUBSPOT.time_zone)
    )
    DynamoTokens(client, table, clock).save(
        CONNECTION,
        TokenSet(
            QUICKBOOKS.access_token,
            QUICKBOOKS.refresh_token,
            access_expires_at=now + timedelta(seconds=QUICKBOOKS.access_token_seconds),
            refresh_expires_at=now + timedelta(seconds=QUICKBOOKS.refresh_token_seconds),
            hard_expires_at=now + timedelta(seconds=QUICKBOOKS.hard_expiry_seconds),
            version=1,
        ),
    )
