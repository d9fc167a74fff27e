"""Which item a line is sold as."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import a_line
from tieout.domain.attention import AttentionCode
from tieout.domain.customer import LedgerItem
from tieout.domain.planning.item import UseItem, origin_id, plan_item
from tieout.domain.planning.plan import Attend
from tieout.domain.settings import Settings

ITEM = LedgerItem("5", "Consulting", "CONS", active=True, type="Service")


def plan(*candidates: LedgerItem, fallback: str | None = None, **line: Any) -> UseItem | Attend:
    return plan_item(a_line(**line), candidates, Settings(fallback_item_id=fallback))


def test_the_sku_comes_before_the_name_and_the_name_before_the_fallback() -> None:
    named = replace(ITEM, id="6", sku=None)
    coded = replace(ITEM, id="7", name="Hours")
    assert plan(named, coded, fallback="9") == UseItem("7", "sku")
    assert plan(named, fallback="9") == UseItem("6", "name")
    assert plan(fallback="9") == UseItem("9", "fallback")


def test_a_name_is_compared_in_any_case_of_letters_and_a_sku_is_not() -> None:
    assert plan(replace(ITEM, name="CONSULTING", sku=None)) == UseItem("5", "name")
    assert isinstance(plan(replace(ITEM, name="x", sku="cons")), Attend)


def test_several_items_with_the_sku_are_attention_even_with_a_fallback() -> None:
    found = plan(ITEM, replace(ITEM, id="6", name="Hours"), fallback="9")
    assert found == Attend(AttentionCode.ITEM_AMBIGUOUS, "SKU CONS: Consulting, Hours.")


def test_several_items_with_the_name_are_not_guessed_among() -> None:
    same = replace(ITEM, sku=None)
    assert plan(same, replace(same, id="6"), fallback="9") == UseItem("9", "fallback")
    assert isinstance(plan(same, replace(same, id="6")), Attend)


@pytest.mark.parametrize("unfit", [{"active": False}, {"type": "Category"}, {"type": "Group"}])
def test_what_cannot_be_sold_does_not_match(unfit: dict[str, Any]) -> None:
    found = plan(replace(ITEM, **unfit))
    assert found == Attend(AttentionCode.ITEM_MISSING, "Line “Consulting” (SKU CONS).")


def test_a_line_without_a_sku_is_matched_by_name_alone() -> None:
    assert plan(replace(ITEM, id="6", name="x", sku=None), ITEM, sku=None) == UseItem("5", "name")
    assert plan(sku=None) == Attend(AttentionCode.ITEM_MISSING, "Line “Consulting”.")


def test_an_item_is_remembered_by_product_else_sku_else_name() -> None:
    assert origin_id(a_line()) == "product:900"
    custom = a_line(product_id=None)
    assert origin_id(custom) == origin_id(replace(custom, name="x"))
    assert origin_id(custom) != origin_id(replace(custom, sku="x"))
    named = replace(custom, sku=None)
    assert origin_id(named) == origin_id(replace(named, name="CONSULTING"))
    assert origin_id(named) not in (origin_id(custom), origin_id(replace(named, name="x")))


def test_no_text_of_a_person_is_in_the_key_of_an_item() -> None:
    assert "Consulting" not in origin_id(a_line(product_id=None, sku=None))
    assert "CONS" not in origin_id(a_line(product_id=None))
    assert len(origin_id(a_line(product_id=None, sku=None, name="n" * 5000))) < 64
