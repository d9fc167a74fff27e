"""The standing notices of connections, in DynamoDB: one item a connection and code."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tieout.adapters.dynamodb import keys
from tieout.ports.notices import Notice

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


class DynamoNotices:
    """Fulfils `ports.notices.Notices` on the table `table`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def load(self, connection: str, code: str) -> Notice | None:
        """The notice, by a consistent read."""
        answer = self._client.get_item(TableName=self._table, Key=_key(connection, code), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None else Notice(item["detail"]["S"], datetime.fromisoformat(item["at"]["S"]))

    def save(self, connection: str, code: str, notice: Notice) -> None:
        """Store it, in place of an earlier one."""
        said: dict[str, AttributeValueTypeDef] = {
            "detail": {"S": notice.detail},
            "at": {"S": keys.sortable(notice.at)},
        }
        self._client.put_item(TableName=self._table, Item={**_key(connection, code), **said})

    def clear(self, connection: str, code: str) -> None:
        """Delete it; one that is not there is no error."""
        self._client.delete_item(TableName=self._table, Key=_key(connection, code))


def _key(connection: str, code: str) -> dict[str, AttributeValueTypeDef]:
    return keys.item_key(f"{keys.connection_prefix(connection)}NOTICE", code)
