"""What a sweep of the HubSpot sandbox finds: changes by date, deletions by the archived lists, and payment facts."""

from typing import Any

import pytest

from tests.contract.hubspot_client_support import OBJECTS, PROPERTIES, Account

PAYMENTS = "commerce_payments"
KINDS = ("invoices", PAYMENTS)


@pytest.fixture
def account() -> Account:
    return Account(limits={"per_ten_seconds": None, "search_per_second": None})


def changed_since(account: Account, kind: str, since: str, **more: Any) -> dict[str, Any]:
    body = {
        "filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": ["hs_lastmodifieddate"],
        "limit": 100,
        **more,
    }
    answer = account.http.post(f"{OBJECTS}/{kind}/search", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["results"]]


def later(account: Account, seconds: float = 60) -> str:
    """Lets time pass, and gives the moment as a search takes it."""
    account.sandbox.clock.advance(seconds)
    return str(account.sandbox.clock.epoch_ms())


def test_a_payment_changes_itself_and_its_invoice(account: Account) -> None:
    invoices = [account.finalised(), account.finalised()]
    cursor = later(account)
    assert [ids(changed_since(account, kind, cursor)) for kind in KINDS] == [[], []]
    payment = account.sandbox.people.pay(invoices[0])
    assert [ids(changed_since(account, kind, cursor)) for kind in KINDS] == [[invoices[0]], [payment]]
    cursor = later(account)
    account.sandbox.people.refund(payment, "10")
    assert [ids(changed_since(account, kind, cursor)) for kind in KINDS] == [[], [payment]]
    cursor = later(account)
    account.sandbox.people.charge(payment, fee="3")
    assert ids(changed_since(account, PAYMENTS, cursor)) == [payment]


def test_changes_come_in_the_order_of_their_dates(account: Account) -> None:
    payments = []
    for _ in range(5):
        payments.append(account.sandbox.people.pay_link("10", "ann@example.com"))
        later(account)
    for number in (1, 3):
        account.sandbox.people.refund(payments[number], "1")
        later(account)
    expected = [payments[number] for number in (0, 2, 4, 1, 3)]
    assert ids(changed_since(account, PAYMENTS, "0000000000000")) == expected
    first = changed_since(account, PAYMENTS, "0000000000000", limit=3)
    second = changed_since(account, PAYMENTS, "0000000000000", limit=3, after=first["paging"]["next"]["after"])
    assert ids(first) + ids(second) == expected


def test_a_lagging_index_shows_neither_a_new_payment_nor_its_refund(account: Account) -> None:
    account.sandbox.reset({"index_lag_seconds": 5})
    cursor = later(account)
    payment = account.sandbox.people.pay(account.finalised())
    assert ids(changed_since(account, PAYMENTS, cursor)) == []
    assert account.read(PAYMENTS, payment, "hs_latest_status")["hs_latest_status"] == "succeeded"
    later(account, 5)
    assert ids(changed_since(account, PAYMENTS, cursor)) == [payment]
    account.sandbox.people.refund(payment)
    body = {
        "filterGroups": [{"filters": [{"propertyName": "hs_latest_status", "operator": "EQ", "value": "refunded"}]}]
    }
    assert account.http.post(f"{OBJECTS}/{PAYMENTS}/search", json=body).json()["total"] == 0
    later(account, 5)
    assert account.http.post(f"{OBJECTS}/{PAYMENTS}/search", json=body).json()["total"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_deleted_records_are_listed_apart_and_never_found(account: Account, kind: str) -> None:
    people = account.sandbox.people
    made = [account.finalised() for _ in range(3)]
    if kind == PAYMENTS:
        made = [people.record(invoice) for invoice in made]
    cursor = later(account)
    for one in made[:2]:
        people.archive(kind, one)
    pages, after = [], "0"
    while after:
        parameters = {"archived": "true", "limit": "1", "after": after}
        page = account.http.get(f"{OBJECTS}/{kind}", params=parameters).json()
        pages += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert [(one["id"], one["archived"]) for one in pages] == [(one, True) for one in made[:2]]
    assert all(one["archivedAt"] >= "2026-11-24T09:01:00.000Z" for one in pages)
    assert set(ids(changed_since(account, kind, cursor))) <= {made[2]}
    people.restore(kind, made[0])
    listed = account.http.get(f"{OBJECTS}/{kind}", params={"archived": "true"}).json()["results"]
    assert [one["id"] for one in listed] == [made[1]]


FACTS = (
    ("qbo_amount_paid", "number", "number", "70.50"),
    ("qbo_last_payment_date", "date", "date", "2026-11-20"),
    ("qbo_paid_at", "datetime", "date", "2026-11-20T15:00:00.000Z"),
    ("qbo_link", "string", "text", "https://qbo.example.test/app/invoice?txnId=7&companyId=1"),
    ("qbo_settled", "bool", "booleancheckbox", "true"),
)


def test_payment_facts_are_kept_in_properties_of_an_invoice_that_is_paid(account: Account) -> None:
    for name, kind, field, _ in FACTS:
        definition = {
            "name": name,
            "label": name,
            "type": kind,
            "fieldType": field,
            "groupName": "invoiceinformation",
        }
        assert account.http.post(f"{PROPERTIES}/invoices", json=definition).status_code == 201
    invoice = account.finalised()
    account.sandbox.people.pay(invoice)
    cursor = later(account)
    assert account.update("invoices", invoice, **{name: value for name, _, _, value in FACTS}).status_code == 200
    read = account.read("invoices", invoice, *(name for name, _, _, _ in FACTS))
    assert {name: read[name] for name, _, _, _ in FACTS} == {name: value for name, _, _, value in FACTS}
    # Its own writing moves the date by which a sweep finds it.
    assert ids(changed_since(account, "invoices", cursor)) == [invoice]
    for wrong in ({"qbo_last_payment_date": "20.11.2026"}, {"qbo_amount_paid": "much"}):
        assert account.update("invoices", invoice, **wrong).status_code == 400
    assert account.update("invoices", invoice, qbo_last_payment_date="").status_code == 200
    assert account.read("invoices", invoice, "qbo_last_payment_date")["qbo_last_payment_date"] is None
