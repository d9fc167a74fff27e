"""Property definitions of the HubSpot sandbox: metadata, creation, archiving and groups."""

from typing import Any

import pytest

from tests.contract.hubspot_client_support import OBJECTS, PROPERTIES, Account

URL = f"{PROPERTIES}/invoices"
STATUS: dict[str, Any] = {
    "name": "qbo_sync_status",
    "label": "QuickBooks sync status",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "qbo_sync",
    "options": [
        {"label": "Synced", "value": "synced", "displayOrder": 0, "hidden": False},
        {"label": "Failed", "value": "failed", "displayOrder": 1, "hidden": False},
    ],
}
KEY: dict[str, Any] = {
    "name": "qbo_invoice_key",
    "label": "QuickBooks invoice key",
    "type": "string",
    "fieldType": "text",
    "groupName": "qbo_sync",
    "hasUniqueValue": True,
}


@pytest.fixture
def account() -> Account:
    account = Account()
    made = account.http.post(f"{URL}/groups", json={"name": "qbo_sync", "label": "QuickBooks sync", "displayOrder": -1})
    assert made.status_code == 201
    return account


def test_hubspots_own_properties_say_what_may_be_written(account: Account) -> None:
    known = {one["name"]: one for one in account.http.get(URL).json()["results"]}
    balance = known["hs_balance_due"]
    assert (balance["calculated"], balance["modificationMetadata"]["readOnlyValue"]) == (True, True)
    due = known["hs_due_date"]
    assert (due["type"], due["calculated"], due["modificationMetadata"]["readOnlyValue"]) == ("datetime", False, False)
    assert [one["value"] for one in known["hs_invoice_status"]["options"]] == ["draft", "open", "paid", "voided"]
    assert known["hs_currency"]["groupName"] == "invoiceinformation"
    assert all(one["modificationMetadata"]["readOnlyDefinition"] for one in known.values())


def test_a_property_is_created_changed_archived_and_created_again(account: Account) -> None:
    made = account.http.post(URL, json=STATUS)
    assert made.status_code == 201
    assert made.json()["modificationMetadata"] == {
        "archivable": True,
        "readOnlyDefinition": False,
        "readOnlyValue": False,
    }
    invoice = account.create("invoices", hs_currency="USD", qbo_sync_status="synced")
    changed = account.http.patch(f"{URL}/qbo_sync_status", json={"label": "S", "options": STATUS["options"][:1]})
    assert (changed.json()["label"], len(changed.json()["options"])) == ("S", 1)
    assert account.update("invoices", invoice, qbo_sync_status="failed").status_code == 400
    assert account.http.delete(f"{URL}/qbo_sync_status").status_code == 204
    assert account.http.get(f"{URL}/qbo_sync_status").status_code == 404
    assert account.http.get(f"{URL}/qbo_sync_status", params={"archived": "true"}).json()["archived"] is True
    assert "qbo_sync_status" not in account.read("invoices", invoice, "qbo_sync_status")
    assert account.update("invoices", invoice, qbo_sync_status="synced").status_code == 400
    assert account.http.post(URL, json=STATUS).status_code == 201
    assert account.read("invoices", invoice, "qbo_sync_status")["qbo_sync_status"] == "synced"


def test_a_name_in_use_is_409(account: Account) -> None:
    account.http.post(URL, json=KEY)
    again = account.http.post(URL, json=KEY)
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert again.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert account.http.post(URL, json={**KEY, "name": "hs_currency"}).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"name": "With Space"},
        {"name": ""},
        {"label": None},
        {"type": "money"},
        {"fieldType": "select"},
        {"groupName": "nowhere"},
        {"type": "enumeration", "fieldType": "select", "hasUniqueValue": False},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "a", "value": "a"}] * 2},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "a"}]},
        {"type": "date", "fieldType": "date"},
    ],
)
def test_an_unusable_definition_is_400(account: Account, change: dict[str, Any]) -> None:
    assert account.http.post(URL, json={**KEY, **change}).status_code == 400


