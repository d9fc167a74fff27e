"""Webhook deliveries of QuickBooks: whose they are, and what they say."""

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.quickbooks import events
from tieout.adapters.quickbooks.events import QuickBooksEvent
from tieout.adapters.quickbooks.signature import SIGNATURE_HEADER, verify
from tieout.domain.errors import Malformed

RECEIVED = datetime(2025, 9, 10, 21, 31, 26, tzinfo=UTC)
BODY = b'{"eventNotifications": []}'
LEGACY: dict[str, Any] = {
    "realmId": "310687",
    "dataChangeEvent": {
        "entities": [
            {"id": "1234", "operation": "Create", "name": "Invoice", "lastUpdated": "2025-09-08T20:52:31.657Z"},
            {
                "id": "7",
                "operation": "Merge",
                "name": "Customer",
                "lastUpdated": "2025-09-08T13:52:31-07:00",
                "deletedId": "8",
            },
        ]
    },
}
CLOUD = {
    "specversion": "1.0",
    "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
    "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
    "type": "qbo.invoice.created.v1",
    "datacontenttype": "application/json",
    "time": "2025-09-10T21:31:25.179851517Z",
    "intuitentityid": "1234",
    "intuitaccountid": "310687",
    "data": {},
}


def parse(body: bytes) -> tuple[QuickBooksEvent, ...]:
    return events.parse(body, RECEIVED)


def signed(body: bytes, token: str) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def reason_of(work: object) -> str:
    assert callable(work)
    with pytest.raises(Malformed) as caught:
        work()
    return caught.value.context["reason"]


def test_a_delivery_signed_with_any_of_the_tokens_is_taken() -> None:
    verify(BODY, signed(BODY, "new"), ["old", "new"])
    verify(BODY, signed(BODY, "old"), ["old", "new"])
    assert SIGNATURE_HEADER == "intuit-signature"


@pytest.mark.parametrize(
    ("body", "signature", "tokens", "reason"),
    [
        (BODY, None, ["t"], "signature_missing"),
        (BODY, " ", ["t"], "signature_missing"),
        (BODY, "not base64!", ["t"], "signature_unreadable"),
        (BODY, "é", ["t"], "signature_unreadable"),
        (BODY, hmac.new(b"t", BODY, hashlib.sha256).hexdigest(), ["t"], "signature_wrong"),
        (BODY, signed(BODY, "other"), ["t"], "signature_wrong"),
        (BODY + b" ", signed(BODY, "t"), ["t"], "signature_wrong"),
        (BODY, signed(BODY, ""), ["", " "], "no_verifier_token"),
        (BODY, signed(BODY, ""), ["", "t"], "signature_wrong"),
        (BODY, signed(BODY, "t"), [], "no_verifier_token"),
    ],
)
def test_any_other_delivery_is_refused_with_a_reason(
    body: bytes, signature: str | None, tokens: list[str], reason: str
) -> None:
    assert reason_of(lambda: verify(body, signature, tokens)) == reason


def test_both_formats_say_the_same() -> None:
    legacy = parse(json.dumps({"eventNotifications": [LEGACY, {**LEGACY, "realmId": "2"}]}).encode())
    assert [(event.realm_id, event.entity, event.entity_id, event.verb) for event in legacy] == [
        ("310687", "invoice", "1234", "create"),
        ("310687", "customer", "7", "merge"),
        ("2", "invoice", "1234", "create"),
        ("2", "customer", "7", "merge"),
    ]
    assert legacy[1].occurred_at == datetime(2025, 9, 8, 20, 52, 31, tzinfo=UTC)
    assert parse(json.dumps([CLOUD, {**CLOUD, "intuitaccountid": "2"}]).encode()) == (
        QuickBooksEvent("310687", "invoice", "1234", datetime(2025, 9, 10, 21, 31, 25, 179851, tzinfo=UTC), "created"),
        QuickBooksEvent("2", "invoice", "1234", datetime(2025, 9, 10, 21, 31, 25, 179851, tzinfo=UTC), "created"),
    )


@pytest.mark.parametrize("verb", ["void", "voided", "merged", "emailed", "beamed"])
def test_every_verb_is_kept(verb: str) -> None:
    event = {**CLOUD, "type": f"qbo.Invoice.{verb.title()}.v1", "data": {"deletedid": "9"}}
    assert [(one.entity, one.verb) for one in parse(json.dumps([event]).encode())] == [("invoice", verb)]


