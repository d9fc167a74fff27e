"""Markers and request ids: how a document is known to be ours, and a request to be the same."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.builders import KEY
from tieout.domain.marker import bears_marker, marker, marker_revision, marker_stem, with_marker
from tieout.domain.record import Kind, Operation, RecordKey, request_id

# Intuit: the length of `requestid`.
LONGEST_REQUEST_ID = 50

words = st.text("abcdefghij0123456789-_", min_size=1, max_size=12)
keys = st.builds(RecordKey, words, st.sampled_from(Kind), st.just("hubspot"), words)
revisions = st.integers(1, 9999)
lines = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)
notes = st.lists(lines, max_size=5).map("\n".join)


def test_the_marker_names_connection_kind_id_and_revision() -> None:
    assert marker(KEY, 3) == "tieout:c1/invoice/42/3"
    assert marker(KEY, 3).startswith(marker_stem(KEY))


@given(notes, keys, revisions)
def test_what_a_person_wrote_stays_above_the_marker(note: str, key: RecordKey, revision: int) -> None:
    marked = with_marker(note, key, revision).splitlines()
    assert marked[-1] == marker(key, revision)
    assert marked[:-1] == note.splitlines()


@given(notes, keys, revisions, revisions)
def test_a_new_marker_replaces_the_old_one(note: str, key: RecordKey, old: int, new: int) -> None:
    again = with_marker(with_marker(note, key, old), key, new)
    assert again == with_marker(note, key, new)
    assert marker_revision(again, key) == new


@given(notes, keys, keys, revisions)
def test_a_marker_is_found_by_its_own_record_alone(note: str, key: RecordKey, other: RecordKey, revision: int) -> None:
    assume((key.connection, key.kind, key.origin_id) != (other.connection, other.kind, other.origin_id))
    marked = with_marker(note, key, revision)
    assert marker_revision(marked, key) == revision
    assert marker_revision(marked, other) is None
    both = with_marker(marked, other, revision + 1)
    assert (marker_revision(both, key), marker_revision(both, other)) == (revision, revision + 1)


@pytest.mark.parametrize(
    ("note", "revision"),
    [
        ("tieout:c1/invoice/42/7", 7),
        ("Paid by phone\ntieout:c1/invoice/42/7\nCall Anna", 7),
        ("  tieout:c1/invoice/42/7  \r\nmore", 7),
        ("tieout:c1/invoice/42/7\ntieout:c1/invoice/42/9", 9),
        ("tieout:c1/invoice/421/7", None),
        ("tieout:c1/invoice/4/7", None),
        ("tieout:c1/invoice/42/", None),
        ("tieout:c1/invoice/42/x", None),
        ("tieout:c1/invoice/42/-1", None),
        ("tieout:c1/invoice/42/²", None),
        ("tieout:c2/invoice/42/7", None),
        ("tieout:c1/customer/42/7", None),
        ("see tieout:c1/invoice/42/7", None),
        ("", None),
    ],
)
def test_a_marker_counts_on_any_line_of_its_own(note: str, revision: int | None) -> None:
    assert marker_revision(note, KEY) == revision


# -- request ids

ARGUMENTS = ("9130", "invoice", KEY, Operation.CREATE, 1, 0)
OTHER_KEYS = (
    replace(KEY, connection="c2"),
    replace(KEY, kind=Kind.CUSTOMER),
    replace(KEY, origin_system="quickbooks"),
    replace(KEY, origin_id="43"),
)
OTHERS = (
    ("9131", *ARGUMENTS[1:]),
    (ARGUMENTS[0], "customer", *ARGUMENTS[2:]),
    *((*ARGUMENTS[:2], key, *ARGUMENTS[3:]) for key in OTHER_KEYS),
    *((*ARGUMENTS[:3], operation, *ARGUMENTS[4:]) for operation in (Operation.UPDATE, Operation.VOID)),
    (*ARGUMENTS[:4], 2, 0),
    (*ARGUMENTS[:4], 1, 1),
)


@given(keys, revisions, st.sampled_from(["", "Voided - ", "A person's words\n", "Voided - note\n"]))
def test_a_note_bears_the_marker_of_one_revision_also_behind_the_word_of_a_void(
    key: RecordKey, revision: int, before: str
) -> None:
    note = before + marker(key, revision)
    assert bears_marker(note, key, revision)
    assert not bears_marker(note, key, revision + 1)
    assert not bears_marker(note + "0", key, revision)
    assert bears_marker(f"{note}0\n{note}", key, revision)
    assert not bears_marker(note, replace(key, origin_id=f"9{key.origin_id}"), revision)


def test_a_request_id_is_another_one_when_any_argument_is() -> None:
    ids = {request_id(*arguments) for arguments in (ARGUMENTS, *OTHERS)}
    assert len(ids) == 1 + len(OTHERS)


def test_a_request_id_stays_the_same_over_releases() -> None:
    # Changing it would make a repetition after a deployment a second document.
    assert request_id(*ARGUMENTS) == "291d06a326d5367cf545ea2a72502b4191d3ee4d"


@given(keys, st.sampled_from(Operation), revisions, st.integers(0, 99), words, words)
def test_a_request_id_is_short_and_plain(
    key: RecordKey, operation: Operation, revision: int, generation: int, realm: str, entity: str
) -> None:
    id_ = request_id(realm, entity, key, operation, revision, generation)
    assert id_ == request_id(realm, entity, key, operation, revision, generation)
    assert len(id_) <= LONGEST_REQUEST_ID
    assert set(id_) <= set("0123456789abcdef")


@given(st.integers(3900, 4200), keys, revisions)
def test_a_note_that_leaves_no_room_is_cut_and_the_marker_survives(length: int, key: RecordKey, revision: int) -> None:
    note = "x" * length
    marked = with_marker(note, key, revision)
    assert len(marked) <= 4000
    assert marker_revision(marked, key) == revision
    assert marked.startswith("x" * 3800)
    assert with_marker(marked, key, revision) == marked
