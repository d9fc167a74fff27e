"""Records of the HubSpot sandbox: values, errors, unique values, lists and batches."""

import json
from typing import Any

import pytest

from infra.sandbox.kernel.wire import loads
from tests.contract.hubspot_client_support import OBJECTS, PROPERTIES, Account, to


@pytest.fixture
def account() -> Account:
    return Account()


def problem(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["status"] == "error"
    assert body["category"] == "VALIDATION_ERROR"
    assert len(body["correlationId"]) == 36
    text = body["message"].removeprefix("Property values were not valid: ")
    listed = json.loads(text)
    assert [one["code"] for one in body["errors"]] == [one["error"] for one in listed]
    first: dict[str, Any] = listed[0]
    return first


def define(account: Account, kind: str, **definition: Any) -> None:
    body = {"label": "L", "groupName": f"{kind.removesuffix('s')}information", **definition}
    assert account.http.post(f"{PROPERTIES}/{kind}", json=body).status_code == 201


def test_the_default_properties_come_back_when_none_are_asked_for(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    assert set(account.read("invoices", invoice)) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_a_property_without_a_value_is_null_and_an_unknown_one_is_left_out(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    read = account.read("contacts", contact, "phone", "nonsense")
    assert read["phone"] is None
    assert "nonsense" not in read


def test_reading_an_unknown_property_can_be_made_an_error() -> None:
    account = Account(refuse_unknown_in_read=True)
    contact = account.create("contacts", firstname="Ann")
    answer = account.http.get(f"{OBJECTS}/contacts/{contact}", params={"properties": "nonsense"})
    assert answer.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("invoices", "missing", "x", "PROPERTY_DOESNT_EXIST"),
        ("invoices", "hs_balance_due", "1", "READ_ONLY_VALUE"),
        ("invoices", "hs_lastmodifieddate", "2026-01-01", "READ_ONLY_VALUE"),
        ("invoices", "hs_amount_billed", "1", "READ_ONLY_VALUE"),
        ("invoices", "hs_number", "A-1", "READ_ONLY_VALUE"),
        ("invoices", "hs_invoice_status", "Open", "INVALID_OPTION"),
        ("invoices", "hs_allowed_payment_methods", "ach;cowries", "INVALID_OPTION"),
        ("invoices", "hs_invoice_billable", "maybe", "INVALID_OPTION"),
        ("invoices", "hs_due_date", "tomorrow", "INVALID_LONG"),
        ("line_items", "amount", "1", "READ_ONLY_VALUE"),
        ("line_items", "price", "dear", "INVALID_INTEGER"),
        ("line_items", "price", "NaN", "INVALID_INTEGER"),
        ("line_items", "price", "-1", "NUMBER_OUT_OF_RANGE"),
        ("line_items", "hs_recurring_billing_start_date", "2026-02-30", "INVALID_DATE"),
        ("line_items", "hs_recurring_billing_start_date", "1790000000001", "INVALID_DATE"),
        ("contacts", "firstname", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
        ("contacts", "firstname", ["x"], "INVALID_STRING"),
    ],
)
def test_a_value_that_hubspot_refuses_is_400_and_nothing_is_made(
    account: Account, kind: str, name: str, value: Any, code: str
) -> None:
    properties = {"hs_currency": "USD", name: value} if kind == "invoices" else {name: value}
    refused = problem(account.http.post(f"{OBJECTS}/{kind}", json={"properties": properties}))
    assert (refused["error"], refused["name"], refused["isValid"]) == (code, name, False)
    assert account.http.get(f"{OBJECTS}/{kind}").json() == {"results": []}


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("hs_due_date", "2026-12-01T01:00:00+01:00", "2026-12-01T00:00:00.000Z"),
        ("hs_due_date", "1790000000123", "2026-09-21T14:13:20.123Z"),
        ("hs_due_date", "2026-12-01", "2026-12-01T00:00:00.000Z"),
        ("hs_allow_partial_payments", True, "true"),
        ("hs_purchase_order_number", 17, "17"),
    ],
)
def test_values_are_kept_as_texts(account: Account, name: str, value: Any, kept: str) -> None:
    body = {"properties": {"hs_currency": "USD", name: value}}
    made = account.http.post(f"{OBJECTS}/invoices", json=body).json()
    assert made["properties"][name] == kept
    assert account.read("invoices", made["id"], name)[name] == kept


