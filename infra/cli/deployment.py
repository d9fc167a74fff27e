"""Finds a deployment and opens its store and connections just as its own functions do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.adapters.secrets.secrets import Secrets, VendorSecrets, WebhookSecrets
from tieout.adapters.sqs.redriving import SqsDeadLetterQueues
from tieout.domain.company import Connection
from tieout.domain.settings import Settings
from tieout.ports import Clock, Cursors, Hints, ReadMeter, Records, Tokens, Workspace, Workspaces
from tieout.ports.audit import Trail
from tieout.ports.notices import Notices
from tieout.runtime import config
from tieout.runtime.bootstrap.assessor import assessor
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.backfill import Backfill, open_backfill
from tieout.runtime.bootstrap.connecting import connect_service
from tieout.runtime.bootstrap.invoice_pull import pull_service
from tieout.runtime.bootstrap.invoice_push import push_service
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.services.assess import Assessor
from tieout.services.claims import Claims
from tieout.services.connect import Connect
from tieout.services.pull_invoices import PullInvoices
from tieout.services.push_invoices import PushInvoices
from tieout.services.redrive import Redrive
from tieout.services.sign_in import SignIn
from tieout.services.undo import Undo

LOCAL_STACK = Path(".local/stack.json")
# The queues by worker: their name for people, and in the template's outputs.
_QUEUES: Final = {
    "invoice_push": ("invoice push", "InvoicePush"),
    "payment_push": ("payment push", "PaymentPush"),
    "payment_pull": ("payment pull", "PaymentPull"),
    "invoice_pull": ("invoice pull", "InvoicePull"),
}
_DEAD_LETTERS: Final = "dead letters"
_VISIBLE: Final = "ApproximateNumberOfMessages"
_HIDDEN: Final = "ApproximateNumberOfMessagesNotVisible"


class NoDeployment(Exception):
    """There is nothing to talk to; the text says what to do."""


class AppliedVersion(Protocol):
    """One version of a connection's settings: the document as it was given, by whom and when."""

    @property
    def version(self) -> int: ...
    @property
    def document(self) -> Mapping[str, object]: ...
    @property
    def by(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class ConnectionBook(Protocol):
    """The connections and their settings, and changing them."""

    def all(self) -> Iterable[Connection]:
        """Every connection, by id."""
        ...

    def settings(self, connection: str) -> Settings:
        """The settings in force."""
        ...

    def add_connection(self, connection: Connection) -> None:
        """Store a connection."""
        ...

    def apply_settings(self, connection: str, document: Mapping[str, object], by: str, at: datetime) -> Settings:
        """Store the next version. Raises BadSettings."""
        ...

    def settings_history(self, connection: str, limit: int = 50) -> Sequence[AppliedVersion]:
        """The latest versions, newest first."""
        ...


class Store(Protocol):
    """A deployment's own state, as far as people watch and steer it."""

    @property
    def clock(self) -> Clock: ...
    @property
    def connections(self) -> ConnectionBook: ...
    @property
    def records(self) -> Records: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def hints(self) -> Hints: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def meter(self) -> ReadMeter: ...
    @property
    def notices(self) -> Notices: ...


@dataclass(frozen=True)
class _OpenStore:
    clock: Clock
    connections: ConnectionBook
    records: Records
    tokens: Tokens
    hints: Hints
    cursors: Cursors
    meter: ReadMeter
    notices: Notices


@dataclass(frozen=True)
class Deployment:
    """A deployment, opened. `where` names it for people; `public_url` is where the vendors send their webhooks.

    `queues` counts the messages of each queue; the secrets are read when asked for, and a back-fill opened.
    """

    where: str
    public_url: str
    store: Store
    workspaces: Workspaces
    service: PushInvoices
    mirrors: PullInvoices
    assessor: Assessor
    queues: Callable[[], Mapping[str, int]]
    vendor_secret: Callable[[], VendorSecrets]
    webhook_secret: Callable[[], WebhookSecrets]
    sign_in: SignIn
    connect: Connect
    trail: Trail
    backfill: Callable[[], Backfill]
    redrive: Redrive
    undo: Undo

    def connections(self, only: str | None) -> list[Connection]:
        """The connections, or just the one named; raises NoDeployment when there is none."""
        found = [one for one in self.store.connections.all() if only in (None, one.id)]
        if not found:
            raise NoDeployment(f"There is no connection {only!r}." if only else "Nothing is connected yet.")
        return found

    def workspace(self, connection: str) -> Workspace:
        """One connection, opened."""
        opened = self.workspaces.open(connection)
        if opened is None:
            raise NoDeployment(f"There is no connection {connection!r}.")
        return opened


def open_deployment(stack: str | None) -> Deployment:
    """The CloudFormation stack `stack`, or without a name the local one. Raises NoDeployment."""
    found = _in_aws(stack) if stack else _on_this_machine()
    with _explained(found.where):
        client = boto3.client("lambda")
        environment = {**_environment(client, found.worker), **found.intuit}
        settings = config.load(config.WorkerConfig, environment)
        connecting = config.load(config.ConnectConfig, environment)
        intake = config.load(config.IntakeConfig, _environment(client, found.intake))
    aws = Aws()
    own = open_store(settings, aws)
    opened = open_workspaces(settings, aws, own)
    wait = timedelta(seconds=settings.vendor_timeout_seconds)
    secrets = Secrets(lambda: aws.secrets_manager, own.clock)
    trail = DynamoTrail(aws.dynamodb, settings.table, own.clock)
    return Deployment(
        found.where,
        intake.public_url,
        _OpenStore(
            own.clock, own.connections, own.records, opened.tokens, own.hints, own.cursors, own.meter, own.notices
        ),
        opened,
        push_service(opened, own, wait),
        pull_service(opened, own, wait),
        assessor(own, wait),
        lambda: _depths(found.workers),
        lambda: secrets.read(settings.vendor_secret, VendorSecrets),
        lambda: secrets.read(intake.webhook_secret, WebhookSecrets),
        SignIn(DynamoDoors(aws.dynamodb, settings.table), own.clock, trail),
        connect_service(connecting, aws, own),
        trail,
        lambda: open_backfill(settings, aws, own),
        Redrive(SqsDeadLetterQueues(lambda: aws.sqs, found.workers), own.records, trail, own.clock),
        Undo(Claims(own.records, own.hints, own.clock, new_token), trail, wait),
    )


@dataclass(frozen=True)
class _Found:
    """A deployment before it is opened: two functions of it, the URLs of each worker's queue and dead-letter queue,
    and, as variables of the environment, what only connecting needs to know of Intuit."""

    where: str
    worker: str
    intake: str
    workers: Mapping[str, tuple[str, str]]
    intuit: Mapping[str, str]


def _intuit(authorise_url: str, revoke_url: str) -> dict[str, str]:
    return {"TIEOUT_INTUIT_AUTHORISE_URL": authorise_url, "TIEOUT_INTUIT_REVOKE_URL": revoke_url}


def _depths(workers: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """The messages of each queue, and the dead letters of all workers together."""
    client = boto3.client("sqs")

    def depth(url: str) -> int:
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes.get(_VISIBLE, "0")) + int(attributes.get(_HIDDEN, "0"))

    depths = {name: depth(workers[worker][0]) for worker, (name, _) in _QUEUES.items()}
    return {**depths, _DEAD_LETTERS: sum(depth(dead_letters) for _, dead_letters in workers.values())}


def _on_this_machine() -> _Found:
    try:
        stack = json.loads(LOCAL_STACK.read_text())
    except FileNotFoundError:
        raise NoDeployment(
            "No local stack is up: start one with `make up`, or name a stack in AWS with --stack."
        ) from None
    os.environ["AWS_ENDPOINT_URL"] = stack["aws_endpoint_url"]
    os.environ["AWS_DEFAULT_REGION"] = stack["region"]
    os.environ["AWS_ACCESS_KEY_ID"] = stack["access_key_id"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = stack["secret_access_key"]
    queues = stack["queues"]
    workers = {worker: (queues[worker]["url"], queues[worker]["dlq_url"]) for worker in _QUEUES}
    functions, books = stack["functions"], stack["quickbooks_url"]
    return _Found(
        "local stack",
        functions["invoice_push"],
        functions["webhook_intake"],
        workers,
        _intuit(books, books),
    )


def _in_aws(stack: str) -> _Found:
    where = f"stack {stack}"
    with _explained(where):
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])}
    try:
        workers = {
            worker: (outputs[f"{output}QueueUrl"], outputs[f"{output}DeadLetterQueueUrl"])
            for worker, (_, output) in _QUEUES.items()
        }
        worker, intake = outputs["InvoicePushFunctionName"], outputs["WebhookIntakeFunctionName"]
        intuit = _intuit(outputs["IntuitAuthoriseUrl"], outputs["IntuitRevokeUrl"])
    except KeyError as missing:
        raise NoDeployment(f"{where} has no output {missing}: is it a stack of Tieout?") from None
    return _Found(where, worker, intake, workers, intuit)


def _environment(client: object, function: str) -> dict[str, str]:
    answer = client.get_function_configuration(FunctionName=function)  # type: ignore[attr-defined]
    return dict(answer["Environment"]["Variables"])


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise NoDeployment(f"{where} cannot be reached: {error}") from None
    except config.BadConfiguration as error:
        raise NoDeployment(f"{where} is of another version: {error}") from None
