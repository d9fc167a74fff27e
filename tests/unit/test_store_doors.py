"""Tickets and sessions: one suite for the store in memory and the one in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient

from tests.support import aws
from tests.support.memory_doors import MemoryDoors
from tieout.adapters.dynamodb.doors import DynamoDoors
from tieout.domain.errors import StoreUnavailable
from tieout.domain.person import Role
from tieout.ports.access import Doors, Session, Ticket

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TICKET = Ticket("Ana", Role.OPERATOR, NOW + timedelta(minutes=15))
SESSION = Session("Ana", Role.OPERATOR, "csrf", NOW + timedelta(hours=12))


@pytest.fixture(params=["memory", "dynamodb"])
def doors(request: pytest.FixtureRequest) -> Iterator[Doors]:
    if request.param == "memory":
        yield MemoryDoors()
        return
    with aws.table() as client:
        yield DynamoDoors(client, aws.TABLE)


def test_what_is_stored_is_found(doors: Doors) -> None:
    assert doors.ticket("t") is None
    assert doors.session("s") is None
    doors.add_ticket("t", TICKET)
    assert doors.ticket("t") == TICKET
    assert doors.trade("t", "s", SESSION, NOW)
    assert doors.session("s") == SESSION
    assert doors.ticket("t") == replace(TICKET, spent_at=NOW)


def test_a_ticket_is_traded_once(doors: Doors) -> None:
    doors.add_ticket("t", TICKET)
    assert doors.trade("t", "s1", SESSION, NOW)
    assert not doors.trade("t", "s2", SESSION, NOW)
    assert doors.session("s2") is None


def test_of_many_who_trade_at_once_one_gets_a_session(doors: Doors) -> None:
    doors.add_ticket("t", TICKET)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda at: doors.trade("t", f"s{at}", SESSION, NOW), range(8)))
    assert done.count(True) == 1
    assert sum(doors.session(f"s{at}") is not None for at in range(8)) == 1


@pytest.mark.parametrize("late", [TICKET.expires_at, TICKET.expires_at + timedelta(days=1)])
def test_an_expired_or_unknown_ticket_is_traded_for_nothing(doors: Doors, late: datetime) -> None:
    doors.add_ticket("t", TICKET)
    assert not doors.trade("t", "s", SESSION, late)
    assert not doors.trade("other", "s", SESSION, NOW)
    assert doors.session("s") is None
    assert doors.trade("t", "s", SESSION, TICKET.expires_at - timedelta(microseconds=1))


def test_a_session_that_ended_is_gone(doors: Doors) -> None:
    doors.add_ticket("t", TICKET)
    doors.trade("t", "s", SESSION, NOW)
    doors.end("s")
    doors.end("s")
    assert doors.session("s") is None


def test_the_table_forgets_tickets_and_sessions_by_itself() -> None:
    with aws.table() as client:
        doors = DynamoDoors(client, aws.TABLE)
        doors.add_ticket("t", TICKET)
        doors.trade("t", "s", SESSION, NOW)
        items = client.scan(TableName=aws.TABLE)["Items"]
    assert {item["pk"]["S"] for item in items} == {"TICKET#t", "SESSION#s"}
    day = timedelta(days=1)
    assert {int(item["expires_at"]["N"]) for item in items} == {
        int((TICKET.expires_at + day).timestamp()),
        int((SESSION.expires_at + day).timestamp()),
    }


class Broken:
    """A client of DynamoDB whose every call fails, with what it was about in the text."""

    def _fail(self, **_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "of hush"}}, "Any")

    get_item = put_item = delete_item = transact_write_items = _fail


OPERATIONS: dict[str, Callable[[DynamoDoors], object]] = {
    "add_ticket": lambda doors: doors.add_ticket("hush", TICKET),
    "ticket": lambda doors: doors.ticket("hush"),
    "trade": lambda doors: doors.trade("hush", "hush", SESSION, NOW),
    "session": lambda doors: doors.session("hush"),
    "end": lambda doors: doors.end("hush"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_store_that_fails_says_so_and_nothing_else(operation: str) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        OPERATIONS[operation](DynamoDoors(cast(DynamoDBClient, Broken()), "table"))
    assert raised.value.context["operation"] == f"doors.{operation}"
    assert "hush" not in str(raised.value) + repr(raised.value)