def test_an_empty_text_clears_a_value(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann", phone="1")
    account.update("contacts", contact, phone="")
    assert account.read("contacts", contact, "phone")["phone"] is None


def test_a_missing_required_property_is_named(account: Account) -> None:
    answer = account.http.post(f"{OBJECTS}/invoices", json={"properties": {}})
    assert answer.json()["errors"][0]["code"] == "MISSING_REQUIRED_PROPERTY"
    assert answer.json()["context"] == {"properties": ["hs_currency"]}


def test_object_types_are_known_by_plural_singular_and_id(account: Account) -> None:
    line = account.create("line_items", name="x")
    for text in ("line_items", "line_item", "0-8"):
        assert account.http.get(f"{OBJECTS}/{text}/{line}").status_code == 200
    assert account.http.get(f"{OBJECTS}/spaceships/{line}").status_code == 400


def test_the_older_versions_of_the_paths_answer_alike(account: Account) -> None:
    line = account.create("line_items", name="x")
    answers = [
        account.http.get(f"/crm/{middle}/line_items/{line}").json()
        for middle in ("objects/2026-09", "objects/2026-03", "v3/objects")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert account.http.get(f"/crm/objects/2031-03/line_items/{line}").status_code == 404


def test_ids_have_eleven_digits_and_rise_and_repeat_with_the_seed(account: Account) -> None:
    ids = [account.create("contacts", firstname=str(number)) for number in range(20)]
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {11}
    assert [Account().create("contacts", firstname="0")] == ids[:1]


def test_a_deleted_record_is_found_only_as_archived(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    assert [account.http.delete(f"{OBJECTS}/contacts/{contact}").status_code for _ in range(2)] == [204, 204]
    missing = account.http.get(f"{OBJECTS}/contacts/{contact}")
    assert (missing.status_code, missing.json()["category"]) == (404, "OBJECT_NOT_FOUND")
    archived = account.http.get(f"{OBJECTS}/contacts/{contact}", params={"archived": "true"}).json()
    assert archived["archived"] is True
    assert archived["archivedAt"]
    assert account.update("contacts", contact, firstname="x").status_code == 404
    assert account.http.delete(f"{OBJECTS}/contacts/12345").status_code == 404
    listed = account.http.get(f"{OBJECTS}/contacts", params={"archived": "true"}).json()["results"]
    assert [one["id"] for one in listed] == [contact]


def test_a_list_is_paged_by_the_last_id(account: Account) -> None:
    ids = [account.create("contacts", firstname=str(number)) for number in range(7)]
    found: list[str] = []
    after = None
    while True:
        page = account.http.get(f"{OBJECTS}/contacts", params={"limit": 3} | ({"after": after} if after else {})).json()
        found += [one["id"] for one in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
        assert f"after={after}" in page["paging"]["next"]["link"]
    assert found == ids
    assert account.http.get(f"{OBJECTS}/contacts", params={"limit": 101}).status_code == 400


def test_a_contacts_address_is_unique(account: Account) -> None:
    contact = account.create("contacts", email="ann@example.com")
    again = account.http.post(f"{OBJECTS}/contacts", json={"properties": {"email": "ann@example.com"}})
    assert (again.status_code, again.json()["category"]) == (409, "CONFLICT")
    assert contact in again.json()["message"]
    account.http.delete(f"{OBJECTS}/contacts/{contact}")
    account.create("contacts", email="ann@example.com")


def test_a_unique_property_is_enforced_and_leads_to_the_record(account: Account) -> None:
    define(account, "invoices", name="qbo_key", type="string", fieldType="text", hasUniqueValue=True)
    first = account.create("invoices", hs_currency="USD", qbo_key="7")
    second = account.create("invoices", hs_currency="USD", qbo_key="8")
    assert problem(account.update("invoices", second, qbo_key="7"))["error"] == "CONFLICTING_UNIQUE_VALUE"
    assert account.update("invoices", second, qbo_key="8").status_code == 200
    by_key = account.http.get(f"{OBJECTS}/invoices/7", params={"idProperty": "qbo_key"})
    assert by_key.json()["id"] == first
    changed = account.http.patch(
        f"{OBJECTS}/invoices/7", params={"idProperty": "qbo_key"}, json={"properties": {"qbo_key": "9"}}
    )
    assert changed.json()["id"] == first
    account.update("invoices", second, qbo_key="7")
    wrong = account.http.get(f"{OBJECTS}/invoices/x", params={"idProperty": "hs_comments"})
    assert wrong.status_code == 400


def test_a_creation_with_a_bad_association_makes_nothing(account: Account) -> None:
    body = {"properties": {"hs_currency": "USD"}, "associations": [to("99", 177)]}
    assert account.http.post(f"{OBJECTS}/invoices", json=body).status_code == 404
    assert account.http.get(f"{OBJECTS}/invoices").json()["results"] == []


def test_every_write_moves_the_modification_date_even_when_time_stands_still(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    dates = [account.read("contacts", contact)["lastmodifieddate"]]
    for _ in range(3):
        account.update("contacts", contact, firstname="Ann")
        dates.append(account.read("contacts", contact)["lastmodifieddate"])
    assert dates == sorted(set(dates))


def test_the_history_of_a_property_is_newest_first(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    account.sandbox.clock.advance(60)
    account.update("contacts", contact, firstname="Anna")
    answer = account.http.get(f"{OBJECTS}/contacts/{contact}", params={"propertiesWithHistory": "firstname"}).json()
    assert [one["value"] for one in answer["propertiesWithHistory"]["firstname"]] == ["Anna", "Ann"]


def test_a_line_item_takes_over_what_its_product_says(account: Account) -> None:
    product = account.create("products", name="Hour", price="80.00", hs_sku="H")
    line = account.create("line_items", hs_product_id=product, quantity="2", name="My hour")
    read = account.read("line_items", line, "name", "price", "hs_sku", "amount")
    assert (read["name"], read["price"], read["hs_sku"], read["amount"]) == ("My hour", "80.00", "H", "160.00")


def test_an_order_percentage_is_at_most_a_hundred_and_has_four_decimals(account: Account) -> None:
    discount = account.create("discounts", hs_label="D", hs_type="PERCENT", hs_value="20", hs_duration="ONCE")
    assert account.read("discounts", discount, "hs_value")["hs_value"] == "20.0000"
    assert problem(account.update("discounts", discount, hs_value="101"))["name"] == "hs_value"
    assert account.http.post(f"{OBJECTS}/fees", json={"properties": {"hs_label": "x"}}).status_code == 400


# -- batches


def batch(account: Account, kind: str, action: str, inputs: list[dict[str, Any]], **more: Any) -> Any:
    return account.http.post(f"{OBJECTS}/{kind}/batch/{action}", json={"inputs": inputs, **more})


def test_a_batch_read_tells_what_it_did_not_find(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    answer = batch(account, "contacts", "read", [{"id": contact}, {"id": "1"}], properties=["firstname"])
    assert answer.status_code == 207
    assert [one["properties"]["firstname"] for one in answer.json()["results"]] == ["Ann"]
    assert answer.json()["errors"][0]["context"] == {"ids": ["1"]}
    silent = Account(batch_read_reports_missing=False)
    answer = batch(silent, "contacts", "read", [{"id": "1"}])
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_a_traced_batch_reports_each_failure_and_does_the_rest(account: Account) -> None:
    inputs = [
        {"properties": {"hs_currency": "USD"}, "objectWriteTraceId": "a"},
        {"properties": {"hs_currency": "USD", "missing": "x"}, "objectWriteTraceId": "b"},
        {"properties": {}, "objectWriteTraceId": "c"},
    ]
    answer = batch(account, "invoices", "create", inputs)
    body = answer.json()
    assert (answer.status_code, body["numErrors"], len(body["results"])) == (207, 2, 1)
    assert body["results"][0]["objectWriteTraceId"] == "a"
    assert [one["context"]["objectWriteTraceId"] for one in body["errors"]] == [["b"], ["c"]]
    assert len(account.http.get(f"{OBJECTS}/invoices").json()["results"]) == 1


def test_a_batch_without_traces_is_all_or_nothing(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    inputs = [{"id": contact, "properties": {"firstname": "Zoe"}}, {"id": "1", "properties": {"firstname": "Zoe"}}]
    assert batch(account, "contacts", "update", inputs).status_code == 404
    assert account.read("contacts", contact, "firstname")["firstname"] == "Ann"


def test_an_upsert_creates_then_updates(account: Account) -> None:
    define(account, "invoices", name="qbo_key", type="string", fieldType="text", hasUniqueValue=True)
    inputs = [{"id": "7", "idProperty": "qbo_key", "properties": {"hs_currency": "USD"}, "objectWriteTraceId": "t"}]
    made = batch(account, "invoices", "upsert", inputs).json()["results"][0]
    assert (made["new"], made["properties"]["qbo_key"]) == (True, "7")
    again = batch(account, "invoices", "upsert", inputs).json()["results"][0]
    assert (again["new"], again["id"]) == (False, made["id"])
    wrong = [{"id": "7", "idProperty": "hs_comments", "properties": {}}]
    assert batch(account, "invoices", "upsert", wrong).status_code == 400


@pytest.mark.parametrize("action", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_takes_at_most_a_hundred_and_never_none(account: Account, action: str) -> None:
    inputs = [{"id": str(number), "properties": {}} for number in range(101)]
    assert batch(account, "contacts", action, inputs).status_code == 400
    assert batch(account, "contacts", action, []).status_code == 400


def test_one_record_twice_in_a_batch_is_refused(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    inputs = [{"id": contact, "properties": {"firstname": name}} for name in ("x", "y")]
    assert batch(account, "contacts", "update", inputs).json()["errors"][0]["code"] == "DUPLICATE_INPUT"


def test_a_batch_archive_passes_over_what_is_gone(account: Account) -> None:
    contact = account.create("contacts", firstname="Ann")
    assert batch(account, "contacts", "archive", [{"id": contact}, {"id": "1"}]).status_code == 204
    assert account.http.get(f"{OBJECTS}/contacts").json()["results"] == []


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b'{"properties": []}', b'{"properties": {"amount": NaN}}'])
def test_a_body_of_the_wrong_form_is_400(account: Account, content: bytes) -> None:
    answer = account.http.post(f"{OBJECTS}/deals", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert loads(answer.content)["category"] == "VALIDATION_ERROR"


def test_another_media_type_is_415(account: Account) -> None:
    answer = account.http.post(f"{OBJECTS}/deals", content=b"{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def test_a_refused_batch_takes_back_records_unique_values_and_associations(account: Account) -> None:
    define(account, "invoices", name="qbo_key", type="string", fieldType="text", hasUniqueValue=True)
    contact = account.create("contacts", firstname="Ann")
    before = account.sandbox.state()
    good = {"properties": {"hs_currency": "USD", "qbo_key": "7"}, "associations": [to(contact, 177)]}
    bad = {"properties": {"hs_currency": "USD", "qbo_key": "7"}}
    assert batch(account, "invoices", "create", [good, bad]).status_code == 400
    assert account.sandbox.state() == before
    assert batch(account, "invoices", "create", [good]).status_code == 201
