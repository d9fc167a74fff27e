"""Invoices by the settings: currencies, terms, custom fields, closed periods, deletions, over both sandboxes."""

from datetime import date
from decimal import Decimal

import pytest

from tests.support.builders_forms import adjusted, the
from tests.support.builders_world import World
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause
from tieout.domain.record import State

# -- currencies


def test_a_foreign_invoice_bears_its_rate_and_a_customer_of_its_own() -> None:
    world = World(multicurrency=True, hubspot={"additional_currencies": ("EUR",)})
    company = world.company("Acme")
    home, foreign = world.invoice(company=company), world.invoice(company=company, hs_currency="EUR")
    assert world.sync(home).state is world.sync(foreign).state is State.SYNCED
    by_currency = {row["CurrencyRef"]["value"]: row for row in world.booked()}
    assert by_currency["EUR"]["ExchangeRate"] == Decimal("1.08")
    names = {row["Id"]: (row["DisplayName"], row["CurrencyRef"]["value"]) for row in world.booked("Customer")}
    assert names[by_currency["EUR"]["CustomerRef"]["value"]] == ("Acme (EUR)", "EUR")
    assert names[by_currency["USD"]["CustomerRef"]["value"]] == ("Acme", "USD")
    second = world.invoice(company=company, hs_currency="EUR")
    assert world.sync(second).state is State.SYNCED
    assert len(world.booked("Customer")) == 2


def test_a_foreign_invoice_keeps_its_rate_when_it_is_changed_later() -> None:
    world = World(multicurrency=True, hubspot={"additional_currencies": ("EUR",)})
    id_ = world.invoice(hs_currency="EUR")
    world.sync(id_)
    asked = [one.url for one in world.quickbooks.traffic.exchanges if "exchangerate" in one.url.lower()]
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).state is State.SYNCED
    again = [one.url for one in world.quickbooks.traffic.exchanges if "exchangerate" in one.url.lower()]
    assert again == asked
    assert (the(world)["CustomerMemo"]["value"], the(world)["ExchangeRate"]) == ("Changed", Decimal("1.08"))


def test_a_foreign_invoice_without_a_rate_creates_nothing() -> None:
    world = World(multicurrency=True, exchange_rates=("CAD 0.72",), hubspot={"additional_currencies": ("EUR",)})
    record = world.sync(world.invoice(hs_currency="EUR"))
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CURRENCY_UNSUPPORTED)
    assert world.booked() == world.booked("Customer") == []


# -- terms, custom fields


def test_terms_and_custom_fields_go_out_and_a_field_that_is_switched_off_is_told() -> None:
    world = World()
    world.settings(terms={"30": "4"}, purchase_order_field="1")
    id_ = world.invoice(hs_purchase_order_number="PO-17")
    assert world.sync(id_).detail == ""
    assert the(world)["SalesTermRef"]["value"] == "4"
    assert the(world)["CustomField"][0]["StringValue"] == "PO-17"
    world.edit(id_, hs_purchase_order_number="PO-18")
    assert world.sync(id_).state is State.SYNCED
    assert the(world)["CustomField"][0]["StringValue"] == "PO-18"


def test_a_custom_field_that_quickbooks_does_not_keep_is_told_and_does_not_loop() -> None:
    world = World(custom_fields=())
    world.settings(purchase_order_field="1")
    id_ = world.invoice(hs_purchase_order_number="PO-17")
    record = world.sync(id_)
    assert record.state is State.SYNCED
    assert "did not keep custom field 1" in record.detail
    token = the(world)["SyncToken"]
    assert world.sync(id_, Cause.RETRY).detail == record.detail
    assert the(world)["SyncToken"] == token


