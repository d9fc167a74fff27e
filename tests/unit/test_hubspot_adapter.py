"""Reading invoices from HubSpot: grouped calls, complete or not at all, values understood or named."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.support.scripted_hubspot import (
    ASSOCIATIONS,
    OBJECTS,
    ScriptedHubSpot,
    associated,
    batch,
    error,
    json_answer,
    record,
)
from tieout.domain.customer import Party, PartyKind
from tieout.domain.errors import NeedsAttention, RateLimited, Transient
from tieout.domain.invoice import (
    Adjustment,
    AdjustmentKind,
    InvoiceStatus,
    SourceInvoice,
    SourceLine,
    UnreadableInvoice,
)
from tieout.domain.money import Money

PARTS = ("line_items", "companies", "contacts", "discounts", "fees", "taxes")


def read_path(type_: str) -> str:
    return f"{OBJECTS}/{type_}/batch/read"


def of_invoices(type_: str) -> str:
    return f"{ASSOCIATIONS}/invoices/{type_}/batch/read"


def invoice(id_: str = "44446244097", /, **changed: str | None) -> dict[str, object]:
    properties: dict[str, str | None] = {
        "hs_number": "INV-1001",
        "hs_invoice_status": "open",
        "hs_currency": "USD",
        "hs_invoice_date": "2026-11-01T00:00:00Z",
        "hs_due_date": "2026-12-01T00:00:00Z",
        "hs_createdate": "2026-11-01T09:00:00.000Z",
        "hs_amount_billed": "360.00",
        "hs_invoice_billable": "true",
    }
    return record(id_, **(properties | changed))


def line(id_: str = "501", /, **changed: str | None) -> dict[str, object]:
    properties: dict[str, str | None] = {"name": "Consulting", "quantity": "3", "price": "120.00", "amount": "360.00"}
    return record(id_, **(properties | changed))


def portal(*invoices: dict[str, object], lines: tuple[dict[str, object], ...] = ()) -> ScriptedHubSpot:
    """The first invoice has `lines`, by default one; nothing has anything else."""
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), batch(*invoices))
    lines = lines or (line(),)
    ids = [int(str(one["id"])) for one in lines]
    for type_ in PARTS:
        found = [associated(str(invoices[0]["id"]), *ids)] if type_ == "line_items" and invoices else []
        hubspot.on(of_invoices(type_), batch(*found))
    hubspot.on(read_path("line_items"), batch(*lines))
    return hubspot


def only(hubspot: ScriptedHubSpot, id_: str = "44446244097") -> SourceInvoice:
    found = hubspot.crm.invoices([id_])[id_]
    assert isinstance(found, SourceInvoice), found
    return found


def unreadable(hubspot: ScriptedHubSpot, id_: str = "44446244097") -> str:
    found = hubspot.crm.invoices([id_])[id_]
    assert isinstance(found, UnreadableInvoice), found
    return found.reason


def test_an_invoice_is_read_with_everything_that_belongs_to_it() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(
        read_path("invoices"),
        batch(
            invoice(
                hs_comments=" Thank you ",
                hs_purchase_order_number="PO-17",
                hs_invoice_source="data_sync",
                hs_invoice_billable="false",
                region="north",
            )
        ),
    )
    hubspot.on(of_invoices("line_items"), batch(associated("44446244097", 501)))
    hubspot.on(of_invoices("companies"), batch(associated("44446244097", 9001)))
    hubspot.on(of_invoices("contacts"), batch(associated("44446244097", 7001)))
    for number, type_ in enumerate(("discounts", "fees", "taxes")):
        hubspot.on(of_invoices(type_), batch(associated("44446244097", 600 + number)))
    hubspot.on(read_path("line_items"), batch(line(hs_sku="CONS", description="November", hs_product_id="88")))
    hubspot.on(read_path("companies"), batch(record("9001", name=" Acme Ltd ")))
    hubspot.on(read_path("contacts"), batch(record("7001", firstname="Anna", lastname="Muster", email="a@x.test")))
    hubspot.on(read_path("discounts"), batch(record("600", hs_label="Loyal", hs_type="PERCENT", hs_value="20.0000")))
    hubspot.on(read_path("fees"), batch(record("601", hs_label="Card", hs_type="FIXED", hs_value="3.5000")))
    hubspot.on(read_path("taxes"), batch(record("602", hs_label="VAT", hs_type="PERCENT", hs_value="6.5")))

    found = hubspot.crm.invoices(["44446244097"], ["region"])["44446244097"]

    assert isinstance(found, SourceInvoice)
    assert found.properties["region"] == "north"
    assert found.properties["hs_number"] == "INV-1001"
    assert found == SourceInvoice(
        id="44446244097",
        number="INV-1001",
        status=InvoiceStatus.OPEN,
        currency="USD",
        invoice_date=date(2026, 11, 1),
        due_date=date(2026, 12, 1),
        total=Money(Decimal("360.00"), "USD"),
        company=Party(PartyKind.COMPANY, "9001", "Acme Ltd"),
        contact=Party(PartyKind.CONTACT, "7001", "Anna Muster", "a@x.test", "Anna", "Muster"),
        lines=(
            SourceLine("501", "Consulting", Decimal(3), Decimal("120.00"), Decimal("360.00"), "November", "CONS", "88"),
        ),
        adjustments=(
            Adjustment(AdjustmentKind.DISCOUNT, "Loyal", Decimal("20.0000"), percent=True),
            Adjustment(AdjustmentKind.FEE, "Card", Decimal("3.5000"), percent=False),
            Adjustment(AdjustmentKind.TAX, "VAT", Decimal("6.5"), percent=True),
        ),
        comments="Thank you",
        purchase_order="PO-17",
        origin="data_sync",
        billable=False,
        properties=found.properties,
    )
    assert len(hubspot.calls) == 13
    assert hubspot.limiter.permits["c1", "hubspot"] == 13


def three_lines(invoice_id: str) -> range:
    return range(int(invoice_id) * 3, int(invoice_id) * 3 + 3)


def test_thirty_invoices_take_no_more_calls_than_one() -> None:
    ids = [str(1000 + n) for n in range(30)]
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), lambda body: batch(*(invoice(one["id"]) for one in body["inputs"])))
    hubspot.on(
        of_invoices("line_items"),
        lambda body: batch(
            *(associated(one["id"], *range(int(one["id"]) * 3, int(one["id"]) * 3 + 3)) for one in body["inputs"])
        ),
    )
    hubspot.on(read_path("line_items"), lambda body: batch(*(line(one["id"]) for one in body["inputs"])))
    for type_ in PARTS[1:]:
        hubspot.on(of_invoices(type_), batch())
    found = hubspot.crm.invoices(ids)
    assert list(found) == ids
    assert {len(one.lines) for one in found.values() if isinstance(one, SourceInvoice)} == {3}
    assert len(hubspot.calls) == 8


def test_reads_are_cut_into_batches_of_a_hundred() -> None:
    ids = [str(n) for n in range(1, 251)]
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), lambda body: batch(*(invoice(one["id"]) for one in body["inputs"])))
    for type_ in PARTS:
        hubspot.on(of_invoices(type_), batch())
    assert list(hubspot.crm.invoices([*reversed(ids), *ids])) == ids
    sent = hubspot.bodies[read_path("invoices")]
    assert [len(body["inputs"]) for body in sent] == [100, 100, 50]
    assert len(hubspot.bodies[of_invoices("contacts")]) == 1


def test_a_deleted_invoice_is_absent_whichever_way_hubspot_says_so() -> None:
    gone = error("OBJECT_NOT_FOUND", "Could not get some INVOICE objects", context={"ids": ["2"]})
    for answer in (
        batch(invoice("1")),
        batch(invoice("1"), errors=(gone,)),
        batch(invoice("1"), invoice("2") | {"archived": True}),
    ):
        hubspot = portal(invoice("1"))
        hubspot = ScriptedHubSpot()
        hubspot.on(read_path("invoices"), answer)
        for type_ in PARTS:
            hubspot.on(of_invoices(type_), batch())
        assert list(hubspot.crm.invoices(["1", "2"])) == ["1"]


def test_nothing_more_is_asked_when_no_invoice_exists() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), batch())
    assert hubspot.crm.invoices(["1"]) == {}
    assert hubspot.crm.invoices([]) == {}
    assert hubspot.crm.invoices(["abc", "", "-1", "٣"]) == {}
    assert len(hubspot.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        batch(invoice("1"), errors=(error("INTERNAL_ERROR"),)),
        batch(invoice("1"), status="PROCESSING"),
        json_answer({"status": "COMPLETE", "results": [], "numErrors": 1}),
        json_answer({"status": "COMPLETE"}),
        json_answer(error("INTERNAL_ERROR"), 500),
        json_answer(error("OBJECT_NOT_FOUND"), 404),
        httpx.ReadTimeout("x"),
    ],
)
def test_a_failed_read_never_looks_like_a_deletion(answer: httpx.Response | httpx.RequestError) -> None:
    for path in (read_path("invoices"), of_invoices("line_items"), read_path("line_items"), of_invoices("taxes")):
        hubspot = portal(invoice("1"))
        hubspot.instead(path, answer)
        with pytest.raises(Transient):
            hubspot.crm.invoices(["1", "2"])


def test_a_filter_on_a_property_that_hubspot_does_not_know_is_for_a_person() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(read_path("invoices"), json_answer(error("VALIDATION_ERROR", 'Property "regoin" does not exist'), 400))
    with pytest.raises(NeedsAttention) as raised:
        hubspot.crm.invoices(["1"], ["regoin"])
    assert "regoin" in raised.value.detail


def test_a_rate_limit_in_the_middle_of_a_read_is_a_failed_read() -> None:
    hubspot = portal(invoice("1"))
    hubspot.instead(of_invoices("fees"), json_answer({"status": "error", "policyName": "DAILY"}, 429))
    with pytest.raises(RateLimited):
        hubspot.crm.invoices(["1"])


def test_an_invoice_without_associations_is_answered_as_not_found_and_that_is_fine() -> None:
    hubspot = portal(invoice())
    none = error("OBJECT_NOT_FOUND", subCategory="crm.associations.NO_ASSOCIATIONS_FOUND")
    hubspot.instead(of_invoices("companies"), batch(errors=(none,)))
    assert only(hubspot).company is None


def test_every_page_of_associated_lines_is_read() -> None:
    hubspot = portal(invoice())
    pages: dict[str | None, Any] = {
        None: associated("44446244097", 503, 501, after="p2"),
        "p2": associated("44446244097", 502, 501, after="p3"),
        "p3": associated("44446244097", 504),
    }
    hubspot.instead(of_invoices("line_items"), lambda body: batch(pages[body["inputs"][0].get("after")]))
    hubspot.instead(read_path("line_items"), batch(*(line(str(n)) for n in (504, 503, 502, 501))))
    assert [one.id for one in only(hubspot).lines] == ["501", "502", "503", "504"]


def test_paging_that_does_not_advance_is_a_failed_read() -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("line_items"), batch(associated("44446244097", 501, after="again")))
    with pytest.raises(Transient):
        hubspot.crm.invoices(["44446244097"])


def test_an_invoice_is_never_answered_with_a_line_missing() -> None:
    hubspot = portal(invoice("1"), invoice("2"))
    hubspot.instead(of_invoices("line_items"), batch(associated("1", 501, 502)))
    found = hubspot.crm.invoices(["1", "2"])
    assert isinstance(found["1"], UnreadableInvoice)
    assert "502" in found["1"].reason
    assert isinstance(found["2"], SourceInvoice), "its neighbour is spoilt"


def test_of_an_invoice_that_cannot_be_read_it_is_told_what_filters_need() -> None:
    bad = {"hs_currency": "?", "hs_invoice_source": "data_sync", "hs_invoice_billable": "false", "team": "EMEA"}
    hubspot = portal(invoice(hs_invoice_date="2026-03-01T00:00:00Z", **bad))
    found = hubspot.crm.invoices(["44446244097"], ["team"])["44446244097"]
    assert isinstance(found, UnreadableInvoice)
    assert (found.status, found.invoice_date) == (InvoiceStatus.OPEN, date(2026, 3, 1))
    assert (found.origin, found.billable, found.properties["team"]) == ("data_sync", False, "EMEA")


def test_lines_keep_the_order_of_the_invoice() -> None:
    lines = (
        line("900", hs_position_on_quote="1"),
        line("1000", hs_position_on_quote="0"),
        line("20", hs_position_on_quote="10"),
        line("30"),
        line("4", hs_position_on_quote="1"),
    )
    assert [one.id for one in only(portal(invoice(), lines=lines)).lines] == ["1000", "4", "900", "20", "30"]


def test_adjustments_keep_hubspots_order_of_calculation() -> None:
    hubspot = portal(invoice())
    hubspot.instead(of_invoices("taxes"), batch(associated("44446244097", 1, 2)))
    hubspot.instead(of_invoices("discounts"), batch(associated("44446244097", 3, 4)))
    tax = {"hs_type": "PERCENT", "hs_value": "1"}
    hubspot.on(read_path("taxes"), batch(record("1", hs_label="b", **tax), record("2", hs_label="c", **tax)))
    hubspot.on(
        read_path("discounts"),
        batch(record("3", hs_label="z", hs_sort_order="2", **tax), record("4", hs_label="a", hs_sort_order="1", **tax)),
    )
    assert [one.label for one in only(hubspot).adjustments] == ["a", "z", "b", "c"]


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


def test_a_draft_is_answered_without_looking_at_what_is_still_being_edited() -> None:
    hubspot = portal(invoice(hs_invoice_status="draft", hs_amount_billed=None))
    found = only(hubspot)
    assert found.status is InvoiceStatus.DRAFT
    assert (found.lines, found.company, found.contact) == ((), None, None)
    assert len(hubspot.calls) == 1


def test_the_account_is_read() -> None:
    hubspot = ScriptedHubSpot()
    hubspot.on(
        "/account-info/2026-09/details",
        json_answer({"portalId": 62515, "timeZone": "US/Eastern", "companyCurrency": "USD", "uiDomain": "x"}),
    )
    account = hubspot.crm.account()
    assert (account.portal_id, account.time_zone, account.currency) == ("62515", "US/Eastern", "USD")


def test_an_invoice_is_found_by_exactly_its_number() -> None:
    hubspot = ScriptedHubSpot()
    answers = {"results": [record("1", hs_number="inv-1001"), record("2", hs_number="INV-1001")], "total": 2}
    hubspot.on(f"{OBJECTS}/invoices/search", json_answer(answers))
    assert hubspot.crm.invoice_id_by_number("INV-1001") == "2"
    assert hubspot.crm.invoice_id_by_number("INV-7") is None
    assert hubspot.limiter.permits["c1", "hubspot_search"] == 2


def test_a_number_that_two_invoices_bear_is_for_a_person() -> None:
    hubspot = ScriptedHubSpot()
    answers = {"results": [record("1", hs_number="INV-1"), record("2", hs_number="INV-1")], "total": 2}
    hubspot.on(f"{OBJECTS}/invoices/search", json_answer(answers))
    with pytest.raises(NeedsAttention):
        hubspot.crm.invoice_id_by_number("INV-1")
