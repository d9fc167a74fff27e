"""Companies that HubSpot does not know: made once for the QuickBooks customers of invoices that are shown there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tieout.domain.customer import Candidate
from tieout.domain.hint import Cause
from tieout.domain.record import Kind, RecordKey, State
from tieout.services.link_by_hand import Linkable, link

COMPANIES = "/crm/objects/2026-09/companies$"


@pytest.fixture
def world() -> MirrorWorld:
    world = MirrorWorld()
    world.settings(unknown_in_hubspot="create")
    return world


def companies(world: MirrorWorld) -> list[str]:
    """The names of all companies in HubSpot."""
    return [one["properties"]["name"] for one in world.hubspot.state()["objects"]["companies"]]


def company_of(world: MirrorWorld, row: dict[str, Any]) -> str | None:
    link = world.mirror(row).link
    assert link is not None
    assert link.mirror is not None
    return link.mirror.sent.company_id


def test_a_customer_that_no_company_bears_the_name_of_gets_one(world: MirrorWorld) -> None:
    customer = world.customer("Newcomer Ltd")
    row = world.billed(customer=customer)
    assert world.show(row).state is State.SYNCED
    assert companies(world) == ["Newcomer Ltd"]
    assert company_of(world, row) is not None
    second = world.billed(customer=customer)
    world.show(second)
    assert company_of(world, second) == company_of(world, row)
    assert companies(world) == ["Newcomer Ltd"]


def test_its_company_name_counts_more_than_what_it_is_called_in_lists(world: MirrorWorld) -> None:
    known = world.company("Globex Corporation")
    row = world.billed(customer=world.customer("Globex (Berlin)", CompanyName="Globex Corporation"))
    world.show(row)
    assert company_of(world, row) == known
    other = world.billed(customer=world.customer("Initech (Berlin)", CompanyName="Initech", GivenName="Bill"))
    world.show(other)
    assert companies(world) == ["Globex Corporation", "Initech"]


@pytest.mark.parametrize(
    ("customer", "settings"),
    [
        ({"name": "Ada Lovelace", "GivenName": "Ada", "FamilyName": "Lovelace"}, {}),
        ({"name": "Newcomer Ltd"}, {"customer_level": "contact"}),
        ({"name": "Newcomer Ltd"}, {"unknown_in_hubspot": "leave"}),
    ],
)
def test_nobody_is_made_a_company_who_is_none_or_need_not_be(
    world: MirrorWorld, customer: dict[str, Any], settings: dict[str, Any]
) -> None:
    world.settings(**{"unknown_in_hubspot": "create", **settings})
    assert world.show(world.billed(customer=world.customer(**customer))).state is State.SYNCED
    assert companies(world) == []


def test_a_name_that_several_bear_is_no_reason_for_one_more(world: MirrorWorld) -> None:
    world.company("Twin"), world.company("Twin")
    row = world.billed(customer=world.customer("Twin"))
    assert world.show(row).state is State.SYNCED
    assert company_of(world, row) is None
    assert len(companies(world)) == 2


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "status_429", "status_500"])
def test_whatever_answer_is_lost_there_is_one_company(kind: str) -> None:
    # What was made just now is not found by the search for an hour.
    world = MirrorWorld(hubspot={"index_lag_seconds": 3600.0})
    world.settings(unknown_in_hubspot="create")
    row = world.billed(customer=world.customer("Newcomer Ltd"))
    world.hubspot_fault(kind, COMPANIES, method="POST", times=2)
    world.show(row)
    world.run(lambda: world.mirror(row).state is State.SYNCED)
    assert companies(world) == ["Newcomer Ltd"]
    assert company_of(world, row) is not None


def test_two_workers_at_once_make_one_company() -> None:
    world = MirrorWorld(hubspot={"index_lag_seconds": 3600.0})
    world.settings(unknown_in_hubspot="create")
    customer = world.customer("Newcomer Ltd")
    rows = [world.billed(customer=customer) for _ in range(2)]
    real = world.crm

    class Overtaken:
        """Between one worker's search and its create, the other one does everything."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def create_company(self, key: str, name: str) -> str:
            world.crm = real
            world.make_mirrors().pull([world.own_hint(rows[1])])
            return real.create_company(key, name)

    world.crm = Overtaken()
    world.show(rows[0])
    world.run(lambda: all(world.mirror(row).state is State.SYNCED for row in rows))
    assert companies(world) == ["Newcomer Ltd"]
    assert company_of(world, rows[0]) == company_of(world, rows[1])


def test_a_company_that_was_deleted_is_made_anew_when_a_person_retries(world: MirrorWorld) -> None:
    customer = world.customer("Newcomer Ltd")
    world.show(world.billed(customer=customer))
    [old] = world.hubspot.state()["objects"]["companies"]
    assert world.person.delete(f"/crm/objects/2026-09/companies/{old['id']}").status_code == 204
    row = world.billed(customer=customer)
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    assert company_of(world, row) not in (None, old["id"])


def test_a_customer_whose_company_is_known_costs_no_metered_read(world: MirrorWorld) -> None:
    world.company("Globex")
    row = world.billed(customer=world.customer("Globex"))
    world.show(row)
    queries = [one.url for one in world.quickbooks.traffic.exchanges if "/query" in one.url]
    assert not any("Customer" in url for url in queries)


def test_two_customers_of_one_company_name_get_one_company_also_when_they_come_together(world: MirrorWorld) -> None:
    rows = [world.billed(customer=world.customer(f"Initech ({city})", CompanyName="Initech")) for city in ("A", "B")]
    world.make_mirrors().pull([world.own_hint(row) for row in rows])
    assert companies(world) == ["Initech"]
    assert company_of(world, rows[0]) == company_of(world, rows[1])


def test_what_a_person_linked_while_a_worker_looked_stays(world: MirrorWorld) -> None:
    known, chosen = world.company("Globex"), world.company("Globex Holding")
    customer = world.customer("Globex")
    row = world.billed(customer=customer)
    key = RecordKey("c1", Kind.CUSTOMER, "quickbooks", customer)
    real = world.crm

    class Overtaken:
        """While the worker searches HubSpot, a person links."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def companies_named(self, names: Any) -> Any:
            found = real.companies_named(names)
            link(world.records, world.clock, Linkable(key, "Globex"), Candidate(chosen, "Globex Holding"), "pat", "t")
            return found

    world.crm = Overtaken()
    world.show(row)
    record = world.records.get(key)
    assert record is not None
    assert record.link is not None
    assert (record.link.far_id, record.link.by_hand) == (chosen, True)
    assert known != chosen
