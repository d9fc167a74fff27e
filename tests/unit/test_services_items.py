"""Items: found by SKU, else by name, else the fallback; remembered; one look for all that need the same."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders_forms import formed, sold
from tests.support.builders_world import World
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.domain.attention import AttentionCode
from tieout.domain.customer import LedgerItem
from tieout.domain.errors import NeedsAttention
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> World:
    return World()


def item(world: World, name: str, **more: Any) -> str:
    """A person enters an item in QuickBooks."""
    body = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}, **more}
    return str(world.book("Item", body)["Id"])


def change(world: World, id_: str, **fields: Any) -> None:
    """A person changes an item in QuickBooks."""
    [row] = [one for one in world.booked("Item") if one["Id"] == id_]
    world.book("Item", {"Id": id_, "SyncToken": row["SyncToken"], "sparse": True, **fields})


def line(name: str = "Drone", **more: str) -> dict[str, str]:
    return {"name": name, **more}


def items(world: World) -> list[str]:
    """The items of the lines of all invoices in QuickBooks."""
    return [one["ItemRef"]["value"] for row in world.booked() for one in sold(row)]


def test_an_item_is_found_by_sku_before_name_and_by_name_before_the_fallback(world: World) -> None:
    by_sku, by_name = item(world, "Flyer", Sku="DRN-1"), item(world, "Drone")
    world.settings(fallback_item_id="1")
    lines = (line(hs_sku="DRN-1"), line(hs_sku="DRN-2"), line("Rocket"))
    assert world.sync(formed(world, lines=lines)).state is State.SYNCED
    assert items(world) == [by_sku, by_name, "1"]


def test_without_an_item_and_without_a_fallback_the_line_is_named(world: World) -> None:
    record = world.sync(formed(world, lines=(line("Rocket", hs_sku="R-1"),)))
    assert (record.reason, record.detail) == (AttentionCode.ITEM_MISSING, "Line “Rocket” (SKU R-1).")


def test_several_items_with_the_sku_are_attention_and_never_a_guess(world: World) -> None:
    for name in ("Drone A", "Drone B"):
        item(world, name, Sku="DRN-1")
    record = world.sync(formed(world, lines=(line(hs_sku="DRN-1"),)))
    assert (record.reason, record.detail) == (AttentionCode.ITEM_AMBIGUOUS, "SKU DRN-1: Drone A, Drone B.")


def test_invoices_that_need_the_same_item_at_once_look_for_it_once(world: World) -> None:
    found = item(world, "Drone")
    ids = [formed(world, lines=(line(), line())) for _ in range(3)]
    world.push(*map(world.hint, ids))
    assert items(world) == [found] * 6
    looks = [one.url for one in world.quickbooks.traffic.exchanges if "FROM+Item" in one.url]
    assert len(looks) == 1


@pytest.mark.parametrize("cause", [Cause.WEBHOOK, Cause.RETRY])
def test_an_item_that_was_renamed_in_quickbooks_stays_the_same_item(world: World, cause: Cause) -> None:
    found = item(world, "Drone")
    world.sync(formed(world, lines=(line(),)))
    change(world, found, Name="Delivery drone", Sku="X")
    assert world.sync(formed(world, lines=(line(),)), cause).state is State.SYNCED
    assert items(world) == [found] * 2


def test_a_remembered_item_gives_way_to_a_better_match_when_a_person_retries(world: World) -> None:
    found = item(world, "Drone")
    world.sync(formed(world, lines=(line(),)))
    change(world, found, Name="Old drone")
    better = item(world, "Drone")
    world.sync(formed(world, lines=(line(),)))
    world.sync(formed(world, lines=(line(),)), Cause.RETRY)
    assert items(world) == [found, found, better]


def test_an_item_that_is_inactive_by_now_is_attention_until_another_matches(world: World) -> None:
    found = item(world, "Drone")
    world.sync(formed(world, lines=(line(),)))
    change(world, found, Active=False)
    second = formed(world, lines=(line(),))
    assert world.sync(second).reason == AttentionCode.REFERENCE_INACTIVE
    assert world.sync(second, Cause.RETRY).reason == AttentionCode.ITEM_MISSING
    other = item(world, "Other")
    world.settings(fallback_item_id=other)
    assert world.sync(second, Cause.RETRY).state is State.SYNCED
    assert items(world) == [found, other]


def test_the_fallback_is_not_remembered_so_that_the_product_is_used_once_it_is_there(world: World) -> None:
    world.settings(fallback_item_id="1")
    world.sync(formed(world, lines=(line(),)))
    made = item(world, "Drone")
    world.sync(formed(world, lines=(line(),)))
    assert items(world) == ["1", made]


def _cannot_parse(monkeypatch: pytest.MonkeyPatch, world: World, name: str, *, seconds: float = 0) -> None:
    """QuickBooks finds fault with the values of the product of that name, after so long."""
    find = QuickBooksLedger.find_items

    def picky(self: QuickBooksLedger, names: Collection[str], skus: Collection[str]) -> Sequence[LedgerItem]:
        world.clock.advance(seconds)
        if name in names:
            raise NeedsAttention("QuickBooks cannot search for it.", {"status": "400"})
        return find(self, names, skus)

    monkeypatch.setattr(QuickBooksLedger, "find_items", picky)


def test_an_invoice_whose_product_quickbooks_cannot_search_for_needs_a_person_and_its_neighbours_do_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, fine = world.invoice(product="Odd"), world.invoice()
    _cannot_parse(monkeypatch, world, "Odd")
    world.push(world.hint(odd), world.hint(fine))
    assert (world.record(odd).state, world.record(odd).reason) == (State.ATTENTION, AttentionCode.REFUSED_BY_QUICKBOOKS)
    assert world.record(fine).state is State.SYNCED


def test_without_time_to_find_out_whose_product_is_to_blame_nobody_needs_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, fine = world.invoice(product="Odd"), world.invoice()
    _cannot_parse(monkeypatch, world, "Odd", seconds=10)
    deadline = world.clock.now() + timedelta(seconds=5)
    world.push(world.hint(odd), world.hint(fine), deadline=deadline)
    assert {world.record(one).reason for one in (odd, fine)} == {"out_of_time"}
