"""HubSpot's calculation done again: whatever its undocumented choices are, its own figures come out, or attention."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.hubspot.config import HubSpotConfig
from tests.support.builders import a_line, usd
from tests.support.builders_billing import RATE_GROUP, a_discount, a_fee, a_tax, billed
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import Adjustment, AdjustmentKind, SourceInvoice, SourceLine
from tieout.domain.money import Money
from tieout.domain.planning.amounts import Amounts, calculate, line_tax
from tieout.domain.planning.plan import Attend


def figures(invoice: SourceInvoice) -> Amounts:
    found = calculate(invoice)
    assert isinstance(found, Amounts), found
    return found


def refusal(invoice: SourceInvoice) -> str:
    found = calculate(invoice)
    assert isinstance(found, Attend), found
    assert found.code is AttentionCode.TOTAL_DIFFERS
    return found.detail


def less(**discounts: str) -> SourceLine:
    return a_line("3", "120.00", **{name: Decimal(value) for name, value in discounts.items()})


def test_discounts_come_before_fees_and_fees_before_taxes() -> None:
    adjustments = (a_tax("10"), a_fee("5", percent=True), a_discount("10", percent=True))
    found = figures(billed((a_line("1", "100"),), adjustments))
    assert found == Amounts((Decimal(100),), Decimal(10), (Decimal("4.50"),), (Decimal("9.45"),))


@pytest.mark.parametrize(("per", "net"), [("unit", "330"), ("line", "350")])
def test_hubspots_line_amount_tells_whether_a_fixed_discount_is_of_the_unit_or_of_the_line(per: str, net: str) -> None:
    invoice = billed((less(discount="10"),), config=HubSpotConfig(discount_per=per))  # type: ignore[arg-type]  # a literal
    assert figures(invoice).nets == (Decimal(net),)


@pytest.mark.parametrize(("counts", "net"), [("percent", "324"), ("amount", "330")])
def test_hubspots_line_amount_tells_which_of_two_discounts_counts(counts: str, net: str) -> None:
    config = HubSpotConfig(both_discounts=counts)  # type: ignore[arg-type]  # a literal
    assert figures(billed((less(discount="10", discount_percent="10"),), config=config)).nets == (Decimal(net),)


@pytest.mark.parametrize(("compound", "discount"), [(True, "19.00"), (False, "20.00")])
def test_hubspots_total_tells_whether_percentages_compound(*, compound: bool, discount: str) -> None:
    config = HubSpotConfig(adjustments_compound=compound)
    twice = (a_discount("10", percent=True), a_discount("10", percent=True))
    assert figures(billed((a_line("1", "100"),), twice, config)).discount == Decimal(discount)


def test_of_two_readings_with_one_total_the_one_that_gives_hubspots_lines_is_taken() -> None:
    """Half up, 0.13 + 0.38 less 0.26 is 0.25 as well."""
    lines = (a_line("1", "0.125"), a_line("1", "0.375"))
    invoice = billed(lines, (a_discount("50", percent=True),), HubSpotConfig(rounding="ROUND_HALF_EVEN"))
    found = figures(invoice)
    assert (found.nets, found.discount) == ((Decimal("0.12"), Decimal("0.38")), Decimal("0.25"))


def test_a_line_amount_that_fits_no_reading_is_attention_with_every_figure() -> None:
    invoice = billed((less(discount="10"),))
    odd = replace(invoice, lines=(replace(invoice.lines[0], amount=Decimal("340.00")),), total=usd("340"))
    detail = "Line “Consulting”: HubSpot says 340.00 USD, it comes to 330.00 USD or 350.00 USD."
    assert refusal(odd) == detail


def test_lines_that_can_only_be_read_in_different_ways_are_attention() -> None:
    first, second = less(discount="10"), less(discount="10")
    invoice = billed((first, second))
    mixed = (invoice.lines[0], replace(invoice.lines[1], amount=Decimal(350)))
    assert "contradict each other" in refusal(replace(invoice, lines=mixed, total=usd("680")))


def test_two_readings_that_both_fit_and_post_differently_are_attention() -> None:
    """Without HubSpot's line amounts 170 may be 80 + 90, by percentage, or 90 + 80, by amount."""
    both = (
        a_line("1", "100", discount=Decimal(10), discount_percent=Decimal(20), amount=None),
        a_line("1", "100", discount=Decimal(20), discount_percent=Decimal(10), amount=None),
    )
    assert "two ways" in refusal(replace(billed(both), lines=both, total=usd("170")))


