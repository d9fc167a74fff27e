"""Search in the HubSpot sandbox: operators, limits of the guide, paging, the 10,000 cap and the lag of the index."""

from typing import Any

import pytest

from infra.sandbox.hubspot.object_types import find_type
from tests.contract.hubspot_client_support import OBJECTS, Account, to


@pytest.fixture
def account() -> Account:
    return Account(limits={"search_per_second": None})


def search(account: Account, kind: str, *filters: dict[str, Any], **more: Any) -> Any:
    body = {"filterGroups": [{"filters": list(filters)}], **more} if filters else more
    return account.http.post(f"{OBJECTS}/{kind}/search", json=body)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["results"]]


def test_each_operator_finds_what_it_says(account: Account) -> None:
    small, big, none = (
        account.create("deals", dealname="Small deal", amount="9", closedate="2026-01-01"),
        account.create("deals", dealname="Big deal, south", amount="100", closedate="2026-06-01"),
        account.create("deals", dealname="Open"),
    )
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"propertyName": "amount", "operator": "EQ", "value": "9.00"}, [small]),
        ({"propertyName": "amount", "operator": "NEQ", "value": "9"}, [big]),
        ({"propertyName": "amount", "operator": "LT", "value": "100"}, [small]),
        ({"propertyName": "amount", "operator": "LTE", "value": "100"}, [small, big]),
        ({"propertyName": "amount", "operator": "GT", "value": "9"}, [big]),
        ({"propertyName": "amount", "operator": "GTE", "value": "9"}, [small, big]),
        ({"propertyName": "amount", "operator": "BETWEEN", "value": "5", "highValue": "50"}, [small]),
        ({"propertyName": "amount", "operator": "IN", "values": ["9", "8"]}, [small]),
        ({"propertyName": "amount", "operator": "NOT_IN", "values": ["9", "8"]}, [big]),
        ({"propertyName": "amount", "operator": "HAS_PROPERTY"}, [small, big]),
        ({"propertyName": "amount", "operator": "NOT_HAS_PROPERTY"}, [none]),
        ({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "DEAL"}, [small, big]),
        ({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "sou*"}, [big]),
        ({"propertyName": "dealname", "operator": "NOT_CONTAINS_TOKEN", "value": "deal"}, [none]),
        ({"propertyName": "closedate", "operator": "EQ", "value": "2026-01-01T01:00:00+01:00"}, [small]),
        ({"propertyName": "closedate", "operator": "GTE", "value": "1780000000000"}, [big]),
        ({"propertyName": "dealname", "operator": "EQ", "value": "open"}, [none]),
        ({"propertyName": "dealname", "operator": "IN", "values": ["open"]}, [none]),
        ({"propertyName": "dealname", "operator": "IN", "values": ["Open"]}, []),
    ]
    for wanted, found in cases:
        assert ids(search(account, "deals", wanted)) == found, wanted


