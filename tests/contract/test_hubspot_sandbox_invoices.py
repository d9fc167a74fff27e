"""Invoices of the HubSpot sandbox: calculated amounts and the life from draft to paid or voided."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.sandbox.hubspot import HubSpotConfig
from infra.sandbox.hubspot.amounts import invoice_amounts, line_amounts, minor_unit
from tests.contract.hubspot_client_support import OBJECTS, PERSON, PROPERTIES, Account, to

CENT = Decimal("0.01")


@pytest.fixture
def account() -> Account:
    return Account()


def refused(answer: Any, code: str) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert answer.json()["errors"][0]["code"] == code


def test_a_new_invoice_is_a_draft_that_is_due_at_once(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    read = account.read("invoices", invoice, "hs_invoice_status", "hs_due_date", "hs_invoice_date", "hs_number")
    assert read["hs_invoice_status"] == "draft"
    assert read["hs_due_date"] == read["hs_invoice_date"] == "2026-11-24T09:00:00.000Z"
    assert read["hs_number"] is None


def test_finalising_needs_a_contact_and_a_line_item(account: Account) -> None:
    bare = account.invoice()
    refused(account.update("invoices", bare, hs_invoice_status="open"), "MISSING_REQUIRED_ASSOCIATION")
    assert account.read("invoices", bare, "hs_invoice_status")["hs_invoice_status"] == "draft"
    lonely = account.invoice({"name": "x", "price": "1"}, contact=False)
    refused(account.update("invoices", lonely, hs_invoice_status="open"), "MISSING_REQUIRED_ASSOCIATION")


def test_finalising_gives_number_and_link(account: Account) -> None:
    numbers = []
    for _ in range(2):
        read = account.read("invoices", account.finalised(), "hs_number", "hs_invoice_link", "hs_pdf_download_link")
        assert read["hs_invoice_link"].startswith("https://app.hubspot.com/")
        assert read["hs_pdf_download_link"]
        numbers.append(read["hs_number"])
    assert numbers == ["INV-1001", "INV-1002"]


@pytest.mark.parametrize(("to_status", "code"), [("paid", 400), ("voided", 200), ("draft", 400), ("open", 200)])
def test_what_the_api_may_do_with_an_open_invoice(account: Account, to_status: str, code: int) -> None:
    assert account.update("invoices", account.finalised(), hs_invoice_status=to_status).status_code == code


@pytest.mark.parametrize("to_status", ["paid", "voided"])
def test_a_draft_is_neither_paid_nor_voided(account: Account, to_status: str) -> None:
    invoice = account.invoice({"name": "x", "price": "1"})
    refused(account.update("invoices", invoice, hs_invoice_status=to_status), "INVALID_INVOICE_STATUS_TRANSITION")


def test_a_person_in_hubspot_can_mark_an_invoice_paid_and_then_it_is_frozen(account: Account) -> None:
    invoice = account.finalised()
    assert account.update("invoices", invoice, PERSON, hs_invoice_status="paid").status_code == 200
    read = account.read("invoices", invoice, "hs_amount_paid", "hs_balance_due", "hs_payment_date")
    assert (read["hs_amount_paid"], read["hs_balance_due"]) == ("100.00", "0.00")
    assert read["hs_payment_date"] == "2026-11-24T09:00:00.000Z"
    refused(account.update("invoices", invoice, hs_comments="x"), "INVOICE_NOT_EDITABLE")
    body = {"properties": {"name": "late"}, "associations": [to(invoice, 410)]}
    refused(account.http.post(f"{OBJECTS}/line_items", json=body), "INVOICE_NOT_EDITABLE")
    refused(account.http.delete(f"{OBJECTS}/invoices/{invoice}"), "INVOICE_NOT_DELETABLE")
    refused(
        account.update("invoices", invoice, PERSON, hs_invoice_status="voided"), "INVALID_INVOICE_STATUS_TRANSITION"
    )


def test_a_voided_invoice_is_over(account: Account) -> None:
    invoice = account.finalised()
    account.update("invoices", invoice, hs_invoice_status="voided")
    assert account.read("invoices", invoice, "hs_balance_due")["hs_balance_due"] == "0.00"
    refused(account.update("invoices", invoice, hs_comments="x"), "INVOICE_NOT_EDITABLE")
    refused(account.update("invoices", invoice, hs_invoice_status="open"), "INVALID_INVOICE_STATUS_TRANSITION")


def test_custom_properties_stay_writable_on_a_paid_invoice(account: Account) -> None:
    definition = {
        "name": "qbo_sync_status",
        "label": "x",
        "type": "string",
        "fieldType": "text",
        "groupName": "invoiceinformation",
    }
    account.http.post(f"{PROPERTIES}/invoices", json=definition)
    invoice = account.finalised()
    account.update("invoices", invoice, PERSON, hs_invoice_status="paid")
    assert account.update("invoices", invoice, qbo_sync_status="synced").status_code == 200


def test_editing_and_deleting_finalised_invoices_are_account_settings() -> None:
    account = Account()
    invoice = account.finalised()
    assert account.update("invoices", invoice, hs_comments="x").status_code == 200
    assert account.http.delete(f"{OBJECTS}/invoices/{invoice}").status_code == 204
    strict = Account(edit_finalised=False, delete_open=False)
    invoice = strict.finalised()
    line = strict.http.get(f"{OBJECTS}/line_items").json()["results"][0]["id"]
    refused(strict.update("invoices", invoice, hs_comments="x"), "INVOICE_NOT_EDITABLE")
    refused(strict.update("line_items", line, quantity="9"), "INVOICE_NOT_EDITABLE")
    refused(strict.http.delete(f"{OBJECTS}/line_items/{line}"), "INVOICE_NOT_EDITABLE")
    refused(strict.http.delete(f"{OBJECTS}/invoices/{invoice}"), "INVOICE_NOT_DELETABLE")


def test_a_tax_id_must_be_the_accounts(account: Account) -> None:
    body = {"properties": {"hs_currency": "USD", "hs_tax_id": "US EIN 99"}}
    refused(account.http.post(f"{OBJECTS}/invoices", json=body), "INVALID_TAX_ID")
    account.create("invoices", hs_currency="USD", hs_tax_id="US EIN 12-3456789")


def test_a_mirror_takes_number_amount_and_status_as_written(account: Account) -> None:
    mirror = account.create(
        "invoices",
        hs_currency="USD",
        hs_invoice_billable="false",
        hs_number="QB-7",
        hs_amount_billed="99.50",
        hs_invoice_status="open",
        hs_external_createdate="2026-11-01",
    )
    names = ("hs_number", "hs_amount_billed", "hs_balance_due", "hs_invoice_status", "hs_invoice_link")
    read = account.read("invoices", mirror, *names)
    assert [read[name] for name in names] == ["QB-7", "99.50", "99.50", "open", None]
    account.create("line_items", [to(mirror, 410)], name="x", price="5")
    assert account.read("invoices", mirror, "hs_amount_billed")["hs_amount_billed"] == "99.50"
    assert account.update("invoices", mirror, hs_invoice_status="paid").status_code == 200
    assert account.read("invoices", mirror, "hs_balance_due")["hs_balance_due"] == "0.00"
    assert account.update("invoices", mirror, hs_invoice_status="voided", hs_number="QB-8").status_code == 200


def test_whether_an_invoice_bills_is_decided_at_creation(account: Account) -> None:
    invoice = account.create("invoices", hs_currency="USD")
    refused(account.update("invoices", invoice, hs_invoice_billable="false"), "READ_ONLY_VALUE")


def test_an_amount_without_one_written_is_the_sum_of_a_mirrors_lines(account: Account) -> None:
    mirror = account.create("invoices", hs_currency="USD", hs_invoice_billable="false")
    account.create("line_items", [to(mirror, 410)], name="x", quantity="2", price="5.25")
    assert account.read("invoices", mirror, "hs_amount_billed")["hs_amount_billed"] == "10.50"


def test_days_overdue_grow_with_time_alone(account: Account) -> None:
    invoice = account.finalised(hs_due_date="2026-11-20")
    account.sandbox.clock.advance(3 * 86400)
    assert account.read("invoices", invoice, "hs_days_overdue")["hs_days_overdue"] == "7"


def test_contact_and_company_details_are_inherited(account: Account) -> None:
    contact = account.create("contacts", email="ann@example.com", firstname="Ann", lastname="Lee")
    company = account.create("companies", name="Acme")
    invoice = account.create("invoices", [to(contact, 177), to(company, 179)], hs_currency="USD")
    names = ("hs_invoice_latest_contact_email", "hs_invoice_latest_company_name")
    read = account.read("invoices", invoice, *names)
    assert (read[names[0]], read[names[1]]) == ("ann@example.com", "Acme")


def test_an_invoice_of_the_native_sync_is_known_by_its_source(account: Account) -> None:
    headers = {"x-sandbox-actor": "DATA_SYNC"}
    made = account.http.post(f"{OBJECTS}/invoices", json={"properties": {"hs_currency": "USD"}}, headers=headers)
    read = account.read("invoices", made.json()["id"], "hs_invoice_source", "hs_object_source")
    assert (read["hs_invoice_source"], read["hs_object_source"]) == ("data_sync", "DATA_SYNC")
    mine = account.create("invoices", hs_currency="USD")
    assert account.read("invoices", mine, "hs_invoice_source")["hs_invoice_source"] == "HUBSPOT"


# -- amounts


def test_discounts_fees_and_taxes_apply_in_that_order(account: Account) -> None:
    invoice = account.invoice(
        {"name": "a", "quantity": "3", "price": "100.00", "hs_discount_percentage": "10"},
        {"name": "b", "quantity": "2", "price": "20.00", "discount": "5"},
    )
    for kind, type_id, value in (("taxes", 416, "10"), ("fees", 414, "5"), ("discounts", 412, "20")):
        account.create(kind, [to(invoice, type_id)], hs_label=kind, hs_type="PERCENT", hs_value=value)
    account.create("fees", [to(invoice, 414)], hs_label="Fee", hs_type="FIXED", hs_value="1.5", hs_sort_order="2")
    read = account.read("invoices", invoice, "hs_subtotal", "hs_total_discount", "hs_amount_billed", "hs_balance_due")
    assert read["hs_subtotal"] == "300.00"
    assert read["hs_total_discount"] == "100.00"
    # 300 - 20 % = 240; + 5 % = 252; + 1.50 = 253.50; + 10 % = 278.85
    assert read["hs_amount_billed"] == read["hs_balance_due"] == "278.85"


@pytest.mark.parametrize(("per", "amount"), [("unit", "85.00"), ("line", "95.00")])
def test_a_fixed_line_discount_counts_per_unit_or_per_line(per: str, amount: str) -> None:
    account = Account(discount_per=per)
    line = account.create("line_items", name="x", quantity="3", price="33.3333", discount="5")
    assert account.read("line_items", line, "amount")["amount"] == amount


def test_a_changed_line_changes_the_invoice_and_its_modification_date(account: Account) -> None:
    invoice = account.invoice({"name": "x", "quantity": "1", "price": "10.00"})
    before = account.read("invoices", invoice, "hs_amount_billed")
    line = account.http.get(f"{OBJECTS}/line_items").json()["results"][0]["id"]
    account.update("line_items", line, quantity="2")
    after = account.read("invoices", invoice, "hs_amount_billed")
    assert (before["hs_amount_billed"], after["hs_amount_billed"]) == ("10.00", "20.00")
    assert after["hs_lastmodifieddate"] > before["hs_lastmodifieddate"]
    account.http.delete(f"{OBJECTS}/line_items/{line}")
    assert account.read("invoices", invoice, "hs_amount_billed")["hs_amount_billed"] == "0.00"


def test_a_line_is_taxed_by_its_rate_group(account: Account) -> None:
    invoice = account.invoice({"name": "x", "quantity": "1", "price": "99.99", "hs_tax_rate_group_id": "15970230"})
    assert account.read("invoices", invoice, "hs_amount_billed")["hs_amount_billed"] == "106.49"
    line = account.http.get(f"{OBJECTS}/line_items").json()["results"][0]["id"]
    read = account.read("line_items", line, "hs_tax_amount", "hs_post_tax_amount", "amount")
    assert (read["amount"], read["hs_tax_amount"], read["hs_post_tax_amount"]) == ("99.99", "6.50", "106.49")


def test_amounts_have_the_decimals_of_their_currency(account: Account) -> None:
    for currency, amount in (("JPY", "101"), ("KWD", "100.500"), ("EUR", "100.50")):
        invoice = account.invoice({"name": "x", "quantity": "1", "price": "100.5"}, hs_currency=currency)
        assert account.read("invoices", invoice, "hs_amount_billed")["hs_amount_billed"] == amount


amounts = st.decimals(min_value=0, max_value=10_000, places=2)
percents = st.decimals(min_value=0, max_value=100, places=2)


@given(
    lines=st.lists(st.tuples(st.integers(1, 99), amounts, percents), max_size=5),
    discount=percents,
    fee=amounts,
    tax=percents,
)
@settings(max_examples=100)
def test_a_total_is_whole_cents_and_never_less_than_the_fee(
    lines: list[tuple[int, Decimal, Decimal]], discount: Decimal, fee: Decimal, tax: Decimal
) -> None:
    config = HubSpotConfig()
    found = [
        line_amounts(
            config,
            {"quantity": str(quantity), "price": str(price), "hs_discount_percentage": str(percent)},
            Decimal(0),
            CENT,
        )
        for quantity, price, percent in lines
    ]
    total = invoice_amounts(
        config,
        found,
        [{"hs_type": "PERCENT", "hs_value": str(discount)}],
        [{"hs_type": "FIXED", "hs_value": str(fee)}],
        [{"hs_type": "PERCENT", "hs_value": str(tax)}],
        CENT,
    )
    assert total.subtotal == sum((line.net for line in found), Decimal(0))
    assert total.total == total.total.quantize(CENT)
    assert total.total >= fee
    assert total.total <= (total.subtotal + fee) * 2
    for line in found:
        assert abs(line.gross - line.discount - line.net) <= minor_unit("USD")
