"""The sign-ins at Intuit that are under way, in DynamoDB: one item each, which goes when it is taken."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import CONDITION_FAILED, code_of
from tieout.ports import Clock
from tieout.ports.connecting import SignIn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_SORT = "SIGN_IN"
_TEXTS = ("connection", "portal_id", "portal_time_zone", "redirect_uri", "holder", "by")


class DynamoSignIns:
    """Fulfils `ports.connecting.SignIns` on the table `table`."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @answering("dynamodb", "sign_ins.keep")
    def keep(self, state: str, sign_in: SignIn) -> None:
        """Remember it under the hash of `state`."""
        texts: dict[str, AttributeValueTypeDef] = {name: {"S": getattr(sign_in, name)} for name in _TEXTS}
        self._client.put_item(
            TableName=self._table,
            Item={
                **_key(state),
                **texts,
                "until": {"S": keys.sortable(sign_in.expires_at)},
                "expires_at": {"N": str(int(sign_in.expires_at.timestamp()))},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )

    @answering("dynamodb", "sign_ins.take")
    def take(self, state: str, holder: str) -> SignIn | None:
        """Delete and give it, if it is this holder's and not over: DynamoDB's own removal may come days later."""
        try:
            answer = self._client.delete_item(
                TableName=self._table,
                Key=_key(state),
                ConditionExpression="holder = :holder AND #until > :now",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={
                    ":holder": {"S": holder},
                    ":now": {"S": keys.sortable(self._clock.now())},
                },
                ReturnValues="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != CONDITION_FAILED:
                raise
            return None
        item = answer["Attributes"]
        texts = {name: item[name]["S"] for name in _TEXTS}
        return SignIn(**texts, expires_at=datetime.fromisoformat(item["until"]["S"]))


def _key(state: str) -> dict[str, AttributeValueTypeDef]:
    # Who can read the table must not be able to complete what somebody else began.
    return keys.item_key(f"SIGN_IN#{hashlib.sha256(state.encode()).hexdigest()}", _SORT)