def test_ten_properties_at_most_are_unique(account: Account) -> None:
    statuses = [account.http.post(URL, json={**KEY, "name": f"key_{number}"}).status_code for number in range(11)]
    assert statuses == [201] * 10 + [400]


def test_uniqueness_cannot_be_changed(account: Account) -> None:
    account.http.post(URL, json=KEY)
    assert account.http.patch(f"{URL}/qbo_invoice_key", json={"hasUniqueValue": False}).json()["hasUniqueValue"] is True


def test_hubspots_own_definitions_stay(account: Account) -> None:
    assert account.http.patch(f"{URL}/hs_currency", json={"label": "x"}).status_code == 400
    assert account.http.delete(f"{URL}/hs_currency").status_code == 400
    assert account.http.delete(f"{URL}/never_was").status_code == 404


def test_a_boolean_property_has_its_two_options(account: Account) -> None:
    body = {"name": "qbo_skip", "label": "x", "type": "bool", "fieldType": "booleancheckbox", "groupName": "qbo_sync"}
    made = account.http.post(URL, json=body).json()
    assert [one["value"] for one in made["options"]] == ["true", "false"]
    invoice = account.create("invoices", hs_currency="USD", qbo_skip="true")
    assert account.read("invoices", invoice, "qbo_skip")["qbo_skip"] == "true"


def test_batches_create_read_and_archive_definitions(account: Account) -> None:
    made = account.http.post(f"{URL}/batch/create", json={"inputs": [STATUS, KEY]})
    assert (made.status_code, len(made.json()["results"])) == (201, 2)
    mixed = account.http.post(f"{URL}/batch/create", json={"inputs": [KEY, {**KEY, "name": "other"}]})
    assert (mixed.status_code, mixed.json()["numErrors"]) == (207, 1)
    assert mixed.json()["errors"][0]["context"] == {"name": ["qbo_invoice_key"]}
    names = [{"name": "qbo_invoice_key"}, {"name": "never_was"}]
    read = account.http.post(f"{URL}/batch/read", json={"inputs": names, "archived": False})
    assert [one["name"] for one in read.json()["results"]] == ["qbo_invoice_key"]
    assert account.http.post(f"{URL}/batch/archive", json={"inputs": names[:1]}).status_code == 204
    assert account.http.get(f"{URL}/qbo_invoice_key").status_code == 404


def test_a_group_with_properties_stays(account: Account) -> None:
    account.http.post(URL, json=KEY)
    refused = account.http.delete(f"{URL}/groups/qbo_sync")
    assert refused.status_code == 400
    assert refused.json()["subCategory"] == "Properties.GROUP_WITH_ACTIVE_PROPERTIES"
    account.http.delete(f"{URL}/qbo_invoice_key")
    assert account.http.delete(f"{URL}/groups/qbo_sync").status_code == 204
    assert account.http.get(f"{URL}/groups/qbo_sync").status_code == 404


def test_groups_are_listed_read_and_changed(account: Account) -> None:
    names = [one["name"] for one in account.http.get(f"{URL}/groups").json()["results"]]
    assert names == ["invoiceinformation", "qbo_sync"]
    changed = account.http.patch(f"{URL}/groups/qbo_sync", json={"label": "QB"})
    assert changed.json() == {"name": "qbo_sync", "label": "QB", "displayOrder": -1, "archived": False}
    assert account.http.post(f"{URL}/groups", json={"name": "qbo_sync", "label": "x"}).status_code == 409
    assert account.http.post(f"{URL}/groups", json={"name": "Bad Name", "label": "x"}).status_code == 400


def test_values_of_a_line_items_properties_are_apart_from_invoices(account: Account) -> None:
    account.http.post(URL, json=KEY)
    assert account.http.get(f"{PROPERTIES}/line_items/qbo_invoice_key").status_code == 404
    body = {"properties": {"qbo_invoice_key": "1"}}
    assert account.http.post(f"{OBJECTS}/line_items", json=body).status_code == 400
