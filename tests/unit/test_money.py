"""Money: exact sums, rounding and division, in currencies with and without cents."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import usd
from tieout.domain.invoice import line_amount
from tieout.domain.money import CurrencyMismatch, Money, minor_unit, round_to_minor_unit, round_to_total

CURRENCIES = ("USD", "EUR", "JPY", "KWD", "CLF")
amounts = st.decimals(Decimal(-10_000_000), Decimal(10_000_000), places=4)
weights = st.lists(st.decimals(Decimal(0), Decimal(1_000_000), places=3), min_size=1, max_size=12).filter(any)
monies = st.builds(Money, amounts, st.sampled_from(CURRENCIES))


@pytest.mark.parametrize(
    ("currency", "unit"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("CLF", "0.0001"), ("XXX", "0.01")]
)
def test_the_minor_unit_of_a_currency_is_its_smallest_amount(currency: str, unit: str) -> None:
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "USD", "0.01"),
        ("-0.005", "USD", "-0.01"),
        ("2.675", "USD", "2.68"),
        ("0.004999", "USD", "0.00"),
        ("2.5", "JPY", "3"),
        ("-2.5", "JPY", "-3"),
        ("0.0005", "KWD", "0.001"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert round_to_minor_unit(Decimal(amount), currency) == Decimal(rounded)
    assert str(Money(Decimal(amount), currency).amount) == rounded


def test_a_line_is_quantity_times_price_to_the_minor_unit() -> None:
    assert line_amount(Decimal("1.5"), Decimal("33.335"), "USD") == Decimal("50.00")
    assert line_amount(Decimal("0.333"), Decimal("9.99"), "USD") == Decimal("3.33")
    assert line_amount(Decimal("1.5"), Decimal(33), "JPY") == Decimal(50)


@pytest.mark.parametrize("currency", ["usd", "US", "USDX", "", "US1", "ÜSD"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), 1, 1.5, "1"])
def test_an_amount_that_is_no_finite_decimal_is_refused(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="finite Decimal"):
        Money(amount, "USD")


def test_amounts_of_different_currencies_never_meet() -> None:
    euro = Money(Decimal(1), "EUR")
    with pytest.raises(CurrencyMismatch, match="USD and EUR"):
        usd("1") + euro
    with pytest.raises(CurrencyMismatch):
        usd("1") - euro
    assert usd("1") != euro


def test_an_amount_is_printed_with_its_minor_unit_and_currency() -> None:
    assert str(usd("1234567.5")) == "1,234,567.50 USD"
    assert str(Money(Decimal(1234), "JPY")) == "1,234 JPY"
    assert str(-usd("0.10")) == "-0.10 USD"
    assert str(usd("-0.001")) == str(-usd("0")) == "0.00 USD"


@given(amounts, amounts, st.sampled_from(CURRENCIES))
def test_what_is_added_can_be_taken_away(one: Decimal, other: Decimal, currency: str) -> None:
    first, second = Money(one, currency), Money(other, currency)
    assert first + second - second == first
    assert first + second == second + first
    assert first + -first == Money(Decimal(0), currency)


@given(monies, weights)
def test_the_parts_of_an_allocation_add_up_exactly(money: Money, parts: list[Decimal]) -> None:
    shares = money.allocate(parts)
    assert len(shares) == len(parts)
    assert sum((share.amount for share in shares), Decimal(0)) == money.amount
    assert {share.currency for share in shares} == {money.currency}


@given(monies, weights)
def test_a_part_is_less_than_a_minor_unit_away_from_its_exact_share(money: Money, parts: list[Decimal]) -> None:
    total = sum(parts, Decimal(0))
    for share, weight in zip(money.allocate(parts), parts, strict=True):
        assert abs(share.amount - money.amount * weight / total) < minor_unit(money.currency)
        assert weight or not share.amount


@given(monies, weights)
def test_a_larger_weight_never_gets_a_smaller_part(money: Money, parts: list[Decimal]) -> None:
    shares = [abs(share.amount) for share in money.allocate(parts)]
    by_weight = sorted(range(len(parts)), key=lambda index: (parts[index], -index))
    assert [shares[index] for index in by_weight] == sorted(shares)


def test_what_remains_goes_to_the_largest_remainder_and_then_to_the_earlier_part() -> None:
    thirds = [Decimal(1)] * 3
    assert usd("100").allocate(thirds) == (usd("33.34"), usd("33.33"), usd("33.33"))
    assert usd("0.02").allocate(thirds) == (usd("0.01"), usd("0.01"), usd("0"))
    assert usd("-0.02").allocate(thirds) == (usd("-0.01"), usd("-0.01"), usd("0"))
    assert usd("1").allocate([Decimal(1), Decimal(2)]) == (usd("0.33"), usd("0.67"))
    assert Money(Decimal(10), "JPY").allocate(thirds)[0].amount == Decimal(4)
    assert Money(Decimal("0.01"), "KWD").allocate(thirds)[0].amount == Decimal("0.004")


@pytest.mark.parametrize("parts", [[], [Decimal(0)], [Decimal(0), Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_an_allocation_without_a_weight_that_can_carry_it_is_refused(parts: list[Decimal]) -> None:
    with pytest.raises(ValueError, match="weights"):
        usd("1").allocate(parts)


parts = st.lists(st.decimals(Decimal(-10_000), Decimal(10_000), places=6), max_size=12)


@given(parts, st.sampled_from(["USD", "JPY", "KWD"]))
def test_parts_are_rounded_so_that_they_add_up_to_their_rounded_sum(exact: list[Decimal], currency: str) -> None:
    rounded = round_to_total(exact, currency)
    assert sum(rounded, Decimal(0)) == round_to_minor_unit(sum(exact, Decimal(0)), currency)
    assert all(abs(one - two) < minor_unit(currency) for one, two in zip(exact, rounded, strict=True))
    assert round_to_total(rounded, currency) == rounded


def test_the_remaining_cent_goes_to_the_largest_remainder_and_a_whole_part_stays() -> None:
    exact = [Decimal("0.334"), Decimal("-0.10"), Decimal("0.336"), Decimal("0.330")]
    assert round_to_total(exact, "USD") == (Decimal("0.33"), Decimal("-0.10"), Decimal("0.34"), Decimal("0.33"))
    assert round_to_total([], "USD") == ()
