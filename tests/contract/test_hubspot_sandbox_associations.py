"""Associations of the HubSpot sandbox: types and their direction, one parent, paging, batches and labels."""

from typing import Any

import pytest

from tests.contract.hubspot_client_support import ASSOCIATIONS, OBJECTS, Account, defined, to


@pytest.fixture
def account() -> Account:
    return Account()


def batch(account: Account, pair: str, action: str, *inputs: dict[str, Any], base: str = ASSOCIATIONS) -> Any:
    return account.http.post(f"{base}/{pair}/batch/{action}", json={"inputs": list(inputs)})


def ends(one: str, two: str, *types: int) -> dict[str, Any]:
    pair: dict[str, Any] = {"from": {"id": one}, "to": {"id": two}}
    return pair | {"types": [defined(type_id) for type_id in types]} if types else pair


def linked(account: Account, pair: str, record_id: str) -> list[int]:
    results = batch(account, pair, "read", {"id": record_id}).json()["results"]
    return [one["toObjectId"] for result in results for one in result["to"]]


def test_each_direction_has_its_own_type(account: Account) -> None:
    company, invoice = account.create("companies", name="A"), account.create("invoices", hs_currency="USD")
    wrong = batch(account, "invoices/companies", "create", ends(invoice, company, 180))
    assert wrong.status_code == 207
    assert wrong.json()["errors"][0]["category"] == "VALIDATION_ERROR"
    right = batch(account, "invoices/companies", "create", ends(invoice, company, 179))
    assert right.json()["results"] == [
        {
            "fromObjectTypeId": "0-53",
            "fromObjectId": invoice,
            "toObjectTypeId": "0-2",
            "toObjectId": company,
            "labels": [],
        }
    ]
    back = batch(account, "0-2/invoice", "read", {"id": company}).json()["results"][0]["to"]
    assert back == [
        {
            "toObjectId": int(invoice),
            "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 180, "label": None}],
        }
    ]


