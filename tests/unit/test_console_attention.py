"""What needs a person: the list with its categories, and decisions about many records at once."""

from __future__ import annotations

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.console_client import ConsoleClient, Response
from tests.support.console_world import HOSTILE_NAME, ConsoleWorld
from tieout.console.pages import attention
from tieout.domain.hint import Cause
from tieout.domain.person import Role
from tieout.domain.record import BY_HAND, State

EDITED = "edited_in_quickbooks"
NO_ITEM = "item_missing"


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


@pytest.fixture
def console(world: MirrorWorld) -> ConsoleWorld:
    return ConsoleWorld(world)


@pytest.fixture
def client(console: ConsoleWorld) -> ConsoleClient:
    return console.signed_in()


def unsold(world: MirrorWorld, product: str = "Unheard-of") -> str:
    """An invoice with a product that QuickBooks does not know."""
    id_ = world.invoice(product=product)
    assert world.sync(id_).reason == NO_ITEM
    return id_


def edited(world: MirrorWorld) -> str:
    """An invoice whose due date was changed on both sides."""
    id_ = world.invoice()
    world.sync(id_)
    world.rebook(world.booked()[-1], DueDate="2026-04-15")
    world.edit(id_, hs_due_date="2026-04-30T00:00:00Z")
    assert world.sync(id_).reason == EDITED
    return id_


def send(console: ConsoleWorld, client: ConsoleClient, do: str, **values: str | list[str]) -> Response:
    """Send the list's form with one of its buttons."""
    form = client.get(console.path("/attention")).form("/attention/retry")
    return client.post(console.path(f"/attention/{do}"), {**form.fields, **values})


def names(*ids: str) -> list[str]:
    return [f"invoice/hubspot/{id_}" for id_ in ids]


def test_where_nothing_needs_anybody_it_says_so(console: ConsoleWorld, client: ConsoleClient) -> None:
    page = client.get(console.path("/attention"))
    assert page.status == 200
    assert "Nothing needs you." in page.text


