"""What changes later, on either side: updates, edits by persons, voids and deletions."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest

from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.invoice import LedgerInvoice, SourceInvoice
from tieout.domain.marker import marker
from tieout.domain.planning import content
from tieout.domain.record import State
from tieout.ports import Ledger, PreparedWrite


@pytest.fixture
def world() -> World:
    return World()


def test_a_change_in_hubspot_updates_the_invoice_and_keeps_a_persons_note(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, PrivateNote=f"Call Anna\n{row['PrivateNote']}")
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    record = world.sync(id_)
    assert record.state is State.SYNCED
    row = world.row(row)
    assert row["DueDate"] == "2026-04-15"
    assert row["PrivateNote"] == f"Call Anna\n{marker(record.key, 2)}"
    assert record.revision == 2


def test_a_persons_edit_is_attention_with_both_values_and_is_never_overwritten(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-05-01")
    record = world.record(id_)
    world.push(world.ledger_hint(row))
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert record.detail == "due date: QuickBooks has 2026-05-01, HubSpot has 2026-03-31."
    world.edit(id_, hs_comments="New")
    assert world.sync(id_).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert world.row(row)["DueDate"] == "2026-05-01"
    world.edit(id_, hs_due_date="2026-05-01T00:00:00Z")
    assert world.sync(id_).state is State.SYNCED
    assert world.row(row)["CustomerMemo"] == {"value": "New"}


def test_a_person_who_edits_between_our_read_and_our_write_is_seen(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    ledger = _Meddling(world, lambda: world.rebook(row, PrivateNote="Note"))
    record = world.sync(id_)
    assert ledger.meddled == 1
    assert record.state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-04-15"
    assert world.row(row)["PrivateNote"].splitlines()[0] == "Note"


def test_a_person_who_edits_the_same_field_between_our_read_and_our_write_is_not_overwritten(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    _Meddling(world, lambda: world.rebook(row, DueDate="2026-06-01"))
    record = world.sync(id_)
    assert record.reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert world.row(row)["DueDate"] == "2026-06-01"


def test_a_person_who_edits_again_and_again_makes_the_record_wait_a_little(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    _Meddling(world, lambda: world.rebook(row, PrivateNote=f"Note {world.calls}"), times=2)
    record = world.sync(id_)
    assert (record.state, record.reason, record.intent) == (State.WAITING, "changed_meanwhile", None)
    world.run()
    assert world.record(id_).state is State.SYNCED
    assert world.row(row)["DueDate"] == "2026-04-15"


class _Meddling:
    """The ledger, with a person who acts just before our next `times` updates."""

    def __init__(self, world: World, act: Callable[[], None], times: int = 1) -> None:
        self._ledger, self._act, self._left = world.ledger, act, times
        self.meddled = 0
        world.ledger = cast("Ledger", self)

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        if self._left:
            self._left -= 1
            self.meddled += 1
            self._act()
        return self._ledger.post_invoice(write, request_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


# -- voids and deletions


def test_a_void_in_hubspot_voids_in_quickbooks(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.edit(id_, hs_invoice_status="voided")
    record = world.sync(id_)
    assert record.state is State.VOIDED
    assert world.shown(id_) == "voided"
    assert world.row(row)["TotalAmt"] == 0
    before = len(world.quickbooks.traffic.exchanges)
    assert world.sync(id_).state is State.VOIDED
    assert len(world.quickbooks.traffic.exchanges) <= before + 1


def test_a_void_of_a_paid_invoice_is_attention_and_changes_nothing(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.pay(row)
    world.edit(id_, hs_invoice_status="voided")
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.VOID_OF_PAID_INVOICE)
    assert record.detail == "Applied: Payment."
    assert str(world.row(row)["TotalAmt"]) == "360.00"


def test_an_invoice_deleted_in_hubspot_is_attention_while_it_stands_in_quickbooks(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.delete(id_)
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_HUBSPOT)
    assert len(world.booked()) == 1


def test_an_invoice_deleted_in_quickbooks_is_told_and_made_anew_only_when_a_person_says_so(world: World) -> None:
    id_ = world.invoice()
    first = world.sync(id_)
    [row] = world.booked()
    world.unbook(row)
    world.push(world.ledger_hint(row))
    record = world.record(id_)
    assert (record.state, record.reason) == (State.DELETED_IN_LEDGER, AttentionCode.DELETED_IN_QUICKBOOKS)
    assert world.shown(id_) == "needs_attention"
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    assert world.sync(id_).state is State.DELETED_IN_LEDGER
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.generation) == (State.SYNCED, 1)
    assert record.link is not None
    assert first.link is not None
    assert record.link.far_id != first.link.far_id
    assert [one["Id"] for one in world.booked() if one.get("status") != "Deleted"].count(record.link.far_id) == 1


def test_an_invoice_voided_in_quickbooks_is_attention(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.unbook(row, "void")
    world.push(world.ledger_hint(row))
    assert world.record(id_).reason == AttentionCode.VOIDED_IN_QUICKBOOKS


def test_the_echo_of_our_own_write_costs_no_vendor_call(world: World) -> None:
    world.sync(world.invoice())
    [row] = world.booked()
    before = world.calls
    [outcome] = world.push(world.ledger_hint(row))
    assert outcome.result == "covered"
    assert world.calls == before


def test_an_event_about_a_quickbooks_invoice_that_is_not_ours_is_dropped(world: World) -> None:
    [outcome] = world.push(world.ledger_hint({"Id": "77"}))
    assert (outcome.result, outcome.reason) == ("not_ours", "no_record")
    assert world.calls == 0


def test_a_hint_for_a_connection_that_does_not_exist_is_dropped(world: World) -> None:
    [outcome] = world.push(replace(world.hint("1"), connection="c9"))
    assert (outcome.result, outcome.reason) == ("not_ours", "unknown_connection")


def test_an_amount_that_grew_too_large_is_attention_also_for_a_booked_invoice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = world.invoice()
    world.sync(id_)
    read, huge = world.crm.invoices, Decimal(9_000_000_000_000_000)

    def grown(source: Any) -> Any:
        return replace(source, lines=tuple(replace(line, quantity=huge, unit_price=huge) for line in source.lines))

    monkeypatch.setattr(world.crm, "invoices", lambda *given: {key: grown(one) for key, one in read(*given).items()})
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.AMOUNT_TOO_LARGE)


def test_a_bug_in_describing_one_invoice_costs_its_neighbours_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [world.invoice() for _ in range(3)]
    bad, real, described = world.number(ids[1]), content.desired_content, []

    def broken(source: SourceInvoice, *rest: Any) -> Any:
        described.append(source.number)
        if source.number == bad:
            raise ZeroDivisionError
        return real(source, *rest)

    monkeypatch.setattr("tieout.services.assess.desired_content", broken)
    assert [one.result for one in world.push(*map(world.hint, ids))] == ["handled", "failed", "handled"]
    assert len(described) == 3
