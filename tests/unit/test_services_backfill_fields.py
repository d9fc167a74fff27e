"""Pairs of fields of adopted invoices: what stands on both sides stays, until somebody changes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders_backfill_world import BackfillWorld
from tests.support.builders_fields import BOOKS, ORDER, custom, filled, there, with_properties
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import State


def adopted(theirs: str, **pair: str) -> tuple[BackfillWorld, str, dict[str, Any]]:
    """A HubSpot invoice of order SO-1, and QuickBooks' own of it, which a back-fill adopted."""
    world = BackfillWorld(**BOOKS)
    with_properties(world)
    world.settings(cutover_date="2026-04-01", field_pairs=[{"hubspot": ORDER, "quickbooks": "1", **pair}])
    made = world.invoice(order_number="SO-1")
    row = world.by_hand(made, CustomField=[{"DefinitionId": "1", "StringValue": theirs}])
    world.fill()
    assert world.key_of(row) == world.record(made).key
    return world, made, row


@pytest.mark.parametrize("theirs", ["", "THEIRS"])
@pytest.mark.parametrize(
    "pair",
    [{"direction": "to_quickbooks"}, {"direction": "both", "winner": "hubspot"}, {"direction": "both"}],
)
def test_nothing_is_carried_and_nothing_is_asked(pair: dict[str, str], theirs: str) -> None:
    world, made, row = adopted(theirs, **pair)
    for cause in (Cause.WEBHOOK, Cause.RETRY):
        record = world.sync(made, cause)
        # QuickBooks was never asked to keep it.
        assert (record.state, record.detail) == (State.SYNCED, "")
    assert world.row(row)["SyncToken"] == row["SyncToken"]
    assert there(world, made, ORDER) == "SO-1"


@pytest.mark.parametrize("theirs", ["", "THEIRS"])
def test_what_changes_from_then_on_is_carried(theirs: str) -> None:
    world, made, row = adopted(theirs, direction="both")
    world.edit(made, order_number="SO-2")
    assert world.sync(made).state is State.SYNCED
    assert custom(world.row(row)) == "SO-2"
    world.rebook(row, CustomField=filled(world.row(row), "SO-3"))
    world.push(world.hint(str(row["Id"]), object=HintObject.QUICKBOOKS_INVOICE))
    world.run()
    assert there(world, made, ORDER) == "SO-3"


def test_in_a_closed_period_an_adopted_invoice_needs_nobody_for_its_pairs() -> None:
    world, made, _ = adopted("", direction="both")
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2026-03-31")
    world.clock.advance(3600)
    assert world.sync(made, Cause.RETRY).state is State.SYNCED
