"""A bookkeeper at the company's door: reads and edits a sandbox through its own HTTP API, in the same process."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from infra.sandbox.kernel import SandboxTransport
from infra.sandbox.kernel.traffic import HOSTILE_HEADER
from infra.sandbox.kernel.wire import dumps, loads
from infra.sandbox.quickbooks.app import QuickBooksSandbox
from infra.sandbox.quickbooks.entities import DEFINITIONS

MINOR_VERSION = "75"


class RefusedError(Exception):
    """The sandbox answered with a Fault; `code`, `detail` and `status` are of its first error."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['code']} {error['Detail']}")
        self.status, self.code, self.detail = status, str(error["code"]), str(error["Detail"])


class Visitor:
    """Acts on one company. Amounts are Decimals both ways; a Fault raises `RefusedError`, also with status 200.

    Without `access_token` it is a person in the company, whose token never expires and who is neither throttled nor
    metered; with the app's token it is one more caller of the app's.
    `wrong_on_purpose` keeps the exchanges out of the traffic log, for what no proper client would send.
    """

    def __init__(
        self,
        app: QuickBooksSandbox,
        *,
        realm: str = "",
        access_token: str = "",
        actor: str = "user",
        wrong_on_purpose: bool = False,
    ) -> None:
        self.realm = realm or app.config.realm_id
        headers = {
            "Accept": "application/json",
            "x-sandbox-actor": actor,
        }
        if wrong_on_purpose:
            headers[HOSTILE_HEADER] = "1"
        self._client = httpx.Client(
            transport=SandboxTransport(app), base_url=f"https://sandbox/v3/company/{self.realm}/", headers=headers
        )
        self.app, self._actor, self._token = app, actor, access_token

    def call(self, method: str, path: str, body: Any = None, **options: str) -> httpx.Response:
        """One request as it is; a body is sent as JSON, or as it is when it is bytes."""
        content = body if isinstance(body, bytes | None) else dumps(body).encode()
        token = self._token or self.app.grants.person_token(self.realm)
        headers = {"Authorization": f"Bearer {token}"} | ({} if body is None else {"Content-Type": "application/json"})
        return self._client.request(
            method, path, content=content, headers=headers, params={"minorversion": MINOR_VERSION, **options}
        )

    def write(self, entity: str, body: Mapping[str, Any], **options: str) -> dict[str, Any]:
        """A POST of an entity under a request id of its own; gives the entity as answered."""
        options.setdefault("requestid", f"{self._actor}-{next(self.app.visits)}")
        return self._entity(self.call("POST", entity.lower(), dict(body), **options), entity)

    def create(self, entity: str, **fields: Any) -> dict[str, Any]:
        """A new entity."""
        return self.write(entity, fields)

    def change(self, entity: str, current: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """A sparse update of an entity that was read."""
        return self.write(entity, {"Id": current["Id"], "SyncToken": current["SyncToken"], "sparse": True, **fields})

    def void(self, entity: str, current: Mapping[str, Any]) -> dict[str, Any]:
        """Voids a transaction, in the form that the API documents for it."""
        body = {"Id": current["Id"], "SyncToken": current["SyncToken"]}
        if DEFINITIONS[entity].void_by_update:
            return self.write(entity, {**body, "sparse": True}, operation="update", include="void")
        return self.write(entity, body, operation="void")

    def delete(self, entity: str, current: Mapping[str, Any]) -> dict[str, Any]:
        """Deletes a transaction."""
        return self.write(entity, {"Id": current["Id"], "SyncToken": current["SyncToken"]}, operation="delete")

    def read(self, entity: str, id_: str) -> dict[str, Any]:
        """One entity by id."""
        return self._entity(self.call("GET", f"{entity.lower()}/{id_}"), entity)

    def query(self, statement: str) -> dict[str, Any]:
        """The QueryResponse of a statement."""
        return self._entity(self.call("GET", "query", query=statement), "QueryResponse")

    def changes(self, entities: str, since: str) -> list[dict[str, Any]]:
        """What changed of the entities (with commas) since a moment: one QueryResponse for each."""
        answer = self._answer(self.call("GET", "cdc", entities=entities, changedSince=since), "CDCResponse")
        found: list[dict[str, Any]] = answer[0]["QueryResponse"]
        return found

    def batch(self, *items: Mapping[str, Any], requestid: str = "") -> list[dict[str, Any]]:
        """The answers to the items of a batch, Faults among them."""
        options = {"requestid": requestid or f"{self._actor}-{next(self.app.visits)}"}
        found: list[dict[str, Any]] = self._answer(
            self.call("POST", "batch", {"BatchItemRequest": items}, **options), "BatchItemResponse"
        )
        return found

    def account_balance(self, account: str) -> Decimal:
        """An account's balance as the API tells it: in its own currency, debits positive."""
        balance: Decimal = self.read("Account", account)["CurrentBalance"]
        return balance

    def books(self) -> dict[str, Decimal]:
        """The trial balance in home currency, by account name, debits positive; accounts without a balance are out."""
        company = self.app.store[self.realm]
        return {company.get("Account", id_)["Name"]: sum_ for id_, sum_ in company.ledger.trial_balance().items()}

    def _entity(self, response: httpx.Response, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._answer(response, key)
        return found

    @staticmethod
    def _answer(response: httpx.Response, key: str) -> Any:
        value = loads(response.content)
        if "Fault" in value:
            raise RefusedError(response.status_code, value["Fault"]["Error"][0])
        return value[key]