def test_enumerations_are_compared_with_case(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    status = {"propertyName": "hs_invoice_status", "operator": "EQ"}
    assert ids(search(account, "invoices", status | {"value": "draft"})) == [invoice]
    assert ids(search(account, "invoices", status | {"value": "Draft"})) == []


def test_filters_of_a_group_all_hold_and_groups_are_alternatives(account: Account) -> None:
    one = account.create("deals", dealname="a", amount="1")
    two = account.create("deals", dealname="b", amount="1")
    account.create("deals", dealname="c", amount="2")
    by_name = [{"propertyName": "dealname", "operator": "EQ", "value": name} for name in ("a", "b")]
    amount = {"propertyName": "amount", "operator": "EQ", "value": "1"}
    assert ids(search(account, "deals", amount, by_name[0])) == [one]
    groups = [{"filters": [amount, filter_]} for filter_ in by_name]
    assert ids(account.http.post(f"{OBJECTS}/deals/search", json={"filterGroups": groups})) == [one, two]


def test_records_are_found_by_their_associations(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    mine = account.create("invoices", [to(contact, 177)], hs_currency="USD")
    other = account.create("invoices", hs_currency="USD")
    by_contact = {"propertyName": "associations.contact"}
    assert ids(search(account, "invoices", by_contact | {"operator": "EQ", "value": contact})) == [mine]
    assert ids(search(account, "invoices", by_contact | {"operator": "NOT_HAS_PROPERTY"})) == [other]


def test_archived_records_are_not_found(account: Account) -> None:
    deal = account.create("deals", dealname="a")
    account.http.delete(f"{OBJECTS}/deals/{deal}")
    assert search(account, "deals").json() == {"total": 0, "results": []}


def test_results_are_sorted_and_paged(account: Account) -> None:
    deals = [account.create("deals", amount=str(amount)) for amount in (3, 20, 100)]
    nothing = account.create("deals", dealname="x")
    sorts = [{"propertyName": "amount", "direction": "DESCENDING"}]
    first = search(account, "deals", sorts=sorts, limit=3)
    assert ids(first) == deals[::-1]
    after = first.json()["paging"]["next"]["after"]
    last = search(account, "deals", sorts=sorts, limit=3, after=after)
    assert ids(last) == [nothing]
    assert last.json()["total"] == 4
    assert "paging" not in last.json()
    assert ids(search(account, "deals", sorts=["-amount"], limit=1)) == [deals[2]]


def test_a_query_looks_into_the_usual_properties(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann", lastname="Lee", email="ann@example.com")
    account.create("contacts", firstname="Bob")
    assert ids(search(account, "contacts", query="lee ANN")) == [contact]


EQ = {"propertyName": "amount", "operator": "EQ", "value": "1"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": "many"},
        {"after": "x"},
        {"after": "9950", "limit": 100},
        {"filterGroups": [{"filters": [EQ]}] * 6},
        {"filterGroups": [{"filters": [EQ] * 7}]},
        {"filterGroups": [{"filters": [EQ] * 5}] * 4},
        {"filterGroups": {}},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "LIKE", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "BETWEEN", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "IN", "values": []}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "GT", "value": "much"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "closedate", "operator": "GT", "value": "soon"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "nonsense", "operator": "HAS_PROPERTY"}]}]},
        {"sorts": [{"propertyName": "nonsense"}]},
        {"sorts": [{"propertyName": "amount"}, {"propertyName": "dealname"}]},
        {"sorts": [{"propertyName": "amount", "direction": "UP"}]},
        {"query": "x" * 3001},
    ],
)
def test_a_search_that_the_guide_does_not_allow_is_400(account: Account, body: dict[str, Any]) -> None:
    answer = account.http.post(f"{OBJECTS}/deals/search", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_no_search_goes_beyond_ten_thousand_results(account: Account) -> None:
    with account.sandbox.acting() as records:
        for number in range(10_050):
            record = records.store.insert(find_type("deals"))
            records.store.put(record, "amount", str(number))
    page = search(account, "deals", limit=200, after="9800").json()
    assert (page["total"], len(page["results"]), page["paging"]["next"]["after"]) == (10_050, 200, "10000")
    assert search(account, "deals", limit=200, after="10000").status_code == 400


def test_a_lagging_index_shows_what_was_before(account: Account) -> None:
    account.sandbox.reset({"index_lag_seconds": 5})
    deal = account.create("deals", dealname="old")
    assert ids(search(account, "deals")) == []
    account.sandbox.clock.advance(5)
    assert ids(search(account, "deals")) == [deal]
    account.update("deals", deal, dealname="new")
    old = {"propertyName": "dealname", "operator": "EQ", "value": "old"}
    shown = search(account, "deals", old, properties=["dealname"]).json()["results"]
    assert [one["properties"]["dealname"] for one in shown] == ["old"]
    assert account.read("deals", deal, "dealname")["dealname"] == "new"
    account.sandbox.clock.advance(5)
    assert ids(search(account, "deals", old)) == []
