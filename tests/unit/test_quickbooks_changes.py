"""What changed in QuickBooks: change data capture and queries, over the sandbox and over answers written by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.sandbox.quickbooks.visitor import Visitor
from tests.support.memory import MemoryLimiter, VirtualClock
from tests.unit.test_quickbooks_adapter import START, World
from tests.unit.test_quickbooks_faults import CONNECTION, Tokens
from tieout.adapters.http import make_client
from tieout.adapters.quickbooks.changes import read_changes
from tieout.adapters.quickbooks.client import QuickBooksClient
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.adapters.quickbooks.query import PAGE
from tieout.adapters.quickbooks.wire import Node, Unreadable
from tieout.domain.errors import Transient
from tieout.ports.payments import ChangedDocument

FOLLOWED = ("Invoice", "Payment", "CreditMemo", "RefundReceipt", "SalesReceipt")
UNTIL = "2026-03-02T01:30:00.123-08:00"


def pay(person: Visitor, customer: str) -> dict[str, Any]:
    return person.create("Payment", CustomerRef={"value": customer}, TotalAmt=Decimal("5.00"))


def test_one_call_tells_what_changed_of_every_kind_and_what_was_deleted() -> None:
    world = World()
    person = Visitor(world.sandbox)
    world.sandbox.clock.advance(60)
    invoice, kept, gone = world.make(), pay(person, world.customer), pay(person, world.customer)
    world.sandbox.clock.advance(60)
    person.delete("Payment", gone)
    before = world.exchanges
    told = world.ledger.changes(FOLLOWED, START)
    assert world.exchanges == before + 1
    assert {(one.entity, one.id, one.deleted) for one in told.documents} == {
        ("Invoice", invoice.id, False),
        ("Payment", kept["Id"], False),
        ("Payment", gone["Id"], True),
    }
    times = {one.id: one.updated_at for one in told.documents if one.entity == "Payment"}
    assert times == {kept["Id"]: START + timedelta(seconds=60), gone["Id"]: START + timedelta(seconds=120)}
    assert (told.until, told.complete) == (START + timedelta(seconds=120), True)


def test_nothing_changed_is_an_answer_and_a_failed_call_is_none() -> None:
    world = World()
    world.sandbox.clock.advance(5)
    told = world.ledger.changes(FOLLOWED, START)
    assert (told.documents, told.until, told.complete) == ((), START + timedelta(seconds=5), True)
    world.fault("status_500")
    with pytest.raises(Transient):
        world.ledger.changes(FOLLOWED, START)


@pytest.mark.parametrize("limit", ["in_all", "each_entity"])
def test_an_answer_that_was_cut_off_says_so(limit: str) -> None:
    world = World(cdc_limit=limit)
    person = Visitor(world.sandbox)
    world.sandbox.clock.advance(1)
    for _ in range(PAGE):
        pay(person, world.customer)
    assert not world.ledger.changes(("Invoice", "Payment"), START).complete
    assert len(world.ledger.changed_since("Payment", START)) == PAGE


def wire(*parts: object, **more: object) -> Node:
    return Node({"CDCResponse": [{"QueryResponse": list(parts)}], "time": UNTIL, **more})


def stamped(id_: str, **more: object) -> dict[str, object]:
    return {"Id": id_, "MetaData": {"LastUpdatedTime": "2026-03-02T00:00:00-08:00"}, **more}


def test_parts_are_told_apart_by_name_and_not_by_their_place() -> None:
    told = read_changes(
        wire({"Payment": [stamped("7")], "startPosition": 1}, {}, {"Invoice": [stamped("7")]}), FOLLOWED
    )
    assert sorted((one.entity, one.id) for one in told.documents) == [("Invoice", "7"), ("Payment", "7")]
    assert {one.updated_at for one in told.documents} == {datetime(2026, 3, 2, 8, tzinfo=UTC)}
    assert told.until == datetime(2026, 3, 2, 9, 30, 0, 123000, tzinfo=UTC)


def test_a_deletion_without_a_time_happened_before_the_answer() -> None:
    told = read_changes(wire({"Payment": [{"Id": "7", "status": "Deleted", "domain": "QBO"}]}), FOLLOWED)
    assert told.documents == (ChangedDocument("Payment", "7", told.until, deleted=True),)


def test_no_changes_come_as_an_empty_part_or_as_none() -> None:
    assert read_changes(wire({}), FOLLOWED).documents == read_changes(wire(), FOLLOWED).documents == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"time": UNTIL},
        {"CDCResponse": [], "time": UNTIL},
        {"CDCResponse": [{"Fault": {"Error": []}}], "time": UNTIL},
        {"CDCResponse": [{"QueryResponse": [{"Fault": {"Error": []}}]}], "time": UNTIL},
        {"CDCResponse": [{"QueryResponse": [{}]}]},
        {"CDCResponse": [{"QueryResponse": [{"Payment": [{"MetaData": {}}]}]}], "time": UNTIL},
    ],
)
def test_an_answer_with_a_part_missing_is_a_failed_read(answer: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        read_changes(Node(answer), FOLLOWED)


class Shelf:
    """A company's payments by time of change, that answers the pages of a query as QuickBooks does."""

    def __init__(self, seconds: list[int], page: int, *, between: Callable[[int, list[int]], None]) -> None:
        self.seconds, self.page, self.asked, self._between = list(seconds), page, 0, between

    def __call__(self, request: httpx.Request) -> httpx.Response:
        words = request.url.params["query"].split()
        if "Payment" not in words:
            return httpx.Response(404)
        begin = datetime.fromisoformat(words[words.index(">=") + 1].strip("'"))
        start = int(words[words.index("STARTPOSITION") + 1]) - 1
        assert words[words.index("ORDERBY") + 1] == "MetaData.LastUpdatedTime"
        rows = sorted((START + timedelta(seconds=at), str(id_)) for id_, at in enumerate(self.seconds, start=1))
        rows = [row for row in rows if row[0] >= begin][start : start + self.page]
        self.asked += 1
        self._between(self.asked, self.seconds)
        payments = [{"Id": id_, "MetaData": {"LastUpdatedTime": at.isoformat()}} for at, id_ in rows]
        return httpx.Response(200, json={"QueryResponse": {"Payment": payments} if payments else {}, "time": UNTIL})

    def ledger(self) -> QuickBooksLedger:
        http = make_client("https://quickbooks.test", transport=httpx.MockTransport(self))
        clock = VirtualClock()
        client = QuickBooksClient(CONNECTION, http, Tokens(), MemoryLimiter(clock))
        return QuickBooksLedger(CONNECTION, client, clock, "https://app.test")


def pages_through(shelf: Shelf) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tieout.adapters.quickbooks.query.PAGE", shelf.page)
        found = shelf.ledger().changed_since("Payment", START)
    assert sorted(int(one.id) for one in found) == list(range(1, len(shelf.seconds) + 1))


@given(st.lists(st.integers(0, 6), max_size=25), st.integers(2, 6), st.lists(st.integers(0, 24), max_size=6))
def test_no_change_is_passed_over_whatever_changes_again_between_the_pages(
    seconds: list[int], page: int, again: list[int]
) -> None:
    def change(asked: int, present: list[int]) -> None:
        if asked <= len(again) and again[asked - 1] < len(present):
            present[again[asked - 1]] = 100 + asked

    assume(all(seconds.count(second) < page for second in seconds))
    pages_through(Shelf(seconds, page, between=change))


@given(st.lists(st.integers(0, 3), max_size=25), st.integers(1, 6))
def test_more_changes_in_a_second_than_a_page_holds_are_all_listed(seconds: list[int], page: int) -> None:
    pages_through(Shelf(seconds, page, between=lambda _asked, _present: None))
