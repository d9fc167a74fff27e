"""The rules about an invoice as a document, sentence by sentence, through the whole push over both sandboxes: numbers,
dates, texts, currencies, closed periods, who owns what, voids, deletions, and the status that is shown."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_forms import adjusted, discounts, formed, sold, the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State

EUROS: dict[str, Any] = {"multicurrency": True, "hubspot": {"additional_currencies": ("EUR", "JPY")}}


@pytest.fixture
def world() -> World:
    return World()


def reason(world: World, id_: str, cause: Cause = Cause.WEBHOOK) -> AttentionCode:
    record = world.sync(id_, cause)
    assert record.state is State.ATTENTION, record
    return AttentionCode(record.reason)


def pay(world: World, row: dict[str, Any], amount: int) -> None:
    """A person receives a payment for the invoice in QuickBooks."""
    line = {"Amount": amount, "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}
    world.book("Payment", {"CustomerRef": row["CustomerRef"], "TotalAmt": amount, "Line": [line]})


# -- numbers


def test_with_custom_numbers_the_number_is_hubspots_and_without_them_quickbooks_own_is_remembered() -> None:
    world = World()
    id_ = world.invoice()
    assert world.sync(id_).state is State.SYNCED
    assert the(world)["DocNumber"] == world.number(id_)
    other = World(custom_txn_numbers=False)
    record = other.sync(other.invoice())
    assert record.link is not None
    assert record.link.number == the(other)["DocNumber"] != record.label


def test_a_number_of_more_than_21_characters_is_attention(world: World) -> None:
    world = World(hubspot={"number_by_api": True})
    id_ = world.invoice(status="draft")
    world.edit(id_, hs_number="N" * 22)
    world.edit(id_, hs_invoice_status="open")
    assert reason(world, id_) is AttentionCode.NUMBER_TOO_LONG
    assert world.booked() == []


def test_a_number_that_an_unmarked_document_bears_is_attention_that_names_it_and_never_adopted(world: World) -> None:
    first, second = world.invoice(), world.invoice()
    world.sync(first)
    row = the(world)
    # As if a person had entered it: same number, customer, total and date, but without the mark.
    world.rebook(row, PrivateNote="", DocNumber=world.number(second))
    record = world.sync(second)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DUPLICATE_NUMBER)
    assert record.detail == f"It is borne by Invoice {row['Id']}."
    assert len(world.booked()) == 1


def test_the_marker_is_the_last_line_of_the_private_note_and_names_connection_kind_origin_and_revision(
    world: World,
) -> None:
    id_ = world.invoice()
    world.sync(id_)
    assert the(world)["PrivateNote"] == f"tieout:c1/invoice/{id_}/1"
    world.rebook(the(world), PrivateNote=f"Call Anna first\n{the(world)['PrivateNote']}")
    world.edit(id_, hs_comments="Changed")
    world.sync(id_)
    assert the(world)["PrivateNote"].splitlines() == ["Call Anna first", f"tieout:c1/invoice/{id_}/2"]


# -- dates and texts


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-01T00:00:00Z", "2026-03-01"),
        ("2026-03-01T03:30:00Z", "2026-02-28"),
        ("2026-03-01T15:00:00Z", "2026-03-01"),
    ],
)
def test_exactly_midnight_utc_is_a_calendar_date_and_any_other_instant_counts_in_the_portals_time_zone(
    world: World, instant: str, day: str
) -> None:
    world.sync(world.invoice(hs_invoice_date=instant, hs_due_date="2026-03-31T00:00:00Z"))
    assert (the(world)["TxnDate"], the(world)["DueDate"]) == (day, "2026-03-31")


def test_comment_e_mail_terms_purchase_order_and_mapped_properties_go_out() -> None:
    world = World(custom_fields=("PO", "Project"))
    world.settings(terms={"30": "4"}, purchase_order_field="1", custom_fields={"hs_title": "2"})
    id_ = world.invoice(
        contact=world.contact(), hs_comments="Thank you", hs_purchase_order_number="PO-17", hs_title="North wing"
    )
    assert world.sync(id_).detail == ""
    row = the(world)
    assert (row["CustomerMemo"]["value"], row["BillEmail"]["Address"]) == ("Thank you", "anna@example.test")
    assert row["SalesTermRef"]["value"] == "4"
    assert [one["StringValue"] for one in row["CustomField"]] == ["PO-17", "North wing"]


def test_a_custom_field_that_quickbooks_drops_is_noticed_in_its_answer_and_told() -> None:
    world = World(custom_fields=("PO",))
    world.settings(purchase_order_field="1", custom_fields={"hs_title": "2"})
    record = world.sync(world.invoice(hs_purchase_order_number="PO-17", hs_title="North wing"))
    assert (record.state, record.detail.split(":")[0]) == (State.SYNCED, "QuickBooks did not keep custom field 2")


# -- currencies


def test_a_foreign_document_carries_its_currency_and_an_explicit_rate_and_its_customer_has_one_currency() -> None:
    world = World(**EUROS)
    company = world.company("Acme")
    for currency in ("USD", "EUR", "JPY", "EUR"):
        assert world.sync(world.invoice(company=company, hs_currency=currency)).state is State.SYNCED
    rows = [(row["CurrencyRef"]["value"], row["ExchangeRate"], row["TotalAmt"]) for row in world.booked()]
    assert rows == [
        ("USD", 1, 360),
        ("EUR", Decimal("1.08"), 360),
        ("JPY", Decimal("0.0067"), 360),
        ("EUR", Decimal("1.08"), 360),
    ]
    assert sorted(row["DisplayName"] for row in world.booked("Customer")) == ["Acme", "Acme (EUR)", "Acme (JPY)"]


def test_a_currency_without_cents_is_posted_in_whole_amounts_that_come_to_hubspots_total() -> None:
    world = World(**EUROS)
    lines = ({"quantity": "7", "price": "199", "hs_discount_percentage": "33"}, {"quantity": "1.5", "price": "33"})
    id_ = formed(world, ("discounts", "Spring", "PERCENT", "5"), lines=lines, hs_currency="JPY")
    assert world.sync(id_).state is State.SYNCED
    row = the(world)
    amounts = [line["Amount"] for line in (*sold(row), *discounts(row))]
    assert amounts == [933, 50, 49]
    assert [line["Description"].splitlines()[1] for line in sold(row)] == ["7 x 199 = 1393, less 460", "1.5 x 33 = 50"]
    assert row["TotalAmt"] == 934


@pytest.mark.parametrize("company", [{}, {"multicurrency": True, "exchange_rates": ("CAD 0.72",)}])
def test_a_foreign_document_without_multicurrency_or_without_a_rate_is_attention(company: dict[str, Any]) -> None:
    world = World(**company, hubspot=EUROS["hubspot"])
    assert reason(world, world.invoice(hs_currency="EUR")) is AttentionCode.CURRENCY_UNSUPPORTED
    assert world.booked() == world.booked("Customer") == []


# -- closed periods


@pytest.mark.parametrize(
    ("policy", "state", "dated"),
    [("hold", State.ATTENTION, None), ("first_open_day", State.SYNCED, "2026-03-16"), ("ignore", State.IGNORED, None)],
)
def test_a_new_invoice_in_a_closed_period_is_held_moved_or_ignored_with_a_note(
    policy: str, state: State, dated: str | None
) -> None:
    world = World(book_close_date=date(2026, 3, 15))
    world.settings(closed_period=policy)
    record = world.sync(world.invoice())
    assert record.state is state
    if dated is None:
        assert "2026-03-15" in record.detail
        assert world.booked() == []
    else:
        row = the(world)
        assert (row["TxnDate"], row["DueDate"]) == (dated, "2026-03-31")
        assert row["PrivateNote"].startswith("Dated 2026-03-01 in HubSpot")


@pytest.mark.parametrize("policy", ["hold", "first_open_day", "ignore"])
@pytest.mark.parametrize("change", [{"hs_comments": "Changed"}, {"hs_invoice_status": "voided"}])
def test_updates_and_voids_in_a_closed_period_are_always_attention(
    world: World, policy: str, change: dict[str, str]
) -> None:
    world.settings(closed_period=policy)
    id_ = world.invoice()
    world.sync(id_)
    before = the(world)
    preferences = world.booked("Preferences")[0]
    accounting = {**preferences["AccountingInfoPrefs"], "BookCloseDate": "2026-03-15"}
    world.quickbooks.company.rows["Preferences"]["1"]["AccountingInfoPrefs"] = accounting
    world.clock.advance(601)
    world.edit(id_, **change)
    assert reason(world, id_) is AttentionCode.PERIOD_CLOSED
    assert the(world) == before


# -- who owns what


def test_a_persons_edit_of_an_owned_field_is_attention_with_both_values_also_when_they_were_faster(
    world: World,
) -> None:
    world = World(allow_shipping=True)
    id_ = world.invoice()
    world.sync(id_)
    world.rebook(the(world), DueDate="2026-04-02", ShipDate="2026-04-01")
    world.edit(id_, hs_due_date="2026-04-15T00:00:00Z")
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert record.detail == "due date: QuickBooks has 2026-04-02, HubSpot has 2026-04-15."
    assert (the(world)["DueDate"], the(world)["ShipDate"]) == ("2026-04-02", "2026-04-01")


def test_the_fields_that_tieout_did_not_write_are_a_persons_own() -> None:
    world = World(allow_shipping=True)
    id_ = world.invoice()
    world.sync(id_)
    world.rebook(the(world), ShipDate="2026-04-01", SalesTermRef={"value": "2"})
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).state is State.SYNCED
    row = the(world)
    assert (row["ShipDate"], row["SalesTermRef"]["value"], row["CustomerMemo"]["value"]) == (
        "2026-04-01",
        "2",
        "Changed",
    )


def test_an_edit_after_a_payment_is_posted_down_to_what_is_paid_and_attention_below_it(world: World) -> None:
    id_ = adjusted(world)
    world.sync(id_)
    pay(world, the(world), 200)
    [line] = _lines(world, id_)
    for quantity, ends in (("2", State.SYNCED), ("1", State.ATTENTION)):
        world.clock.advance(60)
        answer = world.person.patch(
            f"/crm/objects/2026-09/line_items/{line}", json={"properties": {"quantity": quantity}}
        )
        assert answer.status_code == 200
        record = world.sync(id_)
        assert record.state is ends
    assert record.reason == AttentionCode.TOTAL_BELOW_PAID
    assert record.detail == "HubSpot says 120.00 USD, 200.00 USD is applied in QuickBooks."
    assert (the(world)["TotalAmt"], the(world)["Balance"]) == (240, 40)


def test_a_paid_invoice_is_not_moved_to_another_customer_and_an_unpaid_one_is(world: World) -> None:
    acme, bravo = world.company("Acme"), world.company("Bravo")
    paid, unpaid = world.invoice(company=acme), world.invoice(company=acme)
    for id_ in (paid, unpaid):
        world.sync(id_)
    pay(world, world.booked()[0], 200)
    world.clock.advance(60)
    for id_ in (paid, unpaid):
        companies = f"/crm/objects/2026-09/invoices/{id_}/associations"
        assert world.person.delete(f"{companies}/companies/{acme}").status_code == 204
        assert world.person.put(f"{companies}/default/companies/{bravo}").status_code in (200, 201)
    assert reason(world, paid) is AttentionCode.CUSTOMER_OF_PAID_INVOICE
    assert world.sync(unpaid).state is State.SYNCED
    assert [row["CustomerRef"]["name"] for row in world.booked()] == ["Acme", "Bravo"]


def _lines(world: World, id_: str) -> list[str]:
    answer = world.person.get(f"/crm/objects/2026-09/invoices/{id_}?associations=line_items")
    return [str(one["id"]) for one in answer.json()["associations"]["line items"]["results"]]


# -- voids, deletions, drafts


def test_a_void_is_refused_while_payments_or_credits_are_applied_and_done_once_they_are_not(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    pay(world, the(world), 100)
    world.edit(id_, hs_invoice_status="voided")
    assert reason(world, id_) is AttentionCode.VOID_OF_PAID_INVOICE
    assert the(world)["TotalAmt"] == 360
    [payment] = world.booked("Payment")
    world.book("Payment", {"Id": payment["Id"], "SyncToken": payment["SyncToken"]}, "delete")
    assert world.sync(id_, Cause.RETRY).state is State.VOIDED
    assert the(world)["TotalAmt"] == 0


@pytest.mark.parametrize(
    ("policy", "state", "total"),
    [("attention", State.ATTENTION, 360), ("void", State.VOIDED, 0), ("ignore", State.IGNORED, 360)],
)
def test_a_deletion_in_hubspot_is_attention_a_void_or_ignored_by_setting(
    world: World, policy: str, state: State, total: int
) -> None:
    world.settings(deleted_in_hubspot=policy)
    id_ = world.invoice()
    world.sync(id_)
    world.delete(id_)
    assert world.sync(id_).state is state
    assert the(world)["TotalAmt"] == total


def test_a_draft_that_was_reopened_is_attention_and_goes_on_when_it_is_finalised_again(world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    invoice = world.hubspot.store.records["0-53"][id_]
    invoice.properties["hs_invoice_status"] = "draft"
    world.clock.advance(60)
    assert reason(world, id_) is AttentionCode.REOPENED_IN_HUBSPOT
    world.edit(id_, hs_comments="As agreed")
    world.edit(id_, hs_invoice_status="open")
    assert world.sync(id_).state is State.SYNCED
    assert the(world)["CustomerMemo"]["value"] == "As agreed"


# -- the status that HubSpot shows


def test_the_statuses_of_a_batch_are_written_back_in_one_update_and_not_again_when_nothing_changed(
    world: World,
) -> None:
    ids = [world.invoice() for _ in range(5)]
    ids.append(world.invoice(product="Unknown"))
    world.push(*map(world.hint, ids))
    updates = [one for one in world.hubspot.traffic.exchanges if one.url.endswith("/invoices/batch/update")]
    assert [world.shown(id_) for id_ in ids] == ["in_sync"] * 5 + ["needs_attention"]
    # The first one finds that HubSpot does not have the properties yet.
    assert [one.status for one in updates] == [207, 200]
    world.clock.advance(60)
    world.push(*(world.hint(id_, Cause.RETRY) for id_ in ids))
    again = [one for one in world.hubspot.traffic.exchanges if one.url.endswith("/invoices/batch/update")]
    assert len(again) == len(updates)
