"""Files and notes in the HubSpot sandbox: as the guides say, and the parts that are not documented by switches."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from infra.sandbox.hubspot.object_types import all_scopes
from tests.contract.hubspot_client_support import ASSOCIATIONS, OBJECTS, Account, to

FILES = "/files/2026-09/files"
PRIVATE = {"access": "PRIVATE"}


def send(
    account: Account, path: str = FILES, *, method: str = "POST", content: bytes = b"%PDF-1", **fields: Any
) -> httpx.Response:
    form = {"fileName": "a.pdf", "folderPath": "/Tieout", "options": json.dumps(PRIVATE), **fields}
    form = {name: value for name, value in form.items() if value is not None}
    return account.http.request(method, path, data=form, files={"file": ("a.pdf", content, "application/pdf")})


def test_a_file_is_private_and_is_read_by_a_link_that_ends() -> None:
    account = Account()
    made = send(account)
    assert made.status_code == 201
    file = made.json()
    assert (file["name"], file["extension"], file["access"], file["path"]) == ("a", "pdf", "PRIVATE", "/Tieout/a.pdf")
    link = account.http.get(f"{FILES}/{file['id']}/signed-url").json()
    assert link["url"]
    assert link["expiresAt"] > file["createdAt"]


def test_a_file_of_the_same_name_gets_another_one_unless_it_is_overwritten() -> None:
    account = Account()
    first, second = send(account).json(), send(account).json()
    assert (second["name"], first["id"] != second["id"]) == ("a-1", True)
    over = send(account, options=json.dumps({**PRIVATE, "overwrite": True})).json()
    assert (over["name"], over["id"] == first["id"]) == ("a", False)
    assert account.http.get(f"{FILES}/{first['id']}").status_code == 404


def test_whether_an_overwritten_file_keeps_its_id_is_a_switch() -> None:
    account = Account(overwritten_file_gets_new_id=False)
    first = send(account).json()
    assert send(account, options=json.dumps({**PRIVATE, "overwrite": True})).json()["id"] == first["id"]


def test_a_replaced_file_keeps_its_id() -> None:
    account = Account()
    file = send(account).json()
    path = f"{FILES}/{file['id']}"
    changed = send(account, path, method="PUT", content=b"%PDF-2 more", fileName=None, folderPath=None)
    assert (changed.status_code, changed.json()["id"], changed.json()["size"]) == (200, file["id"], 11)
    assert account.http.delete(path).status_code == 204
    assert account.http.get(path).status_code == 404
    assert send(account, path, method="PUT").status_code == 404


@pytest.mark.parametrize(
    "fields", [{"options": None}, {"options": "{}"}, {"options": "no"}, {"folderPath": None}, {"fileName": "nothing"}]
)
def test_an_upload_says_where_and_for_whom(fields: dict[str, Any]) -> None:
    assert send(Account(), **fields).status_code == 400


def test_files_have_a_scope_of_their_own() -> None:
    account = Account(tokens={"pat-na1-sandbox": sorted(all_scopes() - {"files"})})
    refused = send(account)
    assert refused.status_code == 403
    assert "files" in refused.text


@pytest.mark.parametrize(("kind", "type_id"), [("contacts", 202), ("companies", 190), ("deals", 214)])
def test_a_note_hangs_on_a_record_and_is_found_there(kind: str, type_id: int) -> None:
    account = Account()
    record = account.create(kind, **({"name": "Acme"} if kind == "companies" else {}))
    note = account.create(
        "notes", [to(record, type_id)], hs_timestamp="2026-11-24T09:00:00Z", hs_note_body="x", hs_attachment_ids="7"
    )
    answer = account.http.post(f"{ASSOCIATIONS}/{kind}/notes/batch/read", json={"inputs": [{"id": record}]}).json()
    assert [str(one["toObjectId"]) for one in answer["results"][0]["to"]] == [note]
    assert account.read("notes", note, "hs_attachment_ids")["hs_attachment_ids"] == "7"


def test_a_note_needs_a_time_and_hangs_on_no_invoice() -> None:
    account = Account()
    assert account.http.post(f"{OBJECTS}/notes", json={"properties": {"hs_note_body": "x"}}).status_code == 400
    invoice = account.invoice()
    note = account.create("notes", hs_timestamp="2026-11-24T09:00:00Z")
    path = f"{OBJECTS}/notes/{note}/associations/default/invoices/{invoice}"
    assert account.http.put(path).status_code == 400
    assert account.http.get(f"{ASSOCIATIONS}/notes/invoices/labels").json()["results"] == []


def test_a_deal_is_won_or_lost_by_its_stage() -> None:
    account = Account()
    deal = account.create("deals", dealname="Roof", dealstage="contractsent", closedate="2027-01-31T00:00:00Z")
    names = ("hs_is_closed", "hs_is_closed_won", "closedate")
    assert account.read("deals", deal, *names)["hs_is_closed"] == "false"
    account.update("deals", deal, dealstage="closedwon")
    read = account.read("deals", deal, *names)
    assert (read["hs_is_closed"], read["hs_is_closed_won"], read["closedate"][:10]) == ("true", "true", "2026-11-24")
    account.update("deals", deal, dealstage="closedlost")
    assert account.read("deals", deal, *names)["hs_is_closed_won"] == "false"
