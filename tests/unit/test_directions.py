"""The direction of invoices and payments: one setting each, in place of two switches that stay valid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.directions import SWITCHES, Way, ways
from tieout.domain.settings import Settings
from tieout.domain.settings_document import BadSettings, parse_settings

ON = {Way.BOTH: (True, True), Way.TO_QUICKBOOKS: (True, False), Way.TO_HUBSPOT: (False, True), Way.OFF: (False, False)}


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("name", SWITCHES)
def test_a_direction_is_its_two_switches(name: str, way: Way) -> None:
    settings = parse_settings({name: way.value})
    push, pull = SWITCHES[name]
    assert (getattr(settings, push), getattr(settings, pull)) == ON[way]
    assert ways(settings)[name] is way
    other = next(one for one in SWITCHES if one != name)
    assert ways(settings)[other] is ways(Settings())[other]


@given(st.fixed_dictionaries({}, optional={name: st.booleans() for pair in SWITCHES.values() for name in pair}))
def test_a_document_of_switches_means_what_it_always_meant(document: dict[str, bool]) -> None:
    settings = parse_settings(document)
    assert all(getattr(settings, name) is value for name, value in document.items())
    again = parse_settings({name: way.value for name, way in ways(settings).items()})
    assert again == settings


def test_a_switch_that_says_the_same_may_stay() -> None:
    settings = parse_settings({"invoices": "to_hubspot", "push_invoices": False, "pull_invoices": True})
    assert ways(settings)["invoices"] is Way.TO_HUBSPOT


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"invoices": "both", "pull_invoices": False}, ("invoices", "pull_invoices")),
        ({"payments": "off", "push_payments": True, "pull_payments": True}, ("payments", "push_payments and pull")),
        ({"invoices": "sideways"}, ("invoices", "one of both, to_quickbooks, to_hubspot, off")),
        ({"invoices": None}, ("invoices", "one of both")),
        ({"payments": True}, ("payments", "one of both")),
    ],
)
def test_a_contradiction_is_refused_and_named(document: dict[str, object], problem: tuple[str, str]) -> None:
    with pytest.raises(BadSettings) as refused:
        parse_settings(document)
    [(name, reason)] = refused.value.problems
    assert name == problem[0]
    assert problem[1] in reason


def test_every_problem_of_a_document_is_named_together() -> None:
    with pytest.raises(BadSettings) as refused:
        parse_settings({"invoices": "sideways", "unheard": 1, "push_payments": "yes"})
    assert {name for name, _ in refused.value.problems} == {"invoices", "unheard", "push_payments"}
