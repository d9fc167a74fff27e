"""Merging contacts and companies in the HubSpot sandbox: a new record, to which the old ids lead."""

from typing import Any

import pytest

from tests.contract.hubspot_client_support import ASSOCIATIONS, OBJECTS, Account, to


@pytest.fixture
def account() -> Account:
    return Account()


def merge(account: Account, kind: str, primary: str, other: str) -> Any:
    return account.http.post(f"{OBJECTS}/{kind}/merge", json={"primaryObjectId": primary, "objectIdToMerge": other})


def test_a_merge_makes_a_new_record_with_the_primary_records_values(account: Account) -> None:
    acme = account.create("companies", name="Acme", phone="1")
    other = account.create("companies", name="ACME Inc", city="Berlin")
    answer = merge(account, "companies", acme, other)
    assert answer.status_code == 200
    made = answer.json()["id"]
    assert made not in (acme, other)
    read = account.read("companies", made, "name", "phone", "city", "hs_merged_object_ids")
    assert {name: read[name] for name in ("name", "phone", "city")} == {"name": "Acme", "phone": "1", "city": "Berlin"}
    assert read["hs_merged_object_ids"] == f"{acme};{other}"


def test_the_old_ids_lead_to_what_the_record_became_also_after_a_second_merge(account: Account) -> None:
    one, two, three = (account.create("companies", name=name) for name in ("One", "Two", "Three"))
    first = merge(account, "companies", one, two).json()["id"]
    second = merge(account, "companies", three, first).json()["id"]
    body = {"inputs": [{"id": id_} for id_ in (one, two, first, three)], "properties": ["hs_merged_object_ids"]}
    answer = account.http.post(f"{OBJECTS}/companies/batch/read", json=body)
    assert {found["id"] for found in answer.json()["results"]} == {second}
    assert account.read("companies", second, "hs_merged_object_ids")["hs_merged_object_ids"].split(";") == [
        one,
        two,
        three,
        first,
    ]


def test_the_invoices_of_both_contacts_come_along_and_the_e_mail_is_the_primary_ones(account: Account) -> None:
    ann = account.create("contacts", email="ann@example.test")
    anna = account.create("contacts", email="anna@example.test")
    invoices = [account.create("invoices", [to(contact, 177)], hs_currency="USD") for contact in (ann, anna)]
    made = merge(account, "contacts", ann, anna).json()["id"]
    answer = account.http.post(
        f"{ASSOCIATIONS}/invoices/contacts/batch/read", json={"inputs": [{"id": id_} for id_ in invoices]}
    )
    assert [[str(one["toObjectId"]) for one in page["to"]] for page in answer.json()["results"]] == [[made], [made]]
    shown = account.read("invoices", invoices[1], "hs_invoice_latest_contact_email")
    assert shown["hs_invoice_latest_contact_email"] == "ann@example.test"
    assert merge(account, "contacts", made, account.create("contacts", email="anna@example.test")).status_code == 200


def test_what_cannot_be_merged_is_refused_and_nothing_changes(account: Account) -> None:
    acme = account.create("companies", name="Acme")
    assert merge(account, "companies", acme, acme).status_code == 400
    assert merge(account, "companies", acme, "99").status_code == 404
    assert merge(account, "products", *(account.create("products", name=name) for name in "ab")).status_code == 400
    assert account.read("companies", acme, "name")["name"] == "Acme"
