"""An account in the HubSpot sandbox for tests, with the few calls that most of them begin with."""

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from infra.sandbox.hubspot import HubSpotConfig, HubSpotSandbox
from infra.sandbox.hubspot.config import with_settings
from infra.sandbox.kernel import SandboxClock, SandboxTransport

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
TOKEN = "pat-na1-sandbox"
OBJECTS = "/crm/objects/2026-09"
ASSOCIATIONS = "/crm/associations/2026-09"
PROPERTIES = "/crm/properties/2026-09"
PERSON = {"x-sandbox-actor": "CRM_UI"}
HOSTILE = {"x-sandbox-hostile": "1"}


def defined(type_id: int) -> dict[str, Any]:
    """An association type of HubSpot's own, as it is written."""
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}


def to(record_id: str, type_id: int) -> dict[str, Any]:
    """One of the `associations` of a record to be created."""
    return {"to": {"id": record_id}, "types": [defined(type_id)]}


class Account:
    """A sandbox with virtual time and a client that talks to it in process."""

    def __init__(self, **settings: Any) -> None:
        self.sandbox = HubSpotSandbox(with_settings(HubSpotConfig(), settings), SandboxClock(START), seed=11)
        self.http = httpx.Client(
            transport=SandboxTransport(self.sandbox),
            base_url="https://api.hubapi.com",
            headers={"authorization": f"Bearer {TOKEN}"},
        )

    def create(self, kind: str, associations: list[dict[str, Any]] | None = None, /, **properties: str) -> str:
        """Creates a record and gives its id."""
        body: dict[str, Any] = {"properties": properties}
        if associations:
            body["associations"] = associations
        answer = self.http.post(f"{OBJECTS}/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, kind: str, record_id: str, *names: str) -> dict[str, Any]:
        """The properties of a record; the type's defaults without names."""
        parameters = {"properties": ",".join(names)} if names else {}
        answer = self.http.get(f"{OBJECTS}/{kind}/{record_id}", params=parameters)
        assert answer.status_code == 200, answer.text
        properties: dict[str, Any] = answer.json()["properties"]
        return properties

    def update(self, kind: str, record_id: str, headers: Mapping[str, str] | None = None, /, **properties: str) -> Any:
        """The answer to a PATCH."""
        return self.http.patch(f"{OBJECTS}/{kind}/{record_id}", json={"properties": properties}, headers=headers)

    def invoice(self, *lines: Mapping[str, str], contact: bool = True, hs_currency: str = "USD", **more: Any) -> str:
        """A draft invoice with a contact and line items."""
        links = [to(self.create("contacts", firstname="Ann"), 177)] if contact else []
        invoice = self.create("invoices", links, hs_currency=hs_currency, **more)
        for line in lines:
            self.create("line_items", [to(invoice, 410)], **line)
        return invoice

    def finalised(self, *lines: Mapping[str, str], **properties: Any) -> str:
        """An open invoice."""
        invoice = self.invoice(*(lines or ({"name": "Work", "quantity": "2", "price": "50.00"},)), **properties)
        answer = self.update("invoices", invoice, hs_invoice_status="open")
        assert answer.status_code == 200, answer.text
        return invoice


def official_client(url: str) -> Any:
    """HubSpot's own Python client, pointed at a served sandbox."""
    with warnings.catch_warnings():
        # Its generated code has invalid escapes in docstrings, which compile with warnings the first time.
        warnings.simplefilter("ignore")
        from hubspot.hubspot import HubSpot

    client = HubSpot(access_token=TOKEN)
    client.config["host"] = url
    return client
