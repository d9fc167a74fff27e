"""How far the sweep and the tie-out have come, in DynamoDB: one item a connection and cursor."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import CONDITION_FAILED, code_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

SWEEP, TIE_OUT = "CURSOR", "TIEOUT"
"""The areas."""


class DynamoCursors:
    """Fulfils `ports.Cursors` on the table `table`. `area` keeps those of one function apart, so that its role reaches
    its own only."""

    def __init__(self, client: DynamoDBClient, table: str, area: str = SWEEP) -> None:
        self._client = client
        self._table = table
        self._area = area

    @answering("dynamodb", "cursors.load")
    def load(self, connection: str, name: str) -> datetime | None:
        """The stored position, by a consistent read; None before the first run."""
        position = self._item(connection, name).get("position")
        return None if position is None else datetime.fromisoformat(position["S"])

    @answering("dynamodb", "cursors.save")
    def save(self, connection: str, name: str, position: datetime) -> None:
        """Move the cursor; a position that is not ahead of the stored one changes nothing."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=self._key(connection, name),
                UpdateExpression="SET #position = :position",
                ConditionExpression="attribute_not_exists(#position) OR #position < :position",
                ExpressionAttributeNames={"#position": "position"},
                ExpressionAttributeValues={":position": {"S": keys.sortable(position)}},
            )
        except ClientError as error:
            # Another run has come further.
            if code_of(error) != CONDITION_FAILED:
                raise

    @answering("dynamodb", "cursors.mark")
    def mark(self, connection: str, name: str) -> str | None:
        """Where a listing that takes several runs goes on; None when none is under way."""
        mark = self._item(connection, name).get("mark")
        return None if mark is None else mark["S"]

    @answering("dynamodb", "cursors.set_mark")
    def set_mark(self, connection: str, name: str, mark: str | None) -> None:
        """Remember it, or with None that the listing has come to its end."""
        if mark is None:
            self._client.update_item(
                TableName=self._table, Key=self._key(connection, name), UpdateExpression="REMOVE mark"
            )
            return
        self._client.update_item(
            TableName=self._table,
            Key=self._key(connection, name),
            UpdateExpression="SET mark = :mark",
            ExpressionAttributeValues={":mark": {"S": mark}},
        )

    def _item(self, connection: str, name: str) -> dict[str, AttributeValueTypeDef]:
        answer = self._client.get_item(TableName=self._table, Key=self._key(connection, name), ConsistentRead=True)
        return answer.get("Item", {})

    def _key(self, connection: str, name: str) -> dict[str, AttributeValueTypeDef]:
        return keys.item_key(f"{keys.connection_prefix(connection)}{self._area}", name)
