"""The ways in which hints about invoices born in QuickBooks reach their worker, and what goes wrong on the way."""

from __future__ import annotations

import pytest

from tests.support.builders_mirror_world import MirrorWorld, discount, sale
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.record import Kind, RecordKey, State

INVOICES = "/crm/objects/2026-09/invoices$"
LINES = "/line_items/batch/create$"


@pytest.fixture
def world() -> MirrorWorld:
    found = MirrorWorld()
    found.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
    return found


def test_a_webhook_about_an_invoice_of_quickbooks_is_passed_on_without_a_call(world: MirrorWorld) -> None:
    row = world.billed()
    before = world.calls
    world.push(world.ledger_hint(row))
    assert world.calls == before
    [passed] = world.hints.pop_due()
    assert (passed.object, passed.id) == (HintObject.QUICKBOOKS_OWN_INVOICE, row["Id"])
    world.push(passed)
    assert world.mirror(row).state is State.SYNCED


def test_it_is_not_passed_on_while_invoices_are_not_taken_over(world: MirrorWorld) -> None:
    world.settings(pull_invoices=False)
    world.push(world.ledger_hint(world.billed()))
    assert world.hints.pop_due() == []


def test_a_persons_edit_of_the_mirror_is_noticed_by_its_own_webhook(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    id_ = world.shown_id(row)
    world.edit(id_, hs_number="HS-9")
    world.push(world.hint(id_))
    [passed] = [one for one in world.hints.pop_due() if one.object is HintObject.MIRRORED_INVOICE]
    world.push(passed)
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
    assert world.records.get(RecordKey("c1", Kind.INVOICE, "hubspot", id_)) is None


def test_the_echo_of_our_own_write_costs_no_call(world: MirrorWorld) -> None:
    row = world.billed()
    record = world.show(row)
    assert record.link is not None
    assert record.link.ledger_updated_at is not None
    before = world.calls
    echo = world.hint(record.link.far_id, object=HintObject.MIRRORED_INVOICE, occurred_at=record.link.ledger_updated_at)
    again = world.hint(str(row["Id"]), object=HintObject.QUICKBOOKS_OWN_INVOICE, occurred_at=record.covered_until)
    assert [one.result for one in world.push(echo, again)] == ["covered", "covered"]
    assert world.calls == before


def test_without_any_webhook_the_sweep_finds_new_and_changed_invoices(world: MirrorWorld) -> None:
    row = world.billed()
    world.sweep()
    world.run()
    assert world.mirror(row).state is State.SYNCED
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("1", "7.00")])
    world.sweep()
    world.run()
    assert world.standing(row).total is not None
    assert str(world.standing(row).total) == "7.00 USD"
    world.edit(world.shown_id(row), hs_number="HS-1")
    world.sweep()
    world.run()
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
    assert {one.key.origin_system for one in world.records if one.key.kind is Kind.INVOICE} == {"quickbooks"}


def test_an_idle_sweep_tells_nothing(world: MirrorWorld) -> None:
    row = world.billed()
    for _ in range(4):
        world.sweep()
        world.run()
        world.clock.advance(900)
    before = world.meter.reads("c1", world.clock.now().date())
    world.sweep()
    assert world.hints.pop_due() == []
    after = world.meter.reads("c1", world.clock.now().date())
    assert world.mirror(row).state is State.SYNCED
    assert sum(after.values()) - sum(before.values()) <= 1


@pytest.mark.parametrize("path", [INVOICES, LINES, "/discounts$", "/invoices/[0-9]+$"])
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_429", "status_500"])
def test_whatever_answer_is_lost_there_is_one_invoice_and_it_is_right(world: MirrorWorld, path: str, kind: str) -> None:
    row = world.billed(sale("3", "10.00"), sale("1", "4.00"), discount("2.00"))
    world.hubspot_fault(kind, path)
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert world.invoices_there() == [world.shown_id(row)]
    mirror = world.standing(row)
    assert (str(mirror.total), mirror.status) == ("32.00 USD", InvoiceStatus.OPEN)
    assert sorted(str(line.unit_price) for line in mirror.lines) == ["10.00", "4.00"]
    assert len(mirror.adjustments) == 1


@pytest.mark.parametrize("path", [LINES, "/discounts$", "/invoices/[0-9]+$"])
def test_a_lost_answer_of_a_change_is_no_persons_edit(world: MirrorWorld, path: str) -> None:
    row = world.billed(sale("3", "10.00"), discount("2.00"))
    world.show(row)
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("2", "8.00"), discount("1.00")])
    world.hubspot_fault("timeout_after", path)
    world.show(row)
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("5", "8.00"), discount("3.00")])
    world.push(world.own_hint(row))
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert str(world.standing(row).total) == "37.00 USD"
    assert len(world.standing(row).lines) == 1
    assert len(world.standing(row).adjustments) == 1


def test_a_message_that_comes_twice_and_two_workers_make_one_invoice(world: MirrorWorld) -> None:
    row = world.billed()
    world.push(world.own_hint(row), world.own_hint(row))
    other = world.make_mirrors()
    other.pull([world.own_hint(row)])
    world.run()
    assert world.invoices_there() == [world.shown_id(row)]


def test_a_worker_that_dies_after_the_create_is_continued(world: MirrorWorld) -> None:
    row = world.billed()
    world.crm, real = _Dies(world.crm), world.crm  # type: ignore[assignment]
    world.push(world.own_hint(row))
    world.crm = real
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert world.invoices_there() == [world.shown_id(row)]
    assert len(world.standing(row).lines) == 1


def test_a_person_who_edits_between_create_and_lines_is_not_overwritten(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.hubspot_fault("status_500", LINES)
    world.show(row)
    [id_] = world.invoices_there()
    world.edit(id_, hs_number="HS-9")
    world.run(lambda: world.mirror(row).settled)
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT
    assert world.standing(row).number == "HS-9"


def test_a_token_that_died_parks_and_goes_on(world: MirrorWorld) -> None:
    row = world.billed()
    world.hubspot_fault("status_401", INVOICES)
    record = world.show(row)
    assert (record.state, record.reason) == (State.WAITING, "connection_lost")
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert world.invoices_there() == [world.shown_id(row)]


def test_what_cannot_be_represented_to_the_cent_needs_a_person(world: MirrorWorld) -> None:
    row = world.billed()
    stored = world.quickbooks.company.rows["Invoice"][row["Id"]]
    stored["TotalAmt"] = stored["TotalAmt"] + 1
    record = world.show(row, Cause.RETRY)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert world.invoices_there() == []


class _Dies:
    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        if name == "fill_mirror":
            raise RuntimeError("killed")
        return getattr(self._real, name)
