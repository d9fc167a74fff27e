"""Tie-out over both sandboxes: nothing to report while all is well, and each difference named with its reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from infra.sandbox.quickbooks.bookkeeper import Bookkeeper
from tests.support.builders import usd
from tests.support.builders_money_world import RECEIVABLE, MoneyWorld
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.domain.tie_out import Equation, Sides
from tieout.ports import Crm
from tieout.services import decisions
from tieout.services.reconcile import Reconcile, Report


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def tied_out(world: MoneyWorld, **options: Any) -> Report:
    workspace = world.open("c1")
    assert workspace is not None
    return Reconcile(world.records, world.clock).run(workspace, **options)


class Unreachable:
    """HubSpot while it does not answer."""

    def invoices(self, ids: Collection[str], extra_properties: Collection[str] = ()) -> Any:
        raise Transient("HubSpot does not answer")


def reasons(report: Report) -> dict[Equation, str]:
    return {finding.equation: finding.reason for one in report.drifted for finding in one.findings}


def test_paid_refunded_and_open_invoices_tie_out(world: MoneyWorld) -> None:
    paid, partly, _open = world.synced(), world.synced(), world.synced()
    payment = world.people.pay(paid)
    world.look(payment)
    world.look(world.people.pay(partly, "100.00"))
    world.people.refund(payment, "60.00")
    world.look(payment)
    report = tied_out(world)
    assert reasons(report) == {}
    assert report.ties_out
    [(currency, figures)] = report.totals.by_currency.items()
    assert currency == "USD"
    assert figures.billed == Sides(usd("1080.00"), usd("1080.00"))
    assert figures.received == Sides(usd("460.00"), usd("460.00"))
    assert figures.refunded == Sides(usd("60.00"), usd("60.00"))
    assert figures.open == Sides(usd("620.00"), usd("620.00"))


def test_a_payment_that_is_not_posted_yet_is_named(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    told = reasons(tied_out(world))
    assert list(told) == [Equation.RECEIVED]
    assert f"HubSpot payment {payment} over 360.00 USD is not in QuickBooks" in told[Equation.RECEIVED]


def test_a_payment_that_a_bookkeeper_unapplied_or_voided_is_named(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    [posting] = world.payment(payment).postings
    books = Bookkeeper(world.quickbooks)
    books.unapply(posting.far_id)
    told = reasons(tied_out(world))
    assert f"QuickBooks payment {posting.far_id} of HubSpot payment {payment} was unapplied" in told[Equation.RECEIVED]
    books.void_payment(posting.far_id)
    assert "was voided" in reasons(tied_out(world))[Equation.RECEIVED]


def test_a_total_that_a_bookkeeper_changed_is_named_with_both_figures(world: MoneyWorld) -> None:
    world.synced()
    [row] = world.booked("Invoice")
    line = {**row["Line"][0], "Amount": 350}
    line["SalesItemLineDetail"] = {**line["SalesItemLineDetail"], "UnitPrice": 350, "Qty": 1}
    world.bookkeeper.change("Invoice", row, Line=[line])
    [finding] = tied_out(world).drifted[0].findings
    assert finding.equation is Equation.BILLED
    assert (finding.left, finding.right) == (usd("360.00"), usd("350.00"))


def test_a_payment_that_nobody_can_allocate_is_listed_with_its_code(world: MoneyWorld) -> None:
    invoice, other = world.synced(), world.synced()
    payment = world.people.pay([invoice, other], "500.00")
    world.look(payment)
    told = reasons(tied_out(world))
    assert "allocation_unknown" in told[Equation.RECEIVED]


def test_an_invoice_that_needs_a_person_is_listed_with_its_reason(world: MoneyWorld) -> None:
    world.settings(create_customers=False)
    invoice = world.invoice()
    world.sync(invoice)
    report = tied_out(world)
    assert reasons(report)[Equation.DECIDED].startswith("customer_missing")
    assert report.drifted[0].state is State.ATTENTION
    assert report.totals.by_currency == {}


def test_an_invoice_deleted_on_one_side_is_named(world: MoneyWorld) -> None:
    invoice, other = world.synced(), world.synced()
    world.delete(invoice)
    [gone] = [row for row in world.booked("Invoice") if f"/{other}/" in row["PrivateNote"]]
    world.bookkeeper.delete("Invoice", gone)
    found = {one.key.origin_id: one.findings[0].reason for one in tied_out(world).drifted}
    assert found[invoice].startswith("Deleted in HubSpot")
    assert found[other].startswith("Deleted in QuickBooks")


def test_a_hundred_invoices_cost_two_metered_reads_and_no_write(world: MoneyWorld) -> None:
    for _ in range(3):
        world.look(world.people.pay(world.synced()))
    before, written = world.meter.counted, world.quickbooks.company.writes
    assert reasons(tied_out(world)) == {}
    assert world.meter.counted - before == 2
    assert world.quickbooks.company.writes == written


def test_an_invoice_whose_change_waits_is_compared_too(world: MoneyWorld) -> None:
    invoice, unposted = world.synced(), world.invoice()
    tomorrow = world.clock.now() + timedelta(days=1)
    world.records.put(world.record(invoice).to(State.WAITING, reason="connection_lost", due_at=tomorrow))
    key = replace(world.record(invoice).key, origin_id=unposted)
    world.records.put(SyncRecord(key, State.WAITING, reason="connection_lost", due_at=tomorrow))
    assert tied_out(world).ties_out
    [row] = world.booked("Invoice")
    world.bookkeeper.delete("Invoice", row)
    report = tied_out(world)
    assert [one.key.origin_id for one in report.results] == [invoice]
    assert reasons(report)[Equation.STANDING].startswith("Deleted in QuickBooks")


def test_invoices_before_the_day_asked_for_are_left_out(world: MoneyWorld) -> None:
    world.synced()
    assert len(tied_out(world, since=date(2026, 3, 1)).results) == 1
    assert tied_out(world, since=date(2026, 3, 2)).results == ()


def test_what_is_not_reached_in_time_is_counted(world: MoneyWorld) -> None:
    world.synced()
    report = tied_out(world, deadline=world.clock.now())
    assert (report.results, report.left, report.ties_out) == ((), 1, False)


def test_progress_is_told_from_none_to_all(world: MoneyWorld) -> None:
    world.synced()
    steps: list[tuple[int, int]] = []
    tied_out(world, progress=lambda done, of: steps.append((done, of)))
    assert steps == [(0, 1), (1, 1)]


def test_a_vendor_that_does_not_answer_is_no_difference(world: MoneyWorld) -> None:
    world.synced()
    world.crm = cast(Crm, Unreachable())
    with pytest.raises(Transient):
        tied_out(world)


def test_money_that_came_in_in_quickbooks_and_is_not_recorded_yet_is_named(world: MoneyWorld) -> None:
    world.synced()
    [invoice] = world.booked("Invoice")
    books = Bookkeeper(world.quickbooks)
    payment = books.receive(invoice["CustomerRef"]["value"], Decimal("90.00"), on={invoice["Id"]: Decimal("90.00")})
    [finding] = tied_out(world).drifted[0].findings
    assert (finding.equation, finding.left, finding.right) == (Equation.RECEIVED, usd("0"), usd("90.00"))
    assert f"QuickBooks payment {payment['Id']} with 90.00 USD is not recorded in HubSpot" in finding.reason


def test_what_the_settings_leave_out_is_no_finding(world: MoneyWorld) -> None:
    world.settings(record_payments_in_hubspot=False)
    world.synced()
    [invoice] = world.booked("Invoice")
    books = Bookkeeper(world.quickbooks)
    books.receive(invoice["CustomerRef"]["value"], Decimal("90.00"), on={invoice["Id"]: Decimal("90.00")})
    report = tied_out(world)
    assert reasons(report) == {}
    assert report.totals.by_currency["USD"].received == Sides(usd("0"), usd("90.00"))


def test_payments_that_the_settings_do_not_send_are_no_finding_until_the_setting_is_on_again(world: MoneyWorld) -> None:
    world.settings(push_payments=False)
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "60.00")
    world.look(payment)
    report = tied_out(world)
    assert reasons(report) == {}
    assert report.totals.by_currency["USD"].received == Sides(usd("360.00"), usd("0"))
    world.settings(push_payments=True)
    assert set(reasons(tied_out(world))) == {Equation.RECEIVED, Equation.REFUNDED}


def test_a_payment_left_out_by_a_setting_that_is_on_again_is_named(world: MoneyWorld) -> None:
    world.settings(pull_payments=False)
    invoice = world.synced()
    payment = world.received("90.00", {invoice: "90.00"})
    assert world.pull(payment).reason == "switched_off"
    assert tied_out(world).ties_out
    world.settings(pull_payments=True)
    assert f"QuickBooks payment {payment} with 90.00 USD is not recorded" in reasons(tied_out(world))[Equation.RECEIVED]


def test_a_credit_is_counted_as_credited_and_never_as_received(world: MoneyWorld) -> None:
    world.synced()
    [invoice] = world.booked("Invoice")
    books = Bookkeeper(world.quickbooks)
    memo = books.credit(invoice["CustomerRef"]["value"], Decimal("60.00"))
    books.apply_credit(memo["Id"], {invoice["Id"]: Decimal("60.00")})
    report = tied_out(world)
    assert reasons(report) == {}
    figures = report.totals.by_currency["USD"]
    assert (figures.credited, figures.received) == (usd("60.00"), Sides(usd("0"), usd("0")))
    assert figures.open.quickbooks == usd("300.00")


def test_a_refund_receipt_that_somebody_deleted_is_named(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "60.00")
    world.look(payment)
    world.bookkeeper.delete("RefundReceipt", world.one("RefundReceipt"))
    [finding] = tied_out(world).drifted[0].findings
    assert (finding.equation, finding.left, finding.right) == (Equation.REFUNDED, usd("60.00"), usd("0"))
    assert "does not stand any more" in finding.reason


def test_a_refund_as_credit_memo_and_expense_ties_out(world: MoneyWorld) -> None:
    world.settings(refunds="credit_memo", receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "60.00")
    world.look(payment)
    report = tied_out(world)
    assert reasons(report) == {}
    assert report.totals.by_currency["USD"].refunded == Sides(usd("60.00"), usd("60.00"))


def test_a_payment_over_two_invoices_is_counted_once(world: MoneyWorld) -> None:
    parties = {"company": world.company(), "contact": world.contact()}
    payment = world.people.pay([world.synced(**parties), world.synced(**parties)])
    world.look(payment)
    report = tied_out(world)
    assert reasons(report) == {}
    assert report.totals.by_currency["USD"].received == Sides(usd("720.00"), usd("720.00"))


def test_a_posted_payment_whose_hubspot_payment_was_deleted_is_told_as_that(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced())
    world.look(payment)
    world.people.archive("commerce_payments", payment)
    [posted] = world.booked("Payment")
    [finding] = tied_out(world).drifted[0].findings
    assert finding.equation is Equation.RECEIVED
    assert finding.reason.startswith(
        f"QuickBooks payment {posted['Id']} with 360.00 USD was posted for a HubSpot payment"
    )


def test_what_drifted_is_named_by_invoice_number(world: MoneyWorld) -> None:
    for _ in range(3):
        world.people.pay(world.synced())
    found = [one.label for one in tied_out(world).drifted]
    assert len(found) == 3
    assert found == sorted(found)


@pytest.mark.parametrize("posted", [False, True])
def test_a_payment_that_a_person_left_alone_is_no_drift_until_a_refund_of_it_is_told(
    world: MoneyWorld, posted: bool
) -> None:
    payment = world.people.pay(world.synced())
    if posted:
        world.look(payment)
        world.bookkeeper.void_payment(world.payment(payment).postings[0].far_id)
    key = RecordKey("c1", Kind.PAYMENT, "hubspot", payment)
    decisions.ignore(world.records, world.clock, key, "Entered by hand.", "anna", "t")
    world.look(payment, Cause.DUE)
    assert reasons(tied_out(world)) == {}
    world.people.refund(payment, "60.00")
    world.look(payment)
    assert "refund_of_ignored" in reasons(tied_out(world))[Equation.REFUNDED]
    world.look(payment, Cause.RETRY)
    assert reasons(tied_out(world)) == {}
