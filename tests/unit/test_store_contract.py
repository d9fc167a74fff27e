"""What every store has to do with records: one suite for the store in memory and the one in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.stores import KINDS, NOW, Store, at_once, open_store
from tieout.adapters.dynamodb.errors import BadPageToken
from tieout.domain.money import Money
from tieout.domain.payment import Document
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, Link, RecordKey, State, SyncRecord
from tieout.ports import AuditEntry, LinkTaken, RecordChanged


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with open_store(request.param) as opened:
        yield opened


def key(id_: str = "1", connection: str = "acme", kind: Kind = Kind.INVOICE) -> RecordKey:
    return RecordKey(connection, kind, "hubspot", id_)


def posted(far_id: str) -> Posting:
    return Posting(far_id, PostingContent(Document.PAYMENT, Money(Decimal(10), "USD"), NOW.date(), "7"))


def line(action: str, minutes: int = 0) -> AuditEntry:
    return AuditEntry(NOW + timedelta(minutes=minutes), "worker", action, "trace-1", {"intuit_tid": "t-1"})


# Records.


def test_a_record_that_was_never_stored_is_absent(store: Store) -> None:
    assert store.records.get(key()) is None


def test_a_stored_record_comes_back_with_the_next_version(store: Store) -> None:
    stored = store.records.put(SyncRecord(key(), label="INV-1", created_at=NOW))

    assert stored == SyncRecord(key(), label="INV-1", created_at=NOW, version=1)
    assert store.records.get(key()) == stored


def test_a_second_first_write_is_refused_and_shown_what_is_stored(store: Store) -> None:
    stored = store.records.put(SyncRecord(key(), label="first"))

    with pytest.raises(RecordChanged) as refused:
        store.records.put(SyncRecord(key(), label="second"))

    assert refused.value.current == stored
    assert store.records.get(key()) == stored


def test_a_write_from_an_old_reading_is_refused(store: Store) -> None:
    old = store.records.put(SyncRecord(key()))
    new = store.records.put(replace(old, label="new"))

    with pytest.raises(RecordChanged) as refused:
        store.records.put(replace(old, label="late"))

    assert refused.value.current == new


def test_a_record_that_is_not_there_cannot_be_changed(store: Store) -> None:
    with pytest.raises(RecordChanged) as refused:
        store.records.put(SyncRecord(key(), version=3))

    assert refused.value.current is None
    assert store.records.get(key()) is None


def test_of_many_writers_of_one_version_exactly_one_wins(store: Store) -> None:
    stored = store.records.put(SyncRecord(key()))

    answers = at_once(8, lambda number: store.records.put(replace(stored, lease_owner=f"worker-{number}")))

    winners = [answer for answer in answers if isinstance(answer, SyncRecord)]
    assert len(winners) == 1
    assert store.records.get(key()) == winners[0]
    assert all(isinstance(answer, RecordChanged) for answer in answers if answer is not winners[0])


def test_two_writers_of_the_same_words_do_not_both_win(store: Store) -> None:
    answers = at_once(6, lambda _: store.records.put(SyncRecord(key()), line("claimed")))

    assert sum(isinstance(answer, SyncRecord) for answer in answers) == 1


def test_a_refused_write_leaves_no_audit_line(store: Store) -> None:
    store.records.put(SyncRecord(key()), line("claimed"))

    with pytest.raises(RecordChanged):
        store.records.put(SyncRecord(key()), line("claimed again", 1))

    assert [entry.action for entry in store.records.trail(key())] == ["claimed"]


def test_get_many_gives_those_that_exist_among_more_than_a_hundred(store: Store) -> None:
    stored = {record.key: record for record in (store.records.put(SyncRecord(key(str(n)))) for n in range(0, 230, 2))}

    found = store.records.get_many([key(str(n)) for n in range(230)] + [key("0")])

    assert found == stored


def test_connections_and_kinds_do_not_share_records(store: Store) -> None:
    mine = store.records.put(SyncRecord(key()))
    store.records.put(SyncRecord(key(connection="other"), label="theirs"))
    store.records.put(SyncRecord(key("company:1", kind=Kind.CUSTOMER), label="customer"))

    assert store.records.get(key()) == mine
    assert store.records.get(key(kind=Kind.CUSTOMER)) is None


# Hints that arrive while a worker holds the record.


def test_a_rehint_makes_the_holder_look_again_before_it_settles(store: Store) -> None:
    claimed = store.records.put(SyncRecord(key(), lease_owner="worker-1", lease_until=NOW + timedelta(minutes=2)))

    assert store.records.rehint(key(), "worker-1")

    with pytest.raises(RecordChanged) as refused:
        store.records.put(claimed.to(State.SYNCED))
    current = refused.value.current
    assert current == replace(claimed, rehints=1)
    settled = store.records.put(current.to(State.SYNCED))
    assert (settled.rehints, settled.version) == (1, 2)


def test_a_rehint_for_a_worker_that_no_longer_holds_the_record_is_refused(store: Store) -> None:
    assert not store.records.rehint(key(), "worker-1")
    claimed = store.records.put(SyncRecord(key(), lease_owner="worker-1"))
    assert not store.records.rehint(key(), "worker-2")
    released = store.records.put(replace(claimed, lease_owner=None))

    assert not store.records.rehint(key(), "worker-1")
    assert store.records.get(key()) == released


def test_no_rehint_is_lost_between_settling_workers(store: Store) -> None:
    claimed = store.records.put(SyncRecord(key(), lease_owner="worker-1"))

    def work(number: int) -> object:
        if number:
            return store.records.rehint(key(), "worker-1")
        return store.records.put(replace(claimed, lease_owner=None))

    answers = at_once(8, work)

    counted = sum(answer is True for answer in answers)
    stored = store.records.get(key())
    assert stored is not None
    if isinstance(answers[0], SyncRecord):
        # Settled first: every later hint was told that nobody holds the record.
        assert (stored.rehints, counted) == (0, 0)
    else:
        assert stored.lease_owner == "worker-1"
        assert stored.rehints == counted > 0


# Far documents.


def test_a_far_document_belongs_to_one_record_only(store: Store) -> None:
    store.records.put(SyncRecord(key("1"), link=Link("900")))

    with pytest.raises(LinkTaken) as refused:
        store.records.put(SyncRecord(key("2"), link=Link("900")), line("linked"))

    assert refused.value.holder == str(key("1"))
    assert store.records.get(key("2")) is None
    assert store.records.trail(key("2")) == []


def test_each_document_of_a_payment_belongs_to_it_alone(store: Store) -> None:
    store.records.put(SyncRecord(key("1", kind=Kind.PAYMENT), postings=(posted("90"), posted("91"))))

    for taken in ("90", "91"):
        with pytest.raises(LinkTaken) as refused:
            store.records.put(SyncRecord(key("2", kind=Kind.PAYMENT), postings=(posted(taken),)))
        assert refused.value.holder == str(key("1", kind=Kind.PAYMENT))

    assert store.records.get(key("2", kind=Kind.PAYMENT)) is None
    assert store.records.origin_of("acme", "quickbooks", Document.PAYMENT, "91") == key("1", kind=Kind.PAYMENT)
    assert store.records.origin_of("acme", "quickbooks", Document.CREDIT_MEMO, "91") is None


def test_a_linked_record_is_written_again_and_keeps_its_document(store: Store) -> None:
    linked = store.records.put(SyncRecord(key("1"), link=Link("900")))
    again = store.records.put(replace(linked, label="INV-1"))
    store.records.put(replace(again, link=None))

    assert store.records.origin_of("acme", "quickbooks", "invoice", "900") == key("1")
    with pytest.raises(LinkTaken):
        store.records.put(SyncRecord(key("2"), link=Link("900")))


def test_a_record_takes_a_second_document_after_the_first_was_deleted(store: Store) -> None:
    linked = store.records.put(SyncRecord(key("1"), link=Link("900")))
    store.records.put(replace(linked, generation=1, link=Link("901")))

    assert store.records.origin_of("acme", "quickbooks", "invoice", "900") == key("1")
    assert store.records.origin_of("acme", "quickbooks", "invoice", "901") == key("1")


def test_a_shared_far_document_has_many_records_and_no_origin(store: Store) -> None:
    one, two = key("company:1", kind=Kind.CUSTOMER), key("contact:2", kind=Kind.CUSTOMER)
    store.records.put(SyncRecord(one, link=Link("55", exclusive=False)))
    store.records.put(SyncRecord(two, link=Link("55", exclusive=False)))

    assert store.records.origin_of("acme", "quickbooks", "customer", "55") is None


def test_the_same_far_id_in_another_company_or_of_another_kind_is_another_document(store: Store) -> None:
    store.records.put(SyncRecord(key("1"), link=Link("900")))
    store.records.put(SyncRecord(key("1", connection="other"), link=Link("900")))
    store.records.put(SyncRecord(key("1", kind=Kind.CUSTOMER), link=Link("900")))

    assert store.records.origin_of("other", "quickbooks", "invoice", "900") == key("1", connection="other")
    assert store.records.origin_of("acme", "hubspot", "invoice", "900") is None


def test_of_many_records_that_want_one_document_exactly_one_gets_it(store: Store) -> None:
    answers = at_once(6, lambda number: store.records.put(SyncRecord(key(str(number)), link=Link("900"))))

    winners = [answer for answer in answers if isinstance(answer, SyncRecord)]
    assert len(winners) == 1
    assert store.records.origin_of("acme", "quickbooks", "invoice", "900") == winners[0].key
    assert {type(answer) for answer in answers if answer is not winners[0]} == {LinkTaken}


def test_a_changed_record_is_reported_before_a_taken_document(store: Store) -> None:
    store.records.put(SyncRecord(key("1"), link=Link("900")))
    store.records.put(SyncRecord(key("2")))

    with pytest.raises(RecordChanged):
        store.records.put(SyncRecord(key("2"), link=Link("900")))


# Listings.


def waiting(id_: str, due_at: datetime, connection: str = "acme") -> SyncRecord:
    return SyncRecord(key(id_, connection), State.WAITING, reason="rate_limited", due_at=due_at)


def test_due_records_come_oldest_first_and_no_earlier_than_due(store: Store) -> None:
    for id_, minutes in (("1", 10), ("2", -5), ("3", 0), ("4", -30)):
        store.records.put(waiting(id_, NOW + timedelta(minutes=minutes)))
    store.records.put(waiting("5", NOW - timedelta(hours=1), connection="other"))

    assert [key.origin_id for key in store.records.due("acme", NOW)] == ["4", "2", "3"]
    assert [key.origin_id for key in store.records.due("acme", NOW, limit=2)] == ["4", "2"]


def test_a_record_left_behind_by_a_dead_worker_is_due_when_its_lease_ends(store: Store) -> None:
    lease_until = NOW + timedelta(minutes=3)
    stored = store.records.put(SyncRecord(key(), State.WRITING, lease_owner="dead", lease_until=lease_until))

    assert store.records.due("acme", lease_until - timedelta(microseconds=1)) == []
    assert store.records.due("acme", lease_until) == [stored.key]


def test_a_settled_record_is_no_longer_due(store: Store) -> None:
    stored = store.records.put(waiting("1", NOW))
    store.records.put(stored.to(State.SYNCED))

    assert store.records.due("acme", NOW + timedelta(days=1)) == []


def test_a_state_is_listed_page_by_page_most_recently_changed_first(store: Store) -> None:
    for number in range(7):
        changed = NOW + timedelta(minutes=number)
        store.records.put(SyncRecord(key(str(number)), State.ATTENTION, updated_at=changed))
    store.records.put(SyncRecord(key("other"), State.SYNCED, updated_at=NOW))

    pages, after = [], None
    while True:
        page = store.records.in_state("acme", State.ATTENTION, limit=3, after=after)
        pages.append([record.key.origin_id for record in page.records])
        after = page.next
        if after is None:
            break

    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


def test_a_listing_that_ends_with_a_full_page_says_so(store: Store) -> None:
    for number in range(4):
        store.records.put(SyncRecord(key(str(number)), State.IGNORED, updated_at=NOW))

    first = store.records.in_state("acme", State.IGNORED, limit=2)
    second = store.records.in_state("acme", State.IGNORED, limit=2, after=first.next)

    assert first.next is not None
    assert second.next is None
    assert {record.key.origin_id for record in first.records + second.records} == {"0", "1", "2", "3"}


def test_a_record_is_listed_under_its_present_state_only(store: Store) -> None:
    stored = store.records.put(SyncRecord(key(), State.ATTENTION))
    settled = store.records.put(stored.to(State.IGNORED))

    assert store.records.in_state("acme", State.ATTENTION).records == ()
    assert store.records.in_state("acme", State.IGNORED).records == (settled,)


def test_a_made_up_page_mark_is_refused(store: Store) -> None:
    with pytest.raises(BadPageToken):
        store.records.in_state("acme", State.SYNCED, after="made-up")


# Audit trail.


def test_the_trail_is_newest_first_and_keeps_its_facts(store: Store) -> None:
    stored = store.records.put(SyncRecord(key()), line("claimed", 0))
    stored = store.records.put(stored, line("created invoice", 1))
    stored = store.records.put(stored)
    store.records.put(stored, line("settled", 1))

    assert store.records.trail(key()) == [line("settled", 1), line("created invoice", 1), line("claimed", 0)]
    assert store.records.trail(key(), limit=1) == [line("settled", 1)]
    assert store.records.trail(key("2")) == []
