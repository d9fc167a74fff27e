"""Both vendors for every connection of a store, for functions that call them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.http import make_client
from tieout.adapters.secrets.secrets import Secrets, VendorSecrets
from tieout.ports import Limiter, ReadMeter
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Tables
from tieout.runtime.config import AccessConfig
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess


def new_token() -> str:
    """A name that no other worker bears, for leases."""
    return uuid.uuid4().hex


def open_workspaces(
    settings: AccessConfig,
    aws: Aws,
    own: Tables,
    *,
    limited: Callable[[Limiter], Limiter] = lambda limiter: limiter,
    meter: ReadMeter | None = None,
) -> ConnectedWorkspaces:
    """HubSpot and QuickBooks, for the connections of `own`. `limited` may put another limiter before the shared one,
    `meter` count the metered reads on their way to the store's own."""
    secrets = Secrets(lambda: aws.secrets_manager, own.clock)

    def vendor() -> VendorSecrets:
        return secrets.read(settings.vendor_secret, VendorSecrets)

    access = VendorAccess(
        make_client(settings.hubspot_url),
        make_client(settings.qbo_url),
        make_client(settings.intuit_oauth_url),
        settings.qbo_app_url,
        vendor,
    )
    tokens = DynamoTokens(aws.dynamodb, settings.table, own.clock)
    limiter = limited(DynamoLimiter(aws.dynamodb, settings.table, own.clock))
    return ConnectedWorkspaces(own.connections, tokens, limiter, own.clock, access, new_token, meter or own.meter)
