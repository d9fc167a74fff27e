"""What records remember of invoices and payments for lists and for the search, through the workers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_world import OBJECTS
from tests.support.memory_registers import MemoryRegisters
from tests.support.told import ToldWorld
from tieout.domain.money import Money
from tieout.domain.record import Kind, State, SyncRecord
from tieout.domain.register import Health, Register


@pytest.fixture
def world() -> ToldWorld:
    return ToldWorld()


def found(world: ToldWorld, register: Register, text: str) -> list[SyncRecord]:
    """What a search shows."""
    return list(MemoryRegisters(world.records).search("c1", register, text, None, 50).records)


def booked(world: ToldWorld, invoice: str) -> dict[str, Any]:
    """The QuickBooks invoice of a HubSpot invoice."""
    return world.row({"Id": world.far_id(invoice)})


def test_an_invoice_from_hubspot_is_found_by_number_and_customer(world: ToldWorld) -> None:
    id_ = world.invoice(company=world.company("Émile Zola & Fils"))
    world.pass_time()
    [record] = found(world, Register.INVOICES, "emile zola")
    assert record.key.origin_id == id_
    about = record.about
    assert about is not None
    assert (about.customer, about.total, about.status) == ("Émile Zola & Fils", Money(Decimal("360.00"), "USD"), "open")
    assert about.day is not None
    assert about.due is not None
    assert found(world, Register.INVOICES, record.label) == [record]


def test_a_renamed_customer_is_found_by_the_new_name_once_the_invoice_is_looked_at(world: ToldWorld) -> None:
    company = world.company("Before Ltd")
    id_ = world.invoice(company=company)
    world.pass_time()
    world.person.patch(f"{OBJECTS}/companies/{company}", json={"properties": {"name": "After Ltd"}})
    world.edit(id_, hs_due_date="2026-05-15T00:00:00Z")
    world.pass_time()
    assert [one.key.origin_id for one in found(world, Register.INVOICES, "after")] == [id_]
    assert found(world, Register.INVOICES, "before") == []


def test_a_payment_from_hubspot_is_found_by_its_invoice_and_its_customer(world: ToldWorld) -> None:
    invoice = world.invoice(company=world.company("Zenith"))
    world.pass_time()
    payment = world.people.pay(invoice, "100.00")
    world.pass_time()
    [record] = found(world, Register.PAYMENTS, world.record(invoice).label.lower())
    assert (record.key.origin_id, record.state) == (payment, State.SYNCED)
    about = record.about
    assert about is not None
    assert (about.customer, about.invoices, about.source, about.status) == (
        "Zenith",
        (world.record(invoice).label,),
        "hs_payments",
        "succeeded",
    )
    assert about.total == Money(Decimal("100.00"), "USD")
    assert found(world, Register.PAYMENTS, "zenith") == [record]


def test_a_payment_that_was_entered_in_quickbooks_is_found_by_the_hubspot_invoice(world: ToldWorld) -> None:
    invoice = world.invoice(company=world.company("Zenith"))
    world.pass_time()
    row = booked(world, invoice)
    link = {"TxnId": row["Id"], "TxnType": "Invoice"}
    world.bookkeeper.create(
        "Payment",
        CustomerRef=row["CustomerRef"],
        TotalAmt=Decimal(50),
        Line=[{"Amount": Decimal(50), "LinkedTxn": [link]}],
    )
    world.pass_time()
    [record] = found(world, Register.PAYMENTS, world.record(invoice).label.lower())
    about = record.about
    assert about is not None
    assert (about.customer, about.source, about.invoices) == ("Zenith", "quickbooks", (world.record(invoice).label,))
    assert (about.total, record.key.origin_system) == (Money(Decimal("50.00"), "USD"), "quickbooks")


def test_a_refund_that_was_entered_in_quickbooks_stands_among_the_payments(world: ToldWorld) -> None:
    invoice = world.invoice(company=world.company("Zenith"))
    world.pass_time()
    detail = {"ItemRef": {"value": "1"}, "Qty": Decimal(1), "UnitPrice": Decimal(20)}
    line = {"Amount": Decimal(20), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    customer = booked(world, invoice)["CustomerRef"]
    world.bookkeeper.create("RefundReceipt", CustomerRef=customer, DepositToAccountRef={"value": "35"}, Line=[line])
    world.pass_time()
    [record] = found(world, Register.PAYMENTS, "zenith")
    assert record.key.kind is Kind.REFUND
    assert record.about is not None
    assert record.about.total == Money(Decimal("20.00"), "USD")


def test_an_invoice_that_cannot_be_read_is_listed_all_the_same(world: ToldWorld) -> None:
    id_ = world.invoice(hs_currency="??")
    world.pass_time()
    page = MemoryRegisters(world.records).newest("c1", Register.INVOICES, Health.ATTENTION, 10)
    assert [one.key.origin_id for one in page.records] == [id_]


def test_the_sweep_counts_what_stands(world: ToldWorld) -> None:
    good, paid = world.invoice(), world.invoice()
    world.pass_time()
    world.people.pay(paid, "100.00")
    world.invoice(hs_currency="??")
    world.pass_time(5)
    assert world.record(good).state is State.SYNCED
    days = world.health.days("c1", date(2026, 1, 1))
    counts = days[max(days)].counts
    invoices, payments = (Kind.INVOICE, "hubspot"), (Kind.PAYMENT, "hubspot")
    assert counts[invoices, Health.IN_SYNC] == 2
    assert counts[invoices, Health.ATTENTION] == 1
    assert counts[payments, Health.IN_SYNC] == 1
    assert sum(counts.values()) == 4
