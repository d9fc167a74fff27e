"""Wires the services: the only place that builds real adapters. Building checks the configuration, makes no call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.limiter import DynamoLimiter
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.http import make_client
from tieout.adapters.hubspot.webhooks import HubSpotWebhooks
from tieout.adapters.quickbooks.webhooks import QuickBooksWebhooks
from tieout.adapters.secrets.secrets import Secrets, VendorSecrets, WebhookSecrets
from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.adapters.sqs.hints import SqsHints
from tieout.domain.hint import HintObject
from tieout.ports import Workspaces
from tieout.runtime import config
from tieout.runtime.http import WebhookApi
from tieout.runtime.workspaces import ConnectedWorkspaces, VendorAccess
from tieout.services.assess import Assessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.intake import Intake
from tieout.services.items import Items
from tieout.services.push_invoices import PushInvoices
from tieout.services.sweep import Sweep
from tieout.services.writing import Writer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_AWS = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=3, read_timeout=10)


def _dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", config=_AWS)


def _sqs() -> SQSClient:
    return boto3.client("sqs", config=_AWS)


def _secrets_manager() -> SecretsManagerClient:
    return boto3.client("secretsmanager", config=_AWS)


def _new_token() -> str:
    return uuid.uuid4().hex


def _queue_urls(settings: config.StoreConfig) -> dict[HintObject, str]:
    """Both kinds of hint end at the same record, so one queue and one worker deal with them."""
    return dict.fromkeys(HintObject, settings.invoice_push_queue)


@dataclass(frozen=True, slots=True)
class WebhookIntake:
    """What functions/webhook_intake is made of."""

    api: WebhookApi
    hubspot: HubSpotWebhooks
    quickbooks: QuickBooksWebhooks


def webhook_intake() -> WebhookIntake:
    """The intake of both vendors."""
    settings, clock = config.load(config.IntakeConfig), SystemClock()
    connections = DynamoConnections(_dynamodb(), settings.table, clock)
    secrets = Secrets(_secrets_manager(), clock)

    def signing() -> WebhookSecrets:
        return secrets.read(settings.webhook_secret, WebhookSecrets)

    def refresh() -> bool:
        return secrets.refresh(settings.webhook_secret)

    return WebhookIntake(
        WebhookApi(Intake(SqsHints(_sqs(), _queue_urls(settings), clock)), settings.public_url),
        HubSpotWebhooks(lambda: signing().hubspot_client_secrets, refresh, connections.by_portal, clock),
        QuickBooksWebhooks(lambda: signing().intuit_verifier_tokens, refresh, connections.by_realm, clock),
    )


@dataclass(frozen=True, slots=True)
class Store:
    """Our own state in DynamoDB and SQS."""

    clock: SystemClock
    connections: DynamoConnections
    records: DynamoRecords
    tokens: DynamoTokens
    limiter: DynamoLimiter
    hints: SqsHints


def store(settings: config.StoreConfig) -> Store:
    """The store that the environment names."""
    clock, dynamodb = SystemClock(), _dynamodb()
    return Store(
        clock,
        DynamoConnections(dynamodb, settings.table, clock),
        DynamoRecords(dynamodb, settings.table, clock),
        DynamoTokens(dynamodb, settings.table, clock),
        DynamoLimiter(dynamodb, settings.table, clock),
        SqsHints(_sqs(), _queue_urls(settings), clock),
    )


def workspaces(settings: config.VendorConfig, own: Store) -> ConnectedWorkspaces:
    """Both vendors for every connection of the store."""
    secrets = Secrets(_secrets_manager(), own.clock)

    def vendor() -> VendorSecrets:
        return secrets.read(settings.vendor_secret, VendorSecrets)

    access = VendorAccess(
        make_client(settings.hubspot_url),
        make_client(settings.qbo_url),
        make_client(settings.intuit_oauth_url),
        settings.qbo_app_url,
        vendor,
    )
    return ConnectedWorkspaces(own.connections, own.tokens, own.limiter, own.clock, access, _new_token)


def claims(own: Store) -> Claims:
    """Claims on the store's records."""
    return Claims(own.records, own.hints, own.clock, _new_token)


def assessor(own: Store, vendor_timeout: timedelta) -> Assessor:
    """What makes plans."""
    return Assessor(Customers(claims(own), vendor_timeout), Items(own.records, own.clock))


def push_service(opened: Workspaces, own: Store, vendor_timeout: timedelta) -> PushInvoices:
    """The push of invoices over these workspaces and this store."""
    held = claims(own)
    return PushInvoices(opened, held, assessor(own, vendor_timeout), Writer(held, vendor_timeout), vendor_timeout)


@dataclass(frozen=True, slots=True)
class InvoicePush:
    """What functions/invoice_push is made of."""

    service: PushInvoices
    aside: DeadLetters
    clock: SystemClock


def invoice_push() -> InvoicePush:
    """The worker behind the invoice_push queue."""
    settings = config.load(config.PushConfig)
    own, aside = store(settings), DeadLetters(_sqs(), settings.invoice_push_dlq)
    vendor_timeout = timedelta(seconds=settings.vendor_timeout_seconds)
    return InvoicePush(push_service(workspaces(settings, own), own, vendor_timeout), aside, own.clock)


def sweep() -> Sweep:
    """The sweep."""
    own = store(config.load(config.StoreConfig))
    return Sweep(own.connections, own.records, own.hints, own.clock)
