"""A customer stays the same one: changed e-mails, new names, records that HubSpot merged, a person's retry."""

import pytest

from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State


@pytest.fixture
def world() -> World:
    return World()


def billed(world: World, id_: str) -> str:
    """The QuickBooks customer of a HubSpot invoice."""
    link = world.record(id_).link
    assert link is not None
    [row] = [row for row in world.booked() if row["Id"] == link.far_id]
    return str(row["CustomerRef"]["value"])


def rename(world: World, name: str) -> None:
    """A person gives the one customer in QuickBooks another name."""
    [row] = world.booked("Customer")
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "DisplayName": name})


def test_a_customer_whose_e_mail_changed_stays_the_same_customer() -> None:
    world = World()
    world.settings(customer_level="contact")
    contact = world.contact(email="old@example.test")
    first = world.invoice(contact=contact)
    world.sync(first)
    world.clock.advance(60)
    answer = world.person.patch(
        f"/crm/objects/2026-09/contacts/{contact}", json={"properties": {"email": "new@example.test"}}
    )
    assert answer.status_code == 200
    second = world.invoice(contact=contact)
    assert world.sync(first, Cause.RETRY).state is world.sync(second).state is State.SYNCED
    assert len({row["CustomerRef"]["value"] for row in world.booked()}) == len(world.booked("Customer")) == 1
    assert {row["BillEmail"]["Address"] for row in world.booked()} == {"new@example.test"}


def test_an_e_mail_that_changed_in_quickbooks_makes_no_second_customer(world: World) -> None:
    world.settings(customer_level="contact")
    contact = world.contact()
    first = world.invoice(contact=contact)
    world.sync(first)
    [row] = world.booked("Customer")
    change = {"PrimaryEmailAddr": {"Address": "accounts@muster.test"}}
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, **change})
    second = world.invoice(contact=contact)
    assert world.sync(second).state is State.SYNCED
    assert billed(world, first) == billed(world, second)


@pytest.mark.parametrize("cause", [Cause.WEBHOOK, Cause.RETRY])
def test_a_customer_that_was_renamed_in_quickbooks_is_not_made_a_second_time(world: World, cause: Cause) -> None:
    company = world.company("Acme")
    first = world.invoice(company=company)
    world.sync(first)
    rename(world, "Acme (Berlin office)")
    second = world.invoice(company=company)
    assert world.sync(second, cause).state is State.SYNCED
    assert billed(world, first) == billed(world, second)
    assert len(world.booked("Customer")) == 1


def test_a_customer_that_is_inactive_by_now_gives_way_to_another_when_a_person_retries(world: World) -> None:
    company = world.company("Acme")
    world.sync(world.invoice(company=company))
    rename(world, "Old Acme")
    world.unbook(world.booked()[0], "void")
    [row] = world.booked("Customer")
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Active": False})
    second = world.invoice(company=company)
    assert world.sync(second).reason == AttentionCode.REFERENCE_INACTIVE
    assert world.sync(second, Cause.RETRY).state is State.SYNCED
    assert billed(world, second) != row["Id"]


def test_an_inactive_customer_whose_name_cannot_be_given_again_is_forgotten_until_it_is_active(world: World) -> None:
    company = world.company("Acme")
    world.sync(world.invoice(company=company))
    world.unbook(world.booked()[0], "void")
    [row] = world.booked("Customer")
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Active": False})
    second = world.invoice(company=company)
    assert world.sync(second).reason == AttentionCode.REFERENCE_INACTIVE
    for _ in range(2):
        record = world.sync(second, Cause.RETRY)
        assert (record.reason, record.detail) == (
            AttentionCode.DUPLICATE_NAME,
            f"“Acme” is held by Customer {row['Id']} (inactive).",
        )
    [row] = world.booked("Customer")
    world.book("Customer", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True, "Active": True})
    assert world.sync(second, Cause.RETRY).state is State.SYNCED
    assert billed(world, second) == row["Id"]


