"""What people put on an invoice's lines in QuickBooks survives Tieout's updates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import a_ledger_invoice, some_content
from tests.support.builders_world import World as Office
from tests.unit.test_quickbooks_adapter import World
from tieout.adapters.quickbooks.invoices import read_invoice, update_body
from tieout.adapters.quickbooks.wire import Node
from tieout.domain.invoice import ContentLine, LedgerInvoice
from tieout.domain.planning.difference import changes
from tieout.domain.record import State

DETAIL = "SalesItemLineDetail"
DUE = date(2026, 5, 1)
ONE = ContentLine("1", "Setup", Decimal(1), Decimal(10), Decimal(10))
TWO = ContentLine("1", "Training", Decimal(2), Decimal(20), Decimal(40))
THREE = ContentLine("2", "Travel", Decimal(3), Decimal(30), Decimal(90))


def stored(world: World, id_: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = world.sandbox.company.rows["Invoice"][id_]["Line"]
    return [line for line in lines if line["DetailType"] == DETAIL]


def theirs(line: Mapping[str, Any]) -> dict[str, Any]:
    """The id of a line and what is a person's on it."""
    ours = {"ItemRef", "Qty", "UnitPrice"}
    return {"Id": line["Id"], **{key: value for key, value in line[DETAIL].items() if key not in ours}}


def uncoded(invoice: LedgerInvoice) -> tuple[ContentLine, ...]:
    """The lines without their tax codes."""
    return tuple(replace(line, tax_code=None) for line in invoice.content.lines)


def touched(world: World, made: LedgerInvoice) -> LedgerInvoice:
    """A person gives each line a class, a service date and the tax code TAX."""
    lines = json.loads(json.dumps(stored(world, made.id), default=float))
    for day, line in enumerate(lines, start=1):
        own = {"ServiceDate": f"2026-02-{day:02}", "ClassRef": {"value": "1"}, "TaxCodeRef": {"value": "TAX"}}
        line[DETAIL] = {**line[DETAIL], **own}
    body = {"Id": made.id, "SyncToken": made.sync_token, "sparse": True, "Line": lines}
    world.raw("invoice", json.dumps(body), "a-person")
    return world.ledger.invoice(made.id)


def books() -> World:
    """A company with the class 1 and the items 1 to 3."""
    world = World(using_sales_tax=True)
    world.raw("class", '{"Name":"West"}', "class")
    services = world.sandbox.company.rows["Item"]["1"]
    world.sandbox.company.rows["Item"] |= {id_: {**services, "Id": id_, "Name": f"Item {id_}"} for id_ in ("2", "3")}
    return world


@pytest.fixture
def world() -> World:
    return books()


def test_an_update_of_the_due_date_leaves_the_lines_as_they_stand(world: World) -> None:
    present = touched(world, world.make(world.content(lines=(ONE, TWO))))
    before = stored(world, present.id)
    assert [theirs(line) for line in before] == [
        {"Id": str(n), "ServiceDate": f"2026-02-0{n}", "ClassRef": {"value": "1", "name": "West"},
         "TaxCodeRef": {"value": "TAX"}}
        for n in (1, 2)
    ]  # fmt: skip
    changed = world.update(present, replace(present.content, due_date=DUE))
    assert changed.content == replace(present.content, due_date=DUE)
    assert stored(world, present.id) == before


