"""Query statements: no value can break out of its literal."""

from urllib.parse import quote as percent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.adapters.quickbooks import query

NASTY = st.text(st.one_of(st.sampled_from("'\\ ,()=%\n\t\x00"), st.characters(codec="utf-8")))


def tokens(statement: str) -> list[tuple[str, str]]:
    """An independent reading of a statement: words and symbols as they are, literals with their values."""
    found, at = [], 0
    while at < len(statement):
        character = statement[at]
        if character == "'":
            value, at = "", at + 1
            while statement[at] != "'":
                if statement[at] == "\\":
                    at += 1
                value += statement[at]
                at += 1
            found.append(("literal", value))
            at += 1
        elif character.isspace():
            at += 1
        elif character in "(),=*":
            found.append(("symbol", character))
            at += 1
        else:
            end = at
            while end < len(statement) and not statement[end].isspace() and statement[end] not in "(),=*'":
                end += 1
            found.append(("word", statement[at:end]))
            at = end
    return found


@given(NASTY)
def test_a_quoted_value_reads_back_as_itself_and_as_one_literal(value: str) -> None:
    assert tokens(query.quote(value)) == [("literal", value)]


@given(st.lists(NASTY, min_size=1, max_size=5), NASTY)
def test_no_value_changes_the_structure_of_a_statement(values: list[str], name: str) -> None:
    harmless = query.select("Customer", query.one_of("DisplayName", ["x"] * len(values)), query.equals("Sku", "x"))
    hostile = query.select("Customer", query.one_of("DisplayName", values), query.equals("Sku", name))
    shape = [token if token[0] != "literal" else "literal" for token in tokens(harmless)]
    assert [token if token[0] != "literal" else "literal" for token in tokens(hostile)] == shape
    assert [text for kind, text in tokens(hostile) if kind == "literal"] == [*values, name]


def test_the_documented_escape_is_a_backslash() -> None:
    assert query.quote("Adam's Candy Shop") == r"'Adam\'s Candy Shop'"
    assert query.quote("a\\") == r"'a\\'"


def test_a_statement_is_written_as_intuit_documents_it() -> None:
    assert (
        query.select("Invoice", query.one_of("Id", ["1", "2"]), query.EVEN_INACTIVE, start=1001, page=100)
        == "SELECT * FROM Invoice WHERE Id IN ('1', '2') AND Active IN (true, false) STARTPOSITION 1001 MAXRESULTS 100"
    )
    assert query.select("Preferences") == "SELECT * FROM Preferences STARTPOSITION 1 MAXRESULTS 1000"


def test_an_empty_list_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        query.one_of("Id", [])


@given(st.lists(NASTY, max_size=60), st.integers(1, 10))
def test_chunks_hold_every_value_once_and_fit_a_url(values: list[str], most: int) -> None:
    chunks = list(query.chunks(values, most))
    assert [value for chunk in chunks for value in chunk] == list(dict.fromkeys(v for v in values if v.strip()))
    assert all(len(chunk) <= most for chunk in chunks)
    for chunk in chunks:
        assert len(chunk) == 1 or len(percent(query.one_of("Name", chunk), safe="")) <= 4100


def test_long_names_are_spread_over_several_statements() -> None:
    names = [f"{number:03}" + "é" * 97 for number in range(50)]
    assert len(list(query.chunks(names, 50))) > 5
