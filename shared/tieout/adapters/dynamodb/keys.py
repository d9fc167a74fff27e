"""The keys of the table's items, and how times and page marks are written in them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tieout.adapters.dynamodb.errors import BadPageToken
from tieout.domain.record import Kind, RecordKey, State
from tieout.domain.register import Flow, Health, Register

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

BY_STATE = "by_state"
BY_DUE = "by_due"
BY_HEALTH = "by_health"
RECORD_SORT = "RECORD"
AUDIT_PREFIX = "AUDIT#"
_OTHER_SYSTEM = {"hubspot": "quickbooks", "quickbooks": "hubspot"}
_KINDS = frozenset(Kind)


def item_key(pk: str, sk: str) -> dict[str, AttributeValueTypeDef]:
    """`pk` and `sk` in wire form."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def connection_prefix(connection: str) -> str:
    """What every key of a connection's own items begins with. An id with the separator could reach into another's."""
    if not connection or "#" in connection:
        raise ValueError(f"not a connection id: {connection!r}")
    return f"C#{connection}#"


def record_partition(key: RecordKey) -> str:
    """The partition of a record and its audit trail."""
    return f"{connection_prefix(key.connection)}REC#{key.kind.value}#{key.origin_system}#{key.origin_id}"


def record_key_of(pk: str) -> RecordKey:
    """The record whose partition `pk` is."""
    _, connection, _, kind, system, id_ = pk.split("#", 5)
    return RecordKey(connection, Kind(kind), system, id_)


def known_record_keys(pks: Iterable[str]) -> list[RecordKey]:
    """The records whose partitions `pks` are, without those of kinds that only a later version has: nobody works on
    them here, and they must not hide the others."""
    return [record_key_of(pk) for pk in pks if pk.split("#", 5)[3] in _KINDS]


def holder_partition(connection: str, system: str, kind: str, far_id: str) -> str:
    """The partition of the one item that says to whom a far document belongs."""
    return f"{connection_prefix(connection)}FAR#{system}#{kind}#{far_id}"


def far_system(key: RecordKey) -> str:
    """Where the documents linked to a record live: on the other side than its origin."""
    return _OTHER_SYSTEM[key.origin_system]


def state_partition(connection: str, state: State) -> str:
    """The partition of the index `by_state`."""
    return f"{connection_prefix(connection)}STATE#{state.value}"


def register_partition(connection: str, register: Register) -> str:
    """The partition of a register's entries."""
    return f"{connection_prefix(connection)}REG#{register.value}"


def health_partition(connection: str, flow: Flow, health: Health) -> str:
    """The partition of the index `by_health`."""
    kind, system = flow
    return f"{connection_prefix(connection)}HEALTH#{kind.value}#{system}#{health.value}"


def due_partition(connection: str) -> str:
    """The partition of the index `by_due`."""
    return f"{connection_prefix(connection)}DUE"


def audit_partition(connection: str) -> str:
    """The partition of the trail's lines about a connection itself."""
    return f"{connection_prefix(connection)}AUDIT"


def audit_month_partition(connection: str, month: str) -> str:
    """The partition of the index `by_state` for all lines of the trail in a month ("2026-03"), whatever they are
    about. It bears no state, so the two never meet."""
    return f"{connection_prefix(connection)}TRAIL#{month}"


def sortable(time: datetime) -> str:
    """An aware time as UTC text of fixed width: texts sort as the times do."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def page_token(pk: str, sort: str) -> str:
    """An opaque mark of the place after which a listing continues."""
    return base64.urlsafe_b64encode(json.dumps([pk, sort]).encode()).decode()


def read_page_token(token: str, prefix: str) -> tuple[str, str]:
    """The (pk, sort value) of a mark whose pk begins with `prefix`; raises BadPageToken for anything else."""
    try:
        pk, sort = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error):
        raise BadPageToken("not the beginning of a page") from None
    if not isinstance(pk, str) or not isinstance(sort, str) or not sort or not pk.startswith(prefix):
        raise BadPageToken("not the beginning of a page of this listing")
    return pk, sort