@pytest.mark.parametrize("between", ["nothing", "an update", "a look"])
def test_a_custom_field_that_a_person_filled_is_theirs_when_hubspot_has_something_for_it_later(between: str) -> None:
    world = World()
    world.settings(purchase_order_field="1")
    id_ = world.invoice()
    world.sync(id_)
    shown = [{**one, "StringValue": "by hand"} for one in the(world)["CustomField"]]
    world.rebook(the(world), CustomField=shown)
    if between == "an update":
        world.edit(id_, hs_comments="Changed")
        assert world.sync(id_).state is State.SYNCED
    if between == "a look":
        world.push(world.ledger_hint(the(world)))
    world.edit(id_, hs_purchase_order_number="PO-17")
    record = world.sync(id_)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert record.detail == "custom field 1: QuickBooks has by hand, HubSpot has PO-17."
    assert the(world)["CustomField"][0]["StringValue"] == "by hand"


# -- closed periods, deletions


def test_an_invoice_of_a_closed_period_is_moved_to_the_first_open_day_by_setting_and_stays_there() -> None:
    world = World(book_close_date=date(2026, 3, 15))
    id_ = world.invoice()
    assert world.sync(id_).reason == AttentionCode.PERIOD_CLOSED
    assert world.booked() == []
    world.settings(closed_period="first_open_day")
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    row = the(world)
    assert (row["TxnDate"], row["DueDate"]) == ("2026-03-16", "2026-03-31")
    note, marker = row["PrivateNote"].splitlines()
    assert note == "Dated 2026-03-01 in HubSpot, in a period whose books are closed."
    assert marker.startswith("tieout:")
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).state is State.SYNCED
    assert (the(world)["TxnDate"], the(world)["CustomerMemo"]["value"]) == ("2026-03-16", "Changed")
    assert the(world)["PrivateNote"].splitlines()[0] == note


def test_an_invoice_that_is_made_again_after_its_period_was_closed_goes_by_the_setting_too() -> None:
    world = World()
    world.settings(closed_period="first_open_day")
    id_ = world.invoice()
    world.sync(id_)
    row = the(world)
    world.unbook(row)
    world.push(world.ledger_hint(row))
    assert world.record(id_).state is State.DELETED_IN_LEDGER
    world.quickbooks.company.prefer("AccountingInfoPrefs", "BookCloseDate", "2026-03-15")
    world.clock.advance(700)
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    assert the(world)["TxnDate"] == "2026-03-16"


@pytest.mark.parametrize(
    ("policy", "state", "total"),
    [("attention", State.ATTENTION, "360"), ("void", State.VOIDED, "0"), ("ignore", State.IGNORED, "360")],
)
def test_an_invoice_that_was_deleted_in_hubspot_goes_by_the_setting(policy: str, state: State, total: str) -> None:
    world = World()
    world.settings(deleted_in_hubspot=policy)
    id_ = world.invoice()
    world.sync(id_)
    world.delete(id_)
    assert world.sync(id_).state is state
    assert the(world)["TotalAmt"] == Decimal(total)
    assert world.sync(id_, Cause.RETRY).state is state


# -- settings do not rewrite the books


def test_settings_that_changed_since_do_not_rewrite_an_invoice_that_hubspot_did_not_change() -> None:
    world = World()
    world.settings(fee_item_id="1")
    id_ = adjusted(world, ("fees", "Rush", "FIXED", "5"))
    world.sync(id_)
    other = world.book("Item", {"Name": "Fees", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    world.settings(fee_item_id=other["Id"], terms={"30": "4"})
    before = the(world)
    world.push(world.ledger_hint(before))
    assert world.row(before) == before
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).state is State.SYNCED
    after = the(world)
    assert after["SalesTermRef"]["value"] == "4"
    assert after["Line"][1]["SalesItemLineDetail"]["ItemRef"]["value"] == other["Id"]


def test_what_stands_is_not_refused_because_it_could_not_be_made_any_more() -> None:
    """A retry describes an invoice by the present settings and preferences; as these do not fit it, it stays."""
    world = World()
    id_ = adjusted(world, ("discounts", "Spring", "FIXED", "5"))
    world.sync(id_)
    world.quickbooks.company.prefer("SalesFormsPrefs", "AllowDiscount", value=False)
    world.clock.advance(700)
    assert world.sync(id_, Cause.RETRY).state is State.SYNCED
    world.edit(id_, hs_comments="Changed")
    assert world.sync(id_).reason == AttentionCode.DISCOUNT_UNSUPPORTED
