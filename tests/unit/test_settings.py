"""Settings: every field good and bad, and problems that name field and reason."""

import json
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.field_pairs import Direction, FieldPair, Winner
from tieout.domain.settings import (
    BeyondTolerance,
    ClosedPeriod,
    CustomerLevel,
    DealMode,
    DeletedInHubSpot,
    DeletedInQuickBooks,
    FeeBooking,
    Filter,
    FilterOperator,
    PdfTarget,
    RefundForm,
    Settings,
    TaxMode,
    UnknownInHubSpot,
    VoidedInQuickBooks,
    WithoutInvoice,
)
from tieout.domain.settings_document import BadSettings, parse_settings

FILTER = {"property": "hs_currency", "operator": "in", "values": ["USD", "EUR"]}


# By field: JSON values that are taken, with what they become.
GOOD: dict[str, list[tuple[Any, object]]] = {
    "push_invoices": [(True, True), (False, False)],
    "cutover_date": [("2026-01-01", date(2026, 1, 1)), (None, None)],
    "filters": [
        ([], ()),
        ([FILTER], (Filter("hs_currency", FilterOperator.IN, ("USD", "EUR")),)),
        ([{"property": "x", "operator": "known"}], (Filter("x", FilterOperator.KNOWN),)),
    ],
    "customer_level": [("company", CustomerLevel.COMPANY), ("contact", CustomerLevel.CONTACT)],
    "match_customers_by_email": [(True, True), (False, False)],
    "create_customers": [(True, True), (False, False)],
    "fallback_item_id": [("17", "17"), (None, None)],
    "write_status_to_hubspot": [(True, True), (False, False)],
    "skip_data_sync_invoices": [(True, True), (False, False)],
    "tax_mode": [(one.value, one) for one in TaxMode],
    "tax_item_id": [("17", "17"), (None, None)],
    "tax_items": [({}, {}), ({"VAT 20 %": "17"}, {"VAT 20 %": "17"})],
    "tax_codes": [({}, {}), ({"15970230": "5"}, {"15970230": "5"})],
    "untaxed_code": [("10", "10"), ("NON", "NON"), (None, None)],
    "fee_item_id": [("17", "17"), (None, None)],
    "fee_items": [({}, {}), ({"Rush": "17"}, {"Rush": "17"})],
    "total_tolerance": [("0.00", Decimal(0)), ("0.01", Decimal("0.01"))],
    "variance_tolerance": [("0", Decimal(0)), ("1.5", Decimal("1.5"))],
    "beyond_tolerance": [(one.value, one) for one in BeyondTolerance],
    "closed_period": [(one.value, one) for one in ClosedPeriod],
    "deleted_in_hubspot": [(one.value, one) for one in DeletedInHubSpot],
    "terms": [({}, {}), ({"30": "3", "0": "1"}, {30: "3", 0: "1"})],
    "field_pairs": [
        ([], ()),
        (
            [
                {"hubspot": "order_number", "quickbooks": "1", "direction": "both", "winner": "quickbooks"},
                {"hubspot": "tracking_number", "quickbooks": "TrackingNum", "direction": "to_hubspot"},
                {"hubspot": "hs_title", "quickbooks": "custom:Crew #", "direction": "to_quickbooks"},
            ],
            (
                FieldPair("order_number", "1", Direction.BOTH, Winner.QUICKBOOKS),
                FieldPair("tracking_number", "TrackingNum", Direction.TO_HUBSPOT),
                FieldPair("hs_title", "custom:Crew #", Direction.TO_QUICKBOOKS),
            ),
        ),
        ([{"hubspot": "a", "quickbooks": "custom: 2"}], (FieldPair("a", "2"),)),
        (
            [{"hubspot": "hs_number", "quickbooks": "3", "direction": "to_quickbooks"}],
            (FieldPair("hs_number", "3", Direction.TO_QUICKBOOKS),),
        ),
    ],
    "custom_fields": [({}, {}), ({"deal_name": "1", "region": "3"}, {"deal_name": "1", "region": "3"})],
    "purchase_order_field": [("2", "2"), (None, None)],
    "push_payments": [(True, True), (False, False)],
    "pull_payments": [(True, True), (False, False)],
    "pull_invoices": [(True, True), (False, False)],
    "voided_in_quickbooks": [(one.value, one) for one in VoidedInQuickBooks],
    "deleted_in_quickbooks": [(one.value, one) for one in DeletedInQuickBooks],
    "adopt_data_sync_invoices": [(True, True), (False, False)],
    "unknown_in_hubspot": [(one.value, one) for one in UnknownInHubSpot],
    "deposit_accounts": [({}, {}), ({"hs_payments": "35", "none:EUR": "4"}, {"hs_payments": "35", "none:EUR": "4"})],
    "payment_methods": [({}, {}), ({"card": "3"}, {"card": "3"})],
    # What needs another setting beside it is tested with the contradictions.
    "payments_without_invoice": [("ignore", WithoutInvoice.IGNORE), ("unapplied", WithoutInvoice.UNAPPLIED)],
    "sales_receipt_item_id": [("17", "17"), (None, None)],
    "refunds": [("refund_receipt", RefundForm.REFUND_RECEIPT)],
    "receivable_account_id": [("84", "84"), (None, None)],
    "payment_wait_days": [(0, 0), (14, 14), (365, 365)],
    "recognise_workflow_documents": [(True, True), (False, False)],
    "record_payments_in_hubspot": [(True, True), (False, False)],
    "fee_booking": [(one.value, one) for one in FeeBooking],
    "fee_vendors": [({}, {}), ({"hs_payments": "56"}, {"hs_payments": "56"})],
    "processing_fee_account_id": [("71", "71"), (None, None)],
    "platform_fee_account_id": [("72", "72"), (None, None)],
    "fee_class_id": [("2", "2"), (None, None)],
    "fee_department_id": [("3", "3"), (None, None)],
    "deals": [("off", DealMode.OFF), ("show", DealMode.SHOW), ("associate", DealMode.ASSOCIATE)],
    "deal_field": [("2", "2"), (None, None)],
    "deal_order_property": [("order_number", "order_number"), (None, None)],
    "deal_window_days": [(0, 0), (365, 365)],
    "tell_ambiguous_deals": [(True, True), (False, False)],
    "pdf": [(one.value, one) for one in PdfTarget],
}

