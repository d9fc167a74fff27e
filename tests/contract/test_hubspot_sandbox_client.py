"""HubSpot's own Python client against the sandbox as a server."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.kernel import running
from tests.contract.hubspot_client_support import defined, official_client, to


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with warnings.catch_warnings():
        # The generated client leaves its thread pool and sockets to the garbage collector.
        warnings.simplefilter("ignore")
        with running(HubSpotSandbox(seed=3)) as url:
            yield official_client(url)


def test_it_creates_reads_updates_and_archives_a_contact(client: Any) -> None:
    api = client.crm.contacts.basic_api
    made = api.create({"properties": {"email": "ann@example.com", "firstname": "Ann"}})
    assert made.properties["email"] == "ann@example.com"
    changed = api.update(made.id, {"properties": {"lastname": "Lee"}})
    assert changed.updated_at > made.created_at
    read = api.get_by_id(made.id, properties=["firstname", "lastname"])
    assert (read.properties["firstname"], read.properties["lastname"]) == ("Ann", "Lee")
    by_email = api.get_by_id("ann@example.com", id_property="email")
    assert by_email.id == made.id
    api.archive(made.id)
    from hubspot.crm.contacts.exceptions import ApiException

    with pytest.raises(ApiException) as refused:
        api.get_by_id(made.id)
    assert refused.value.status == 404
    assert "OBJECT_NOT_FOUND" in refused.value.body


def test_it_bills_an_invoice_from_draft_to_open(client: Any) -> None:
    contact = client.crm.contacts.basic_api.create({"properties": {"firstname": "Bob"}})
    invoices = client.crm.commerce.invoices.basic_api
    invoice = invoices.create({"properties": {"hs_currency": "USD"}, "associations": [to(contact.id, 177)]})
    client.crm.line_items.basic_api.create(
        {
            "properties": {"name": "Consulting", "quantity": "3", "price": "120.00"},
            "associations": [to(invoice.id, 410)],
        }
    )
    invoices.update(invoice.id, {"properties": {"hs_invoice_status": "open"}})
    read = invoices.get_by_id(
        invoice.id, properties=["hs_number", "hs_amount_billed"], associations=["contacts", "line_items"]
    )
    assert read.properties["hs_amount_billed"] == "360.00"
    assert read.properties["hs_number"].startswith("INV-")
    assert [one.id for one in read.associations["contacts"].results] == [contact.id]
    assert len(read.associations["line items"].results) == 1


def test_it_records_a_payment_of_an_invoice_and_takes_it_back(client: Any) -> None:
    contact = client.crm.contacts.basic_api.create({"properties": {"firstname": "Cy"}})
    invoices = client.crm.commerce.invoices.basic_api
    invoice = invoices.create({"properties": {"hs_currency": "USD"}, "associations": [to(contact.id, 177)]})
    line = {"properties": {"name": "Day", "price": "80.00"}, "associations": [to(invoice.id, 410)]}
    client.crm.line_items.basic_api.create(line)
    invoices.update(invoice.id, {"properties": {"hs_invoice_status": "open"}})

    payments = client.crm.objects.basic_api
    properties = {"hs_initial_amount": "80.00", "hs_initiated_date": "2026-11-10T18:04:11.823Z"}
    links = [to(invoice.id, 542), to(contact.id, 387)]
    made = payments.create("commerce_payments", {"properties": properties, "associations": links})
    assert made.properties["hs_latest_status"] == "processing"
    payments.update("commerce_payments", made.id, {"properties": {"hs_latest_status": "succeeded"}})
    wanted = ["hs_invoice_status", "hs_balance_due"]
    assert invoices.get_by_id(invoice.id, properties=wanted).properties["hs_invoice_status"] == "paid"

    read = payments.get_by_id(
        "commerce_payments", made.id, properties_with_history=["hs_latest_status"], associations=["invoices"]
    )
    assert [one.value for one in read.properties_with_history["hs_latest_status"]] == ["succeeded", "processing"]
    assert [one.id for one in read.associations["invoices"].results] == [invoice.id]

    payments.archive("commerce_payments", made.id)
    assert invoices.get_by_id(invoice.id, properties=wanted).properties["hs_balance_due"] == "80.00"
    deleted = payments.get_page("commerce_payments", archived=True).results
    assert [(one.id, one.archived_at is not None) for one in deleted] == [(made.id, True)]


def test_it_pages_through_a_list(client: Any) -> None:
    api = client.crm.products.basic_api
    made = [api.create({"properties": {"name": f"Product {number}"}}).id for number in range(5)]
    first = api.get_page(limit=3)
    second = api.get_page(limit=3, after=first.paging.next.after)
    assert [one.id for one in first.results + second.results] == made
    assert second.paging is None


def test_it_searches(client: Any) -> None:
    for name in ("Acme North", "Acme South", "Other"):
        client.crm.companies.basic_api.create({"properties": {"name": name}})
    found = client.crm.companies.search_api.do_search(
        {
            "filterGroups": [{"filters": [{"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "acme"}]}],
            "sorts": [{"propertyName": "name", "direction": "DESCENDING"}],
            "properties": ["name"],
            "limit": 1,
        }
    )
    assert found.total == 2
    assert [one.properties["name"] for one in found.results] == ["Acme South"]
    assert found.paging.next.after == "1"


def test_it_writes_batches_and_is_told_of_each_failure(client: Any) -> None:
    api = client.crm.companies.batch_api
    made = api.create({"inputs": [{"properties": {"name": "One"}}, {"properties": {"name": "Two"}}]})
    assert [one.properties["name"] for one in made.results] == ["One", "Two"]
    mixed = api.update(
        {
            "inputs": [
                {"id": made.results[0].id, "properties": {"city": "Bonn"}, "objectWriteTraceId": "good"},
                {"id": "1", "properties": {"city": "Bonn"}, "objectWriteTraceId": "bad"},
            ]
        }
    )
    assert mixed.num_errors == 1
    assert mixed.errors[0].context["objectWriteTraceId"] == ["bad"]
    assert [one.id for one in mixed.results] == [made.results[0].id]


def test_it_associates_by_the_fourth_version(client: Any) -> None:
    company = client.crm.companies.basic_api.create({"properties": {"name": "Linked"}})
    invoice = client.crm.commerce.invoices.basic_api.create({"properties": {"hs_currency": "EUR"}})
    api = client.crm.associations.v4
    made = api.batch_api.create(
        "invoices",
        "companies",
        {"inputs": [{"from": {"id": invoice.id}, "to": {"id": company.id}, "types": [defined(179)]}]},
    )
    assert made.results[0].to_object_id == company.id
    page = api.basic_api.get_page("invoices", invoice.id, "companies")
    assert [str(one.to_object_id) for one in page.results] == [company.id]
    assert page.results[0].association_types[0].type_id == 179
    read = api.batch_api.get_page("companies", "invoices", {"inputs": [{"id": company.id}]})
    assert str(read.results[0].to[0].to_object_id) == invoice.id
    api.basic_api.archive("invoices", invoice.id, "companies", company.id)
    assert api.basic_api.get_page("invoices", invoice.id, "companies").results == []


def test_it_defines_properties(client: Any) -> None:
    client.crm.properties.groups_api.create("invoices", {"name": "qbo_sync", "label": "QuickBooks sync"})
    made = client.crm.properties.core_api.create(
        "invoices",
        {
            "name": "qbo_invoice_key",
            "label": "QuickBooks invoice key",
            "type": "string",
            "fieldType": "text",
            "groupName": "qbo_sync",
            "hasUniqueValue": True,
        },
    )
    assert made.has_unique_value is True
    names = {one.name for one in client.crm.properties.core_api.get_all("invoices").results}
    assert {"qbo_invoice_key", "hs_invoice_status"} <= names
    api = client.crm.commerce.invoices.batch_api
    upsert = {"id": "41", "idProperty": "qbo_invoice_key", "properties": {"hs_currency": "USD"}}
    assert api.upsert({"inputs": [upsert]}).results[0].new is True
    assert api.upsert({"inputs": [upsert]}).results[0].new is False
