"""A person takes one side's value of a pair of fields that was changed on both sides."""

from __future__ import annotations

import pytest

from tests.support.builders_fields import BOOKS, ORDER, PAIRS, custom, filled, there, with_properties
from tests.support.builders_forms import the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Side
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.services.take_side import choices, take


def at_odds(**also_there: str) -> tuple[World, str]:
    """An invoice whose order number was changed on both sides, already looked at."""
    world = World(**BOOKS)
    with_properties(world)
    world.settings(field_pairs=list(PAIRS))
    id_ = world.invoice(order_number="SO-17", tracking_number="1Z 999")
    assert world.sync(id_).state is State.SYNCED
    world.rebook(the(world), CustomField=filled(the(world), "SO-18"), **also_there)
    world.edit(id_, **{ORDER: "SO-19"})
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    return world, id_


@pytest.mark.parametrize(("side", "text"), [(Side.HUBSPOT, "SO-19"), (Side.QUICKBOOKS, "SO-18")])
def test_the_side_that_was_taken_stands_on_both_and_a_further_look_changes_nothing(side: Side, text: str) -> None:
    world, id_ = at_odds()
    found = choices(world.record(id_))
    assert found is not None
    assert [(one.hubspot, one.quickbooks) for one in found.differences] == [("SO-19", "SO-18")]
    take(world.records, world.clock, world.record(id_).key, side, "", "anna", "cli")
    world.sync(id_, Cause.RETRY)
    world.run()
    assert (there(world, id_, ORDER), custom(the(world))) == (text, text)
    assert world.record(id_).state is State.SYNCED
    token = the(world)["SyncToken"]
    world.sync(id_, Cause.RETRY)
    world.run()
    assert (world.record(id_).state, the(world)["SyncToken"]) == (State.SYNCED, token)


@pytest.mark.parametrize(
    ("side", "text", "due"), [("hubspot", "SO-19", "2026-03-31"), ("quickbooks", "SO-18", "2026-05-01")]
)
def test_a_pair_and_an_edited_field_are_one_decision(side: str, text: str, due: str) -> None:
    world, id_ = at_odds(DueDate="2026-05-01")
    found = choices(world.record(id_))
    assert found is not None
    assert len(found.differences) == 2
    take(world.records, world.clock, world.record(id_).key, Side(side), "", "anna", "cli")
    world.sync(id_, Cause.RETRY)
    world.run()
    assert (there(world, id_, ORDER), custom(the(world)), the(world)["DueDate"]) == (text, text, due)
    assert world.record(id_).state is State.SYNCED


def test_who_changes_the_pair_again_before_the_decision_is_carried_out_is_asked_about() -> None:
    world, id_ = at_odds()
    take(world.records, world.clock, world.record(id_).key, Side.HUBSPOT, "", "anna", "cli")
    world.rebook(the(world), CustomField=filled(the(world), "SO-20"))
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.decision) == (State.ATTENTION, None)
    assert (there(world, id_, ORDER), custom(the(world))) == ("SO-19", "SO-20")
