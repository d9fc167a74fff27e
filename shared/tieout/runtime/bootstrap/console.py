"""What functions/console is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.adapters.s3.reports import S3Reports
from tieout.adapters.secrets.secrets import ConsoleSecrets, Secrets
from tieout.adapters.sqs.depths import QueuePair, SqsDepths
from tieout.console.desk import Desk
from tieout.console.guard import Guard
from tieout.console.site import Site
from tieout.ports import ReadMeter
from tieout.runtime import config
from tieout.runtime.bootstrap.assessor import assessor
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.connecting import connect_service
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.services.book_fees import BookFees
from tieout.services.claims import Claims
from tieout.services.fee_months import FeeMonths
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

    trail = DynamoTrail(aws.dynamodb, settings.table, own.clock)
    desk = Desk(
        clock=own.clock,
        sign_in=SignIn(DynamoDoors(aws.dynamodb, settings.table), own.clock, trail),
        connections=own.connections,
        records=own.records,
        hints=own.hints,
        cursors=own.cursors,
        meter=own.meter,
        notices=own.notices,
        tokens=opened.tokens,
        workspaces=opened,
        registers=DynamoRegisters(aws.dynamodb, settings.table, own.records),
        health=DynamoHealthBook(aws.dynamodb, settings.table),
        queues=SqsDepths(aws.sqs, lambda: aws.cloudwatch, queue_pairs(settings), own.clock),
        assessor=assessor(own, timedelta(seconds=settings.vendor_timeout_seconds)),
        fees=FeeMonths(
            BookFees(
                Claims(own.records, own.hints, own.clock, new_token), timedelta(seconds=settings.vendor_timeout_seconds)
            ),
            S3Reports(lambda: aws.s3, settings.report_bucket),
            trail,
        ),
        connect=connect_service(settings, aws, own),
        sign_in_origin=settings.intuit_authorise_url.rstrip("/"),
    )
    return Console(Site(desk, Guard(signing_key, settings.public_url.rstrip("/"))), own.meter)


def queue_pairs(settings: config.ConsoleConfig) -> Mapping[str, QueuePair]:
    """The queues by worker."""
    return {
        "invoice_push": QueuePair(settings.invoice_push_queue, settings.invoice_push_dead_letter_queue),
        "payment_push": QueuePair(settings.payment_push_queue, settings.payment_push_dead_letter_queue),
        "payment_pull": QueuePair(settings.payment_pull_queue, settings.payment_pull_dead_letter_queue),
        "invoice_pull": QueuePair(settings.invoice_pull_queue, settings.invoice_pull_dead_letter_queue),
    }
