"""The snapshots of how many records are how, in DynamoDB: one item a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.adapters.dynamodb import keys
from tieout.adapters.dynamodb.document import AUDIT_KEPT
from tieout.domain.record import Kind
from tieout.domain.register import Health
from tieout.ports.registers import Snapshot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_DAY = "DAY#"


class DynamoHealthBook:
    """Fulfils `ports.registers.HealthBook` on the table `table`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    @answering("dynamodb", "health.keep")
    def keep(self, connection: str, snapshot: Snapshot) -> None:
        """One write."""
        day = snapshot.at.astimezone(UTC).date()
        counts: dict[str, AttributeValueTypeDef] = {
            f"{kind.value}/{system}/{health.value}": {"N": str(number)}
            for ((kind, system), health), number in snapshot.counts.items()
            if number
        }
        self._client.put_item(
            TableName=self._table,
            Item={
                **keys.item_key(_partition(connection), f"{_DAY}{day.isoformat()}"),
                "at": {"S": keys.sortable(snapshot.at)},
                "counts": {"M": counts},
                "expires_at": {"N": str(int((snapshot.at + AUDIT_KEPT).timestamp()))},
            },
        )

    @answering("dynamodb", "health.days")
    def days(self, connection: str, since: date) -> dict[date, Snapshot]:
        """One query."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk >= :since",
            ExpressionAttributeValues={
                ":pk": {"S": _partition(connection)},
                ":since": {"S": f"{_DAY}{since.isoformat()}"},
            },
        )
        return {
            date.fromisoformat(item["sk"]["S"].removeprefix(_DAY)): Snapshot(
                datetime.fromisoformat(item["at"]["S"]),
                {_place(name): int(value["N"]) for name, value in item["counts"]["M"].items()},
            )
            for item in answer["Items"]
        }


def _place(name: str) -> tuple[tuple[Kind, str], Health]:
    kind, system, health = name.split("/")
    return (Kind(kind), system), Health(health)


def _partition(connection: str) -> str:
    return f"{keys.connection_prefix(connection)}HEALTH"
