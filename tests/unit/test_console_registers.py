"""The pages Invoices and Payments: paging, state, search, and what people or attackers type."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.support.builders_world import World
from tests.support.console_client import Response
from tests.support.console_world import HOSTILE_NAME, ConsoleWorld, seeded
from tieout.domain.about import About
from tieout.domain.money import Money
from tieout.domain.person import Role
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord


def put(
    world: World, number: int, *, customer: str = "Acme", state: State = State.SYNCED, kind: Kind = Kind.INVOICE,
    day: date | None = None, invoices: tuple[str, ...] = (),
) -> SyncRecord:  # fmt: skip
    """A record, one a day unless a day is given."""
    about = About(
        customer, Money(Decimal("1234.5"), "USD"), day or date.fromordinal(738_000 + number), source="byo_stripe",
        invoices=invoices,
    )  # fmt: skip
    key = RecordKey("c1", kind, "hubspot", str(number))
    label = f"INV-{number}" if kind is Kind.INVOICE else f"ch_{number}"
    return world.records.put(SyncRecord(key=key, state=state, label=label, about=about, link=Link(f"far{number}")))


def cards(page: Response) -> list[str]:
    """The ids of the records that a list shows, in order."""
    return [link.rpartition("/")[2] for link in page.links if "/record/" in link]


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


def test_every_record_is_on_exactly_one_page_newest_first(world: ConsoleWorld) -> None:
    for number in range(60):
        put(world.world, number)
    client = world.signed_in(Role.VIEWER)
    page, found = client.get(world.path("/invoices")), []
    for _ in range(5):
        found += cards(page)
        following = [link for link in page.links if "after=" in link]
        if not following:
            break
        page = client.get(following[0])
        assert page.status == 200
    assert found == [str(number) for number in reversed(range(60))]


def test_a_state_is_picked_and_kept_while_paging(world: ConsoleWorld) -> None:
    for number in range(60):
        put(world.world, number, state=State.ATTENTION if number % 2 else State.SYNCED)
    client = world.signed_in()
    page = client.get(world.path("/invoices"), state="attention")
    assert len(cards(page)) == 25
    [following] = [link for link in page.links if "after=" in link]
    assert "state=attention" in following
    assert cards(client.get(following)) == ["9", "7", "5", "3", "1"]


def test_a_state_that_is_none_shows_all(world: ConsoleWorld) -> None:
    put(world.world, 1)
    assert cards(world.signed_in().get(world.path("/invoices"), state="<b>")) == ["1"]


@pytest.mark.parametrize("mark", ["x", "AAAA", base64.urlsafe_b64encode(b"C#other#REC").decode(), "%00", "é"])
def test_a_forged_mark_begins_anew_and_says_so(world: ConsoleWorld, mark: str) -> None:
    put(world.world, 1)
    page = world.signed_in().get(world.path("/invoices"), after=mark)
    assert page.status in (200, 400)
    if page.status == 200:
        assert "the list begins anew" in page.text
        assert cards(page) == ["1"]


def test_a_search_is_a_form_so_that_no_name_reaches_an_address(world: ConsoleWorld) -> None:
    for number in range(40):
        put(world.world, number, customer="José Ltda" if number < 30 else "Other")
    client = world.signed_in(Role.VIEWER)
    page = client.get(world.path("/invoices")).submit(text="jose", state="")
    assert len(cards(page)) == 25
    following = [one for one in page.forms if "after" in one.fields]
    rest = following[0].submit()
    assert cards(rest) == ["4", "3", "2", "1", "0"]
    for found in (page, rest):
        assert not any("jos" in link.lower() for link in found.links)
        assert 'value="jose"' in found.html
    first = [one for one in rest.forms if "after" not in one.fields and one.fields.get("text") == ["jose"]]
    assert cards(first[-1].submit()) == cards(page)


@pytest.mark.parametrize("typed", ["INV-7", "inv-7", "7"])
def test_a_number_is_found(world: ConsoleWorld, typed: str) -> None:
    for number in range(10):
        put(world.world, number)
    assert cards(world.signed_in().get(world.path("/invoices")).submit(text=typed)) == ["7"]


def test_a_search_within_a_state(world: ConsoleWorld) -> None:
    put(world.world, 1)
    put(world.world, 2, state=State.WAITING)
    page = world.signed_in().get(world.path("/invoices")).submit(text="acme", state="waiting")
    assert cards(page) == ["2"]
    assert 'value="waiting" selected' in page.html


def test_an_empty_search_shows_the_list(world: ConsoleWorld) -> None:
    put(world.world, 1)
    page = world.signed_in().get(world.path("/invoices")).submit(text="  ")
    assert (page.status, page.path, cards(page)) == (200, world.path("/invoices"), ["1"])


@pytest.mark.parametrize(("typed", "told"), [("#", "Type a number"), ("x" * 101, "at most 100")])
def test_what_cannot_be_searched_is_said_beside_the_field_and_kept(world: ConsoleWorld, typed: str, told: str) -> None:
    page = world.signed_in().get(world.path("/invoices")).submit(text=typed)
    assert page.status == 422
    assert told in page.text
    assert f'value="{typed}"' in page.html
    assert 'aria-invalid="true"' in page.html


@pytest.mark.parametrize("typed", [HOSTILE_NAME, "' OR 1=1 --", "c#", "{{ 7*7 }}", "\u202e", "%' AND sk > '"])
def test_what_an_attacker_types_finds_nothing_and_is_shown_as_it_is(world: ConsoleWorld, typed: str) -> None:
    put(world.world, 1)
    page = world.signed_in().get(world.path("/invoices")).submit(text=typed)
    assert page.status in (200, 422)
    assert cards(page) == []
    assert "<script>alert" not in page.html
    assert "49" not in page.text


def test_a_forged_mark_in_a_search_begins_anew(world: ConsoleWorld) -> None:
    put(world.world, 1)
    client = world.signed_in()
    form = client.get(world.path("/invoices")).forms[-1]
    page = replace(form, fields={**form.fields, "after": ["bm9uc2Vuc2U="]}).submit(text="acme")
    assert cards(page) == ["1"]


def test_a_hostile_customer_is_shown_as_text() -> None:
    page = seeded().signed_in().get(seeded().path("/invoices"))
    assert "&lt;script&gt;" in page.html
    assert "<script" not in page.html


def test_payments_show_their_invoice_source_and_amount(world: ConsoleWorld) -> None:
    put(world.world, 5, kind=Kind.PAYMENT, invoices=("INV-1", "INV-2"))
    put(world.world, 6)
    client = world.signed_in(Role.VIEWER, accept_language="pt-BR")
    page = client.get(world.path("/payments"))
    assert cards(page) == ["5"]
    for told in ("INV-1, INV-2", "Stripe", "1.234,50 USD", "Em dia"):
        assert told in page.text
    assert cards(page.submit(text="inv-2")) == ["5"]


def test_another_connections_records_are_not_shown(world: ConsoleWorld) -> None:
    put(world.world, 1)
    key = RecordKey("other", Kind.INVOICE, "hubspot", "9")
    world.world.records.put(SyncRecord(key=key, state=State.SYNCED, label="INV-9", about=About("Acme")))
    client = world.signed_in()
    assert cards(client.get(world.path("/invoices"))) == ["1"]
    assert cards(client.get(world.path("/invoices")).submit(text="acme")) == ["1"]