def test_an_association_at_creation_must_have_a_type_of_that_direction(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    body = {"properties": {"hs_currency": "USD"}, "associations": [to(contact, 178)]}
    assert account.http.post(f"{OBJECTS}/invoices", json=body).status_code == 400


def test_the_versions_differ_in_the_status_of_batches(account: Account) -> None:
    company, invoice = account.create("companies", name="A"), account.create("invoices", hs_currency="USD")
    for base, created, archived in ((ASSOCIATIONS, 200, 200), ("/crm/v4/associations", 201, 204)):
        pair = ends(invoice, company, 179)
        assert batch(account, "invoices/companies", "create", pair, base=base).status_code == created
        gone = {"from": {"id": invoice}, "to": [{"id": company}]}
        assert batch(account, "invoices/companies", "archive", gone, base=base).status_code == archived
        assert linked(account, "invoices/companies", invoice) == []


def test_single_associations_are_put_and_deleted(account: Account) -> None:
    deal, invoice = account.create("deals", dealname="A"), account.create("invoices", hs_currency="USD")
    base = f"{OBJECTS}/invoices/{invoice}/associations"
    made = account.http.put(f"{base}/default/deals/{deal}")
    assert made.status_code == 200
    specs = [one["associationSpec"]["associationTypeId"] for one in made.json()["results"]]
    assert specs == [175, 176]
    assert account.http.delete(f"{base}/deals/{deal}").status_code == 204
    assert account.http.delete(f"{base}/deals/{deal}").status_code == 204
    typed = account.http.put(f"{base}/deals/{deal}", json=[defined(175)])
    assert (typed.status_code, typed.json()["toObjectId"]) == (201, deal)
    assert account.http.put(f"{base}/deals/{deal}", json=[defined(176)]).status_code == 400
    assert account.http.put(f"{base}/deals/999", json=[defined(175)]).status_code == 404
    listed = account.http.get(f"/crm/v4/objects/invoices/{invoice}/associations/deals").json()["results"]
    assert [one["toObjectId"] for one in listed] == [int(deal)]


def test_a_line_item_has_one_parent(account: Account) -> None:
    invoice, other = (account.create("invoices", hs_currency="USD") for _ in range(2))
    deal = account.create("deals", dealname="A")
    line = account.create("line_items", [to(invoice, 410)], name="x")
    again = batch(account, "line_items/invoices", "create", ends(line, other, 410), ends(line, invoice, 410))
    assert [one["errors"][0]["code"] for one in again.json()["errors"]] == ["ASSOCIATION_LIMIT_EXCEEDED"]
    assert len(again.json()["results"]) == 1
    assert account.http.put(f"{OBJECTS}/deals/{deal}/associations/default/line_items/{line}").status_code == 400
    assert linked(account, "invoices/line_items", other) == []


def test_a_labelled_association_holds_the_plain_one_too(account: Account) -> None:
    contact, company = account.create("contacts", firstname="A"), account.create("companies", name="B")
    made = batch(account, "contacts/companies", "create", ends(contact, company, 1)).json()["results"][0]
    assert made["labels"] == ["Primary"]
    read = batch(account, "contacts/companies", "read", {"id": contact}).json()["results"][0]["to"][0]
    assert [(one["typeId"], one["label"]) for one in read["associationTypes"]] == [(1, "Primary"), (279, None)]
    batch(account, "contacts/companies", "labels/archive", ends(contact, company, 1))
    read = batch(account, "companies/contacts", "read", {"id": company}).json()["results"][0]["to"][0]
    assert [one["typeId"] for one in read["associationTypes"]] == [280]


def test_many_associations_come_in_pages(account: Account) -> None:
    account.sandbox.reset({"association_page_size": 2})
    invoice = account.create("invoices", hs_currency="USD")
    lines = [int(account.create("line_items", [to(invoice, 410)], name=str(number))) for number in range(5)]
    found: list[int] = []
    item: dict[str, Any] = {"id": invoice}
    while True:
        result = batch(account, "invoices/line_items", "read", item).json()["results"][0]
        found += [one["toObjectId"] for one in result["to"]]
        if "paging" not in result:
            break
        item = {"id": invoice, "after": result["paging"]["next"]["after"]}
    assert found == lines
    page = account.http.get(f"/crm/v4/objects/invoices/{invoice}/associations/line_items", params={"limit": 3}).json()
    assert [one["toObjectId"] for one in page["results"]] == lines[:3]
    assert page["paging"]["next"]["after"] == str(lines[2])


def test_a_record_without_associations_is_told_in_the_errors(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    answer = batch(account, "invoices/deals", "read", {"id": invoice})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["context"]["fromObjectId"] == [invoice]
    silent = Account(association_read_reports_missing=False)
    answer = batch(silent, "invoices/deals", "read", {"id": silent.create("invoices", hs_currency="USD")})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_associations_of_a_deleted_record_are_gone(account: Account) -> None:
    contact = account.create("contacts", firstname="A")
    invoice = account.create("invoices", [to(contact, 177)], hs_currency="USD")
    account.http.delete(f"{OBJECTS}/contacts/{contact}")
    assert linked(account, "invoices/contacts", invoice) == []


def test_labels_list_the_types_of_a_direction(account: Account) -> None:
    found = account.http.get(f"{ASSOCIATIONS}/invoices/contacts/labels").json()["results"]
    assert found == [{"category": "HUBSPOT_DEFINED", "typeId": 177, "label": None}]
    assert account.http.get("/crm/v4/associations/contacts/invoices/labels").json()["results"][0]["typeId"] == 178
    assert account.http.get(f"{ASSOCIATIONS}/taxes/contacts/labels").json() == {"results": []}


@pytest.mark.parametrize(("action", "limit"), [("read", 1000), ("create", 2000), ("archive", 2000)])
def test_batches_have_the_limits_of_the_guide(account: Account, action: str, limit: int) -> None:
    many = [{"id": "1", "from": {"id": "1"}, "to": {"id": "1"}}] * (limit + 1)
    assert batch(account, "invoices/contacts", action, *many).status_code == 400


def test_what_does_not_go_together_is_refused(account: Account) -> None:
    tax = account.create("taxes", hs_type="PERCENT", hs_value="5")
    contact = account.create("contacts", firstname="A")
    assert account.http.put(f"{OBJECTS}/taxes/{tax}/associations/default/contacts/{contact}").status_code == 400
    assert batch(account, "invoices/contacts", "create", {"from": {}, "to": {"id": "1"}}).status_code == 207