def test_a_single_cloud_event_and_empty_deliveries_are_read() -> None:
    assert len(parse(json.dumps(CLOUD).encode())) == 1
    assert parse(b"[]") == ()
    assert parse(BODY) == ()
    assert parse(b'{"eventNotifications": [{"realmId": "1"}]}') == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe\xfd", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"{}", "unknown_shape"),
        (b"7", "unknown_shape"),
        (b"[7]", "unknown_shape"),
        (b'{"eventNotifications": [{"realmId": "1", "dataChangeEvent": {"entities": 7}}]}', "unknown_shape"),
    ],
)
def test_a_body_that_is_no_delivery_is_refused(body: bytes, reason: str) -> None:
    assert reason_of(lambda: parse(body)) == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intuitaccountid": "../1"}, "bad_realm"),
        ({"intuitaccountid": None}, "bad_realm"),
        *(
            ({"intuitentityid": id_}, "bad_id")
            for id_ in ("' or 1", "7a", "-1", "0", 0, -1, 1.0, True, None, "", 2**63)
        ),
    ],
)
@pytest.mark.parametrize("entity", ["Invoice", "Payment", "RefundReceipt", "CreditMemo", "SalesReceipt"])
def test_what_is_followed_or_its_company_with_an_id_that_is_none_is_refused(
    entity: str, change: dict[str, object], reason: str
) -> None:
    odd = {**CLOUD, "type": f"qbo.{entity.lower()}.created.v1", **change}
    assert reason_of(lambda: parse(json.dumps([CLOUD, odd]).encode())) == reason
    names = {"intuitaccountid": "realmId", "intuitentityid": "id"}
    [(field, value)] = ((names[key], value) for key, value in change.items())
    legacy = {"realmId": "310687", **({field: value} if field == "realmId" else {})}
    named = {"name": entity, "id": "1", "operation": "Update", **({field: value} if field == "id" else {})}
    body = {"eventNotifications": [{**legacy, "dataChangeEvent": {"entities": [named]}}]}
    assert reason_of(lambda: parse(json.dumps(body).encode())) == reason


@pytest.mark.parametrize(
    "change",
    [
        {"type": "qbo.invoice.created"},
        {"type": "qbo..created.v1"},
        {"type": 7},
        {"type": "qbo.3dmodel.created.v1"},
        {"type": "qbo.customer.created.v1", "intuitentityid": "' or 1", "intuitaccountid": "../1"},
        {"type": "qbo.customer.created.v1", "intuitentityid": None, "time": None},
    ],
)
def test_an_odd_event_of_what_is_not_followed_costs_the_others_nothing(change: dict[str, object]) -> None:
    odd, good = parse(json.dumps([{**CLOUD, **change}, CLOUD]).encode())
    assert odd.entity != "invoice"
    assert (good.entity, good.entity_id) == ("invoice", "1234")


def test_an_odd_entity_of_the_older_form_costs_the_others_nothing() -> None:
    invoice = LEGACY["dataChangeEvent"]["entities"][0]
    body = {"realmId": "310687", "dataChangeEvent": {"entities": [{}, {"name": 7, "id": []}, invoice]}}
    found = parse(json.dumps({"eventNotifications": [body]}).encode())
    assert [event.entity for event in found] == ["", "", "invoice"]


@pytest.mark.parametrize(
    "time",
    [None, "", 7, "yesterday", "2025-09-10T21:31:25", "0001-01-01T00:00:00+14:00", "2099-01-01T00:00:00Z"],
)
def test_an_invoice_event_with_an_odd_time_happened_when_it_arrived(time: object) -> None:
    (event,) = parse(json.dumps([{**CLOUD, "time": time}]).encode())
    assert (event.entity_id, event.occurred_at) == ("1234", RECEIVED)


_KEYS = st.sampled_from(["eventNotifications", "realmId", "dataChangeEvent", "entities", "id", "name", "type", "time"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
)


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_but_malformed_ever_comes_out_of_a_wild_body(body: bytes) -> None:
    with suppress(Malformed):
        assert isinstance(parse(body), tuple)
