"""Tickets and sessions of the console, in DynamoDB: each an item of its own, which the table forgets after its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.conflicts import is_conflict
from tieout.domain.person import Role
from tieout.ports.access import Session, Ticket

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_TICKET, _SESSION = "TICKET", "SESSION"
# So that a person who comes late is told what is wrong with their link.
_REMEMBERED = timedelta(days=1)


class DynamoDoors:
    """Fulfils `ports.access.Doors` on the table `table`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def add_ticket(self, digest: str, ticket: Ticket) -> None:
        """Store a ticket."""
        item = {**_key(_TICKET, digest), **_facts(ticket)}
        with answering("dynamodb", "doors.add_ticket", mistakes=True):
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")

    def ticket(self, digest: str) -> Ticket | None:
        """The ticket, by a consistent read."""
        item = self._item(_TICKET, digest)
        if item is None:
            return None
        spent = item.get("spent_at")
        return Ticket(
            item["name"]["S"],
            Role(item["role"]["S"]),
            _until(item),
            datetime.fromisoformat(spent["S"]) if spent else None,
        )

    def trade(self, ticket: str, digest: str, session: Session, now: datetime) -> bool:
        """Spend the ticket and store the session, in one transaction."""
        entry: dict[str, AttributeValueTypeDef] = {
            **_key(_SESSION, digest),
            **_facts(session),
            "csrf": {"S": session.csrf},
        }
        with answering("dynamodb", "doors.trade", mistakes=True):
            try:
                self._client.transact_write_items(
                    TransactItems=[
                        {
                            "Update": {
                                "TableName": self._table,
                                "Key": _key(_TICKET, ticket),
                                "UpdateExpression": "SET spent_at = :now",
                                "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(spent_at) "
                                "AND #until > :now",
                                "ExpressionAttributeNames": {"#until": "until"},
                                "ExpressionAttributeValues": {":now": {"S": keys.sortable(now)}},
                            }
                        },
                        {
                            "Put": {
                                "TableName": self._table,
                                "Item": entry,
                                "ConditionExpression": "attribute_not_exists(pk)",
                            }
                        },
                    ]
                )
            except ClientError as error:
                if not is_conflict(error):
                    raise
                return False
        return True

    def session(self, digest: str) -> Session | None:
        """The session, by a consistent read: who signs out is out at once."""
        item = self._item(_SESSION, digest)
        if item is None:
            return None
        return Session(item["name"]["S"], Role(item["role"]["S"]), item["csrf"]["S"], _until(item))

    def end(self, digest: str) -> None:
        """Forget a session."""
        with answering("dynamodb", "doors.end"):
            self._client.delete_item(TableName=self._table, Key=_key(_SESSION, digest))

    def _item(self, kind: str, digest: str) -> dict[str, AttributeValueTypeDef] | None:
        with answering("dynamodb", f"doors.{kind.lower()}"):
            answer = self._client.get_item(TableName=self._table, Key=_key(kind, digest), ConsistentRead=True)
        return answer.get("Item")


def _facts(one: Ticket | Session) -> dict[str, AttributeValueTypeDef]:
    return {
        "name": {"S": one.name},
        "role": {"S": one.role.value},
        "until": {"S": keys.sortable(one.expires_at)},
        "expires_at": {"N": str(int((one.expires_at + _REMEMBERED).timestamp()))},
    }


def _until(item: Mapping[str, AttributeValueTypeDef]) -> datetime:
    return datetime.fromisoformat(item["until"]["S"])


def _key(kind: str, digest: str) -> dict[str, AttributeValueTypeDef]:
    return keys.item_key(f"{kind}#{digest}", kind)
