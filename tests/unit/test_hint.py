"""Hints as messages: what goes out comes back, and nothing else is taken for a hint."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_hint
from tieout.domain.hint import BadHint, Cause, Hint, HintObject

texts = st.text(min_size=1, max_size=40)
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC)
hints = st.builds(
    Hint,
    texts,
    st.sampled_from(HintObject),
    texts,
    st.datetimes(timezones=zones),
    st.sampled_from(Cause),
    texts,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("connection", "object", "id", "occurred_at", "cause", "trace_id")


@given(hints)
def test_a_hint_comes_back_from_its_message_as_it_was(hint: Hint) -> None:
    assert Hint.from_json(hint.to_json()) == hint


def test_a_message_carries_six_fields_and_no_more() -> None:
    assert set(json.loads(a_hint().to_json())) == set(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_message_without_one_of_its_fields_is_no_hint(field: str) -> None:
    message = json.loads(a_hint().to_json())
    del message[field]
    with pytest.raises(BadHint):
        Hint.from_json(json.dumps(message))


@given(st.sampled_from(FIELDS), anything)
def test_a_field_of_another_form_is_either_that_field_or_refused(field: str, value: Any) -> None:
    message = json.loads(a_hint().to_json()) | {field: value}
    try:
        hint = Hint.from_json(json.dumps(message))
    except BadHint:
        return
    assert json.loads(hint.to_json())[field] == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "[]",
        "42",
        '"hint"',
        "{",
        "{}",
        "NaN",
        "\x00",
        '{"connection": "c1"}',
        "9" * 5000,
        "[[[[1",
        "[" * 100_000,
    ],
)
def test_what_is_no_object_of_a_hint_is_refused(text: str) -> None:
    with pytest.raises(BadHint):
        Hint.from_json(text)


@pytest.mark.parametrize(
    "when", ["2026-03-02T09:00:00", "yesterday", "", "1772442000000", "2026-13-01T00:00:00+00:00", "2026-03-02"]
)
def test_a_time_without_zone_or_sense_is_refused(when: str) -> None:
    message = json.loads(a_hint().to_json()) | {"occurred_at": when}
    with pytest.raises(BadHint):
        Hint.from_json(json.dumps(message))


@given(st.text(max_size=60))
def test_no_text_whatever_raises_anything_but_bad_hint(text: str) -> None:
    with pytest.raises(BadHint):
        Hint.from_json(text)


def test_the_refusal_does_not_quote_the_message() -> None:
    with pytest.raises(BadHint) as raised:
        Hint.from_json('{"connection": "anna@example.test", "object": "anna@example.test"}')
    assert "anna" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_times_of_any_zone_are_the_same_instant_after_the_journey() -> None:
    when = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert Hint.from_json(a_hint(occurred_at=when).to_json()).occurred_at == when