@pytest.mark.parametrize(("type_", "level"), [("companies", "company"), ("contacts", "contact")])
def test_a_merged_record_keeps_the_customer_of_the_one_that_had_one(world: World, type_: str, level: str) -> None:
    """HubSpot's merge makes a new record under another id, here also under another name and e-mail address."""
    world.settings(customer_level=level)
    company, contact = world.company("Acme"), world.contact()
    first = world.invoice(company=company, contact=contact)
    world.sync(first)
    other = world.company("Umbrella") if type_ == "companies" else world.contact("Bea", "Berg", "bea@example.test")
    made = world.merge(type_, other, company if type_ == "companies" else contact)
    made_company, made_contact = (made, None) if type_ == "companies" else (None, made)
    second = world.invoice(company=made_company, contact=made_contact)
    assert world.sync(second).state is State.SYNCED
    assert billed(world, first) == billed(world, second)
    world.edit(first, hs_comments="After the merge")
    assert world.sync(first).state is State.SYNCED
    assert len(world.booked("Customer")) == 1
    # The new record is known by itself from now on.
    reads = [one.url for one in world.quickbooks.traffic.exchanges if "Customer+WHERE" in one.url]
    assert world.sync(world.invoice(company=made_company, contact=made_contact)).state is State.SYNCED
    assert [one.url for one in world.quickbooks.traffic.exchanges if "Customer+WHERE" in one.url] == reads


def test_a_record_that_was_merged_twice_keeps_its_customer(world: World) -> None:
    company = world.company("Acme")
    first = world.invoice(company=company)
    world.sync(first)
    made = world.merge("companies", world.company("Umbrella"), company)
    made = world.merge("companies", world.company("Holding"), made)
    second = world.invoice(company=made)
    assert world.sync(second).state is State.SYNCED
    assert billed(world, first) == billed(world, second)


def test_of_two_merged_companies_that_both_have_customers_the_name_decides(world: World) -> None:
    acme, umbrella = world.company("Acme"), world.company("Umbrella")
    ids = [world.invoice(company=company) for company in (acme, umbrella)]
    for id_ in ids:
        world.sync(id_)
    before = [billed(world, id_) for id_ in ids]
    third = world.invoice(company=world.merge("companies", acme, umbrella))
    assert world.sync(third).state is State.SYNCED
    assert billed(world, third) == before[0]
    for id_ in ids:
        world.edit(id_, hs_comments="After the merge")
        assert world.sync(id_).state is State.SYNCED
    assert [billed(world, id_) for id_ in ids] == before


def test_two_merged_companies_whose_customers_no_name_tells_apart_are_attention_also_on_a_retry(world: World) -> None:
    acme, umbrella = world.company("Acme"), world.company("Umbrella")
    for company in (acme, umbrella):
        world.sync(world.invoice(company=company))
    made = world.merge("companies", acme, umbrella)
    assert world.person.patch(f"/crm/objects/2026-09/companies/{made}", json={"properties": {"name": "New"}})
    third = world.invoice(company=made)
    for cause in (Cause.WEBHOOK, Cause.RETRY):
        record = world.sync(third, cause)
        assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CUSTOMER_AMBIGUOUS)
    ids = ", ".join(sorted(row["Id"] for row in world.booked("Customer")))
    assert record.detail == f"Merged in HubSpot, and several in QuickBooks: ids {ids}."
    assert len(world.booked("Customer")) == 2


def test_a_foreign_customer_of_a_merged_company_is_kept_in_its_currency() -> None:
    world = World(multicurrency=True, hubspot={"additional_currencies": ("EUR",)})
    company = world.company("Acme")
    first = world.invoice(company=company, hs_currency="EUR")
    world.sync(first)
    made = world.merge("companies", world.company("Umbrella"), company)
    second, home = world.invoice(company=made, hs_currency="EUR"), world.invoice(company=made)
    assert world.sync(second).state is world.sync(home).state is State.SYNCED
    assert billed(world, first) == billed(world, second) != billed(world, home)


def test_a_merge_alone_does_not_rewrite_an_invoice(world: World) -> None:
    company = world.company("Acme")
    id_ = world.invoice(company=company)
    world.sync(id_)
    before = world.booked()
    world.merge("companies", world.company("Umbrella"), company)
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert world.booked() == before
