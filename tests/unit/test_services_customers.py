"""Customers: each made once, whoever asks at the same time, and every clash told or resolved."""

from datetime import timedelta

import pytest

from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.customer import CustomerDraft
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State, SyncRecord
from tieout.ports import PreparedWrite
from tieout.services.claims import LEASE


@pytest.fixture
def world() -> World:
    return World()


def names(world: World) -> list[str]:
    return sorted(row["DisplayName"] for row in world.booked("Customer"))


def customer_record(world: World, origin: str) -> SyncRecord:
    found = world.records.get(RecordKey("c1", Kind.CUSTOMER, "hubspot", origin))
    assert found is not None
    return found


def test_two_invoices_of_one_new_company_in_a_batch_make_one_customer(world: World) -> None:
    company = world.company("Acme Ltd")
    ids = [world.invoice(company=company) for _ in range(2)]
    world.push(*map(world.hint, ids))
    assert names(world) == ["Acme Ltd"]
    assert len({row["CustomerRef"]["value"] for row in world.booked()}) == 1
    record = customer_record(world, f"company:{company}")
    assert (record.state, record.intent, record.lease_owner) == (State.SYNCED, None, None)
    [line] = world.records.trail(record.key)
    assert (line.action, line.facts["how"]) == ("linked customer", "created")


def test_a_remembered_customer_is_not_looked_up_again(world: World) -> None:
    company = world.company("Acme Ltd")
    world.sync(world.invoice(company=company))
    before = len(world.quickbooks.traffic.exchanges)
    world.sync(world.invoice(company=company))
    calls = world.quickbooks.traffic.exchanges[before:]
    assert not [one for one in calls if "Customer+WHERE" in one.url]
    assert names(world) == ["Acme Ltd"]


def test_an_existing_customer_is_used(world: World) -> None:
    world.book("Customer", {"DisplayName": "Acme Ltd"})
    world.sync(world.invoice(company=world.company("ACME ltd")))
    assert names(world) == ["Acme Ltd"]


def test_a_contact_is_found_by_e_mail_and_billed_when_the_settings_say_so(world: World) -> None:
    world.settings(customer_level="contact")
    world.book("Customer", {"DisplayName": "Muster Inc", "PrimaryEmailAddr": {"Address": "anna@example.test"}})
    id_ = world.invoice(company=world.company(), contact=world.contact())
    assert world.sync(id_).state is State.SYNCED
    assert names(world) == ["Muster Inc"]


def test_several_customers_with_the_e_mail_are_attention_that_names_them(world: World) -> None:
    for name in ("Muster Inc", "Muster GmbH"):
        world.book("Customer", {"DisplayName": name, "PrimaryEmailAddr": {"Address": "anna@example.test"}})
    record = world.sync(world.invoice(contact=world.contact()))
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CUSTOMER_AMBIGUOUS)
    assert "Muster Inc" in record.detail
    assert world.booked() == []


def test_a_contact_whose_name_a_vendor_holds_gets_its_e_mail_as_suffix(world: World) -> None:
    world.book("Vendor", {"DisplayName": "Anna Muster"})
    assert world.sync(world.invoice(contact=world.contact())).state is State.SYNCED
    assert names(world) == ["Anna Muster (anna@example.test)"]


def test_a_contact_whose_suffixed_name_is_held_too_is_attention(world: World) -> None:
    for name in ("Anna Muster", "Anna Muster (anna@example.test)"):
        world.book("Vendor", {"DisplayName": name})
    record = world.sync(world.invoice(contact=world.contact()))
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NAME)
    assert "Vendor" in record.detail


def test_a_company_whose_name_a_vendor_holds_is_attention_until_that_is_resolved(world: World) -> None:
    vendor = world.book("Vendor", {"DisplayName": "Acme Ltd"})
    id_ = world.invoice(company=world.company("Acme Ltd"))
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NAME)
    assert record.detail == f"“Acme Ltd” is held by Vendor {vendor['Id']}."
    world.book("Vendor", {"Id": vendor["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Acme Supplies"})
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert names(world) == ["Acme Ltd"]


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_a_name_that_anybody_in_quickbooks_bears_is_resolved_for_a_contact_and_told_for_a_company(
    world: World, entity: str, active: bool
) -> None:
    # An active customer of the company's name is the company itself; of the contact's it is one with another address.
    other = {"PrimaryEmailAddr": {"Address": "other@example.test"}} if entity == "Customer" else {}
    for given, family in (("Anna", "Muster"), ("Acme", "Ltd")):
        body = {"DisplayName": f"{given} {family}", "GivenName": given, "FamilyName": family, **other}
        holder = world.book(entity, body)
        if not active:
            change = {"Id": holder["Id"], "SyncToken": holder["SyncToken"], "sparse": True, "Active": False}
            world.book(entity, change)
    contact = world.invoice(contact=world.contact())
    assert world.sync(contact).state is State.SYNCED
    assert "Anna Muster (anna@example.test)" in names(world)
    record = world.sync(world.invoice(company=world.company("Acme Ltd")))
    if entity == "Customer" and active:
        assert record.state is State.SYNCED
        return
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NAME)
    assert record.detail == f"“Acme Ltd” is held by {entity} {holder['Id']}{'' if active else ' (inactive)'}."