NO_IDS: list[tuple[Any, str]] = [
    ([], "an object from"),
    ("17", "to QuickBooks ids"),
    ({"x": 17}, "x: a QuickBooks id"),
    ({" ": "17"}, "an object from"),
    ({"x": None}, "x: a QuickBooks id"),
]

NO_ID: list[tuple[Any, str]] = [(17, "digits, as text"), ("A1", "digits, as text"), ("", "digits"), ("²", "digits")]

NO_AMOUNT: list[tuple[Any, str]] = [
    (one, "an amount as text") for one in (0.05, 1, None, "", "-1", "1,5", "1e2", "NaN", "1.23456", "²")
]

NOT_BOOLEAN = [("yes", "true or false"), (1, "true or false"), (None, "true or false"), ([], "true or false")]


# By field: JSON values that are refused, with a part of the reason.
PAIR = {"hubspot": "order_number", "quickbooks": "1"}

BAD: dict[str, list[tuple[Any, str]]] = {
    "push_invoices": NOT_BOOLEAN,
    "cutover_date": [("1 March", "YYYY-MM-DD"), (20260301, "YYYY-MM-DD"), ("2026-02-30", "YYYY-MM-DD"), ("", "YYYY")],
    "filters": [
        (FILTER, "a list of filters"),
        (None, "a list of filters"),
        (["x"], "filter 1: an object"),
        ([FILTER, {**FILTER, "and": 1}], "filter 2: an object"),
        ([{"operator": "known"}], "property is missing"),
        ([{"property": "", "operator": "known"}], "property is missing"),
        ([{**FILTER, "operator": "like"}], "operator is one of equals"),
        ([{"property": "x"}], "operator is one of equals"),
        ([{**FILTER, "values": "USD"}], "values is a list of texts"),
        ([{**FILTER, "values": [1]}], "values is a list of texts"),
        ([{**FILTER, "values": []}], "operator in takes at least one value"),
        ([{**FILTER, "operator": "unknown"}], "operator unknown takes no values"),
    ],
    "customer_level": [("deal", "one of company, contact"), (None, "one of company"), (1, "one of company")],
    "match_customers_by_email": NOT_BOOLEAN,
    "create_customers": NOT_BOOLEAN,
    "fallback_item_id": NO_ID,
    "write_status_to_hubspot": NOT_BOOLEAN,
    "skip_data_sync_invoices": NOT_BOOLEAN,
    "tax_mode": [("auto", "one of none, as_item, automated, codes"), (None, "one of none")],
    "tax_item_id": NO_ID,
    "tax_items": NO_IDS,
    "tax_codes": [*NO_IDS, ({"15970230": "TAX"}, "15970230: a QuickBooks id")],
    "untaxed_code": [("TAX", "digits, as text"), (5, "digits, as text")],
    "fee_item_id": NO_ID,
    "fee_items": NO_IDS,
    "total_tolerance": [*NO_AMOUNT],
    "variance_tolerance": NO_AMOUNT,
    "beyond_tolerance": [("delete", "one of void, keep"), (None, "one of void")],
    "closed_period": [("skip", "one of hold, first_open_day, ignore"), (None, "one of hold")],
    "deleted_in_hubspot": [("delete", "one of attention, void, ignore"), (None, "one of attention")],
    "terms": [
        *NO_IDS,
        ({"soon": "3"}, "soon: a number of days"),
        ({"-1": "3"}, "-1: a number of days"),
        ({"30": "3", "030": "4"}, "the same number of days twice"),
    ],
    "field_pairs": [
        ({"order_number": "1"}, "a list of pairs"),
        (["1"], "pair 1: an object with hubspot, quickbooks, direction and winner"),
        ([{**PAIR, "side": "x"}], "pair 1: an object with"),
        ([PAIR, {**PAIR, "hubspot": "Order no"}], "pair 2: hubspot is a property's internal name"),
        ([{**PAIR, "hubspot": "tieout_status"}], "pair 1: tieout_status is Tieout's own property"),
        ([{**PAIR, "hubspot": "hs_number"}], "pair 1: hs_number belongs to the invoice itself"),
        ([{**PAIR, "quickbooks": "4"}], "pair 1: quickbooks is"),
        ([{**PAIR, "quickbooks": "TrackingNumber"}], "one of ShipMethodRef, TrackingNum, ShipDate, PONumber"),
        ([{**PAIR, "quickbooks": "custom: "}], "pair 1: quickbooks is"),
        ([{**PAIR, "quickbooks": 1}], "pair 1: quickbooks is"),
        ([{**PAIR, "direction": "up"}], "pair 1: direction is one of to_hubspot, to_quickbooks, both"),
        ([{**PAIR, "winner": "last"}], "pair 1: winner is one of ask, hubspot, quickbooks"),
        ([PAIR, {**PAIR, "quickbooks": "2"}], "order_number is in two pairs"),
        ([PAIR, {**PAIR, "hubspot": "other"}], "1 is in two pairs"),
        (
            [{"hubspot": name, "quickbooks": f"custom:{name}"} for name in ("a", "b", "c", "d")],
            "QuickBooks has 3 custom fields on invoices, these are 4",
        ),
    ],
    "custom_fields": [
        ("deal_name", "to custom fields"),
        ({"deal_name": "4"}, "deal_name: a QuickBooks custom field"),
        ({"deal_name": 1}, "deal_name: a QuickBooks custom field"),
        ({"deal_name": "1", "region": "1"}, "two properties for one custom field"),
    ],
    "purchase_order_field": [("4", "a QuickBooks custom field"), (1, "a QuickBooks custom field")],
    "push_payments": NOT_BOOLEAN,
    "pull_payments": NOT_BOOLEAN,
    "pull_invoices": NOT_BOOLEAN,
    "voided_in_quickbooks": [("ignore", "one of void, attention"), (None, "one of void")],
    "deleted_in_quickbooks": [("delete", "one of attention, void, ignore"), (None, "one of attention")],
    "adopt_data_sync_invoices": NOT_BOOLEAN,
    "unknown_in_hubspot": [("ask", "one of leave, create"), (None, "one of leave")],
    "deposit_accounts": [
        *NO_IDS,
        ({"paypal": "35"}, "paypal: one of hs_payments, byo_stripe, none"),
        ({"quickbooks": "35"}, "quickbooks: one of hs_payments"),
        ({"byo_stripe:euro": "35"}, "byo_stripe:euro: a currency as in byo_stripe:EUR"),
        ({"paypal:EUR": "35"}, "paypal: one of hs_payments"),
    ],
    "payment_methods": NO_IDS,
    "payments_without_invoice": [("invoice", "one of ignore, sales_receipt, unapplied"), (None, "one of ignore")],
    "sales_receipt_item_id": NO_ID,
    "refunds": [("journal_entry", "one of refund_receipt, credit_memo"), (None, "one of refund_receipt")],
    "receivable_account_id": NO_ID,
    "payment_wait_days": [(one, "a number of days, 0 to 365") for one in (-1, 366, "14", 1.5, True, None)],
    "recognise_workflow_documents": NOT_BOOLEAN,
    "record_payments_in_hubspot": NOT_BOOLEAN,
    "fee_booking": [("weekly", "one of report_only, daily, monthly"), (None, "one of report_only")],
    "fee_vendors": [*NO_IDS, ({"paypal": "56"}, "paypal: one of hs_payments, byo_stripe, none")],
    "processing_fee_account_id": NO_ID,
    "platform_fee_account_id": NO_ID,
    "fee_class_id": NO_ID,
    "fee_department_id": NO_ID,
    "deals": [("on", "one of off, show, associate"), (None, "one of")],
    "deal_field": [("4", "custom field"), (1, "custom field")],
    "deal_order_property": [("Order number", "internal name"), (7, "internal name"), ("", "internal name")],
    "deal_window_days": [(-1, "days"), (366, "days"), ("90", "days"), (True, "days")],
    "tell_ambiguous_deals": [("true", "true or false"), (1, "true or false")],
    "pdf": [("invoice", "one of off, deal, company, contact"), (False, "one of")],
}

