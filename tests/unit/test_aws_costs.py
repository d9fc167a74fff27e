"""What the deployment page says of costs is what the counts and the list prices come to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infra.aws.costs import HINTS, PAGE, PRICES, SIZES, Stack, month, shown, stack, tables, written
from infra.aws.counts import ALONE, BATCHED
from infra.local.paths import ROOT, TEMPLATE
from tests.template.stack_template import of_type

STACK = Stack(alarms=10, dashboards=1, keys=1, secrets=2)


def test_the_page_shows_what_the_script_computes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, shown()) == page, "run `python -m infra.aws.costs --write`"


def test_what_costs_something_by_being_there_is_counted_in_the_template() -> None:
    found = stack(TEMPLATE.read_text(encoding="utf-8"))
    assert found.alarms == len(of_type("AWS::CloudWatch::Alarm")) > 30
    assert found.dashboards == len(of_type("AWS::CloudWatch::Dashboard")) == 1
    assert found.keys == len(of_type("AWS::KMS::Key")) >= 1
    assert found.secrets == len(of_type("AWS::SecretsManager::Secret")) >= 2


def test_every_kind_of_hint_is_counted_alone_and_in_a_batch() -> None:
    assert set(HINTS) == set(ALONE) == set(BATCHED)
    # A payment comes from one side or the other.
    assert sum(share for name, share in HINTS.items() if name.endswith("payment")) == 1


def test_an_invoice_costs_by_hand_what_the_script_says() -> None:
    """One more invoice among few: the units of its hints at the price of a million."""
    less, more = month(100, STACK), month(101, STACK)
    units = sum(HINTS[name] * ALONE[name].write_units for name in HINTS)
    assert more.write_units - less.write_units == units == Decimal(132)
    reads = more.read_units - less.read_units
    assert more.costs["DynamoDB requests"] - less.costs["DynamoDB requests"] == (
        units * Decimal("0.625") + reads * Decimal("0.125")
    ) / Decimal(1_000_000)
    assert more.hubspot_calls - less.hubspot_calls == Decimal("33.5")


def test_what_is_there_costs_without_any_invoice() -> None:
    idle = month(0, STACK)
    assert idle.costs["Alarms and dashboard"] == 10 * Decimal("0.10") + Decimal(3)
    assert idle.costs["Key and secrets"] > Decimal("1.80")
    assert idle.metered_reads == 2920
    assert idle.costs["DynamoDB storage and recovery"] == 0


@pytest.mark.parametrize("what", list(month(0, STACK).costs))
def test_nothing_becomes_cheaper_by_more_invoices(what: str) -> None:
    found = [month(size, STACK).costs[what] for size in (0, *SIZES)]
    assert found == sorted(found)


def test_every_price_is_charged_somewhere() -> None:
    source = (ROOT / "infra/aws/costs.py").read_text(encoding="utf-8")
    assert [name for name in PRICES if source.count(f'"{name}"') < 2] == []


def test_the_table_adds_up_to_the_cent() -> None:
    [line] = [row for row in tables([month(10_000, STACK)]).splitlines() if "together" in row]
    assert f"${month(10_000, STACK).total:,.2f}" in line


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        written("a page", {"costs": "table"})
    assert written("a <!-- x -->\nold\n<!-- end of x --> b", {"x": "new"}) == "a <!-- x -->\nnew\n<!-- end of x --> b"