def test_an_update_of_a_quantity_keeps_what_a_person_put_on_the_line(world: World) -> None:
    present = touched(world, world.make(world.content(lines=(ONE, TWO))))
    before = [theirs(line) for line in stored(world, present.id)]
    more = replace(TWO, quantity=Decimal(5), amount=Decimal(100))
    changed = world.update(present, replace(present.content, lines=(ONE, more)))
    assert uncoded(changed) == (ONE, more)
    assert [theirs(line) for line in stored(world, present.id)] == before


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ((TWO, THREE), ["2", "3"]),
        ((THREE,), ["3"]),
        ((THREE, ONE, TWO), ["3", "1", "2"]),
        ((replace(TWO, quantity=Decimal(1), amount=Decimal(20)), THREE), ["2", "3"]),
        ((replace(TWO, description="Workshop"), THREE), ["1", "3"]),
        ((ONE, replace(TWO, item_id="3", description="Else"), THREE), ["1", "2", "3"]),
        ((ONE, ContentLine("3", "New", Decimal(1), Decimal(1), Decimal(1)), TWO, THREE), ["1", "4", "2", "3"]),
    ],
)
def test_a_line_takes_its_id_along_when_others_fall_away_move_or_come(
    world: World, lines: Sequence[ContentLine], ids: Sequence[str]
) -> None:
    present = touched(world, world.make(world.content(lines=(ONE, TWO, THREE))))
    before = {line["Id"]: theirs(line) for line in stored(world, present.id)}
    changed = world.update(present, replace(present.content, lines=tuple(lines)))
    assert uncoded(changed) == tuple(lines)
    after = stored(world, present.id)
    assert [line["Id"] for line in after] == ids
    assert [theirs(line) for line in after] == [
        before.get(id_, {"Id": id_, "TaxCodeRef": {"value": "NON"}}) for id_ in ids
    ]


def test_a_text_that_falls_away_does_not_stay_on_the_line(world: World) -> None:
    present = touched(world, world.make(world.content(lines=(ONE,))))
    bare = replace(ONE, description=None)
    assert uncoded(world.update(present, replace(present.content, lines=(bare,)))) == (bare,)
    assert theirs(stored(world, present.id)[0])["ClassRef"]


def sent_lines(line: Mapping[str, Any], *lines: ContentLine) -> list[dict[str, Any]]:
    """The lines of the update of an invoice on which `line` stands."""
    head = {"Id": "7", "SyncToken": "3", "CustomerRef": {"value": "58"}, "TxnDate": "2026-03-01", "TotalAmt": 10}
    subtotal = {"DetailType": "SubTotalLineDetail", "Amount": 10, "SubTotalLineDetail": {}}
    present = read_invoice(Node({**head, "Line": [line, subtotal]}), "USD")
    body = update_body(present, some_content(lines=lines), "", World(using_sales_tax=True).ledger.company())
    sent: list[dict[str, Any]] = json.loads(body, parse_float=Decimal)["Line"]
    return sent


WIRE: dict[str, Any] = {
    "Id": "4",
    "LineNum": 1,
    "Description": "Setup",
    "Amount": Decimal("10.00"),
    "LinkedTxn": [{"TxnId": "70", "TxnType": "Estimate", "TxnLineId": "1"}],
    "ProjectRef": {"value": "9"},
    "DetailType": DETAIL,
    DETAIL: {"ItemRef": {"value": "1", "name": "Services"}, "Qty": 1, "UnitPrice": 10, "TaxCodeRef": {"value": "TAX"}},
}


def test_a_line_that_does_not_differ_is_sent_as_it_came_without_what_is_read_only() -> None:
    detail = {**WIRE[DETAIL], "ItemAccountRef": {"value": "79"}, "TaxClassificationRef": {"value": "V"}}
    assert sent_lines({**WIRE, "LineEx": {"any": []}, DETAIL: detail}, ONE) == [WIRE]


def test_a_changed_line_keeps_its_links_and_loses_what_would_contradict_the_new_amount() -> None:
    rate = {**WIRE[DETAIL], "RatePercent": 5, "DiscountRate": 10, "TaxInclusiveAmt": 11}
    [line] = sent_lines({**WIRE, DETAIL: rate}, replace(ONE, quantity=Decimal(2), amount=Decimal(20)))
    assert line == {
        **WIRE,
        "Amount": Decimal("20.00"),
        DETAIL: {"ItemRef": {"value": "1"}, "Qty": 2, "UnitPrice": 10, "TaxCodeRef": {"value": "TAX"}},
    }


def test_a_line_without_a_tax_code_is_marked_untaxed_where_the_item_would_decide() -> None:
    bare = {**WIRE, DETAIL: {key: value for key, value in WIRE[DETAIL].items() if key != "TaxCodeRef"}}
    for line in (ONE, replace(ONE, description="Other")):
        assert sent_lines(bare, line)[0][DETAIL]["TaxCodeRef"] == {"value": "NON"}


