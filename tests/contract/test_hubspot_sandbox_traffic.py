"""A day of ordinary calls to the HubSpot sandbox: the same in process and over HTTP, and of the vendor's own shapes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.sandbox.hubspot import HubSpotSandbox
from infra.sandbox.kernel import SandboxClock, SandboxTransport, running
from tests.contract.hubspot_client_support import ASSOCIATIONS, OBJECTS, PROPERTIES, START, TOKEN, defined, to

CHECKER = Path(__file__).resolve().parents[3] / "shared" / "tools" / "check_traffic.py"
KEY = {"name": "qbo_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "qbo_sync"}


Calls = Iterator[tuple[str, str, Any]]
Made = list[dict[str, Any]]


def calls(made: Made) -> Calls:
    """Calls of every kind; `made` holds the answers so far."""
    yield from making(made)
    company, invoice, deal = (str(made[at]["id"]) for at in (1, 2, 7))
    yield from reading(invoice)
    yield from associating(invoice, company, deal)
    yield from defining()
    yield from batching(invoice)
    yield from paying(made, invoice)
    yield "DELETE", f"{OBJECTS}/deals/{deal}", None
    yield "GET", f"{OBJECTS}/deals/{deal}?archived=true", None
    yield "GET", "/account-info/2026-09/details", None
    yield "GET", "/tax-rates/2026-09/tax-rates?active=true&limit=1", None
    yield "GET", f"/crm/v3/objects/invoices/{invoice}", None
    yield "GET", "/crm/v3/properties/invoices", None


def making(made: Made) -> Calls:
    """An invoice with all its parts."""
    yield "POST", f"{OBJECTS}/contacts", {"properties": {"email": "ann@example.com", "firstname": "Ann"}}
    yield "POST", f"{OBJECTS}/companies", {"properties": {"name": "Acme"}}
    links = [to(str(made[0]["id"]), 177), to(str(made[1]["id"]), 179)]
    yield "POST", f"{OBJECTS}/invoices", {"properties": {"hs_currency": "USD"}, "associations": links}
    invoice = str(made[2]["id"])
    line = {"properties": {"name": "Work", "quantity": "3", "price": "120.00"}, "associations": [to(invoice, 410)]}
    yield "POST", f"{OBJECTS}/line_items", line
    for kind, type_id in (("discounts", 412), ("fees", 414), ("taxes", 416)):
        properties = {"hs_label": kind, "hs_type": "PERCENT", "hs_value": "5"}
        yield "POST", f"{OBJECTS}/{kind}", {"properties": properties, "associations": [to(invoice, type_id)]}
    yield "POST", f"{OBJECTS}/deals", {"properties": {"dealname": "Deal", "amount": "1"}}
    yield "POST", f"{OBJECTS}/products", {"properties": {"name": "Hour", "price": "80"}}
    yield "PATCH", f"{OBJECTS}/invoices/{invoice}", {"properties": {"hs_invoice_status": "open"}}
    yield "PATCH", f"{OBJECTS}/invoices/{invoice}", {"properties": {"hs_balance_due": "1"}}


def paying(made: Made, invoice: str) -> Calls:
    """Payments recorded, changed and deleted by the app, and one that a buyer made."""
    new = {"hs_initial_amount": "50.00", "hs_initiated_date": "2026-11-10T18:04:11.823Z", "hs_currency_code": "USD"}
    links = [to(invoice, 542), to(str(made[0]["id"]), 387)]
    yield "POST", f"{OBJECTS}/commerce_payments", {"properties": new, "associations": links}
    recorded = str(made[-1]["id"])
    yield "PATCH", f"{OBJECTS}/commerce_payments/{recorded}", {"properties": {"hs_latest_status": "succeeded"}}
    keyed = {"id": "qbo-7", "idProperty": "hs_external_reference_id", "properties": new, "objectWriteTraceId": "t"}
    for _ in range(2):
        yield "POST", f"{OBJECTS}/commerce_payments/batch/upsert", {"inputs": [keyed]}
    yield "POST", "/_sandbox/people", {"act": "pay", "invoices": [invoice], "amount": "20.00"}
    paid = str(made[-1]["result"])
    yield "POST", "/_sandbox/people", {"act": "refund", "payment": paid, "amount": "5"}
    yield "PATCH", f"{OBJECTS}/commerce_payments/{paid}", {"properties": {"hs_latest_status": "refunded"}}
    names = ["hs_fees_amount", "hs_platform_fee", "hs_net_amount", "hs_refunds_amount", "hs_latest_status"]
    history = {"properties": names, "propertiesWithHistory": ["hs_refunds_amount"]}
    yield "POST", f"{OBJECTS}/commerce_payments/batch/read", {"inputs": [{"id": paid}, {"id": "5"}], **history}
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1790000000000"}]
    sorts = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    search = {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": names, "limit": 2, "after": "0"}
    yield "POST", f"{OBJECTS}/commerce_payments/search", search
    inputs = {"inputs": [{"id": paid}, {"id": recorded}]}
    yield "POST", f"{ASSOCIATIONS}/commerce_payments/invoices/batch/read", inputs
    yield "GET", f"{ASSOCIATIONS}/commerce_payments/invoices/labels", None
    yield "GET", f"{PROPERTIES}/commerce_payments", None
    yield "DELETE", f"{OBJECTS}/commerce_payments/{paid}", None
    yield "DELETE", f"{OBJECTS}/commerce_payments/{recorded}", None
    yield "GET", f"{OBJECTS}/commerce_payments?archived=true&limit=1&properties=hs_latest_status", None


def reading(invoice: str) -> Calls:
    """One record, a list, and one by another key."""
    query = "properties=hs_number,hs_amount_billed,hs_comments&associations=contacts,line_items"
    yield "GET", f"{OBJECTS}/invoices/{invoice}?{query}&propertiesWithHistory=hs_invoice_status", None
    yield "GET", f"{OBJECTS}/invoices?limit=1&properties=hs_number&archived=false", None
    yield "GET", f"{OBJECTS}/contacts/ann%40example.com?idProperty=email", None
    yield "GET", f"{OBJECTS}/invoices/1", None


def associating(invoice: str, company: str, deal: str) -> Calls:
    """Single associations, batches and labels."""
    yield "PUT", f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{deal}", None
    yield "DELETE", f"{OBJECTS}/invoices/{invoice}/associations/deals/{deal}", None
    yield "PUT", f"{OBJECTS}/invoices/{invoice}/associations/deals/{deal}", [defined(175)]
    yield "GET", f"/crm/v4/objects/invoices/{invoice}/associations/line_items?limit=100", None
    pair = {"from": {"id": invoice}, "to": {"id": company}}
    for base in (ASSOCIATIONS, "/crm/v4/associations"):
        yield "POST", f"{base}/invoices/line_items/batch/read", {"inputs": [{"id": invoice}, {"id": "5"}]}
        create = [pair | {"types": [defined(179)]}, pair | {"types": [defined(180)]}]
        yield "POST", f"{base}/invoices/companies/batch/create", {"inputs": create[:1]}
        yield "POST", f"{base}/invoices/companies/batch/create", {"inputs": create}
        yield "POST", f"{base}/invoices/companies/batch/associate/default", {"inputs": [pair]}
        gone = {"from": {"id": invoice}, "to": [{"id": company}]}
        yield "POST", f"{base}/invoices/companies/batch/archive", {"inputs": [gone]}
    yield "GET", f"{ASSOCIATIONS}/invoices/contacts/labels", None


def defining() -> Calls:
    """Groups and properties."""
    yield "POST", f"{PROPERTIES}/invoices/groups", {"name": "qbo_sync", "label": "QuickBooks"}
    yield "PATCH", f"{PROPERTIES}/invoices/groups/qbo_sync", {"label": "QuickBooks sync"}
    yield "GET", f"{PROPERTIES}/invoices/groups", None
    yield "POST", f"{PROPERTIES}/invoices", {**KEY, "hasUniqueValue": True}
    yield "POST", f"{PROPERTIES}/invoices", KEY
    yield "POST", f"{PROPERTIES}/invoices/batch/create", {"inputs": [{**KEY, "name": "qbo_id"}, KEY]}
    yield "GET", f"{PROPERTIES}/invoices", None
    yield "GET", f"{PROPERTIES}/invoices/qbo_key", None
    yield "PATCH", f"{PROPERTIES}/invoices/qbo_id", {"description": "Id in QuickBooks"}
    yield "DELETE", f"{PROPERTIES}/invoices/qbo_id", None
    yield "GET", f"{PROPERTIES}/invoices/qbo_id?archived=true", None


def batching(invoice: str) -> Calls:
    """Batches and a search."""
    keyed = {"id": "7", "idProperty": "qbo_key", "properties": {"hs_currency": "USD"}, "objectWriteTraceId": "t"}
    yield "POST", f"{OBJECTS}/invoices/batch/upsert", {"inputs": [keyed]}
    yield "POST", f"{OBJECTS}/invoices/batch/upsert", {"inputs": [keyed]}
    read = {"inputs": [{"id": "7"}, {"id": "8"}], "idProperty": "qbo_key", "properties": ["hs_number"]}
    yield "POST", f"{OBJECTS}/invoices/batch/read", {**read, "propertiesWithHistory": []}
    new = {"properties": {"hs_currency": "USD"}, "objectWriteTraceId": "a"}
    bad = {"properties": {"hs_currency": "USD", "missing": "x"}, "objectWriteTraceId": "b"}
    yield "POST", f"{OBJECTS}/invoices/batch/create", {"inputs": [new, bad]}
    update = {"id": invoice, "properties": {"hs_comments": "x"}}
    yield "POST", f"{OBJECTS}/invoices/batch/update", {"inputs": [update]}
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1790000000000"}]
    sorts = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    body = {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": ["hs_number"], "limit": 2}
    yield "POST", f"{OBJECTS}/invoices/search", {**body, "after": "0"}
    yield "POST", f"{OBJECTS}/invoices/batch/archive", {"inputs": [{"id": "1"}]}


def play(client: httpx.Client) -> list[tuple[int, Any, dict[str, str]]]:
    """Makes the calls, and gives status, body and the headers that are HubSpot's."""
    made: list[dict[str, Any]] = []
    answers = []
    for method, url, body in calls(made):
        answer = client.request(method, url, json=body, headers={"authorization": f"Bearer {TOKEN}"})
        shown = answer.json() if answer.content else {}
        made.append(shown)
        headers = {name: value for name, value in answer.headers.items() if name.startswith("x-hubspot")}
        answers.append((answer.status_code, shown, headers))
    return answers


