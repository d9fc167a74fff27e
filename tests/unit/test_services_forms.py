"""Invoices of every form through the whole push, over both sandboxes: discounts, fees, stock, taxes, totals."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from tests.support.builders import usd
from tests.support.builders_forms import OF, STOCK, adjusted, the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.invoice import LedgerInvoice
from tieout.domain.record import State
from tieout.ports import Ledger, PreparedWrite


class Totals:
    """A ledger whose next created invoice comes to another total; everything else passes through."""

    def __init__(self, ledger: Ledger, *totals: str) -> None:
        self._ledger, self.totals = ledger, list(totals)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        answer = self._ledger.post_invoice(write, request_id)
        return replace(answer, total=usd(self.totals.pop(0))) if self.totals else answer


class AfterCreate:
    """A ledger after whose created invoices something happens."""

    def __init__(self, ledger: Ledger, then: Callable[[], None]) -> None:
        self._ledger, self._then = ledger, then

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def post_invoice(self, write: PreparedWrite, request_id: str) -> LedgerInvoice:
        answer = self._ledger.post_invoice(write, request_id)
        self._then()
        return answer


def taxed_otherwise() -> World:
    """QuickBooks computes 8 % where HubSpot bills 6.5 %."""
    world = World(using_sales_tax=True, partner_tax=True, partner_tax_percent=Decimal(8))
    world.settings(tax_mode="automated")
    return world


def test_discounts_and_fees_stand_in_quickbooks_as_hubspot_billed_them() -> None:
    world = World()
    world.settings(fee_item_id="1")
    spring, rush = ("discounts", "Spring", "PERCENT", "10"), ("fees", "Rush", "FIXED", "5")
    id_ = adjusted(world, spring, rush, line={"hs_discount_percentage": "5"})
    record = world.sync(id_)
    assert (record.state, record.detail) == (State.SYNCED, "")
    assert the(world)["TotalAmt"] == Decimal("312.80")
    before = world.row(the(world))
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert world.row(the(world)) == before


def test_stock_keeps_its_quantity_also_when_hubspot_changes_the_invoice_later() -> None:
    world = World()
    world.book("Item", {"Name": "Pump", **STOCK})
    id_ = adjusted(world, line={"name": "Pump", "hs_discount_percentage": "10"})
    assert world.sync(id_).state is State.SYNCED
    world.edit(id_, hs_comments="Thanks")
    assert world.sync(id_).state is State.SYNCED
    row = the(world)
    assert row["CustomerMemo"]["value"] == "Thanks"
    assert row["TotalAmt"] == Decimal("324.00")
    sold = next(line for line in row["Line"] if line["DetailType"] == "SalesItemLineDetail")
    assert sold["SalesItemLineDetail"]["Qty"] == 3


@pytest.mark.parametrize(
    ("company", "settings", "taxes", "total"),
    [
        ({"using_sales_tax": True}, {"tax_mode": "as_item", "tax_item_id": "1"}, [("VAT", "6.5")], "383.40"),
        (
            {"using_sales_tax": True, "partner_tax": True, "partner_tax_percent": Decimal("6.5")},
            {"tax_mode": "automated"},
            [("State tax", "6.5")],
            "383.40",
        ),
        (
            {"using_sales_tax": True},
            {"tax_mode": "codes", "tax_codes": {"California": "2"}},
            [("California", "8")],
            "388.80",
        ),
        (
            {"country": "GB", "home_currency": "GBP", "using_sales_tax": True},
            {"tax_mode": "codes", "tax_codes": {"VAT": "2"}, "untaxed_code": "5"},
            [("VAT", "20")],
            "432.00",
        ),
    ],
)
def test_sales_tax_comes_to_hubspots_total_in_every_mode(
    company: dict[str, Any], settings: dict[str, Any], taxes: list[tuple[str, str]], total: str
) -> None:
    world = World(**company)
    world.settings(**settings)
    id_ = world.invoice(status="draft", hs_currency=str(company.get("home_currency", "USD")))
    for label, percent in taxes:
        world.create("taxes", to={id_: OF["taxes"]}, hs_label=label, hs_type="PERCENT", hs_value=percent)
    world.edit(id_, hs_invoice_status="open")
    record = world.sync(id_)
    assert (record.state, record.detail) == (State.SYNCED, "")
    assert the(world)["TotalAmt"] == Decimal(total)
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED


def test_a_tax_that_quickbooks_computes_differently_is_voided_again_and_made_anew_when_a_person_asks() -> None:
    world = taxed_otherwise()
    id_ = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert record.detail == (
        "HubSpot says 383.40 USD, QuickBooks says 388.80 USD. Tieout voided the new QuickBooks invoice again."
    )
    assert the(world)["TotalAmt"] == 0
    world.clock.advance(60)
    again = world.sync(id_)
    assert (again.state, again.detail) == (State.ATTENTION, record.detail)
    assert len(world.booked()) == 1
    [entry] = [one for one in world.records.trail(record.key) if one.action == "voided invoice"]
    assert record.link is not None
    assert entry.facts["quickbooks_id"] == record.link.far_id
    # A person frees the number and allows the difference.
    world.rebook(the(world), DocNumber="void-1")
    world.settings(tax_mode="automated", variance_tolerance="6.00")
    mended = world.sync(id_, Cause.RETRY)
    assert mended.state is State.SYNCED_WITH_VARIANCE
    assert mended.detail == "QuickBooks has 5.40 USD more: 388.80 USD instead of HubSpot's 383.40 USD."
    assert mended.generation == 1
    assert sorted(row["TotalAmt"] for row in world.booked()) == [0, Decimal("388.80")]
    assert world.sync(id_).detail == mended.detail


def test_a_number_that_the_voided_document_still_bears_is_told() -> None:
    world = World()
    world.ledger = cast("Ledger", Totals(world.ledger, "361.00"))
    id_ = world.invoice()
    assert world.sync(id_).reason == AttentionCode.TOTAL_DIFFERS
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NUMBER)
    assert len(world.booked()) == 1


def test_a_voided_document_is_not_taken_for_the_new_one_although_it_bears_our_marker() -> None:
    """Moved out of a closed period its note begins with the date, so that the marker stays a line of its own."""
    world = World(book_close_date=date(2026, 3, 15), using_sales_tax=True, partner_tax=True)
    world.settings(tax_mode="automated", closed_period="first_open_day")
    id_ = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))
    assert world.sync(id_).reason == AttentionCode.TOTAL_DIFFERS
    record = world.sync(id_, Cause.RETRY)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NUMBER)


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
def test_a_lost_answer_is_not_found_in_the_document_that_was_voided_before(kind: str) -> None:
    world = taxed_otherwise()
    id_ = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))
    world.sync(id_)
    world.rebook(the(world), DocNumber="void-1")
    world.settings(tax_mode="automated", variance_tolerance="6.00")
    world.fault(kind)
    assert world.sync(id_, Cause.RETRY).state is State.VERIFYING
    world.run()
    assert world.record(id_).state is State.SYNCED_WITH_VARIANCE
    assert sorted(row["TotalAmt"] for row in world.booked()) == [0, Decimal("388.80")]


def test_by_setting_a_document_with_another_total_is_kept_and_marked() -> None:
    world = World()
    world.settings(beyond_tolerance="keep")
    world.ledger = cast("Ledger", Totals(world.ledger, "361.00"))
    id_ = world.invoice()
    record = world.sync(id_)
    assert (record.state, record.detail) == (State.ATTENTION, "HubSpot says 360.00 USD, QuickBooks says 361.00 USD.")
    assert the(world)["TotalAmt"] == Decimal("360.00")


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_429", "status_500"])
def test_a_void_that_fails_or_whose_answer_is_lost_is_made_good_and_the_document_never_stands_unmarked(
    kind: str,
) -> None:
    world = taxed_otherwise()
    id_ = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))
    ledger = world.ledger
    world.ledger = cast("Ledger", AfterCreate(ledger, lambda: world.fault(kind)))
    first = world.sync(id_)
    assert the(world)["TotalAmt"] == (0 if kind == "timeout_after" else Decimal("388.80"))
    assert first.state is not State.SYNCED
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert record.intent is None
    assert the(world)["TotalAmt"] == 0
    assert "voided the new QuickBooks invoice again" in record.detail


def test_what_somebody_paid_before_it_could_be_voided_again_stays_and_the_difference_is_told() -> None:
    world = taxed_otherwise()
    id_ = adjusted(world, ("taxes", "State tax", "PERCENT", "6.5"))

    def meanwhile() -> None:
        world.fault("timeout_before")

    world.ledger = cast("Ledger", AfterCreate(world.ledger, meanwhile))
    world.sync(id_)
    world.pay(the(world))
    world.run()
    record = world.record(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.TOTAL_DIFFERS)
    assert record.detail == "HubSpot says 383.40 USD, QuickBooks says 388.80 USD."
    assert the(world)["TotalAmt"] == Decimal("388.80")


def test_a_variance_is_told_and_stays_told() -> None:
    world = World()
    world.ledger = cast("Ledger", Totals(world.ledger, "360.03"))
    id_ = world.invoice()
    record = world.sync(id_)
    told = "QuickBooks has 0.03 USD more: 360.03 USD instead of HubSpot's 360.00 USD."
    assert (record.state, record.detail) == (State.SYNCED_WITH_VARIANCE, told)
    assert world.shown(id_) == "in_sync"
    world.edit(id_, hs_purchase_order_number="PO")
    reads = len(world.quickbooks.traffic.exchanges)
    again = world.sync(id_)
    assert (again.state, again.detail) == (State.SYNCED_WITH_VARIANCE, told)
    assert len(world.quickbooks.traffic.exchanges) == reads
