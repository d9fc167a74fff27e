"""Filters, settings that contradict each other, and what older documents name."""

from typing import Any

import pytest
from hypothesis import strategies as st

from tieout.domain.field_pairs import Direction, FieldPair
from tieout.domain.settings import (
    Filter,
    FilterOperator,
    RefundForm,
    WithoutInvoice,
)
from tieout.domain.settings_document import BadSettings, parse_settings

FILTER = {"property": "hs_currency", "operator": "in", "values": ["USD", "EUR"]}


# By field: JSON values that are refused, with a part of the reason.
PAIR = {"hubspot": "order_number", "quickbooks": "1"}

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


@pytest.mark.parametrize(
    ("operator", "values", "passing", "stopped"),
    [
        (FilterOperator.EQUALS, ("a",), ["a"], ["b", "A", "", None]),
        (FilterOperator.NOT_EQUALS, ("a",), ["b", "", None], ["a"]),
        (FilterOperator.IN, ("a", "b"), ["a", "b"], ["c", None]),
        (FilterOperator.NOT_IN, ("a", "b"), ["c", "", None], ["a", "b"]),
        (FilterOperator.KNOWN, (), ["a", "0"], ["", None]),
        (FilterOperator.UNKNOWN, (), ["", None], ["a"]),
    ],
)
def test_a_filter_compares_as_its_operator_says(
    operator: FilterOperator, values: tuple[str, ...], passing: list[str | None], stopped: list[str | None]
) -> None:
    rule = Filter("deal_type", operator, values)
    assert all(rule.passes({"deal_type": value}) for value in passing)
    assert not any(rule.passes({"deal_type": value}) for value in stopped)
    assert rule.passes({}) is (None in passing)


def test_the_properties_of_filters_and_custom_fields_are_the_ones_to_be_read() -> None:
    settings = parse_settings(
        {"filters": [FILTER, {"property": "x", "operator": "known"}, FILTER], "custom_fields": {"y": "1"}}
    )
    assert settings.needed_properties == {"hs_currency", "x", "y"}


def test_settings_that_contradict_each_other_are_refused() -> None:
    document = {
        "total_tolerance": "0.10",
        "custom_fields": {"deal_name": "1"},
        "purchase_order_field": "1",
    }
    with pytest.raises(BadSettings) as raised:
        parse_settings(document)
    assert [name for name, _ in raised.value.problems] == ["variance_tolerance", "purchase_order_field"]


def test_a_form_that_needs_an_item_or_an_account_is_refused_without_it() -> None:
    document = {"payments_without_invoice": "sales_receipt", "refunds": "credit_memo"}
    with pytest.raises(BadSettings) as raised:
        parse_settings(document)
    assert [name for name, _ in raised.value.problems] == ["sales_receipt_item_id", "receivable_account_id"]
    settings = parse_settings({**document, "sales_receipt_item_id": "17", "receivable_account_id": "84"})
    assert settings.payments_without_invoice is WithoutInvoice.SALES_RECEIPT
    assert settings.refunds is RefundForm.CREDIT_MEMO


def test_what_older_settings_name_are_pairs_to_quickbooks() -> None:
    older = parse_settings({"custom_fields": {"region": "2"}, "purchase_order_field": "1"})
    assert older.pairs == (
        FieldPair("region", "2", Direction.TO_QUICKBOOKS),
        FieldPair("hs_purchase_order_number", "1", Direction.TO_QUICKBOOKS),
    )
    assert older.needed_properties == {"region", "hs_purchase_order_number"}


@pytest.mark.parametrize(
    ("older", "problem"),
    [
        ({"purchase_order_field": "1"}, "1 is in two pairs"),
        ({"custom_fields": {"order_number": "2"}}, "order_number is in two pairs"),
    ],
)
def test_pairs_that_older_settings_name_already_are_refused(older: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSettings) as raised:
        parse_settings({"field_pairs": [PAIR], **older})
    assert raised.value.problems == [("field_pairs", problem)]


def test_older_settings_that_name_a_property_twice_stay_readable() -> None:
    parse_settings({"custom_fields": {"hs_purchase_order_number": "2"}, "purchase_order_field": "1"})
