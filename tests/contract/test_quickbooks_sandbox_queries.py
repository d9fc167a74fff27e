"""The QuickBooks sandbox understands Intuit's query language, and no more than that."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.visitor import RefusedError, Visitor


def visit(**settings: Any) -> Visitor:
    config = QuickBooksConfig(requests_per_second=None, requests_per_minute=None).with_settings(settings)
    app = QuickBooksSandbox(config, clock=SandboxClock(datetime(2026, 11, 24, 18, tzinfo=UTC)))
    visitor = Visitor(app)
    visitor.create("Customer", DisplayName="Adam's Candy Shop", PrimaryEmailAddr={"Address": "adam@candy.test"})
    visitor.create("Customer", DisplayName="Bob", Active=True)
    gone = visitor.create("Customer", DisplayName="Old Carl")
    visitor.change("Customer", gone, Active=False)
    for day, amount in (("2026-11-01", 10), ("2026-11-02", 30), ("2026-11-03", 20)):
        line = {"Amount": amount, "DetailType": "SalesItemLineDetail"}
        line["SalesItemLineDetail"] = {"ItemRef": {"value": "1"}}
        visitor.create("Invoice", CustomerRef={"value": "1"}, TxnDate=day, PrivateNote=f"note {day}", Line=[line])
        app.clock.advance(60)
    return visitor


def ids(visitor: Visitor, statement: str) -> list[str]:
    found = visitor.query(statement)
    return [row["Id"] for rows in found.values() if isinstance(rows, list) for row in rows]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select * from Customer", ["1", "2"]),
        ("SELECT * FROM customer WHERE Active IN (true, false)", ["1", "2", "3"]),
        ("select * from Customer where Active = false", ["3"]),
        (r"select * from Customer where DisplayName = 'Adam\'s Candy Shop'", ["1"]),
        ("select * from Customer where DisplayName like '%candy%'", ["1"]),
        ("select * from Customer where DisplayName LIKE 'Candy%'", []),
        ("select * from Customer where DisplayName in ('Bob', 'Nobody')", ["2"]),
        ("select * from Customer where Id = '3' and Active in (true,false)", ["3"]),
        ("select * from Customer where Id in ('2', '1')", ["2", "1"]),
        ("select * from Customer where PrimaryEmailAddr = 'adam@candy.test'", ["1"]),
        ("select * from Customer where Balance > '0'", ["1"]),
        ("select * from Invoice where CustomerRef = '1' AND TxnDate >= '2026-11-02'", ["2", "3"]),
        ("select * from Invoice where TotalAmt > '10' and TotalAmt <= 20.00", ["3"]),
        ("select * from Invoice where MetaData.LastUpdatedTime > '2026-11-24T10:00:30-08:00'", ["2", "3"]),
        ("select * from Invoice where MetaData.CreateTime < '2026-11-24T18:01:00Z'", ["1"]),
        ("select * from Invoice where MetaData.CreateTime < '2026-11-24'", []),
        ("select * from Invoice where DocNumber = '1002'", ["2"]),
        ("select * from Invoice orderby TotalAmt desc", ["2", "3", "1"]),
        ("select * from Invoice ORDER BY TxnDate ASC STARTPOSITION 2 MAXRESULTS 1", ["2"]),
        ("select * from Invoice startposition 3", ["3"]),
        ("select * from Invoice startposition 4", []),
        ("select * from Invoice maxresults 2;", ["1", "2"]),
    ],
)
def test_a_statement_finds_what_it_says(statement: str, expected: list[str]) -> None:
    assert ids(visit(), statement) == expected


def test_an_answer_carries_its_place_and_an_empty_one_carries_nothing() -> None:
    visitor = visit()
    found = visitor.query("select * from Invoice startposition 2 maxresults 1")
    assert (found["startPosition"], found["maxResults"]) == (2, 1)
    assert visitor.query("select * from Invoice where DocNumber = 'none'") == {}
    assert visitor.query("select count(*) from Invoice") == {"totalCount": 3}
    assert visitor.query("select COUNT(*) from Invoice where TotalAmt > '15'") == {"totalCount": 2}


def test_a_query_may_come_in_a_body() -> None:
    visitor = visit()
    response = visitor.call("POST", "query", b"select * from Customer where DisplayName = 'Bob'")
    assert response.json()["QueryResponse"]["Customer"][0]["Id"] == "2"


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("2020", " "),
        ("4000", "update Customer"),
        ("4000", "select Id from Customer"),
        ("4000", "select * from Customer where DisplayName = 'Adam''s'"),
        ("4000", "select * from Customer where DisplayName = Bob"),
        ("4000", "select * from Customer where DisplayName = 'Bob' or Active = true"),
        ("4000", "select * from Customer where DisplayName != 'Bob'"),
        ("4000", "select * from Customer group by Active"),
        ("4000", "select * from Customer where DisplayName in ('Bob'"),
        ("4001", "select * from Unicorn"),
        ("4001", "select * from Customer where Horns = '1'"),
        ("4001", "select * from Customer where Notes = 'x'"),
        ("4001", "select * from Invoice where PrivateNote = 'x'"),
        ("4001", "select * from Invoice where CustomerRef.value = '1'"),
        ("4001", "select * from Invoice where Id > '1'"),
        ("4001", "select * from Invoice where TotalAmt > 'much'"),
        ("4001", "select * from Invoice where MetaData.CreateTime > 'soon'"),
        ("4001", "select * from Invoice orderby Id"),
        ("4001", "select * from Customer maxresults 1001"),
    ],
)
def test_what_the_language_lacks_is_refused(code: str, statement: str) -> None:
    with pytest.raises(RefusedError, match=rf"^{code} "):
        visit().query(statement)


def test_positions_begin_at_one() -> None:
    with pytest.raises(RefusedError, match=r"4001 .*value 0 is too small\. Min allowed value is 1"):
        visit().query("select * from Customer startposition 0")


def test_what_may_be_filtered_is_switchable_where_the_vendor_is_silent() -> None:
    assert ids(visit(filter_by_private_note=True), "select * from Invoice where PrivateNote like '%11-02'") == ["2"]
    with pytest.raises(RefusedError, match=r"^4001 "):
        visit(filter_by_email=False).query("select * from Customer where PrimaryEmailAddr = 'adam@candy.test'")


def test_a_backslash_escapes_itself_or_stands_for_itself_by_setting() -> None:
    statement = r"select * from Customer where DisplayName = 'A\\B'"
    for mode, name in (("escape", "A\\B"), ("literal", "A\\\\B")):
        visitor = visit(query_backslash=mode)
        made = visitor.create("Customer", DisplayName=name)
        assert ids(visitor, statement) == [made["Id"]]


def test_the_apps_reads_are_metered_and_writes_and_refusals_are_not() -> None:
    app = QuickBooksSandbox(clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC)))
    visitor = Visitor(app, access_token=app.config.access_token)
    visitor.create("Customer", DisplayName="A")
    visitor.read("Customer", "1")
    visitor.query("select * from Customer")
    visitor.call("POST", "query", b"select * from Customer")
    visitor.call("GET", "customer/99")
    Visitor(app).read("Customer", "1")
    assert app.company.reads == 3
