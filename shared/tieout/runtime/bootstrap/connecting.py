"""What connects and disconnects, for the command line and the console."""

from __future__ import annotations

import secrets as random_texts

from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.dynamodb.sign_ins import DynamoSignIns
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.adapters.http import make_client
from tieout.adapters.hubspot.portals import HubSpotPortals
from tieout.adapters.quickbooks.authorisation import IntuitAuthorisation
from tieout.adapters.secrets.portal_tokens import PortalTokens
from tieout.adapters.secrets.secrets import Secrets, VendorSecrets
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Tables
from tieout.runtime.bootstrap.vendors import new_token
from tieout.runtime.config import ConnectConfig
from tieout.services.connect import Connect

_STATE_BYTES = 32


def new_state() -> str:
    """A text that nobody can guess, for a sign-in."""
    return random_texts.token_urlsafe(_STATE_BYTES)


def connect_service(settings: ConnectConfig, aws: Aws, own: Tables) -> Connect:
    """Connecting the vendors to the store `own`."""
    secrets, table = Secrets(lambda: aws.secrets_manager, own.clock), settings.table

    def credentials() -> tuple[str, str]:
        app = secrets.read(settings.vendor_secret, VendorSecrets)
        return app.intuit_client_id, app.intuit_client_secret

    authorisation = IntuitAuthorisation(
        settings.intuit_authorise_url,
        make_client(settings.intuit_oauth_url),
        make_client(settings.intuit_revoke_url),
        make_client(settings.qbo_url),
        credentials,
        own.clock,
    )
    return Connect(
        own.connections,
        DynamoTokens(aws.dynamodb, table, own.clock),
        DynamoSignIns(aws.dynamodb, table, own.clock),
        authorisation,
        HubSpotPortals(make_client(settings.hubspot_url), DynamoLimiter(aws.dynamodb, table, own.clock)),
        PortalTokens(lambda: aws.secrets_manager, settings.vendor_secret),
        DynamoTrail(aws.dynamodb, table, own.clock),
        own.clock,
        new_state,
        new_token,
    )
