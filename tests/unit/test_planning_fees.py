"""Sums of fees by processor and currency, how the platform fee goes with the fee, and what is not as usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import usd
from tests.support.builders_fees import OCTOBER, a_fee_line, october
from tieout.domain.fee import FeeLine, Period, RefundLine
from tieout.domain.money import Money
from tieout.domain.payment import Processor
from tieout.domain.planning.fees import Charged, Composition, Oddity, charged, evidence, report, totals

CENT = Decimal("0.01")


@st.composite
def lines_of_october(draw: st.DrawFn) -> list[FeeLine]:
    """Payments of two processors in two currencies, of which HubSpot tells the fees now and then."""
    found = []
    for number in range(draw(st.integers(0, 25))):
        gross = Decimal(draw(st.integers(1, 500_000))) * CENT
        fee = (gross * draw(st.integers(0, 50)) / 1000).quantize(CENT)
        platform = (gross * draw(st.integers(0, 10)) / 1000).quantize(CENT)
        told = draw(st.booleans())
        found.append(
            a_fee_line(
                str(number + 1),
                draw(st.integers(1, 31)),
                str(gross),
                fee=str(fee) if told else None,
                platform=str(platform) if told else None,
                currency=draw(st.sampled_from(["USD", "EUR"])),
                processor=draw(st.sampled_from([Processor.HUBSPOT, Processor.STRIPE, Processor.BY_HAND])),
            )
        )
    return found


@given(lines_of_october())
def test_the_sum_of_the_lines_is_the_total_and_currencies_are_never_added(lines: list[FeeLine]) -> None:
    found = report(october(*lines))
    assert sum(total.payments for total in found.totals) == len(lines)
    for total in found.totals:
        own = [one for one in lines if (one.processor, one.currency) == (total.processor, total.currency)]
        assert total.gross.amount == sum(one.gross.amount for one in own)
        known = [fees for one in own if (fees := charged(one, found.composition)) is not None]
        assert total.missing == len(own) - len(known)
        assert total.fees.total.amount == sum(fees.total.amount for fees in known)
        assert {total.gross.currency, total.fees.total.currency, total.net.currency} == {total.currency}


@given(lines_of_october(), st.data())
def test_order_and_repetition_change_nothing(lines: list[FeeLine], data: st.DataObject) -> None:
    again = data.draw(st.permutations(lines + lines[: len(lines) // 2]))
    assert report(october(*again)) == report(october(*lines))


@given(lines_of_october())
def test_the_days_of_a_month_add_up_to_the_month(lines: list[FeeLine]) -> None:
    found = report(october(*lines))
    for total in found.totals:
        days = [
            day
            for rows in found.by_day().values()
            for day in rows
            if (day.processor, day.currency) == (total.processor, total.currency)
        ]
        assert sum((day.fees for day in days), Charged.nothing(total.currency)) == total.fees
        assert sum(day.net.amount for day in days) == total.net.amount


@pytest.mark.parametrize(
    ("net", "composition", "fees"),
    [
        ("96.60", Composition.APART, Charged(usd("2.90"), usd("0.50"))),
        ("97.10", Composition.INCLUDED, Charged(usd("2.40"), usd("0.50"))),
        ("50.00", Composition.AMBIGUOUS, None),
        (None, Composition.AMBIGUOUS, None),
    ],
)
def test_the_net_amount_shows_whether_the_fee_includes_the_platform_fee(
    net: str | None, composition: Composition, fees: Charged | None
) -> None:
    line = a_fee_line(net=net)
    found = report(october(line))
    assert found.composition is composition
    assert charged(line, composition) == fees


@pytest.mark.parametrize("net", ["96.60", "86.60"])
def test_a_net_amount_that_may_be_less_refunds_shows_it_as_well(net: str) -> None:
    assert evidence([a_fee_line(net=net, refunded="10.00")]).composition is Composition.APART


def test_a_net_amount_that_follows_both_ways_shows_nothing() -> None:
    line = a_fee_line(net="96.60", refunded="0.50")
    assert evidence([line]).composition is Composition.AMBIGUOUS


def test_payments_that_contradict_each_other_leave_it_ambiguous_and_no_fee_is_summed() -> None:
    found = report(october(a_fee_line("1"), a_fee_line("2", net="97.10")))
    assert found.composition is Composition.AMBIGUOUS
    [total] = found.totals
    assert (total.missing, total.fees.total, total.rate) == (2, usd("0"), None)


def test_without_a_platform_fee_there_is_nothing_to_decide() -> None:
    found = report(october(a_fee_line(platform=None), a_fee_line("901", platform="0.00")))
    assert found.composition is Composition.NO_PLATFORM_FEE
    assert found.totals[0].fees == Charged(usd("5.80"), usd("0"))


def test_a_converted_amount_may_miss_by_its_rounding() -> None:
    assert evidence([a_fee_line(net="96.62", converted=True)]).composition is Composition.APART
    assert evidence([a_fee_line(net="96.62")]).composition is Composition.AMBIGUOUS


def test_a_missing_fee_is_listed_and_never_zero() -> None:
    found = report(october(a_fee_line("1"), a_fee_line("2", fee=None, platform=None)))
    [total] = found.totals
    assert (total.payments, total.missing) == (2, 1)
    assert total.rate == Decimal("0.0340")  # of the one payment whose fee is known
    assert [(one.line.payment_id, one.oddity) for one in found.findings] == [("2", Oddity.FEE_MISSING)]


def test_a_platform_fee_that_is_not_told_is_missing_where_the_net_amount_says_that_there_is_one() -> None:
    silent, without = a_fee_line("2", platform=None, net="96.60"), a_fee_line("3", platform=None)
    found = report(october(a_fee_line("1"), silent, without))
    assert [(one.line.payment_id, one.oddity) for one in found.findings] == [("2", Oddity.FEE_MISSING)]
    assert found.totals[0].fees == Charged(usd("5.80"), usd("0.50"))


def test_money_recorded_by_hand_bears_no_fee_and_misses_none() -> None:
    by_hand = a_fee_line(fee=None, platform=None, processor=Processor.BY_HAND)
    found = report(october(by_hand))
    assert not found.findings
    assert (found.totals[0].missing, found.totals[0].fees.total) == (0, usd("0"))


def test_a_net_amount_that_does_not_follow_is_listed() -> None:
    found = report(october(*(a_fee_line(str(one)) for one in range(1, 4)), a_fee_line("9", net="90.00")))
    assert [(one.line.payment_id, one.oddity) for one in found.findings] == [("9", Oddity.NET_DIFFERS)]


def test_a_rate_far_from_the_usual_of_its_way_of_paying_is_listed() -> None:
    cards = [a_fee_line(str(one), method="card") for one in range(1, 7)]
    debits = [a_fee_line(str(one), method="ach", fee="0.80", net="98.70") for one in range(11, 17)]
    dear = a_fee_line("7", method="card", fee="9.00")
    found = report(october(*cards, dear, *debits))
    assert [(one.line.payment_id, one.oddity) for one in found.findings] == [("7", Oddity.RATE_UNUSUAL)]
    assert "3.40%" in found.findings[0].detail


def test_refunds_count_on_their_own_day_with_the_fee_that_was_paid_for_them() -> None:
    earlier = replace(a_fee_line("5"), day=date(2026, 9, 20))
    back = RefundLine(earlier, date(2026, 10, 5), usd("50.00"))
    [total] = report(october(refunds=(back, back))).totals
    assert (total.payments, total.refunds, total.fees_on_refunds, total.net) == (
        0,
        usd("50.00"),
        usd("1.70"),
        usd("-50.00"),
    )


def test_totals_are_in_the_order_of_processors_and_currencies() -> None:
    lines = [
        a_fee_line("1", currency="USD", processor=Processor.HUBSPOT),
        a_fee_line("2", currency="EUR", processor=Processor.HUBSPOT),
        a_fee_line("3", currency="USD", processor=Processor.STRIPE),
    ]
    found = totals(lines, [], Composition.APART)
    assert [(one.processor.value, one.currency) for one in found] == [
        ("byo_stripe", "USD"),
        ("hs_payments", "EUR"),
        ("hs_payments", "USD"),
    ]


def test_a_period_is_a_day_or_a_month_in_the_companys_zone() -> None:
    assert Period.parse("2026-10") == OCTOBER == Period.month(date(2026, 10, 17))
    assert str(OCTOBER) == "2026-10"
    assert str(Period.parse("2026-10-03")) == "2026-10-03"
    assert len(OCTOBER.days) == 31
    start, end = OCTOBER.bounds("America/Los_Angeles")
    assert (start.utcoffset(), end.isoformat()) == (end.utcoffset(), "2026-11-01T00:00:00-07:00")
    for bad in ("2026", "2026-13", "2026-10-32", "October", "2026-1"):
        with pytest.raises(ValueError, match=r".+"):
            Period.parse(bad)


def test_a_part_of_a_month_holds_its_own_payments_and_refunds() -> None:
    early, late = a_fee_line("1", day=3), a_fee_line("2", day=4)
    back = RefundLine(late, date(2026, 10, 4), Money(Decimal(5), "USD"))
    part = october(early, late, refunds=(back,)).within(Period.parse("2026-10-04"))
    assert (part.lines, part.refunds) == ((late,), (back,))
