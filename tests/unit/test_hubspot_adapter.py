"""Reading invoices from HubSpot: grouped calls, complete or not at all."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.support.hubspot_invoices import PARTS, invoice, line, of_invoices, only, portal, read_path
from tests.support.scripted_hubspot import (
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
