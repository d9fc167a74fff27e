"""Tokens in DynamoDB: every failure of the store is one that a worker can try again after, and tells no token."""

from collections.abc import Callable
from typing import cast

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient

from tests.support.builders import NOW
from tests.support.memory import VirtualClock
from tieout.adapters.dynamodb.tokens import DynamoTokens
from tieout.domain.errors import Transient
from tieout.ports import TokenSet

TOKENS = TokenSet("hush", "hush", NOW, version=1)
OPERATIONS: dict[str, Callable[[DynamoTokens], object]] = {
    "load": lambda tokens: tokens.load("acme"),
    "save": lambda tokens: tokens.save("acme", TOKENS),
    "acquire_refresh": lambda tokens: tokens.acquire_refresh("acme", "worker", NOW),
    "release_refresh": lambda tokens: tokens.release_refresh("acme", "worker"),
}


class Broken:
    """A client of DynamoDB whose every call fails."""

    def __init__(self, error: ClientError | BotoCoreError) -> None:
        self._error = error

    def _fail(self, **_: object) -> None:
        raise self._error

    get_item = put_item = delete_item = _fail


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "of the item hush"}}, "PutItem")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (refused("ThrottlingException"), "ThrottlingException"),
        (refused("AccessDeniedException"), "AccessDeniedException"),
        (ConnectTimeoutError(endpoint_url="https://hush"), "ConnectTimeoutError"),
    ],
)
def test_whatever_dynamodb_fails_with_is_transient(
    operation: str, error: ClientError | BotoCoreError, says: str
) -> None:
    tokens = DynamoTokens(cast(DynamoDBClient, Broken(error)), "table", VirtualClock())
    with pytest.raises(Transient) as raised:
        OPERATIONS[operation](tokens)
    assert raised.value.context["says"] == says
    assert raised.value.context["operation"] == f"tokens.{operation}"
    assert "hush" not in str(raised.value) + repr(raised.value)
    assert raised.value.__suppress_context__
