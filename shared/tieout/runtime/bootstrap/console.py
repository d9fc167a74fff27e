"""What functions/console is made of."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.adapters.secrets.secrets import ConsoleSecrets, Secrets
from tieout.console.desk import Desk
from tieout.console.guard import Guard
from tieout.console.site import Site
from tieout.ports import ReadMeter
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.services.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Console:
    """The site, and what counts the metered reads of its pages."""

    site: Site
    meter: ReadMeter


def build() -> Console:
    """The console over every connection of the store."""
    settings, aws = config.load(config.ConsoleConfig), Aws()
    own = open_store(settings, aws)
    opened = open_workspaces(settings, aws, own)
    secrets = Secrets(lambda: aws.secrets_manager, own.clock)

    def signing_key() -> str:
        return secrets.read(settings.console_secret, ConsoleSecrets).signing_key

    desk = Desk(
        clock=own.clock,
        sign_in=SignIn(DynamoDoors(aws.dynamodb, settings.table), own.clock),
        connections=own.connections,
        records=own.records,
        hints=own.hints,
        cursors=own.cursors,
        meter=own.meter,
        notices=own.notices,
        tokens=opened.tokens,
        workspaces=opened,
    )
    return Console(Site(desk, Guard(signing_key, settings.public_url.rstrip("/"))), own.meter)
