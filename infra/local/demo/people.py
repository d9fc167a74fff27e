"""The people of the demo: who works in HubSpot and who works in QuickBooks, through the vendors' own HTTP APIs."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

# HubSpot's ids of the associations: invoice to contact and company, line item, discount, fee and tax to invoice.
INVOICE_TO = {"contacts": 177, "companies": 179}
TO_INVOICE = {"line_items": 410, "discounts": 412, "fees": 414, "taxes": 416}
_TRIES = 5


class VendorRefused(Exception):
    """A person's action was refused; the text is the vendor's."""


def _ok(response: httpx.Response) -> Any:
    if response.is_success:
        return json.loads(response.content, parse_float=Decimal) if response.content else None
    raise VendorRefused(
        f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
    )


@dataclass(frozen=True)
class HubSpotPerson:
    """Somebody in HubSpot's own screens."""

    http: httpx.Client

    @classmethod
    def at(cls, url: str, token: str) -> HubSpotPerson:
        """Signed in to the sandbox at `url`."""
        headers = {"Authorization": f"Bearer {token}", "x-sandbox-actor": "CRM_UI"}
        return cls(httpx.Client(base_url=url, headers=headers, timeout=60))

    def create(self, kind: str, properties: Mapping[str, str], associations: Sequence[tuple[int, str]] = ()) -> str:
        """A new record; `associations` are (association type, id of the other record)."""
        return str(self._call("POST", f"{kind}", _input(properties, associations))["id"])

    def create_lines(self, invoice_id: str, lines: Sequence[Mapping[str, str]]) -> None:
        """The line items of an invoice."""
        inputs = [_input(line, [(TO_INVOICE["line_items"], invoice_id)]) for line in lines]
        self._call("POST", "line_items/batch/create", {"inputs": inputs})

    def update(self, kind: str, id_: str, properties: Mapping[str, str]) -> None:
        """Change properties."""
        self._call("PATCH", f"{kind}/{id_}", {"properties": properties})

    def read(self, kind: str, ids: Sequence[str], properties: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Properties of records by id; who is deleted is left out."""
        found: dict[str, dict[str, str | None]] = {}
        for start in range(0, len(ids), 100):
            inputs = [{"id": id_} for id_ in ids[start : start + 100]]
            body = {"inputs": inputs, "properties": list(properties), "propertiesWithHistory": []}
            answer = self._call("POST", f"{kind}/batch/read", body)
            found.update({one["id"]: one["properties"] for one in answer["results"]})
        return found

    def search(self, kind: str, name: str, value: str, properties: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Properties of the records, at most 200, of which a property has this value."""
        filters = [{"propertyName": name, "operator": "EQ", "value": value}]
        body = {"filterGroups": [{"filters": filters}], "properties": list(properties), "limit": 200}
        answer = self._call("POST", f"{kind}/search", body)
        return {one["id"]: one["properties"] for one in answer["results"]}

    def define(self, kind: str, name: str, label: str, group: str) -> None:
        """Add a property for a text."""
        body = {"name": name, "label": label, "type": "string", "fieldType": "text", "groupName": group}
        self._request("POST", f"/crm/properties/2026-09/{kind}", body)

    def delete(self, kind: str, id_: str) -> None:
        """Put a record into the recycle bin."""
        self._call("DELETE", f"{kind}/{id_}", None)

    def merge(self, kind: str, primary: str, other: str) -> str:
        """Merge two records; gives the id of the one that results."""
        return str(self._call("POST", f"{kind}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})["id"])

    def lines_of(self, invoice_id: str) -> list[str]:
        """The ids of an invoice's line items."""
        return self.linked("invoices", [invoice_id], "line_items").get(invoice_id, [])

    def linked(self, kind: str, ids: Sequence[str], to: str) -> dict[str, list[str]]:
        """Which records of type `to` belong to records, by id."""
        found: dict[str, list[str]] = {}
        for start in range(0, len(ids), 100):
            inputs = [{"id": id_} for id_ in ids[start : start + 100]]
            answer = self._request("POST", f"/crm/associations/2026-09/{kind}/{to}/batch/read", {"inputs": inputs})
            for one in answer["results"]:
                found[str(one["from"]["id"])] = [str(other["toObjectId"]) for other in one["to"]]
        return found

    def _call(self, method: str, path: str, body: object) -> Any:
        return self._request(method, f"/crm/objects/2026-09/{path}", body)

    def _request(self, method: str, path: str, body: object) -> Any:
        for attempt in range(_TRIES):
            response = self.http.request(method, path, json=body)
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS or attempt == _TRIES - 1:
                return _ok(response)
            time.sleep(2)
        return None


def _input(properties: Mapping[str, str], associations: Sequence[tuple[int, str]]) -> dict[str, object]:
    made = [
        {"to": {"id": id_}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_}]}
        for type_, id_ in associations
    ]
    return {"properties": dict(properties), "associations": made}


@dataclass(frozen=True)
class QuickBooksPerson:
    """Somebody in QuickBooks' own screens, whose doings are no calls of an app."""

    http: httpx.Client
    realm_id: str

    @classmethod
    def at(cls, url: str, realm_id: str) -> QuickBooksPerson:
        """Signed in to the sandbox at `url`, whose company has this realm id."""
        token = Sandbox.at(url).act("sign_in")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return cls(httpx.Client(base_url=url, headers=headers, timeout=60), realm_id)

    def create(self, entity: str, body: Mapping[str, object]) -> dict[str, Any]:
        """A new record, as QuickBooks answers it."""
        return self._post(entity, body)

    def change(self, entity: str, present: Mapping[str, Any], fields: Mapping[str, object]) -> dict[str, Any]:
        """Change some fields of a record."""
        body = {"Id": present["Id"], "SyncToken": present["SyncToken"], "sparse": True, **fields}
        return self._post(entity, body)

    def delete(self, entity: str, present: Mapping[str, Any]) -> None:
        """Delete a transaction."""
        self._post(entity, {"Id": present["Id"], "SyncToken": present["SyncToken"]}, operation="delete")

    def void(self, entity: str, present: Mapping[str, Any]) -> None:
        """Void an invoice or a payment, each in the form that QuickBooks has for it (Intuit: invoice, payment)."""
        body = {"Id": present["Id"], "SyncToken": present["SyncToken"]}
        if entity == "Payment":
            self._post(entity, {**body, "sparse": True}, operation="update", include="void")
        else:
            self._post(entity, body, operation="void")

    def query(self, entity: str, condition: str = "") -> list[dict[str, Any]]:
        """All records of an entity that fulfil a condition."""
        statement = f"select * from {entity} {condition} MAXRESULTS 1000".replace("  ", " ")  # noqa: S608 - no SQL
        parameters = {"query": statement, "minorversion": "75"}
        answer = _ok(self.http.get(f"/v3/company/{self.realm_id}/query", params=parameters))
        return list(answer["QueryResponse"].get(entity, []))

    def _post(self, entity: str, body: Mapping[str, object], **options: str) -> dict[str, Any]:
        parameters = {"minorversion": "75", "requestid": uuid.uuid4().hex, **options}
        path = f"/v3/company/{self.realm_id}/{entity.lower()}"
        answer: dict[str, Any] = self._sent(path, parameters, json.dumps(body, default=float))
        found: dict[str, Any] = answer[entity]
        return found

    def _sent(self, path: str, parameters: Mapping[str, str], content: str) -> Any:
        """Who gets no answer tries again; the request id makes that harmless."""
        headers = {"Content-Type": "application/json"}
        for attempt in range(_TRIES):
            try:
                response = self.http.post(path, params=parameters, content=content, headers=headers)
            except httpx.TransportError:
                continue
            if not response.is_server_error or attempt == _TRIES - 1:
                return _ok(response)
        raise VendorRefused(f"POST {path}: no answer")


@dataclass(frozen=True)
class Sandbox:
    """The switches of a sandbox, which no real vendor has."""

    http: httpx.Client

    @classmethod
    def at(cls, url: str) -> Sandbox:
        """The sandbox at `url`."""
        return cls(httpx.Client(base_url=f"{url}/_sandbox", timeout=60))

    def reset(self, config: Mapping[str, object]) -> None:
        """Start empty, with these settings."""
        _ok(self.http.post("/reset", json={"config": config}))

    def fault(self, rule: Mapping[str, object]) -> None:
        """Let something go wrong."""
        _ok(self.http.post("/faults", json=rule))

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        _ok(self.http.delete("/faults"))

    def act(self, name: str, **options: object) -> object:
        """What people do without an API: buyers pay, processors refund; gives what came of it, such as an id."""
        return _ok(self.http.post("/people", json={"act": name, **options}))["result"]

    def undelivered(self) -> int:
        """How many webhooks are still to be sent."""
        return int(_ok(self.http.get("/webhooks"))["pending"])

    def traffic(self) -> str:
        """Every exchange so far, as JSON lines."""
        return self.http.get("/traffic").raise_for_status().text