@pytest.mark.parametrize("text", ["Setup", "Other"])
@pytest.mark.parametrize(("planned", "stands"), [(None, "TAX"), ("NON", "NON"), ("TAX", "TAX")])
def test_a_tax_code_that_is_planned_is_laid_over_a_persons_and_one_that_is_not_leaves_it(
    text: str, planned: str | None, stands: str
) -> None:
    [line] = sent_lines(WIRE, replace(ONE, description=text, tax_code=planned))
    assert line[DETAIL]["TaxCodeRef"] == {"value": stands}


@pytest.mark.parametrize("detail", [{"PercentBased": True, "DiscountPercent": 10}, {"PercentBased": False}])
def test_a_line_of_another_kind_is_never_made_into_one_of_ours(detail: dict[str, Any]) -> None:
    discount = {"Id": "4", "DetailType": "DiscountLineDetail", "Amount": 1, "DiscountLineDetail": detail}
    [line] = sent_lines(discount, ONE)
    assert "Id" not in line
    assert "DiscountLineDetail" not in line


def test_lines_whose_own_texts_are_not_known_are_not_written_over() -> None:
    with pytest.raises(ValueError, match="zip"):
        update_body(a_ledger_invoice(), some_content(memo="x"), "", World().ledger.company())


lines_of = st.lists(
    st.builds(
        lambda item, text, quantity: ContentLine(item, text, quantity, Decimal(20), quantity * 20),
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, "Setup", "Training"]),
        st.sampled_from([Decimal(1), Decimal("2.5")]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@settings(max_examples=25)
@given(before=lines_of, after=lines_of)
def test_after_an_update_the_ledger_says_what_was_wanted_and_goes_on_saying_it(
    before: tuple[ContentLine, ...], after: tuple[ContentLine, ...]
) -> None:
    world = books()
    present = touched(world, world.make(world.content(lines=before)))
    own = {line["Id"]: theirs(line) for line in stored(world, present.id)}
    wanted = replace(present.content, lines=after, due_date=DUE)
    answer = world.update(present, wanted)
    assert changes(answer.content, wanted) == ()
    assert answer.total == wanted.total
    assert world.ledger.invoice(answer.id) == answer
    kept = [theirs(line) for line in stored(world, answer.id)]
    assert all(line == own[line["Id"]] for line in kept if line["Id"] in own)
    assert sum(line["Id"] in own for line in kept) >= sum(line in before for line in set(after))


# -- through the whole push, with a person in each system


def plain(lines: object) -> list[dict[str, Any]]:
    copied: list[dict[str, Any]] = json.loads(json.dumps(lines, default=float))
    return copied


def test_sales_tax_that_a_person_added_is_attention_and_not_taken_away_by_a_change_in_hubspot() -> None:
    office = Office(using_sales_tax=True)
    id_ = office.invoice()
    office.sync(id_)
    [row] = office.booked()
    lines = plain(office.row(row)["Line"])
    lines[0][DETAIL]["TaxCodeRef"] = {"value": "TAX"}
    office.rebook(row, Line=lines, TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}})
    office.edit(id_, hs_comments="Only the comment changes")
    record = office.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, "edited_in_quickbooks")
    assert (
        record.detail == "total: QuickBooks has 388.80 USD, of which 360.00 USD in the lines, HubSpot has 360.00 USD."
    )
    assert office.row(row)["TotalAmt"] == Decimal("388.80")
    assert "CustomerMemo" not in office.row(row)


@pytest.mark.parametrize(
    "added",
    [
        {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}},
        {"Description": "A note", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_line_that_a_person_added_is_attention_and_stays(added: dict[str, Any], first: bool) -> None:
    office = Office()
    id_ = office.invoice(lines=2)
    office.sync(id_)
    [row] = office.booked()
    lines = plain(office.row(row)["Line"])
    office.rebook(row, Line=[added, *lines] if first else [*lines, added])
    stands = office.row(row)["Line"]
    office.edit(id_, hs_comments="Only the comment changes")
    record = office.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, "edited_in_quickbooks")
    assert office.row(row)["Line"] == stands