def test_a_total_in_another_currency_or_none_is_attention() -> None:
    assert "EUR" in refusal(replace(billed(), total=Money(Decimal(360), "EUR")))
    assert "no total" in refusal(replace(billed(), total=None))


def test_a_line_whose_tax_is_not_told_leaves_the_total_to_the_ledger() -> None:
    invoice = billed((a_line(tax_rate_id=RATE_GROUP),))
    assert line_tax(invoice) == Decimal("23.40")
    silent = replace(invoice, lines=(replace(invoice.lines[0], tax_amount=None),))
    assert line_tax(silent) is None
    assert figures(silent).total == Decimal(360)
    assert "come to" in refusal(replace(silent, total=usd("359.99")))


def test_what_hubspot_rounds_only_at_the_end_is_spread_over_the_lines_by_the_largest_remainder() -> None:
    lines = tuple(a_line("1", "0.335", amount=Decimal("0.335"), id=str(n)) for n in (1, 2, 3))
    found = figures(replace(billed(lines), lines=lines, total=usd("1.01")))
    assert found.nets == (Decimal("0.34"), Decimal("0.34"), Decimal("0.33"))


numbers = st.decimals(Decimal("0.001"), Decimal(999), places=3)
prices = st.decimals(Decimal(0), Decimal(9999), places=4)
lines = st.builds(
    lambda quantity, price, fixed, percent, rate: replace(
        a_line(), quantity=quantity, unit_price=price, discount=fixed, discount_percent=percent, tax_rate_id=rate
    ),
    numbers,
    prices,
    st.none() | st.decimals(Decimal("0.01"), Decimal(20), places=2),
    st.none() | st.decimals(Decimal(1), Decimal(100), places=2),
    st.sampled_from([None, None, RATE_GROUP]),
)
adjustments = st.lists(
    st.builds(
        Adjustment,
        st.sampled_from(AdjustmentKind),
        st.just("Some"),
        st.decimals(Decimal("0.01"), Decimal(30), places=2),
        st.booleans(),
    ),
    max_size=4,
)
configs = st.builds(
    HubSpotConfig,
    discount_per=st.sampled_from(["unit", "line"]),
    both_discounts=st.sampled_from(["percent", "amount"]),
    rounding=st.sampled_from(["ROUND_HALF_UP", "ROUND_HALF_EVEN"]),
    adjustments_compound=st.booleans(),
)
invoices = st.builds(
    billed,
    st.lists(lines, min_size=1, max_size=5),
    adjustments,
    configs,
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)


@given(invoices)
def test_whatever_hubspots_choices_are_its_own_figures_come_out(invoice: SourceInvoice) -> None:
    found = calculate(invoice)
    if isinstance(found, Attend):
        assert "two ways" in found.detail
        return
    tax = line_tax(invoice)
    assert tax is not None
    assert Money(found.total + tax, invoice.currency) == invoice.total
    assert list(found.nets) == [line.amount for line in invoice.lines]


@given(invoices)
def test_the_order_of_the_lines_changes_no_total(invoice: SourceInvoice) -> None:
    there, back = calculate(invoice), calculate(replace(invoice, lines=invoice.lines[::-1]))
    assert isinstance(there, Attend) == isinstance(back, Attend)
    if isinstance(there, Amounts) and isinstance(back, Amounts):
        assert there.total == back.total
        assert there.nets == back.nets[::-1]


@given(invoices, st.integers(1, 10**6), st.sampled_from([1, -1]))
def test_a_total_that_no_reading_gives_is_never_taken(invoice: SourceInvoice, units: int, sign: int) -> None:
    assert invoice.total is not None
    other = Money(invoice.total.amount + sign * units, invoice.currency)
    found = calculate(replace(invoice, total=other))
    if isinstance(found, Amounts):
        # Another reading may give just this total; then its figures add up to it.
        assert Money(found.total + (line_tax(invoice) or 0), invoice.currency) == other
