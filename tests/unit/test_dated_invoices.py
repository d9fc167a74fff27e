"""Finding the invoices from a date on: every one once, whatever the vendors' pages and limits of results."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Any

import pytest

from tests.support.builders_backfill_world import BackfillWorld
from tests.support.builders_mirror_world import sale
from tieout.adapters.hubspot import dated, searching
from tieout.adapters.quickbooks import query
from tieout.domain.errors import Transient

SINCE = date(2026, 1, 1)


@pytest.fixture
def world() -> BackfillWorld:
    return BackfillWorld()


def found(world: BackfillWorld, most: int) -> list[str]:
    client: Any = world.crm
    pages = dated.invoices_since(client._client, "US/Eastern", SINCE, most)
    return [one.id for page in pages for one in page]


@pytest.mark.parametrize("most", [4, 6, 10])
def test_another_search_goes_on_where_one_ends(
    world: BackfillWorld, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(searching, "SEARCHED", 2)
    made = [world.invoice() for _ in range(9)]
    searches = len(world.hubspot.traffic.exchanges)
    assert found(world, most) == made
    bodies = [one.request_body for one in world.hubspot.traffic.exchanges[searches:]]
    assert any("hs_createdate" in str(body) and "GTE" in str(body) for body in bodies)


def test_thousands_of_one_day_are_found(world: BackfillWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them bear the same date, so that going on from the last one's date would never end."""
    monkeypatch.setattr(searching, "SEARCHED", 1)
    made = [world.invoice(hs_invoice_date="2026-03-01T00:00:00Z") for _ in range(5)]
    assert found(world, 2) == made


def test_more_at_one_instant_than_a_search_gives_is_told_and_not_left_out(
    world: BackfillWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SEARCHED", 1)
    inputs = [{"properties": {"hs_currency": "USD", "hs_invoice_date": "2026-03-01T00:00:00Z"}} for _ in range(4)]
    answer = world.person.post("/crm/objects/2026-09/invoices/batch/create", json={"inputs": inputs})
    assert answer.status_code == 201
    with pytest.raises(Transient):
        found(world, 2)


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_the_pages_of_quickbooks_hold_every_invoice_once(
    world: BackfillWorld, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(query, "PAGE", page)
    monkeypatch.setattr(query.select, "__kwdefaults__", {"order": "", "start": 1, "page": page})
    made = [str(world.billed(TxnDate="2026-03-01")["Id"]) for _ in range(4)]
    # Three within one second, of which no page holds all.
    customer = world.customer("Same second")
    made += [
        str(world.bookkeeper.create("Invoice", CustomerRef={"value": customer}, Line=[sale("1", "1.00")])["Id"])
        for _ in range(3)
    ]
    world.billed(TxnDate="2025-12-31")
    pages = list(world.ledger.invoices_since(SINCE))
    assert [one.id for one in chain.from_iterable(pages)] == made


def test_who_deletes_one_meanwhile_makes_none_be_passed_over(
    world: BackfillWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "PAGE", 2)
    monkeypatch.setattr(query.select, "__kwdefaults__", {"order": "", "start": 1, "page": 2})
    rows = [world.billed(TxnDate="2026-03-01") for _ in range(5)]
    pages = world.ledger.invoices_since(SINCE)
    first = next(pages)
    world.unbook(rows[0])
    rest = [one.id for one in chain.from_iterable(pages)]
    assert [one.id for one in first] + rest == [str(one["Id"]) for one in rows]


def test_a_page_of_a_thousand_is_one_metered_read(world: BackfillWorld) -> None:
    world.billed(TxnDate="2026-03-01")
    world.ledger.company()
    reads = world.quickbooks.company.reads
    assert len(list(world.ledger.invoices_since(SINCE))) == 1
    assert world.quickbooks.company.reads - reads == 1
