"""What a person saw is what counts, and what they ticked and typed is still there when something is wrong with it."""

from __future__ import annotations

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.console_client import ConsoleClient, Response
from tests.support.console_world import ConsoleWorld
from tieout.console.pages import attention
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


@pytest.fixture
def console(world: MirrorWorld) -> ConsoleWorld:
    return ConsoleWorld(world)


@pytest.fixture
def client(console: ConsoleWorld) -> ConsoleClient:
    return console.signed_in()


def at(console: ConsoleWorld, id_: str) -> str:
    return console.path(f"/attention/invoice/hubspot/{id_}")


def name(id_: str) -> str:
    return f"invoice/hubspot/{id_}"


def unsold(world: MirrorWorld, product: str) -> str:
    """An invoice with a product that QuickBooks does not know."""
    id_ = world.invoice(product=product)
    assert world.sync(id_).reason == AttentionCode.ITEM_MISSING
    return id_


def ticked(page: Response) -> list[str]:
    return page.form("/attention/retry").fields.get("record", [])


def test_values_that_a_look_found_after_the_page_was_shown_are_not_taken(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.rebook(world.booked()[-1], DueDate="2026-04-15")
    world.edit(id_, hs_due_date="2026-04-30T00:00:00Z")
    world.sync(id_)
    form = client.get(at(console, id_)).form("/take")
    world.rebook(world.booked()[-1], DueDate="2026-12-31")
    world.sync(id_, Cause.RETRY)
    page = form.submit(side="quickbooks", note="As agreed")
    assert page.status == 422
    assert "changed since you looked" in page.text
    assert "2026-12-31" in page.text
    assert 'value="As agreed"' in page.html
    assert world.record(id_).decision is None
    there = console.signed_in(accept_language="pt-BR").get(at(console, id_)).form("/take")
    assert "desde que você os viu" in there.submit(side="quickbooks", seen="").text
    said = page.form("/take").submit(side="quickbooks", note="As agreed")
    assert "values are taken in a moment" in said.text


def test_a_note_beside_a_retry_is_kept(console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld) -> None:
    id_ = unsold(world, "Unheard-of")
    form = client.get(console.path("/attention")).form("/attention/retry")
    form.submit(record=[name(id_)], note="The product is there now")
    [entry] = [one for one in world.records.trail(world.record(id_).key) if "look again" in one.action]
    assert entry.facts["note"] == "The product is there now"


def test_what_was_ticked_on_a_later_page_stays_ticked(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_ON_A_PAGE", 2)
    oldest, *_ = [unsold(world, f"Unheard-of {number}") for number in range(4)]
    later = client.get(console.path("/attention"), page="1").form("/attention/retry")
    wrong = client.post(console.path("/attention/ignore"), {**later.fields, "record": [name(oldest)]})
    assert wrong.status == 422
    assert ticked(wrong) == [name(oldest)]


def test_a_whole_list_stays_the_whole_list(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_ON_A_PAGE", 2)
    ids = [unsold(world, f"Unheard-of {number}") for number in range(3)]
    form = client.get(console.path("/attention")).form("/attention/retry")
    wrong = client.post(console.path("/attention/ignore"), {**form.fields, "all": "yes"})
    assert wrong.status == 422
    again = wrong.form("/attention/retry")
    client.post(console.path("/attention/ignore"), {**again.fields, "note": "By hand"})
    assert {world.record(id_).state for id_ in ids} == {State.IGNORED}


def test_a_record_that_needs_nobody_stays_chosen_too(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    unsold(world, "Unheard-of")
    id_ = world.invoice()
    world.sync(id_)
    form = client.get(at(console, id_)).form("/attention/retry")
    wrong = client.post(console.path("/attention/ignore"), form.fields)
    assert wrong.status == 422
    assert ticked(wrong) == [name(id_)]


def test_what_was_searched_for_stays_when_the_choice_is_gone(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world, "Unheard-of")
    page = client.get(at(console, id_) + "/link")
    [form] = [one for one in page.forms if one.action.endswith("/search") and one.fields["q"] == ["Unheard-of"]]
    found = form.submit(q="servic")
    [choice] = [one for one in found.forms if one.action.endswith("/link")]
    wrong = choice.submit(id="4711")
    assert wrong.status == 422
    assert "not among what was found" in wrong.text
    assert ["servic"] in [one.fields.get("q") for one in wrong.forms]


def test_a_form_that_met_nobody_can_be_sent_once_more(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    id_ = unsold(world, "Unheard-of")
    page = client.get(at(console, id_) + "/link")
    [form] = [one for one in page.forms if one.action.endswith("/search") and one.fields["q"] == ["Unheard-of"]]
    world.hubspot_fault("status_500", "/invoices", method="POST")
    failed = form.submit(q="servic")
    assert failed.status == 424
    found = failed.form("/search").submit()
    assert found.status == 200
    assert "Services" in found.text


def test_a_token_is_not_sent_back_when_nobody_answers(
    console: ConsoleWorld, client: ConsoleClient, world: MirrorWorld
) -> None:
    form = next(one for one in client.get("/console/connect").forms if one.action.endswith("/connect/hubspot"))
    world.hubspot_fault("status_500", "/account-info", times=9)
    failed = form.submit(token="pat-na1-a-token-of-mine")
    assert failed.status == 424
    assert "pat-na1-a-token-of-mine" not in failed.html
    assert not [one for one in failed.forms if one.action.endswith("/connect/hubspot")]
