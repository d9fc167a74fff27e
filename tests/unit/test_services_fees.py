"""Fees of a period over both sandboxes: what counts on which day, in which currency, and what it costs in calls."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders import usd
from tests.support.builders_world import World
from tests.unit.test_hubspot_payments_sandbox import Shop
from tieout.adapters.hubspot import fees
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.domain.fee import Period
from tieout.domain.money import Money
from tieout.domain.payment import SourcePayment
from tieout.domain.planning.fees import Composition
from tieout.services.report_fees import fee_line, fee_report, refund_lines


def links(shop: Shop, count: int, **terms: Any) -> list[str]:
    """Payments through a payment link, a second apart."""
    made = []
    for _ in range(count):
        made.append(shop.people.pay_link("10.00", "anna@example.test", **terms))
        shop.wait(1)
    return made


def client_of(shop: Shop) -> HubSpotClient:
    client: HubSpotClient = shop.portal.crm._client
    return client


def read(pages: Any) -> list[str]:
    return [one.id for page in pages for one in page]


def test_a_period_is_read_in_as_few_calls_as_its_pages_take() -> None:
    shop = Shop()
    start = shop.wait(0)
    made = links(shop, 401)
    end = shop.wait(0)
    links(shop, 1)
    before = shop.calls
    found = read(shop.crm.initiated_between(start, end))
    assert found == made
    assert shop.calls - before == 3


@pytest.mark.parametrize("most", [200, 400])
def test_what_is_beyond_the_most_of_a_search_is_read_by_another_from_the_last_date(most: int) -> None:
    shop = Shop()
    start = shop.wait(0)
    made = links(shop, 650)
    pages = fees.initiated_between(client_of(shop), start, shop.wait(1), lambda: "USD", most)
    assert read(pages) == made


def test_what_was_given_back_comes_with_its_history() -> None:
    shop = Shop()
    kept, returned = links(shop, 2)
    since = shop.wait(60)
    shop.people.refund(returned, "4.00", slow=False)
    [[one]] = [page for page in shop.crm.refunded_since(since) if page]
    assert isinstance(one, SourcePayment)
    assert one.id == returned != kept
    assert [step.total for step in one.refund_history] == [usd("4.00")]
    assert read(shop.crm.refunded_since(shop.wait(3600))) == []


def test_a_payment_in_another_currency_counts_in_the_one_it_settles_in() -> None:
    shop = Shop(additional_currencies=("EUR",))
    id_ = shop.people.pay_link(
        "100.00",
        "anna@example.test",
        currency="EUR",
        settlement_currency="USD",
        settlement_rate="1.1",
        fee="3.00",
        platform_fee="1.00",
    )
    shop.people.refund(id_, "50.00", slow=False)
    payment = shop.payment(id_)
    line = fee_line(payment, "UTC")
    assert (line.gross, line.processing_fee, line.platform_fee) == (usd("110.00"), usd("3.30"), usd("1.10"))
    assert line.converted
    assert [one.amount for one in refund_lines(payment, "UTC")] == [usd("55.00")]
    assert payment.amount == Money(Decimal(100), "EUR")


def test_a_report_of_the_day_says_what_hubspot_took() -> None:
    world = World()
    people = world.hubspot.people
    people.pay_link("100.00", "anna@example.test", fee="2.90", platform_fee="0.50")
    people.pay_link("50.00", "anna@example.test", fee="untold", platform_fee="untold")
    people.pay_link("70.00", "anna@example.test", status="processing")
    workspace = world.open("c1")
    assert workspace is not None
    today = world.clock.now().astimezone(ZoneInfo(workspace.ledger.company().time_zone)).date()
    told: list[int] = []
    found = fee_report(workspace, Period.day(today), told.append)
    [total] = found.totals
    assert told == [3]
    assert found.composition is Composition.APART
    assert (total.payments, total.missing, total.gross, total.fees.total) == (2, 1, usd("150.00"), usd("3.40"))
    assert fee_report(workspace, Period.day(today - timedelta(days=1))).totals == ()
