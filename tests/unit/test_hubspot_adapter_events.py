"""Webhook bodies from HubSpot: what is read of them, what is tolerated, and what is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.hubspot.events import HubSpotEvent, parse_events
from tieout.domain.errors import Malformed

RECEIVED = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "eventId": 100,
    "subscriptionId": 12345,
    "portalId": 62515,
    "appId": 54321,
    "occurredAt": 1790000000000,
    "subscriptionType": "object.propertyChange",
    "attemptNumber": 0,
    "objectId": 44446244097,
    "objectTypeId": "0-53",
    "propertyName": "hs_invoice_status",
    "propertyValue": "open",
    "changeSource": "CRM_UI",
    "sourceId": "userId:1",
}


def parse(*events: object) -> tuple[HubSpotEvent, ...]:
    return parse_events(json.dumps(events).encode(), RECEIVED)


def refusal(body: bytes) -> str:
    with pytest.raises(Malformed) as raised:
        parse_events(body, RECEIVED)
    return raised.value.context["reason"]


def test_a_changed_invoice_is_read() -> None:
    assert parse(EVENT) == (
        HubSpotEvent(
            portal_id="62515",
            object_type_id="0-53",
            object_id="44446244097",
            occurred_at=datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC),
            subscription_type="object.propertyChange",
            property_name="hs_invoice_status",
        ),
    )


def test_a_payment_and_its_invoice_are_read_from_their_association_with_types_or_in_words() -> None:
    ends = {"fromObjectId": 7, "toObjectId": 8}
    event = {"portalId": 1, "subscriptionType": "object.associationChange", **ends}
    by_type = parse(event | {"fromObjectTypeId": "0-101", "toObjectTypeId": "0-53"})
    assert [(one.object_type_id, one.object_id) for one in by_type] == [("0-101", "7"), ("0-53", "8")]
    assert {
        (one.object_type_id, one.object_id) for one in parse(event | {"associationType": "COMMERCE_PAYMENT_TO_INVOICE"})
    } == {("0-101", "7"), ("0-53", "8")}


def test_a_property_value_is_never_kept() -> None:
    (event,) = parse(EVENT | {"propertyValue": "Anna Muster"})
    assert "Anna" not in repr(event)


def test_the_older_name_of_the_type_is_understood() -> None:
    (event,) = parse({"eventType": "contact.creation", "portalId": 1, "objectId": 2, "occurredAt": 1790000000000})
    assert (event.subscription_type, event.object_type_id, event.property_name) == ("contact.creation", None, None)


def test_ids_may_be_texts_of_digits_and_fields_may_be_new() -> None:
    (event,) = parse(EVENT | {"portalId": "62515", "objectId": "0044446244097", "shine": {"a": [1.5]}})
    assert (event.portal_id, event.object_id) == ("62515", "44446244097")


def test_an_event_without_a_time_happened_when_it_arrived() -> None:
    (event,) = parse({key: value for key, value in EVENT.items() if key != "occurredAt"})
    assert event.occurred_at == RECEIVED


def test_an_empty_delivery_has_no_events() -> None:
    assert parse() == ()


def test_an_event_that_names_no_object_is_left_out() -> None:
    assert parse({"subscriptionType": "contact.privacyDeletion"}, EVENT) == parse(EVENT)


def test_an_association_speaks_of_both_ends() -> None:
    association = {
        "portalId": 62515,
        "subscriptionType": "object.associationChange",
        "fromObjectId": 1,
        "toObjectId": 2,
        "associationRemoved": False,
    }
    typed = parse(association | {"fromObjectTypeId": "0-53", "toObjectTypeId": "0-8"})
    assert [(one.object_type_id, one.object_id) for one in typed] == [("0-53", "1"), ("0-8", "2")]
    in_words = parse(association | {"associationType": "LINE_ITEM_TO_INVOICE"})
    assert [(one.object_type_id, one.object_id) for one in in_words] == [(None, "1"), ("0-53", "2")]
    from_side = parse(association | {"objectTypeId": "0-53"})
    assert [(one.object_type_id, one.object_id) for one in from_side] == [("0-53", "1"), (None, "2")]


def test_a_merge_speaks_of_everything_that_was_merged() -> None:
    merge = {
        "portalId": 62515,
        "subscriptionType": "object.merge",
        "objectTypeId": "0-53",
        "primaryObjectId": 1,
        "mergedObjectIds": [2, "3"],
        "newObjectId": 1,
    }
    assert [one.object_id for one in parse(merge)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"not json", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"9" * 10_000, "not_json"),
        (b"{}", "not_an_array"),
        (b"null", "not_an_array"),
        (b'"[]"', "not_an_array"),
        (b"[1]", "not_an_object"),
        (b"[[]]", "not_an_object"),
        (b"[null]", "not_an_object"),
        (json.dumps([EVENT] * 1001).encode(), "too_many_events"),
    ],
)
def test_what_is_no_list_of_events_is_refused(body: bytes, reason: str) -> None:
    assert refusal(body) == reason


NO_IDS = [0, -1, True, 1.0, 1.5, 2**63, "", "-1", "1.0", "abc", "٣", " 1", [1], {"id": 1}]


@pytest.mark.parametrize("value", NO_IDS)
@pytest.mark.parametrize("field", ["objectId", "portalId", "fromObjectId"])
@pytest.mark.parametrize("type_", ["0-53", "0-101"])
def test_an_id_of_an_invoice_or_payment_that_is_none_is_refused(type_: str, field: str, value: object) -> None:
    assert refusal(json.dumps([EVENT, EVENT | {"objectTypeId": type_, field: value}]).encode()) == f"bad_{field}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"objectId": None}, "bad_objectId"),
        ({"portalId": None}, "bad_portalId"),
        ({"mergedObjectIds": [2, "x"]}, "bad_mergedObjectIds"),
        ({"toObjectTypeId": "0-53"}, "bad_toObjectId"),
        ({"toObjectId": "x", "associationType": "CONTACT_TO_INVOICE"}, "bad_toObjectId"),
        ({"toObjectId": "x", "associationType": "INVOICE_TO_COMMERCE_PAYMENT"}, "bad_toObjectId"),
    ],
)
def test_an_invoice_or_a_portal_that_is_not_named_is_refused(change: dict[str, object], reason: str) -> None:
    assert refusal(json.dumps([EVENT | change]).encode()) == reason


@pytest.mark.parametrize("value", NO_IDS)
@pytest.mark.parametrize("field", ["objectId", "portalId", "fromObjectId"])
@pytest.mark.parametrize("type_", ["0-3", "contact", None])
def test_an_odd_id_of_what_is_not_followed_costs_the_other_events_nothing(
    type_: str | None, field: str, value: object
) -> None:
    odd, *others = parse(EVENT | {"objectTypeId": type_, field: value}, EVENT)
    assert "" in {odd.portal_id, *(one.object_id for one in (odd, *others))}
    assert odd.object_type_id != "0-53"
    assert others[-1:] == list(parse(EVENT))


def test_an_invoice_is_read_although_the_other_end_of_its_association_makes_no_sense() -> None:
    ends = {"fromObjectTypeId": "0-53", "fromObjectId": 1, "toObjectTypeId": "0-8", "toObjectId": "x"}
    invoice, line = parse({"portalId": 62515, "subscriptionType": "object.associationChange", **ends})
    assert (invoice.object_type_id, invoice.object_id) == ("0-53", "1")
    assert (line.object_type_id, line.object_id) == ("0-8", "")


@pytest.mark.parametrize("value", [None, 0, -1, True, "soon", 1.5, 10**15, 10**18, 1790000000, [], {}])
def test_an_event_with_an_odd_time_happened_when_it_arrived(value: object) -> None:
    (event,) = parse(EVENT | {"occurredAt": value})
    assert event.occurred_at == RECEIVED


def test_a_time_that_is_a_little_ahead_is_the_vendors_clock() -> None:
    ahead = RECEIVED + timedelta(minutes=5)
    for time, kept in ((ahead, ahead), (ahead + timedelta(seconds=1), RECEIVED)):
        (event,) = parse(EVENT | {"occurredAt": int(time.timestamp()) * 1000})
        assert event.occurred_at == kept


def test_a_type_of_another_form_is_an_unknown_type() -> None:
    assert [parse(EVENT | {"objectTypeId": value})[0].object_type_id for value in (53, "invoice", "", None)] == [
        None
    ] * 4


def outcome(body: bytes) -> str:
    """ "" for events, else the reason of the refusal."""
    try:
        parse_events(body, RECEIVED)
    except Malformed as refused:
        return refused.context["reason"]
    return ""


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_json_is_parsed_or_refused_in_an_orderly_way(value: object) -> None:
    in_event = [EVENT | {"objectId": value, "occurredAt": value, "mergedObjectIds": value}]
    assert outcome(json.dumps(value).encode()) in ("", "not_an_array", "not_an_object", "not_json")
    assert outcome(json.dumps(in_event).encode()) in (
        "",
        "not_json",
        "bad_objectId",
        "bad_mergedObjectIds",
    )


@given(st.binary(max_size=100))
def test_any_bytes_are_parsed_or_refused_in_an_orderly_way(body: bytes) -> None:
    assert outcome(body) in ("", "not_json", "not_an_array", "not_an_object")
