"""What values of HubSpot mean: parties, dates, amounts, discounts and taxes; what makes no sense is named."""

from datetime import date
from decimal import Decimal

import pytest

from tests.support.hubspot_invoices import invoice, line, of_invoices, only, portal, read_path, unreadable
from tests.support.scripted_hubspot import (
    associated,
    batch,
    record,
)


@pytest.mark.parametrize(
    ("labels", "chosen"), [({}, "8"), ({12: "Primary"}, "12"), ({12: "Reseller"}, "8"), ({9: "primary company"}, "9")]
)
def test_of_several_companies_the_primary_or_the_oldest_one_is_billed(labels: dict[int, str], chosen: str) -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("companies"), batch(associated("44446244097", 12, 9, 8, labels=labels)))
    hubspot.on(read_path("companies"), batch(*(record(str(n), name=f"Company {n}") for n in (8, 9, 12))))
    company = only(hubspot).company
    assert company is not None
    assert (company.id, company.name) == (chosen, f"Company {chosen}")


def test_a_merged_company_and_contact_say_which_records_they_were() -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("companies"), batch(associated("44446244097", 12)))
    hubspot.instead(of_invoices("contacts"), batch(associated("44446244097", 7)))
    hubspot.on(read_path("companies"), batch(record("12", name="Acme", hs_merged_object_ids="9; 8;")))
    hubspot.on(read_path("contacts"), batch(record("7", firstname="Anna", hs_merged_object_ids=None)))
    found = only(hubspot)
    assert found.company is not None
    assert found.contact is not None
    assert (found.company.merged, found.contact.merged) == (("8", "9"), ())


def test_a_company_that_was_merged_between_two_reads_is_the_one_that_it_became() -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("companies"), batch(associated("44446244097", 8)))
    hubspot.on(read_path("companies"), batch(record("12", name="Acme", hs_merged_object_ids="8;9")))
    company = only(hubspot).company
    assert company is not None
    assert (company.id, company.name) == ("12", "Acme")


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"firstname": "Anna", "lastname": None}, "Anna"),
        ({"firstname": " ", "lastname": "Muster"}, "Muster"),
        ({"email": "a@x.test"}, ""),
    ],
)
def test_a_contact_is_named_by_what_is_there(properties: dict[str, str | None], name: str) -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("contacts"), batch(associated("44446244097", 7)))
    hubspot.on(read_path("contacts"), batch(record("7", **properties)))
    contact = only(hubspot).contact
    assert contact is not None
    assert contact.name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01T00:00:00Z", date(2026, 11, 1)),
        ("2026-11-01T00:00:00.000Z", date(2026, 11, 1)),
        ("2026-11-01", date(2026, 11, 1)),
        ("1793491200000", date(2026, 11, 1)),
        # 02:30 UTC is still the evening before in New York.
        ("2026-11-01T02:30:00Z", date(2026, 10, 31)),
        ("2026-11-01T02:30:00+02:00", date(2026, 10, 31)),
    ],
)
def test_dates_are_read_in_every_form_hubspot_uses(text: str, expected: date) -> None:
    assert only(portal(invoice(hs_invoice_date=text))).invoice_date == expected


def test_an_invoice_without_a_date_bears_the_day_it_was_created() -> None:
    found = only(portal(invoice(hs_invoice_date=None, hs_createdate="2026-11-02T02:00:00Z", hs_due_date="")))
    assert found.invoice_date == date(2026, 11, 1)
    assert found.due_date is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hs_invoice_status", "posted"),
        ("hs_invoice_status", None),
        ("hs_currency", "US$"),
        ("hs_currency", None),
        ("hs_invoice_date", "yesterday"),
        ("hs_invoice_date", "2026-11-01T10:00:00"),
        ("hs_invoice_date", "2026-13-01"),
        ("hs_invoice_date", "999999999999999"),
        ("hs_due_date", "20261101"),
        ("hs_amount_billed", "1,234.00"),
        ("hs_amount_billed", "NaN"),
        ("hs_amount_billed", "Infinity"),
        ("hs_amount_billed", "1e99"),
        ("hs_amount_billed", "9" * 17),
        ("hs_amount_billed", "١٢"),
        ("hs_invoice_billable", "maybe"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, text: str | None) -> None:
    assert unreadable(portal(invoice(**{name: text}))).startswith(name)


@pytest.mark.parametrize(("name", "text"), [("quantity", "abc"), ("quantity", None), ("price", ""), ("amount", "x")])
def test_a_line_that_makes_no_sense_is_named(name: str, text: str | None) -> None:
    reason = unreadable(portal(invoice(), lines=(line(**{name: text}),)))
    assert name in reason
    assert "501" in reason


def test_an_adjustment_of_an_unknown_type_is_named() -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("fees"), batch(associated("44446244097", 1)))
    hubspot.on(read_path("fees"), batch(record("1", hs_type="RELATIVE", hs_value="1")))
    assert "hs_type" in unreadable(hubspot)


def test_an_amount_keeps_every_decimal() -> None:
    found = only(portal(invoice(), lines=(line(price="0.333333333333", quantity="1E+1", amount="3.33"),)))
    assert (found.lines[0].unit_price, found.lines[0].quantity) == (Decimal("0.333333333333"), Decimal(10))


def test_an_invoice_that_was_never_calculated_has_no_total() -> None:
    assert only(portal(invoice(hs_amount_billed=None))).total is None


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("discount", "5", (Decimal(5), None)),
        ("discount", "0", (None, None)),
        ("discount", "", (None, None)),
        ("hs_discount_percentage", "12.5", (None, Decimal("12.5"))),
        ("hs_discount_percentage", "0.0", (None, None)),
    ],
)
def test_the_discounts_of_a_line_are_read(name: str, text: str, read: tuple[Decimal | None, Decimal | None]) -> None:
    found = only(portal(invoice(), lines=(line(**{name: text}),))).lines[0]
    assert (found.discount, found.discount_percent) == read


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("hs_tax_rate_group_id", "15970230", ("15970230", None)),
        ("hs_tax_amount", "1.50", (None, Decimal("1.50"))),
        ("hs_tax_amount", "0", (None, Decimal(0))),
        ("hs_auto_tax_amount", "2", (None, Decimal(2))),
        ("tax", "3", (None, Decimal(3))),
    ],
)
def test_the_tax_of_a_line_is_read(name: str, text: str, read: tuple[str | None, Decimal | None]) -> None:
    found = only(portal(invoice(), lines=(line(**{name: text}),))).lines[0]
    assert (found.tax_rate_id, found.tax_amount) == read