def sandbox() -> HubSpotSandbox:
    return HubSpotSandbox(clock=SandboxClock(START), seed=5)


def in_process(app: HubSpotSandbox, url: str = "https://api.hubapi.com") -> list[tuple[int, Any, dict[str, str]]]:
    with httpx.Client(transport=SandboxTransport(app), base_url=url) as client:
        return play(client)


def test_a_served_sandbox_answers_as_the_one_in_process() -> None:
    with running(sandbox()) as url, httpx.Client(base_url=url, trust_env=False) as client:
        served = play(client)
    assert served == in_process(sandbox(), url)
    assert {status for status, _, _ in served} == {200, 201, 204, 207, 400, 404, 409}


def test_every_exchange_has_a_shape_that_hubspot_publishes(tmp_path: Path) -> None:
    if not CHECKER.exists():
        pytest.skip(f"no traffic check at {CHECKER}: the shapes cannot be judged here")
    app = sandbox()
    in_process(app)
    for kind in ("status_429", "status_500", "status_401"):
        app.faults.add({"kind": kind, "times": 1})
        with httpx.Client(transport=SandboxTransport(app), base_url="https://api.hubapi.com") as client:
            client.get(f"{OBJECTS}/contacts", headers={"authorization": f"Bearer {TOKEN}"})
    recorded = tmp_path / "traffic.jsonl"
    recorded.write_text("".join(app.traffic.lines()), encoding="utf-8")
    assert all(TOKEN not in line for line in app.traffic.lines())
    judged = subprocess.run(
        [sys.executable, str(CHECKER), str(recorded)], capture_output=True, text=True, check=False, timeout=120
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert len([json.loads(line) for line in app.traffic.lines()]) > 50
