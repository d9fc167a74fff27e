"""What the functions find in AWS and at the vendors: a table, queues, secrets and two sandboxes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from infra.sandbox.hubspot.config import NO_LIMITS, HubSpotConfig
from infra.sandbox.hubspot.sandbox import HubSpotSandbox
from infra.sandbox.kernel.server import running
from infra.sandbox.quickbooks.app import QuickBooksSandbox
from infra.sandbox.quickbooks.config import ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.support import aws
from tests.support.lambda_runtime import Function, definition, function
from tests.support.lambda_runtime_aws import REGION, endpoint
from tests.support.signing import HUBSPOT_SECRET, INTUIT_VERIFIER, PUBLIC_URL
from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.adapters.dynamodb.trail import DynamoTrail
from tieout.domain.company import Connection
from tieout.domain.hint import Hint
from tieout.domain.person import Role
from tieout.ports import TokenSet
from tieout.services.sign_in import SignIn

EVENTS = Path(__file__).parents[1] / "events"
PORTAL = "62515001"
OBJECTS = "/crm/objects/2026-09"
HINT_QUEUES = (
    "TIEOUT_INVOICE_PUSH_QUEUE",
    "TIEOUT_PAYMENT_PUSH_QUEUE",
    "TIEOUT_PAYMENT_PULL_QUEUE",
    "TIEOUT_INVOICE_PULL_QUEUE",
)
REPORTS = "reports"
CONSOLE_KEY = "k" * 64
QUEUES = ("invoice-push", "payment-push", "payment-pull", "invoice-pull", "dead-letters")
# What a function may learn of the machine beside the template's own variables.
OF_AWS = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def event(name: str) -> Any:
    """The event of a file in tests/events."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Cloud:
    """The world of the functions. `values` are by environment variable."""

    values: dict[str, str]
    operations: list[str]
    hubspot: HubSpotSandbox
    quickbooks: QuickBooksSandbox
    person: httpx.Client
    records: DynamoRecords
    connection: Connection

    def environment(self, logical_id: str) -> dict[str, str]:
        """Exactly the variables that the template gives the function."""
        written = definition(logical_id).variables
        given = {name: self.values.get(name, str(text)) for name, text in written.items()}
        strange = {name for name in given if name not in self.values and not name.startswith("POWERTOOLS_")}
        assert not strange, f"nobody here knows {strange}"
        return {**OF_AWS, "AWS_ENDPOINT_URL": self.values["AWS_ENDPOINT_URL"], **given}

    @contextmanager
    def running(self, logical_id: str, without: str = "") -> Iterator[Function]:
        """The function, warm from its first invocation on; `without` one of its variables."""
        environment = {name: text for name, text in self.environment(logical_id).items() if name != without}
        with function(definition(logical_id), environment) as started:
            yield started

    def queued(self, queue: str = "TIEOUT_INVOICE_PUSH_QUEUE") -> list[str]:
        """Takes the bodies that wait in a queue."""
        client, bodies = aws.sqs(), []
        while messages := client.receive_message(QueueUrl=self.values[queue], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                client.delete_message(QueueUrl=self.values[queue], ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def hints(self) -> list[Hint]:
        """Takes the hints that wait for the workers."""
        return [Hint.from_json(body) for queue in HINT_QUEUES for body in self.queued(queue)]

    def create(self, type_: str, to: Mapping[str, int] | None = None, **properties: str) -> str:
        """A record in HubSpot."""
        associations = [
            {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
            for id_, kind in (to or {}).items()
        ]
        answer = self.person.post(f"{OBJECTS}/{type_}", json={"properties": properties, "associations": associations})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def link(self, name: str = "Olga Operator", role: Role = Role.OPERATOR) -> str:
        """The path of a link that signs in to the console."""
        client, clock = aws.dynamodb(), SystemClock()
        sign_in = SignIn(DynamoDoors(client, aws.TABLE), clock, DynamoTrail(client, aws.TABLE, clock))
        return f"/console/sign-in/{sign_in.mint(name, role, 'admin', 'trace')}"

    def invoice(self, name: str = "Acme Ltd") -> str:
        """An open invoice in HubSpot."""
        contact = self.create("contacts", lastname=name, email=f"{uuid.uuid4().hex}@example.test")
        company = self.create("companies", name=name)
        id_ = self.create("invoices", {contact: 177, company: 179}, hs_currency="USD", hs_invoice_date="2026-03-01",
                          hs_due_date="2026-03-31")  # fmt: skip
        self.create("line_items", {id_: 410}, name="Services", quantity="3", price="120.00")
        path = f"{OBJECTS}/invoices/{id_}"
        answer = self.person.patch(path, json={"properties": {"hs_invoice_status": "open"}})
        assert answer.status_code == 200, answer.text
        return id_

    def booked(self) -> list[dict[str, Any]]:
        """The invoices that stand in QuickBooks."""
        return [dict(row) for row in self.quickbooks.company.rows["Invoice"].values()]


@contextmanager
def cloud() -> Iterator[Cloud]:
    """All of it, on this machine's loopback address."""
    with ExitStack() as stack:
        database = stack.enter_context(aws.table())
        url, operations = stack.enter_context(endpoint())
        hubspot = HubSpotSandbox(HubSpotConfig(limits=NO_LIMITS, client_secret=HUBSPOT_SECRET))
        quickbooks = QuickBooksSandbox()
        hubspot_url = stack.enter_context(running(hubspot))
        quickbooks_url = stack.enter_context(running(quickbooks))
        aws.bucket(REPORTS)
        queues = {name: aws.sqs().create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}
        secrets: dict[str, dict[str, Any]] = {
            "webhook": {"hubspot_client_secrets": [HUBSPOT_SECRET], "intuit_verifier_tokens": [INTUIT_VERIFIER]},
            "vendor": {
                "intuit_client_id": CLIENT_ID,
                "intuit_client_secret": CLIENT_SECRET,
                "hubspot_tokens": {PORTAL: "pat-na1-sandbox"},
            },
        }
        secrets["console"] = {"signing_key": CONSOLE_KEY}
        arns = {
            name: aws.secrets_manager().create_secret(Name=name, SecretString=json.dumps(value))["ARN"]
            for name, value in secrets.items()
        }
        clock = SystemClock()
        connection = Connection("acme", PORTAL, quickbooks.config.realm_id, "US/Eastern")
        DynamoConnections(database, aws.TABLE, clock).add_connection(connection)
        tokens = TokenSet(ACCESS_TOKEN, REFRESH_TOKEN, datetime.now(UTC) + timedelta(hours=1), version=1)
        assert DynamoTokens(database, aws.TABLE, clock).save("acme", tokens)
        person = stack.enter_context(
            httpx.Client(
                base_url=hubspot_url,
                headers={"Authorization": "Bearer pat-na1-sandbox", "x-sandbox-actor": "CRM_UI"},
            )
        )
        values = {
            "AWS_ENDPOINT_URL": url,
            "TIEOUT_TABLE": aws.TABLE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "TIEOUT_INVOICE_PUSH_QUEUE": queues["invoice-push"],
            "TIEOUT_PAYMENT_PUSH_QUEUE": queues["payment-push"],
            "TIEOUT_PAYMENT_PULL_QUEUE": queues["payment-pull"],
            "TIEOUT_INVOICE_PULL_QUEUE": queues["invoice-pull"],
            "TIEOUT_DEAD_LETTER_QUEUE": queues["dead-letters"],
            "TIEOUT_INVOICE_PUSH_DEAD_LETTER_QUEUE": queues["dead-letters"],
            "TIEOUT_PAYMENT_PUSH_DEAD_LETTER_QUEUE": queues["dead-letters"],
            "TIEOUT_PAYMENT_PULL_DEAD_LETTER_QUEUE": queues["dead-letters"],
            "TIEOUT_INVOICE_PULL_DEAD_LETTER_QUEUE": queues["dead-letters"],
            "TIEOUT_PUBLIC_URL": PUBLIC_URL,
            "TIEOUT_REPORT_BUCKET": REPORTS,
            "TIEOUT_WEBHOOK_SECRET": arns["webhook"],
            "TIEOUT_VENDOR_SECRET": arns["vendor"],
            "TIEOUT_CONSOLE_SECRET": arns["console"],
            "TIEOUT_HUBSPOT_URL": hubspot_url,
            "TIEOUT_QBO_URL": quickbooks_url,
            "TIEOUT_INTUIT_OAUTH_URL": quickbooks_url,
            "TIEOUT_INTUIT_AUTHORISE_URL": quickbooks_url,
            "TIEOUT_INTUIT_REVOKE_URL": quickbooks_url,
            "TIEOUT_QBO_APP_URL": "https://app.qbo.example.test",
            "TIEOUT_VENDOR_TIMEOUT_SECONDS": "2",
        }
        records = DynamoRecords(database, aws.TABLE, clock)
        yield Cloud(values, operations, hubspot, quickbooks, person, records, connection)
