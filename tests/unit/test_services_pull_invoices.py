"""Invoices that are born in QuickBooks, shown in HubSpot: over both stand-ins."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infra.sandbox.kernel.traffic import Exchange
from tests.support.builders import usd
from tests.support.builders_mirror_world import MirrorWorld, discount, sale
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.invoice import InvoiceStatus
from tieout.domain.record import State


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


def test_an_invoice_made_in_quickbooks_is_shown_in_hubspot(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "120.00"), sale("1", "19.99"), DocNumber="QB-77", CustomerMemo={"value": "Thanks"})
    record = world.show(row)
    assert (record.state, record.label) == (State.SYNCED, "QB-77")
    mirror = world.standing(row)
    assert (mirror.number, mirror.status, mirror.total) == ("QB-77", InvoiceStatus.OPEN, usd("379.99"))
    assert [(line.quantity, line.unit_price) for line in mirror.lines] == [
        (Decimal(3), Decimal("120.00")),
        (Decimal(1), Decimal("19.99")),
    ]
    found = world.in_hubspot(mirror.id, "hs_invoice_billable", "tieout_status", "tieout_quickbooks_key", "hs_comments")
    assert found["hs_invoice_billable"] == "false"
    assert found["tieout_status"] == "in_sync"
    assert found["tieout_quickbooks_key"] == f"c1/invoice/{row['Id']}/0"
    assert found["hs_comments"] == "Thanks"


def test_a_second_look_writes_nothing(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    before = len(world.hubspot.traffic.exchanges)
    record = world.show(row, Cause.RETRY)
    written = [one for one in world.hubspot.traffic.exchanges[before:] if _writes(one)]
    assert record.state is State.SYNCED
    assert written == []


def test_a_discount_is_represented_so_that_hubspots_total_is_quickbooks(world: MirrorWorld) -> None:
    world.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", True)
    row = world.billed(sale("3", "33.33"), discount("10.00"))
    world.show(row)
    mirror = world.standing(row)
    assert mirror.total == usd("89.99")
    assert [(one.kind, one.value) for one in mirror.adjustments] == [("discounts", Decimal(10))]
    assert world.in_hubspot(mirror.id, "hs_total_discount")["hs_total_discount"] == "10.00"


def test_later_changes_follow(world: MirrorWorld) -> None:
    row = world.billed(sale("3", "120.00"), sale("1", "5.00"))
    world.show(row)
    changed = world.bookkeeper.change("Invoice", world.row(row), Line=[sale("2", "120.00"), sale("1", "5.00")])
    world.show(row)
    mirror = world.standing(row)
    assert mirror.total == usd(str(changed["TotalAmt"]))
    assert sorted(line.quantity for line in mirror.lines) == [1, 2]
    assert world.invoices_there() == [mirror.id]


def test_a_paid_invoice_shows_what_was_paid_and_a_payment_is_no_noise(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    payment = world.bookkeeper.receive(row["CustomerRef"]["value"], Decimal("360.00"), {row["Id"]: Decimal("360.00")})
    world.show(row)
    assert world.standing(row).status is InvoiceStatus.PAID
    found = world.in_hubspot(world.shown_id(row), "tieout_paid_amount", "tieout_balance", "tieout_last_payment_date")
    assert (found["tieout_paid_amount"], found["tieout_balance"]) == ("360.00", "0.00")
    assert found["tieout_last_payment_date"]
    assert world.pull(str(payment["Id"])).state is State.IGNORED


def test_a_void_in_quickbooks_is_a_void_in_hubspot(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    world.unbook(row, "void")
    assert world.show(row).state is State.VOIDED
    mirror = world.standing(row)
    assert (mirror.status, mirror.total) == (InvoiceStatus.VOIDED, usd("360.00"))
    assert world.show(row, Cause.RETRY).state is State.VOIDED


def test_a_void_needs_a_person_where_the_settings_say_so(world: MirrorWorld) -> None:
    world.settings(voided_in_quickbooks="attention")
    row = world.billed()
    world.show(row)
    world.unbook(row, "void")
    record = world.show(row)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.VOIDED_IN_QUICKBOOKS)
    assert world.standing(row).status is InvoiceStatus.OPEN


@pytest.mark.parametrize(
    ("policy", "state", "status"),
    [
        ("attention", State.ATTENTION, InvoiceStatus.OPEN),
        ("void", State.VOIDED, InvoiceStatus.VOIDED),
        ("ignore", State.IGNORED, InvoiceStatus.OPEN),
    ],
)
def test_a_deletion_in_quickbooks_is_what_the_settings_say(
    world: MirrorWorld, policy: str, state: State, status: InvoiceStatus
) -> None:
    world.settings(deleted_in_quickbooks=policy)
    row = world.billed()
    world.show(row)
    world.unbook(row)
    assert world.show(row).state is state
    assert world.standing(row).status is status


def test_a_persons_edit_in_hubspot_is_told_with_both_values_and_never_overwritten(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-9")
    world.bookkeeper.change("Invoice", world.row(row), Line=[sale("1", "1.00")])
    record = world.show(row)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_HUBSPOT)
    assert "HS-9" in record.detail
    assert "QB-1" in record.detail
    assert world.standing(row).number == "HS-9"
    assert world.standing(row).total == usd("360.00")


def test_an_edit_that_is_taken_back_clears(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-1")
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-9")
    assert world.show(row, Cause.RETRY).state is State.ATTENTION
    world.edit(world.shown_id(row), hs_number="QB-1")
    assert world.show(row, Cause.RETRY).state is State.SYNCED


def test_a_mirror_that_a_person_deleted_is_made_again_only_when_asked(world: MirrorWorld) -> None:
    row = world.billed()
    world.show(row)
    first = world.shown_id(row)
    world.delete(first)
    world.bookkeeper.change("Invoice", world.row(row), CustomerMemo={"value": "News"})
    assert world.show(row).reason == AttentionCode.DELETED_IN_HUBSPOT
    assert world.invoices_there() == []
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    assert world.invoices_there() == [world.shown_id(row)] != [first]


def test_an_invoice_that_tieout_pushed_is_never_pulled(world: MirrorWorld) -> None:
    id_ = world.synced()
    row = {"Id": world.far_id(id_)}
    [outcome] = world.push(world.own_hint(row))
    assert outcome.result == "not_ours"
    assert world.invoices_there() == [id_]


def test_a_marked_invoice_whose_link_is_not_known_yet_is_left_alone(world: MirrorWorld) -> None:
    row = world.billed(PrivateNote="tieout:c1/invoice/42/1")
    record = world.show(row)
    assert (record.state, record.reason) == (State.IGNORED, "posted_by_tieout")
    assert world.invoices_there() == []


def test_parties_and_products_are_matched(world: MirrorWorld) -> None:
    company, contact = world.company("Globex"), world.contact(email="ada@globex.test")
    product = world.create("products", name="Services", price="1.00")
    customer = world.customer("Globex")
    row = world.billed(customer=customer, BillEmail={"Address": "Ada@Globex.test"})
    world.show(row)
    read = world.person.get(
        f"/crm/objects/2026-09/invoices/{world.shown_id(row)}", params={"associations": "companies,contacts,line_items"}
    ).json()["associations"]
    assert [one["id"] for one in read["companies"]["results"]] == [company]
    assert [one["id"] for one in read["contacts"]["results"]] == [contact]
    [line] = read["line items"]["results"]
    found = world.person.get(f"/crm/objects/2026-09/line_items/{line['id']}", params={"properties": "hs_product_id"})
    assert found.json()["properties"]["hs_product_id"] == product


def test_an_unknown_contact_is_left_or_created_by_setting(world: MirrorWorld) -> None:
    row = world.billed(BillEmail={"Address": "new@globex.test"})
    world.show(row)
    assert world.crm.contacts_by_email(["new@globex.test"]) == {}
    world.settings(unknown_in_hubspot="create")
    world.show(world.billed(BillEmail={"Address": "new@globex.test"}))
    assert list(world.crm.contacts_by_email(["new@globex.test"])) == ["new@globex.test"]


def test_an_invoice_that_hubspots_own_sync_brought_is_not_doubled(world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-5")
    native = world.person.post(
        "/crm/objects/2026-09/invoices",
        headers={"x-sandbox-actor": "DATA_SYNC"},
        json={"properties": {"hs_currency": "USD", "hs_invoice_billable": "false", "hs_number": "QB-5",
                             "hs_amount_billed": "360.00"}},
    ).json()["id"]  # fmt: skip
    record = world.show(row)
    assert (record.state, record.reason) == (State.IGNORED, "data_sync")
    world.settings(adopt_data_sync_invoices=True)
    adopted = world.show(row, Cause.RETRY)
    assert (adopted.state, world.shown_id(row)) == (State.SYNCED, native)
    assert world.invoices_there() == [native]


def test_nothing_is_taken_over_while_that_is_switched_off(world: MirrorWorld) -> None:
    world.settings(pull_invoices=False)
    record = world.show(world.billed())
    assert (record.state, record.reason) == (State.IGNORED, "switched_off")
    assert world.invoices_there() == []


def _writes(exchange: Exchange) -> bool:
    return exchange.method != "GET" and not exchange.url.endswith(("read", "search"))


def test_a_company_that_was_billed_from_hubspot_is_remembered_for_its_customer_whatever_its_name(
    world: MirrorWorld,
) -> None:
    company = world.company("Acme")
    world.synced(company=company)
    customer = world.booked("Customer")[-1]
    world.book("Customer", {**customer, "sparse": True, "DisplayName": "Acme (renamed)"})
    row = world.billed(customer=customer["Id"])
    world.show(row)
    link = world.mirror(row).link
    assert link is not None
    assert link.mirror is not None
    assert link.mirror.sent.company_id == company


def test_a_remembered_company_that_was_deleted_is_looked_for_anew_when_a_person_retries(world: MirrorWorld) -> None:
    company = world.company("Globex")
    customer = world.customer("Globex")
    world.show(world.billed(customer=customer))
    world.person.delete(f"/crm/objects/2026-09/companies/{company}")
    row = world.billed(customer=customer)
    assert world.show(row).state is not State.SYNCED
    assert world.show(row, Cause.RETRY).state is State.SYNCED
    assert len(world.invoices_there()) == 2
