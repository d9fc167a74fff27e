"""The QuickBooks sandbox tells what changed since a moment as Intuit's change data capture does, its limit included."""

from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import RefusedError, Visitor
from tests.contract.test_quickbooks_sandbox_invoices import START, company, invoice
from tests.contract.test_quickbooks_sandbox_payments import applied, pay


def later(visitor: Visitor, seconds: int = 60) -> str:
    """Lets time pass and gives the moment before it did."""
    now = visitor.app.clock.now()
    visitor.app.clock.advance(seconds)
    return now.isoformat()


def ids(visitor: Visitor, entities: str, since: str) -> list[list[str]]:
    """The ids of each element of the answer."""
    return [
        [one["Id"] for value in element.values() if isinstance(value, list) for one in value]
        for element in visitor.changes(entities, since)
    ]


def test_changes_of_several_entities_come_in_one_answer_in_the_order_asked() -> None:
    visitor = company()
    made, untouched = invoice(visitor), invoice(visitor)
    since = later(visitor)
    paid = pay(visitor, "40", applied(made, "40"))
    payments, invoices, customers = visitor.changes("Payment,Invoice,Customer", since)
    assert customers == {}
    assert payments == {"Payment": [paid], "startPosition": 1, "maxResults": 1}
    assert [one["Id"] for one in invoices["Invoice"]] == [made["Id"]] != [untouched["Id"]]
    assert (invoices["Invoice"][0]["Balance"], invoices["totalCount"]) == (60, 2)


def test_what_was_deleted_comes_as_a_stub_and_what_was_voided_in_full() -> None:
    visitor = company()
    one, two = invoice(visitor), invoice(visitor)
    since = later(visitor)
    visitor.delete("Invoice", one)
    later(visitor)
    voided = visitor.void("Invoice", two)
    [answer] = visitor.changes("Invoice", since)
    stub = {"domain": "QBO", "status": "Deleted", "Id": one["Id"]}
    assert answer["Invoice"] == [voided, {**stub, "MetaData": {"LastUpdatedTime": "2026-11-24T10:01:00-08:00"}}]


def test_nothing_changed_is_one_empty_element() -> None:
    visitor = company()
    assert visitor.changes("Invoice", later(visitor)) == [{}]


def test_a_name_made_inactive_is_a_change() -> None:
    visitor = company()
    since = later(visitor)
    visitor.change("Customer", visitor.read("Customer", "1"), Active=False)
    assert ids(visitor, "Customer", since) == [["1"]]


@pytest.mark.parametrize(("limit", "expected"), [("in_all", [2, 1]), ("each_entity", [2, 3])])
def test_what_is_beyond_the_limit_is_left_out_without_a_word(limit: str, expected: list[int]) -> None:
    visitor = company(cdc_most=3, cdc_limit=limit)
    since = (START - timedelta(hours=1)).isoformat()
    made = [invoice(visitor) for _ in range(4)]
    for one in made[:2]:
        pay(visitor, "1", applied(one, "1"))
    answer = visitor.changes("Payment,Invoice", since)
    assert [len(values) for element in answer for values in element.values() if isinstance(values, list)] == expected
    assert answer[-1]["totalCount"] == sum(expected)


@pytest.mark.parametrize(("inclusive", "expected"), [(False, []), (True, ["1"])])
def test_whether_a_change_at_the_very_moment_is_in_it_is_a_setting(inclusive: bool, expected: list[str]) -> None:
    visitor = company(cdc_includes_moment=inclusive)
    assert ids(visitor, "Customer", START.isoformat()) == [expected]


def test_thirty_days_back_is_the_most() -> None:
    visitor = company()
    fresh = (START - timedelta(days=29, hours=23)).isoformat()
    assert ids(visitor, "Customer", fresh) == [["1"]]
    with pytest.raises(RefusedError, match="older than fixed days is not supported") as caught:
        visitor.changes("Customer", (START - timedelta(days=30, seconds=1)).isoformat())
    assert (caught.value.status, caught.value.code) == (400, "500")
    shortening = company(cdc_too_old="shortened")
    later(shortening, 31 * 86_400)
    assert ids(shortening, "Customer", START.isoformat()) == [[]]


@pytest.mark.parametrize(
    ("code", "entities", "since"),
    [
        ("2020", "", START.isoformat()),
        ("2020", "Invoice", ""),
        ("2010", "Invoice", "yesterday"),
        ("500", "TaxCode", START.isoformat()),
        ("500", "Nonsense", START.isoformat()),
    ],
)
def test_what_is_wrong_with_a_request_for_changes_has_its_code(code: str, entities: str, since: str) -> None:
    with pytest.raises(RefusedError, match=rf"^{code} "):
        company().changes(entities, since)


def test_it_is_one_metered_read_however_many_entities_it_asks_for_and_writes_are_counted_apart() -> None:
    visitor = company(requests_per_second=None)
    app: Any = visitor.app
    client = Visitor(app, access_token=app.config.access_token)
    client.changes("Invoice,Payment,Customer,CreditMemo", START.isoformat())
    assert (app.company.reads, app.company.writes) == (1, 0)
    client.create("Vendor", DisplayName="Stripe")
    visitor.create("Vendor", DisplayName="Paddle")
    assert (app.company.reads, app.company.writes) == (1, 1)


def test_an_offset_whose_plus_was_not_encoded_is_understood() -> None:
    visitor = company()
    assert ids(visitor, "Customer", "2026-11-24T10:00:00 01:00") == [["1"]]
