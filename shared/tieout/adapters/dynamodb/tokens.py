"""The rotating QuickBooks tokens and the lease of whoever refreshes them, in DynamoDB."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import CONDITION_FAILED, code_of
from tieout.adapters.dynamodb.errors import UnreadableItem
from tieout.domain.errors import StoreUnavailable
from tieout.ports import Clock, TokenSet

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutItemInputTypeDef

_ATTEMPTS = 6


class DynamoTokens:
    """Fulfils `ports.Tokens` on the table `table`, whose encryption at rest protects them.

    Every method raises StoreUnavailable when DynamoDB does not answer or refuses, whatever the reason: what is at
    stake is a token pair that exists nowhere else, and the caller must be able to rely on one kind of error to try
    again.
    """

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def load(self, connection: str) -> TokenSet | None:
        """The newest tokens, by a consistent read. Raises UnreadableItem."""
        with _transient(connection, "load"):
            answer = self._client.get_item(
                TableName=self._table, Key=keys.item_key(_partition(connection), "CURRENT"), ConsistentRead=True
            )
        item = answer.get("Item")
        if item is None or "tokens" not in item:
            return None
        try:
            return _token_sets().validate_json(item["tokens"]["S"])
        except ValidationError:
            # The error's own text would carry tokens into the logs.
            raise UnreadableItem(_partition(connection)) from None

    def save(self, connection: str, tokens: TokenSet) -> bool:
        """Store `tokens` (with version = stored version + 1); False when somebody stored others meanwhile."""
        put: PutItemInputTypeDef = {
            "TableName": self._table,
            "Item": {
                **keys.item_key(_partition(connection), "CURRENT"),
                "tokens": {"S": _token_sets().dump_json(tokens).decode()},
                "version": {"N": str(tokens.version)},
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if tokens.version != 1:
            put["ConditionExpression"] = "version = :before"
            put["ExpressionAttributeValues"] = {":before": {"N": str(tokens.version - 1)}}
        with _transient(connection, "save"):
            try:
                self._client.put_item(**put)
            except ClientError as error:
                if code_of(error) != CONDITION_FAILED:
                    raise
            else:
                return True
        # The SDK repeats a write whose answer was lost, and then the condition fails on our own tokens.
        return self.load(connection) == tokens

    def replace(self, connection: str, tokens: TokenSet) -> None:
        """Store `tokens` as the version after the stored one, whatever that is: somebody signed in anew."""
        for _ in range(_ATTEMPTS):
            if self.save(connection, replace(tokens, version=self._version(connection) + 1)):
                return
        raise StoreUnavailable(context={"system": "dynamodb", "operation": "tokens.replace", "says": "contended"})

    def remove(self, connection: str) -> None:
        """Forget the tokens. The version rises all the same, so that neither what a worker is about to store of the
        same sign-in nor what it remembers of a version counts afterwards."""
        with _transient(connection, "remove"):
            self._client.update_item(
                TableName=self._table,
                Key=keys.item_key(_partition(connection), "CURRENT"),
                UpdateExpression="REMOVE tokens ADD version :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    def _version(self, connection: str) -> int:
        with _transient(connection, "version"):
            answer = self._client.get_item(
                TableName=self._table, Key=keys.item_key(_partition(connection), "CURRENT"), ConsistentRead=True
            )
        return int(answer["Item"]["version"]["N"]) if "Item" in answer else 0

    def acquire_refresh(self, connection: str, owner: str, until: datetime) -> bool:
        """Take the refresh lease; False while another owner holds it."""
        with _transient(connection, "acquire_refresh"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        **keys.item_key(_partition(connection), "LEASE"),
                        "holder": {"S": owner},
                        "held_until": {"S": keys.sortable(until)},
                    },
                    ConditionExpression="attribute_not_exists(pk) OR holder = :owner OR held_until <= :now",
                    ExpressionAttributeValues={":owner": {"S": owner}, ":now": {"S": keys.sortable(self._clock.now())}},
                )
            except ClientError as error:
                if code_of(error) != CONDITION_FAILED:
                    raise
                return False
        return True

    def release_refresh(self, connection: str, owner: str) -> None:
        """Give the lease back; nothing happens when another owner holds it by now."""
        with _transient(connection, "release_refresh"):
            try:
                self._client.delete_item(
                    TableName=self._table,
                    Key=keys.item_key(_partition(connection), "LEASE"),
                    ConditionExpression="holder = :owner",
                    ExpressionAttributeValues={":owner": {"S": owner}},
                )
            except ClientError as error:
                if code_of(error) != CONDITION_FAILED:
                    raise


def _transient(connection: str, operation: str) -> AbstractContextManager[None]:
    # Even the text of our own mistake may carry the item, and with it tokens, into the logs.
    return answering("dynamodb", f"tokens.{operation}", mistakes=True, connection=connection)


@cache
def _token_sets() -> TypeAdapter[TokenSet]:
    return TypeAdapter(TokenSet)


def _partition(connection: str) -> str:
    return f"{keys.connection_prefix(connection)}TOKENS"