def test_records_are_listed_by_category_and_one_category_alone(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    first, second = unsold(world), unsold(world, HOSTILE_NAME)
    third = edited(world)
    page = client.get(console.path("/attention"))
    for id_ in (first, second, third):
        assert console.path(f"/attention/invoice/hubspot/{id_}") in page.links
    assert "<script>" not in page.html
    [chosen] = [link for link in page.links if link.endswith(f"code={NO_ITEM}")]
    page = client.get(chosen)
    assert console.path(f"/attention/invoice/hubspot/{first}") in page.links
    assert console.path(f"/attention/invoice/hubspot/{third}") not in page.links


def test_the_list_asks_no_vendor(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    edited(world)
    before = len(world.hubspot.traffic.exchanges), len(world.quickbooks.traffic.exchanges)
    client.get(console.path("/attention"))
    assert (len(world.hubspot.traffic.exchanges), len(world.quickbooks.traffic.exchanges)) == before


def test_what_is_chosen_is_looked_at_again_and_nothing_else(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    first, second = unsold(world), unsold(world, "Also unheard-of")
    page = send(console, client, "retry", record=names(first))
    assert "1 record is looked at again" in page.text
    hints = [(one.id, one.cause) for one in world.hints.pop_due(limit=10)]
    assert hints == [(first, Cause.RETRY)]
    [entry] = [one for one in world.records.trail(world.record(first).key) if "look again" in one.action]
    assert entry.actor == "Olga Operator"
    assert not [one for one in world.records.trail(world.record(second).key) if "look again" in one.action]


def test_a_whole_category_is_looked_at_again(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    ids = {unsold(world), unsold(world, "Also unheard-of")}
    edited(world)
    page = send(console, client, "retry", code=NO_ITEM, all="yes")
    assert "2 records are looked at again" in page.text
    assert {one.id for one in world.hints.pop_due(limit=10)} == ids


def test_leaving_alone_wants_a_note_and_keeps_what_was_chosen(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    page = send(console, client, "ignore", record=names(id_))
    assert page.status == 422
    assert "Say why in a note" in page.text
    assert page.form("/attention/retry").fields["record"] == names(id_)
    assert world.record(id_).state is State.ATTENTION
    page = send(console, client, "ignore", record=names(id_), note="Entered by hand")
    assert "1 record is left alone." in page.text
    # Only that its new status is shown in HubSpot: a retry would say that somebody wants it after all.
    assert [one.cause for one in world.hints.pop_due(limit=10)] == [Cause.DUE]
    record = world.record(id_)
    assert (record.state, record.reason, record.detail) == (State.IGNORED, BY_HAND, "Entered by hand")
    assert console.path(f"/attention/invoice/hubspot/{id_}") not in page.links


def test_what_was_put_right_is_kept_in_the_trail_and_looked_at(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world)
    send(console, client, "resolve", record=names(id_), note="The product is there now")
    [entry] = [one for one in world.records.trail(world.record(id_).key) if one.action == "resolved invoice"]
    assert (entry.actor, entry.facts["note"]) == ("Olga Operator", "The product is there now")
    assert [one.cause for one in world.hints.pop_due(limit=10)] == [Cause.RETRY]


def test_what_a_worker_holds_is_left_and_the_rest_done(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    first, second = unsold(world), unsold(world, "Also unheard-of")
    held = world.claims.take(world.record(first).key, world.hint(first, Cause.RETRY))
    assert not isinstance(held, str)
    page = send(console, client, "ignore", record=names(first, second), note="By hand")
    assert "1 record is left alone." in page.text
    assert "1 was left as it is" in page.text
    assert world.record(first).state is not State.IGNORED
    assert world.record(second).state is State.IGNORED


@pytest.mark.parametrize("do", ["retry", "resolve", "ignore"])
def test_nothing_chosen_is_said(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, do: str) -> None:
    unsold(world)
    page = send(console, client, do, note="a note that stays")
    assert page.status == 422
    assert "Choose at least one record." in page.text
    assert 'value="a note that stays"' in page.html


@pytest.mark.parametrize(
    "name", ["nonsense", "invoice", "invoice/hubspot/", "customer/hubspot/1", "invoice/elsewhere/1", "a/b/c/d"]
)
def test_a_name_that_no_page_of_ours_sends_is_refused(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, name: str
) -> None:
    unsold(world)
    assert send(console, client, "retry", record=[name]).status == 400
    assert world.hints.pop_due(limit=10) == []


def test_a_note_that_is_too_long_is_said(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    page = send(console, client, "ignore", record=names(unsold(world)), note="x" * 501)
    assert page.status == 422
    assert "at most 500 characters" in page.text


def test_a_viewer_sees_the_list_and_can_change_nothing(console: ConsoleWorld, world: MirrorWorld) -> None:
    id_ = unsold(world)
    client = console.signed_in(Role.VIEWER)
    page = client.get(console.path("/attention"))
    assert console.path(f"/attention/invoice/hubspot/{id_}") in page.links
    assert not [one for one in page.forms if "/attention/" in one.action]


def test_a_long_list_is_cut_said_and_paged(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "MOST", 3)
    monkeypatch.setattr(attention, "_ON_A_PAGE", 2)
    for number in range(4):
        unsold(world, f"Unheard-of {number}")
    page = client.get(console.path("/attention"))
    assert "more than 3" in page.text
    [later] = [link for link in page.links if link.endswith("page=1")]
    rest = client.get(later)
    shown = [link for link in page.links if "/attention/invoice/" in link]
    assert len(shown) == 2
    assert len([link for link in rest.links if "/attention/invoice/" in link]) == 1
    assert client.get(console.path("/attention"), page="99999").status == 200


def test_in_portuguese(console: ConsoleWorld, world: MirrorWorld) -> None:
    unsold(world)
    page = console.signed_in(accept_language="pt-BR").get(console.path("/attention"))
    assert "Motivo" in page.text