@pytest.mark.parametrize(("level", "billed"), [("company", "Acme Ltd"), ("contact", "Anna Muster")])
def test_an_invoice_is_billed_at_the_level_of_the_settings(world: World, level: str, billed: str) -> None:
    world.settings(customer_level=level)
    assert world.sync(world.invoice(company=world.company("Acme Ltd"), contact=world.contact())).state is State.SYNCED
    assert names(world) == [billed]


def test_with_creating_switched_off_an_unknown_customer_is_attention(world: World) -> None:
    world.settings(create_customers=False)
    assert world.sync(world.invoice()).reason == AttentionCode.CUSTOMER_MISSING
    assert world.booked("Customer") == []


def test_a_person_who_retries_has_the_customer_looked_up_anew(world: World) -> None:
    company = world.company("Acme Ltd")
    id_ = world.invoice(company=company)
    world.sync(id_)
    [row] = world.booked("Customer")
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "DisplayName": "Old Acme"})
    world.book("Customer", {"DisplayName": "Acme Ltd"})
    other = world.invoice(company=company)
    assert world.sync(other).state is State.SYNCED
    assert world.booked()[-1]["CustomerRef"]["value"] == row["Id"]
    third = world.invoice(company=company)
    world.sync(third, Cause.RETRY)
    assert world.booked()[-1]["CustomerRef"]["value"] != row["Id"]


def test_an_invoice_keeps_its_customer_when_the_settings_bill_others_later(world: World) -> None:
    id_ = world.invoice(company=world.company("Acme Ltd"), contact=world.contact())
    world.sync(id_)
    [before] = world.booked()
    world.settings(customer_level="contact")
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    assert world.sync(id_).state is State.SYNCED
    [after] = world.booked()
    assert after["CustomerRef"]["value"] == before["CustomerRef"]["value"]
    assert after["DueDate"] == "2026-04-15"
    assert names(world) == ["Acme Ltd"]


def test_a_name_with_characters_that_quickbooks_forbids_is_freed_of_them(world: World) -> None:
    world.sync(world.invoice(company=world.company("Acme: Europe\tLtd")))
    assert names(world) == ["Acme Europe Ltd"]


def test_while_another_worker_makes_the_customer_the_invoice_waits_a_moment(world: World) -> None:
    company = world.company("Acme Ltd")
    id_ = world.invoice(company=company)
    key = RecordKey("c1", Kind.CUSTOMER, "hubspot", f"company:{company}")
    held = world.claims.take_in_passing(key, "trace")
    assert held is not None
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.WAITING, "not_ready")
    assert record.due_at == world.clock.now() + timedelta(seconds=3)
    assert world.booked("Customer") == []
    world.claims.release(held, held.record)
    world.run()
    assert world.record(id_).state is State.SYNCED


def test_a_customer_that_a_dead_worker_holds_is_asked_for_less_and_less_and_costs_no_read(world: World) -> None:
    company = world.company("Acme Ltd")
    world.sync(world.invoice())
    id_ = world.invoice(company=company)
    key = RecordKey("c1", Kind.CUSTOMER, "hubspot", f"company:{company}")
    assert world.claims.take_in_passing(key, "trace") is not None
    start, before = world.clock.now(), len(world.quickbooks.traffic.exchanges)
    world.sync(id_)
    looks = 1
    while world.clock.now() < start + LEASE:
        assert len(world.quickbooks.traffic.exchanges) == before
        due_at = world.record(id_).due_at
        assert due_at is not None
        world.clock.advance((due_at - world.clock.now()).total_seconds())
        world.sync(id_, Cause.DUE)
        looks += 1
    assert looks < 10
    assert world.record(id_).state is State.SYNCED


def test_a_bug_with_one_customer_fails_its_own_invoices_alone(world: World) -> None:
    bad, good = world.invoice(company=world.company("Bad Ltd")), world.invoice()
    prepare = world.ledger.prepare_customer

    def broken(draft: CustomerDraft) -> PreparedWrite:
        if draft.name == "Bad Ltd":
            raise ZeroDivisionError
        return prepare(draft)

    world.ledger.prepare_customer = broken  # type: ignore[method-assign]
    outcomes = world.push(world.hint(bad), world.hint(good))
    assert [outcome.result for outcome in outcomes] == ["failed", "handled"]
    assert world.record(good).state is State.SYNCED
    customers = [record for record in world.records if record.key.kind is Kind.CUSTOMER]
    assert {(one.lease_owner, one.reason) for one in customers} == {(None, ""), (None, "internal_error")}


def test_a_customer_that_quickbooks_refuses_stops_its_own_invoices_alone(world: World) -> None:
    bad, good = world.invoice(company=world.company("Bad Ltd")), world.invoice()
    world.fault("fault_400", path="/customer$", code="6000", detail="Not this one.")
    world.push(world.hint(bad), world.hint(good))
    states = {world.record(id_).state for id_ in (bad, good)}
    assert states == {State.ATTENTION, State.SYNCED}
