"""The connections with their portal and realm pointers, and their versioned settings, in DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import back_off, is_conflict
from tieout.adapters.dynamodb.errors import UnknownConnection
from tieout.domain.company import Connection
from tieout.domain.errors import Transient
from tieout.domain.settings import Settings
from tieout.domain.settings_document import parse_settings
from tieout.ports import Clock
from tieout.ports.connecting import PairedElsewhere

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
        UniversalAttributeValueTypeDef,
    )


_LISTING = "CONNECTION"
_POINTER_SORT = "CONNECTION"
_CURRENT = "CURRENT"
_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class AppliedSettings:
    """One version of a connection's settings: the document as it was given, by whom and when (aware UTC)."""

    version: int
    document: Mapping[str, object]
    by: str
    at: datetime


class DynamoConnections:
    """Fulfils `ports.Connections` on the table `table`, and changes what it reads. `clock` only waits."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @answering("dynamodb", "connections.get")
    def get(self, connection: str) -> Connection | None:
        """One connection."""
        return self._connection_at(_LISTING, connection)

    def all(self) -> Iterator[Connection]:
        """Every connection of this deployment, by id."""
        query: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :listing",
            "ExpressionAttributeValues": {":listing": {"S": _LISTING}},
            "ConsistentRead": True,
        }
        while True:
            with answering("dynamodb", "connections.all"):
                answer = self._client.query(**query)
            yield from map(_connection_of, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    @answering("dynamodb", "connections.by_portal")
    def by_portal(self, portal_id: str) -> Connection | None:
        """The connection of a HubSpot portal, in one read of its pointer."""
        return self._connection_at(f"PORTAL#{portal_id}", _POINTER_SORT)

    @answering("dynamodb", "connections.by_realm")
    def by_realm(self, realm_id: str) -> Connection | None:
        """The connection of a QuickBooks company, in one read of its pointer."""
        return self._connection_at(f"REALM#{realm_id}", _POINTER_SORT)

    @answering("dynamodb", "connections.add_connection")
    def add_connection(self, connection: Connection) -> None:
        """Store a connection, connected now; a repetition changes nothing but the time zone, and ends a pause.

        Raises PairedElsewhere when its portal or company belongs to another connection, or when the connection
        exists with another portal or company.
        """
        keys.connection_prefix(connection.id)
        before = self.get(connection.id)
        connected_at = (before and before.connected_at) or connection.connected_at or self._clock.now()
        facts: dict[str, UniversalAttributeValueTypeDef] = {
            "id": {"S": connection.id},
            "portal_id": {"S": connection.portal_id},
            "realm_id": {"S": connection.realm_id},
            "portal_time_zone": {"S": connection.portal_time_zone},
            "connected_at": {"S": keys.sortable(connected_at)},
        }
        writes: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {**place, **facts},
                    "ConditionExpression": "attribute_not_exists(pk) OR "
                    "(id = :id AND portal_id = :portal AND realm_id = :realm)",
                    "ExpressionAttributeValues": {
                        ":id": facts["id"],
                        ":portal": facts["portal_id"],
                        ":realm": facts["realm_id"],
                    },
                }
            }
            for place in _places(connection)
        ]
        for attempt in range(_ATTEMPTS):
            if self._transact(writes):
                return
            found = (self.get(connection.id), self.by_portal(connection.portal_id), self.by_realm(connection.realm_id))
            for other in found:
                if other is not None and _pair(other) != _pair(connection):
                    raise PairedElsewhere(
                        f"portal {connection.portal_id} and company {connection.realm_id} cannot be {connection.id}: "
                        f"{other.id} pairs portal {other.portal_id} with company {other.realm_id}"
                    )
            self._clock.sleep(back_off(attempt))
        raise Transient(context={"store": "contended", "connection": connection.id})

    @answering("dynamodb", "connections.pause")
    def pause(self, connection: str) -> None:
        """Its records wait from now on, until it is added again. Raises UnknownConnection."""
        for attempt in range(_ATTEMPTS):
            present = self.get(connection)
            if present is None:
                raise UnknownConnection(connection)
            writes: list[TransactWriteItemTypeDef] = [
                {
                    "Update": {
                        "TableName": self._table,
                        "Key": place,
                        "UpdateExpression": "SET paused = :yes",
                        "ConditionExpression": "attribute_exists(pk)",
                        "ExpressionAttributeValues": {":yes": {"BOOL": True}},
                    }
                }
                for place in _places(present)
            ]
            if self._transact(writes):
                return
            self._clock.sleep(back_off(attempt))
        raise Transient(context={"store": "contended", "connection": connection})

    @answering("dynamodb", "connections.settings")
    def settings(self, connection: str) -> Settings:
        """The connection's settings; defaults when none were applied."""
        current = self._current(connection)
        return Settings() if current is None else parse_settings(current.document)

    @answering("dynamodb", "connections.apply_settings")
    def apply_settings(self, connection: str, document: Mapping[str, object], by: str, at: datetime) -> Settings:
        """Store `document` (JSON) as the next version of the settings; the earlier versions stay.

        Raises BadSettings, and then nothing is stored, or UnknownConnection.
        """
        settings = parse_settings(document)
        text = json.dumps(document, sort_keys=True)
        for attempt in range(_ATTEMPTS):
            if self.get(connection) is None:
                raise UnknownConnection(connection)
            current = self._current(connection)
            version = 1 if current is None else current.version + 1
            facts: dict[str, UniversalAttributeValueTypeDef] = {
                "version": {"N": str(version)},
                "settings": {"S": text},
                "applied_by": {"S": by},
                "applied_at": {"S": keys.sortable(at)},
            }
            partition = _settings_partition(connection)
            if self._transact(
                [
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": {**keys.item_key(partition, _CURRENT), **facts},
                            "ConditionExpression": "attribute_not_exists(pk) OR version < :version",
                            "ExpressionAttributeValues": {":version": facts["version"]},
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": {**keys.item_key(partition, f"VERSION#{version:08d}"), **facts},
                            "ConditionExpression": "attribute_not_exists(pk)",
                        }
                    },
                ]
            ):
                return settings
            self._clock.sleep(back_off(attempt))
        raise Transient(context={"store": "contended", "connection": connection})

    @answering("dynamodb", "connections.settings_history")
    def settings_history(self, connection: str, limit: int = 50) -> Sequence[AppliedSettings]:
        """The latest versions of a connection's settings, newest first."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :version)",
            ExpressionAttributeValues={":pk": {"S": _settings_partition(connection)}, ":version": {"S": "VERSION#"}},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return [_applied_of(item) for item in answer["Items"]]

    def _current(self, connection: str) -> AppliedSettings | None:
        item = self._item(_settings_partition(connection), _CURRENT)
        return None if item is None else _applied_of(item)

    def _connection_at(self, pk: str, sk: str) -> Connection | None:
        item = self._item(pk, sk)
        return None if item is None else _connection_of(item)

    def _item(self, pk: str, sk: str) -> dict[str, AttributeValueTypeDef] | None:
        answer = self._client.get_item(TableName=self._table, Key=keys.item_key(pk, sk), ConsistentRead=True)
        return answer.get("Item")

    def _transact(self, writes: Sequence[TransactWriteItemTypeDef]) -> bool:
        try:
            self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if not is_conflict(error):
                raise
            return False
        return True


def _pair(connection: Connection) -> tuple[str, str, str]:
    return connection.id, connection.portal_id, connection.realm_id


def _places(connection: Connection) -> tuple[dict[str, AttributeValueTypeDef], ...]:
    """Where a connection stands: in the listing, and under its portal and its company."""
    return (
        keys.item_key(_LISTING, connection.id),
        keys.item_key(f"PORTAL#{connection.portal_id}", _POINTER_SORT),
        keys.item_key(f"REALM#{connection.realm_id}", _POINTER_SORT),
    )


def _settings_partition(connection: str) -> str:
    return f"{keys.connection_prefix(connection)}SETTINGS"


def _connection_of(item: Mapping[str, AttributeValueTypeDef]) -> Connection:
    return Connection(
        item["id"]["S"],
        item["portal_id"]["S"],
        item["realm_id"]["S"],
        item["portal_time_zone"]["S"],
        datetime.fromisoformat(item["connected_at"]["S"]) if "connected_at" in item else None,
        paused="paused" in item,
    )


def _applied_of(item: Mapping[str, AttributeValueTypeDef]) -> AppliedSettings:
    return AppliedSettings(
        version=int(item["version"]["N"]),
        document=json.loads(item["settings"]["S"]),
        by=item["applied_by"]["S"],
        at=datetime.fromisoformat(item["applied_at"]["S"]),
    )
