"""The QuickBooks sandbox carries out batches as Intuit documents them: item by item, each with its own answer."""

from typing import Any

import pytest

from infra.sandbox.kernel.wire import loads
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, sale
from tests.contract.test_quickbooks_sandbox_payments import applied, pay

FORM = {"CustomerRef": {"value": "1"}, "Line": [sale("10")]}


def key(current: dict[str, Any]) -> dict[str, Any]:
    return {"Id": current["Id"], "SyncToken": current["SyncToken"]}


def void(entity: str, current: dict[str, Any]) -> dict[str, Any]:
    body = {**key(current), "sparse": True}
    return {"bId": entity, "operation": "update", "optionsData": "void", entity: body}


def code(item: dict[str, Any]) -> str:
    return str(item["Fault"]["Error"][0]["code"])


def test_each_item_succeeds_or_fails_alone_under_status_200() -> None:
    visitor = company()
    made = invoice(visitor)
    create, stale, wrong, query = visitor.batch(
        {"bId": "a", "operation": "create", "Invoice": FORM},
        {"bId": "b", "operation": "update", "Invoice": {"Id": made["Id"], "SyncToken": "7", "sparse": True}},
        {"bId": "c", "operation": "fly", "Invoice": FORM},
        {"bId": "d", "Query": "select * from Invoice where Id = '1'"},
    )
    assert (create["bId"], create["Invoice"]["TotalAmt"]) == ("a", 10)
    assert (stale["bId"], stale["Fault"]["type"], code(stale)) == ("b", "ValidationFault", "5010")
    assert (wrong["bId"], code(wrong)) == ("c", "500")
    assert (query["bId"], query["QueryResponse"]["Invoice"]) == ("d", [made])


def test_void_is_an_update_with_an_option_for_every_entity() -> None:
    visitor = company()
    made = invoice(visitor)
    paid = pay(visitor, "40", applied(made, "40"))
    first, stale = visitor.batch(void("Payment", paid), void("Invoice", made))
    assert first["Payment"]["PrivateNote"] == "Voided"
    assert code(stale) == "5010"
    [second] = visitor.batch(void("Invoice", visitor.read("Invoice", made["Id"])))
    assert second["Invoice"]["TotalAmt"] == 0
    [gone] = visitor.batch({"bId": "1", "operation": "delete", "Payment": key(first["Payment"])})
    assert gone["Payment"] == {"domain": "QBO", "status": "Deleted", "Id": paid["Id"]}


def test_at_most_thirty_items() -> None:
    visitor = company()
    items = [{"bId": str(n), "Query": "select count(*) from Invoice"} for n in range(31)]
    assert len(visitor.batch(*items[:30])) == 30
    with pytest.raises(RefusedError, match=r"^1040 "):
        visitor.batch(*items)
    with pytest.raises(RefusedError, match=r"^2020 "):
        visitor.batch()


def test_a_batch_that_is_sent_again_is_answered_again_and_not_carried_out() -> None:
    visitor = company()
    item = {"bId": "1", "operation": "create", "Invoice": FORM}
    first = visitor.batch(item, requestid="x" * 36)
    assert visitor.batch(item, requestid="x" * 36) == first
    assert visitor.query("select count(*) from Invoice") == {"totalCount": 1}
    with pytest.raises(RefusedError, match=r"^2130 "):
        visitor.batch(item, requestid="x" * 37)
    [long] = visitor.batch({**item, "bId": "12345678901"})
    assert code(long) == "2130"


@pytest.mark.parametrize(("way", "reads"), [("each_query", 2), ("one", 1), ("none", 0)])
def test_the_queries_of_a_batch_are_metered_by_setting(way: str, reads: int) -> None:
    app: Any = company(batch_reads=way).app
    client = Visitor(app, access_token=app.config.access_token)
    query = {"Query": "select count(*) from Invoice"}
    client.batch({"bId": "1", **query}, {"bId": "2", **query}, {"bId": "3", "operation": "create", "Invoice": FORM})
    assert (app.company.reads, app.company.writes) == (reads, 1)


def test_batches_have_a_limit_of_their_own() -> None:
    app: Any = company(requests_per_second=None, batches_per_minute=2).app
    client = Visitor(app, access_token=app.config.access_token)
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Invoice"}]}
    assert [client.call("POST", "batch", body).status_code for _ in range(3)] == [200, 200, 429]
    assert client.call("GET", "preferences").status_code == 200
    app.clock.advance(61)
    assert loads(client.call("POST", "batch", body).content)["BatchItemResponse"][0]["bId"] == "1"
