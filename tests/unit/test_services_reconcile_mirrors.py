"""The tie-out of invoices that are born in QuickBooks."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest

from tests.support.builders_mirror_world import MirrorWorld, sale
from tieout.domain.tie_out import Equation, TieOut
from tieout.services.drift_report import as_csv, as_json
from tieout.services.reconcile import Reconcile, Report


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


def report(world: MirrorWorld) -> Report:
    workspace = world.open("c1")
    assert workspace is not None
    return Reconcile(world.records, world.clock).run(workspace)


def drift(world: MirrorWorld) -> TieOut:
    [found] = report(world).drifted
    return found


def test_invoices_of_both_systems_tie_out_together(world: MirrorWorld) -> None:
    world.synced()
    row = world.billed(sale("1", "40.00"))
    world.show(row)
    world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal("15.00"), {row["Id"]: Decimal("15.00")})
    world.show(row)
    found = report(world)
    assert found.ties_out
    assert len(found.results) == 2
    figures = found.totals.by_currency["USD"]
    assert figures.billed.hubspot == figures.billed.quickbooks
    assert str(figures.open.quickbooks) == "385.00 USD"


def test_a_total_that_changed_in_quickbooks_is_found(world: MirrorWorld) -> None:
    row = world.billed(sale("1", "40.00"))
    world.show(row)
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("1", "41.00")])
    assert [one.equation for one in drift(world).findings] == [Equation.BILLED, Equation.APPLIED]


def test_a_payment_that_was_not_shown_is_found(world: MirrorWorld) -> None:
    row = world.billed(sale("1", "40.00"))
    world.show(row)
    world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal("40.00"), {row["Id"]: Decimal("40.00")})
    [finding] = drift(world).findings
    assert finding.equation is Equation.APPLIED
    assert "open in QuickBooks" in finding.reason


def test_a_deletion_on_either_side_is_found(world: MirrorWorld) -> None:
    first, second = world.billed(), world.billed()
    world.show(first)
    world.show(second)
    world.delete(world.shown_id(first))
    world.unbook(second)
    assert [[one.equation for one in each.findings] for each in report(world).drifted] == [[Equation.STANDING]] * 2


def test_a_void_on_both_sides_holds_and_on_one_does_not(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    world.unbook(row, "void")
    assert [one.equation for one in drift(world).findings] == [Equation.STANDING]
    world.show(row)
    assert report(world).ties_out


def test_what_needs_a_person_is_told(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-1")
    world.bookkeeper.change("Invoice", world.row(row), CustomerMemo={"value": "x"})
    world.show(row)
    assert [one.equation for one in drift(world).findings] == [Equation.DECIDED]


def test_the_report_names_an_invoice_by_its_id_where_it_was_born(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-1")
    world.show(row)
    told = report(world)
    [finding] = json.loads(as_json(told))["findings"]
    assert (finding["hubspot_id"], finding["quickbooks_id"]) == (None, row["Id"])
    [line] = csv.DictReader(io.StringIO(as_csv(told)))
    assert (line["hubspot_id"], line["quickbooks_id"]) == ("", row["Id"])