NAMES = [field.name for field in fields(Settings)]


def test_every_setting_is_tested_with_good_and_bad_values() -> None:
    assert list(GOOD) == list(BAD) == NAMES


def test_every_setting_is_explained() -> None:
    assert all(f"    {name}: " in (Settings.__doc__ or "") for name in NAMES)


def test_an_empty_document_gives_the_defaults() -> None:
    assert parse_settings({}) == Settings()


@pytest.mark.parametrize(("name", "value", "parsed"), [(n, v, p) for n, cases in GOOD.items() for v, p in cases])
def test_a_good_value_is_taken_and_the_others_keep_their_defaults(name: str, value: Any, parsed: object) -> None:
    settings = parse_settings({name: value})
    assert getattr(settings, name) == parsed
    assert all(getattr(settings, other) == getattr(Settings(), other) for other in NAMES if other != name)


@pytest.mark.parametrize(("name", "value", "reason"), [(n, v, r) for n, cases in BAD.items() for v, r in cases])
def test_a_bad_value_is_refused_by_field_and_reason(name: str, value: Any, reason: str) -> None:
    with pytest.raises(BadSettings) as raised:
        parse_settings({name: value})
    [(field, why)] = raised.value.problems
    assert field == name
    assert reason in why
    assert f"{name}: " in str(raised.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(BadSettings) as raised:
        parse_settings({"push_invoice": True, "cutover_date": 1, "create_customers": "no", "fallback_item_id": "7"})
    assert sorted(raised.value.problems) == [
        ("create_customers", "true or false"),
        ("cutover_date", "a date as text, YYYY-MM-DD"),
        ("push_invoice", "unknown setting"),
    ]


filters = st.builds(
    lambda name, operator, values: {
        "property": name,
        "operator": operator.value,
        **({} if operator in (FilterOperator.KNOWN, FilterOperator.UNKNOWN) else {"values": values}),
    },
    st.text(min_size=1, max_size=9),
    st.sampled_from(FilterOperator),
    st.lists(st.text(max_size=9), min_size=1, max_size=3),
)

documents = st.fixed_dictionaries(
    {},
    optional={
        "push_invoices": st.booleans(),
        "cutover_date": st.dates().map(date.isoformat) | st.none(),
        "filters": st.lists(filters, max_size=3),
        "customer_level": st.sampled_from(["company", "contact"]),
        "match_customers_by_email": st.booleans(),
        "create_customers": st.booleans(),
        "fallback_item_id": st.integers(1, 10**9).map(str) | st.none(),
        "write_status_to_hubspot": st.booleans(),
        "skip_data_sync_invoices": st.booleans(),
        "tax_mode": st.sampled_from([one.value for one in TaxMode]),
        "tax_codes": st.dictionaries(st.integers(1, 99).map(str), st.integers(1, 99).map(str), max_size=3),
        "total_tolerance": st.sampled_from(["0", "0.00", "0.01"]),
        "variance_tolerance": st.sampled_from(["0.02", "1"]),
        "beyond_tolerance": st.sampled_from(["void", "keep"]),
        "closed_period": st.sampled_from([one.value for one in ClosedPeriod]),
        "terms": st.dictionaries(st.integers(0, 365).map(str), st.integers(1, 99).map(str), max_size=3),
        "field_pairs": st.sampled_from([[], [{"hubspot": "order", "quickbooks": "TrackingNum", "winner": "ask"}]]),
        "custom_fields": st.just({"deal_name": "1"}),
        "purchase_order_field": st.sampled_from(["2", "3", None]),
        "deposit_accounts": st.dictionaries(st.sampled_from(["hs_payments", "none"]), st.just("35")),
        "payments_without_invoice": st.sampled_from(["ignore", "unapplied"]),
        "payment_wait_days": st.integers(0, 365),
    },
)


def as_document(settings: Settings) -> dict[str, Any]:
    document = {name: getattr(settings, name) for name in NAMES}
    document["cutover_date"] = settings.cutover_date and settings.cutover_date.isoformat()
    document["filters"] = [
        {"property": one.property, "operator": one.operator, "values": list(one.values)} for one in settings.filters
    ]
    document["terms"] = {str(days): id_ for days, id_ in settings.terms.items()}
    document["field_pairs"] = [
        {name: getattr(one, name) for name in ("hubspot", "quickbooks", "direction", "winner")}
        for one in settings.field_pairs
    ]
    for name in ("total_tolerance", "variance_tolerance"):
        document[name] = str(document[name])
    return document


@given(documents)
def test_settings_survive_the_journey_through_json(document: dict[str, Any]) -> None:
    settings = parse_settings(document)
    assert parse_settings(json.loads(json.dumps(as_document(settings)))) == settings
