"""One record that needs a person: both values, taking a side, refunds from QuickBooks, links by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.builders_money_world import CLEARING
from tests.support.console_client import ConsoleClient, Response
from tests.support.console_world import HOSTILE_NAME, ConsoleWorld
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.person import Role
from tieout.domain.record import Kind, RecordKey, State


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


@pytest.fixture
def console(world: MirrorWorld) -> ConsoleWorld:
    return ConsoleWorld(world)


@pytest.fixture
def client(console: ConsoleWorld) -> ConsoleClient:
    return console.signed_in()


def at(console: ConsoleWorld, id_: str, kind: str = "invoice", system: str = "hubspot") -> str:
    return console.path(f"/attention/{kind}/{system}/{id_}")


def edited(world: MirrorWorld) -> str:
    """An invoice whose due date was changed on both sides."""
    id_ = world.invoice()
    world.sync(id_)
    world.rebook(world.booked()[-1], DueDate="2026-04-15")
    world.edit(id_, hs_due_date="2026-04-30T00:00:00Z")
    assert world.sync(id_).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    return id_


def worked_off(world: MirrorWorld) -> None:
    world.clock.advance(60)
    world.push(*world.hints.pop_due(limit=10))


def take(console: ConsoleWorld, client: ConsoleClient, id_: str, side: str, note: str = "") -> Response:
    form = client.get(at(console, id_)).form("/take")
    return form.submit(side=side, note=note)


@pytest.mark.parametrize(("side", "day"), [("hubspot", "2026-04-30"), ("quickbooks", "2026-04-15")])
def test_both_values_are_shown_and_one_side_taken(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, side: str, day: str
) -> None:
    id_ = edited(world)
    before = len(world.quickbooks.traffic.exchanges)
    page = client.get(at(console, id_))
    assert len(world.quickbooks.traffic.exchanges) == before
    assert "2026-04-15" in page.text
    assert "2026-04-30" in page.text
    said = take(console, client, id_, side, note="Agreed with the buyer")
    assert "values are taken in a moment" in said.text
    worked_off(world)
    assert world.record(id_).state in (State.SYNCED, State.SYNCED_WITH_VARIANCE)
    assert world.booked()[-1]["DueDate"] == day
    [entry] = [one for one in world.records.trail(world.record(id_).key) if one.action.startswith("took ")]
    assert (entry.actor, entry.facts["note"]) == ("Olga Operator", "Agreed with the buyer")


def test_a_side_that_is_none_is_refused(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    id_ = edited(world)
    assert take(console, client, id_, "both").status == 400
    assert world.record(id_).state is State.ATTENTION


def test_a_record_that_a_worker_holds_is_left_and_what_was_typed_stays(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = edited(world)
    form = client.get(at(console, id_)).form("/take")
    world.claims.take(world.record(id_).key, world.hint(id_, Cause.RETRY))
    page = form.submit(side="hubspot", note="a note that stays")
    assert page.status == 422
    assert "working on this record" in page.text
    assert 'value="a note that stays"' in page.html


def test_a_side_that_was_taken_meanwhile_is_said(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = edited(world)
    form = client.get(at(console, id_)).form("/take")
    form.submit(side="hubspot")
    worked_off(world)
    page = form.submit(side="quickbooks")
    assert page.status == 422
    assert "does not need a person" in page.text


def test_a_viewer_reads_and_has_no_buttons(console: ConsoleWorld, world: MirrorWorld) -> None:
    id_ = edited(world)
    page = console.signed_in(Role.VIEWER).get(at(console, id_))
    assert "2026-04-15" in page.text
    assert not [one for one in page.forms if "/attention/" in one.action]


def test_what_is_no_record_is_not_found(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    id_ = edited(world)
    for path in (
        at(console, "4711"),
        at(console, id_, "customer"),
        at(console, id_, "nonsense"),
        at(console, id_, system="elsewhere"),
        at(console, "4711") + "/link",
    ):
        assert client.get(path).status == 404


def test_a_refund_from_quickbooks_is_said_to_belong_to_an_invoice(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = world.synced()
    payment = world.received("360.00", {id_: "360.00"})
    world.pull(payment)
    receipt = world.bookkeeper.refund(world.customer_of(id_), Decimal(60), CLEARING)
    world.push(world.hint(str(receipt["Id"]), object=HintObject.QUICKBOOKS_REFUND_RECEIPT))
    key = RecordKey("c1", Kind.REFUND, "quickbooks", str(receipt["Id"]))
    record = world.records.get(key)
    assert record is not None
    assert record.reason == AttentionCode.REFUND_IN_QUICKBOOKS
    here = at(console, key.origin_id, "refund", "quickbooks")
    for wrong in ("4711", "nonsense", ""):
        page = client.get(here).form("/belong").submit(what="invoice", id=wrong)
        assert page.status == 422
        assert "knows no such payment or invoice" in page.text
    page = client.get(here).form("/belong").submit(what="invoice", id=id_)
    assert "shown there in a moment" in page.text
    worked_off(world)
    record = world.records.get(key)
    assert record is not None
    assert record.state is State.SYNCED


# -- links by hand


def unsold(world: MirrorWorld, product: str = "Unheard-of") -> str:
    id_ = world.invoice(product=product)
    assert world.sync(id_).reason == AttentionCode.ITEM_MISSING
    return id_


def searched(page: Response, name: str) -> Response:
    """Press the search button of a product or customer, with its own name."""
    [form] = [one for one in page.forms if one.action.endswith("/search") and one.fields["q"] == [name]]
    return form.submit()


def test_a_product_is_searched_for_chosen_and_sold(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    page = client.get(at(console, id_) + "/link")
    assert "Unheard-of" in page.text
    found = searched(page, "Unheard-of")
    assert "Nothing was found." in found.text
    form = next(one for one in found.forms if one.action.endswith("/search") and one.fields["q"] == ["Unheard-of"])
    found = form.submit(q="servic")
    [choice] = [one for one in found.forms if one.action.endswith("/link")]
    page = choice.submit()
    assert "Services is remembered" in page.text
    worked_off(world)
    assert world.record(id_).state is State.SYNCED
    assert "by hand" in client.get(at(console, id_) + "/link").text


def test_what_is_not_among_what_was_found_cannot_be_linked(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    found = searched(client.get(at(console, id_) + "/link"), "Unheard-of")
    of = next(one for one in found.forms if one.fields.get("q") == ["Unheard-of"]).fields["of"][0]
    token = client.get(at(console, id_)).form("/attention/retry").fields
    for values in ({"of": "item/elsewhere", "q": "servic", "id": "1"}, {"of": of, "q": "servic", "id": "999"}):
        page = client.post(at(console, id_) + "/link", {**token, **values})
        assert "not among what was found" in page.text
    assert not [one for one in world.records if one.link is not None and one.link.by_hand]
    assert world.hints.pop_due(limit=10) == []


def test_a_search_that_is_too_short_is_said_beside_the_field(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    found = searched(client.get(at(console, id_) + "/link"), "Unheard-of")
    page = [one for one in found.forms if one.action.endswith("/search")][-1].submit(q="a")
    assert page.status == 422
    assert "between 2 and 100 characters" in page.text


def test_names_are_in_no_address_and_hostile_ones_are_just_text(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world, HOSTILE_NAME)
    page = client.get(at(console, id_) + "/link")
    found = searched(page, HOSTILE_NAME)
    assert found.status == 200
    assert "<script>" not in page.html + found.html
    assert not [one for one in (*found.links, *(form.action for form in found.forms)) if "script" in one]


def test_a_vendor_that_does_not_answer_is_said(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    world.hubspot_fault("status_500", "/invoices", method="POST")
    assert client.get(at(console, id_) + "/link").status == 424
