"""Whatever a record holds comes back from its item unchanged."""

from __future__ import annotations

import json
import types
import typing
import zlib
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieout.adapters.dynamodb.document import audit_entry_of, audit_item, record_item, record_of
from tieout.domain.invoice import ContentLine, InvoiceContent
from tieout.domain.money import Money
from tieout.domain.record import Kind, Link, RecordKey, SyncRecord
from tieout.ports import AuditEntry

_zones = st.sampled_from([UTC, timezone(timedelta(hours=-3)), timezone(timedelta(hours=5, minutes=30))])
_plain: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 10**9),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=_zones),  # noqa: DTZ001 - bounds are naive
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9), max_value=10**9)
    | st.sampled_from([Decimal("1E+3"), Decimal("0.00"), Decimal("-0"), Decimal("1.10")]),
    Money: st.builds(
        Money,
        st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9),
        st.sampled_from(["USD", "JPY", "BHD"]),
    ),
    RecordKey: st.builds(
        RecordKey,
        st.text("abcdef-_0123456789", min_size=1, max_size=20),
        st.sampled_from(Kind),
        st.sampled_from(["hubspot", "quickbooks"]),
        st.text(min_size=1, max_size=20),
    ),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Every value that the annotation `kind` allows, with every field of a dataclass filled."""
    if kind in _plain:
        return _plain[kind]
    if kind is types.NoneType:
        return st.none()
    if isinstance(kind, types.UnionType):
        return st.one_of([values_of(one) for one in typing.get_args(kind)])
    if typing.get_origin(kind) is tuple:
        parts = typing.get_args(kind)
        if Ellipsis not in parts:
            return st.tuples(*(values_of(one) for one in parts))
        return st.lists(values_of(parts[0]), max_size=3).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert isinstance(kind, type), kind
    assert is_dataclass(kind), kind
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{item.name: values_of(hints[item.name]) for item in fields(kind)})


RECORDS = values_of(SyncRecord)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(record=RECORDS)
def test_every_record_comes_back_from_its_item(record: SyncRecord) -> None:
    assert record_of(record_item(record, "write-1")) == record


@given(key=_plain[RecordKey], rehints=_plain[int], more=st.integers(1, 5))
def test_the_items_own_count_of_hints_is_the_truth(key: RecordKey, rehints: int, more: int) -> None:
    record = SyncRecord(key, rehints=rehints)
    item = record_item(record, "write-1")
    item["rehints"] = {"N": str(record.rehints + more)}

    assert record_of(item) == replace(record, rehints=record.rehints + more)


@given(amounts=st.lists(_plain[Decimal], min_size=1, max_size=5))
def test_amounts_keep_every_digit_that_was_written(amounts: list[Decimal]) -> None:
    lines = tuple(ContentLine("1", None, amount, amount, amount) for amount in amounts)
    content = InvoiceContent("7", None, date(2026, 3, 2), None, "USD", lines)
    record = SyncRecord(RecordKey("acme", Kind.INVOICE, "hubspot", "1"))
    linked = replace(record, link=Link("900", written=content))

    back = record_of(record_item(linked, "write-1")).link

    assert back is not None
    assert back.written is not None
    assert [str(line.amount) for line in back.written.lines] == [str(amount) for amount in amounts]


@given(
    at=_plain[datetime],
    texts=st.tuples(*[st.text(max_size=20)] * 3),
    facts=st.dictionaries(st.text(min_size=1, max_size=10), st.text(max_size=10), max_size=3),
)
def test_every_audit_line_comes_back_from_its_item(
    at: datetime, texts: tuple[str, str, str], facts: dict[str, str]
) -> None:
    entry = AuditEntry(at, *texts, facts)

    assert audit_entry_of(audit_item(SyncRecord(RecordKey("acme", Kind.INVOICE, "hubspot", "1")), entry)) == entry


def test_a_record_of_a_later_version_with_more_fields_can_still_be_read() -> None:
    record = SyncRecord(RecordKey("acme", Kind.INVOICE, "hubspot", "1"), label="INV-1")
    item = record_item(record, "write-1")
    document = json.loads(zlib.decompress(item["document"]["B"]))
    item["document"] = {"B": zlib.compress(json.dumps({**document, "mood": "sunny"}).encode())}

    assert record_of(item) == record
