"""The sweep of QuickBooks: one call where that is enough, and no gap where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.builders import NOW
from tests.support.changing import Yard, ids
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause, HintObject
from tieout.domain.money import Money
from tieout.domain.payment import Document
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, Link, RecordKey, State
from tieout.ports.payments import ChangedDocument

MINUTE = timedelta(minutes=1)
ENTITIES = ("Invoice", "Payment", "CreditMemo", "RefundReceipt", "SalesReceipt", "Purchase")
THEN = NOW + MINUTE


def posted(document: Document, far_id: str, updated_at: datetime | None = NOW, **more: object) -> Posting:
    content = PostingContent(document, Money(Decimal(10), "USD"), date(2026, 3, 2), "7")
    posting = Posting(far_id, content, updated_at=updated_at)
    return replace(posting, **more)  # type: ignore[arg-type]  # a test's own fields


def changed(entity: str, id_: str, at: datetime = THEN, *, deleted: bool = False) -> ChangedDocument:
    return ChangedDocument(entity, id_, at, deleted)


def calls(yard: Yard) -> list[tuple[str, object]]:
    return [(what, entities) for what, entities, _ in yard.ledger["c1"].calls]


def later(yard: Yard, *documents: ChangedDocument, seconds: float = 900) -> list[tuple[HintObject, str]]:
    """What a run finds, some time after these changes."""
    yard.booked(*documents)
    yard.clock.advance(seconds)
    run = yard.run()
    assert run.failure is None
    assert run.troubles == ()
    return [(hint.object, hint.id) for hint in yard.taken()]


# -- what is news


def test_one_call_covers_all_documents_and_the_cursor_is_quickbooks_own_time() -> None:
    yard = Yard()
    yard.ledger["c1"].ahead = 3 * MINUTE
    later(yard)
    assert calls(yard) == [("cdc", ENTITIES)]
    assert yard.cursors.load("c1", "quickbooks") == NOW + 18 * MINUTE
    later(yard)
    assert yard.ledger["c1"].calls[-1][2] == NOW + 13 * MINUTE


def test_an_invoice_of_ours_is_news_when_it_is_not_as_we_saw_it_last() -> None:
    yard = Yard()
    yard.put("1", link=Link("101", ledger_updated_at=THEN))
    yard.put("2", link=Link("102", ledger_updated_at=NOW))
    yard.put("3", link=Link("103"))
    found = later(yard, *(changed("Invoice", id_) for id_ in ("101", "102", "103", "999")))
    assert found == [(HintObject.QUICKBOOKS_INVOICE, "102"), (HintObject.QUICKBOOKS_INVOICE, "103")]


def test_what_a_payment_made_is_news_when_it_is_not_as_we_saw_it_last() -> None:
    yard = Yard()
    yard.put(
        "1",
        kind=Kind.PAYMENT,
        postings=(
            posted(Document.PAYMENT, "201", THEN),
            posted(Document.REFUND_RECEIPT, "202"),
            posted(Document.CREDIT_MEMO, "203"),
            posted(Document.APPLICATION, "204"),
            posted(Document.SALES_RECEIPT, "205", None),
            posted(Document.EXPENSE, "206"),
        ),
    )
    found = later(
        yard,
        changed("Payment", "201"),
        changed("RefundReceipt", "202"),
        changed("CreditMemo", "203"),
        changed("Payment", "204"),
        changed("SalesReceipt", "205"),
        changed("Purchase", "206"),
    )
    assert {object_ for object_, _ in found} == {HintObject.POSTED_DOCUMENT}
    assert [id_ for _, id_ in found] == [
        "refund_receipt:202", "credit_memo:203", "payment:204", "sales_receipt:205", "expense:206",
    ]  # fmt: skip


def test_an_expense_of_fees_is_followed_by_nobody() -> None:
    yard = Yard()
    yard.put("2026-03", kind=Kind.FEES, postings=(posted(Document.EXPENSE, "207"),))
    assert later(yard, changed("Purchase", "207"), changed("Purchase", "208")) == []


def test_the_last_thing_that_was_posted_under_an_id_counts() -> None:
    yard = Yard()
    old, new = posted(Document.PAYMENT, "201", NOW), posted(Document.PAYMENT, "201", THEN)
    yard.put("1", kind=Kind.PAYMENT, postings=(old, new))
    assert later(yard, changed("Payment", "201")) == []


def test_payments_and_refunds_of_people_are_news_and_their_other_documents_are_not() -> None:
    yard = Yard()
    yard.put("302", kind=Kind.PAYMENT, system="quickbooks", covered_until=THEN)
    yard.put("303", kind=Kind.PAYMENT, system="quickbooks", covered_until=NOW)
    yard.put("305", kind=Kind.REFUND, system="quickbooks", covered_until=THEN)
    found = later(
        yard,
        changed("Payment", "301"),
        changed("Payment", "302"),
        changed("Payment", "303"),
        changed("RefundReceipt", "304"),
        changed("RefundReceipt", "305"),
        changed("CreditMemo", "306"),
        changed("SalesReceipt", "307"),
        changed("Invoice", "308"),
    )
    assert found == [
        (HintObject.QUICKBOOKS_PAYMENT, "301"),
        (HintObject.QUICKBOOKS_PAYMENT, "303"),
        (HintObject.QUICKBOOKS_REFUND_RECEIPT, "304"),
    ]


def test_a_document_of_a_record_that_a_later_version_wrote_hides_no_other_and_is_news_itself() -> None:
    yard = Yard()
    yard.put("1", link=Link("101", ledger_updated_at=THEN))
    yard.put("2", link=Link("102", ledger_updated_at=NOW))
    yard.put("203", kind=Kind.PAYMENT, system="quickbooks", covered_until=THEN)
    yard.put("usd", kind=Kind.FEES, postings=(posted(Document.EXPENSE, "301", NOW),))
    later_ones = ((Kind.INVOICE, "hubspot", "1"), (Kind.PAYMENT, "quickbooks", "203"), (Kind.FEES, "hubspot", "usd"))
    yard.records.unreadable.update(RecordKey("c1", *one) for one in later_ones)
    documents = (changed("Invoice", "101"), changed("Invoice", "102"), changed("Payment", "203"))
    assert later(yard, *documents, changed("Purchase", "301")) == [
        (HintObject.QUICKBOOKS_INVOICE, "101"),
        (HintObject.QUICKBOOKS_INVOICE, "102"),
        (HintObject.QUICKBOOKS_PAYMENT, "203"),
    ]


def test_a_deletion_is_news_for_whoever_has_a_record_of_it_until_it_is_known() -> None:
    yard = Yard()
    yard.put("1", link=Link("101", ledger_updated_at=THEN + MINUTE))
    yard.put("2", State.DELETED_IN_LEDGER, link=Link("102", ledger_updated_at=NOW))
    postings = (posted(Document.PAYMENT, "201", THEN + MINUTE), posted(Document.REFUND_RECEIPT, "202", voided=True))
    yard.put("3", kind=Kind.PAYMENT, postings=postings)
    yard.put("301", kind=Kind.PAYMENT, system="quickbooks", covered_until=NOW)
    found = later(
        yard,
        *(changed("Invoice", id_, deleted=True) for id_ in ("101", "102", "999")),
        *(changed("Payment", id_, deleted=True) for id_ in ("201", "301", "998")),
        changed("RefundReceipt", "202", deleted=True),
    )
    assert found == [
        (HintObject.QUICKBOOKS_INVOICE, "101"),
        (HintObject.POSTED_DOCUMENT, "payment:201"),
        (HintObject.QUICKBOOKS_PAYMENT, "301"),
    ]


def test_a_hint_bears_quickbooks_time_of_the_version() -> None:
    yard = Yard()
    yard.booked(changed("Payment", "301"))
    yard.clock.advance(900)
    yard.run()
    [hint] = yard.taken()
    assert (hint.occurred_at, hint.cause, hint.trace_id) == (THEN, Cause.SWEEP, "sweep-1")


# -- more than one answer holds


def crowd(yard: Yard, number: int, entity: str = "Payment") -> None:
    yard.booked(*(changed(entity, f"{1000 + one}", NOW + timedelta(seconds=one)) for one in range(number)))


def test_an_answer_that_was_cut_off_is_asked_for_entity_by_entity() -> None:
    yard = Yard()
    yard.ledger["c1"].most = 10
    crowd(yard, 6)
    crowd(yard, 6, "RefundReceipt")
    found = later(yard)
    assert calls(yard) == [("cdc", ENTITIES), *(("cdc", (entity,)) for entity in ENTITIES)]
    assert len(found) == 12
    assert yard.cursors.mark("c1", "quickbooks.known") is None
    assert yard.cursors.load("c1", "quickbooks") == NOW + 15 * MINUTE


def test_an_entity_with_too_many_changes_is_queried_and_known_documents_are_looked_through() -> None:
    yard = Yard()
    ledger = yard.ledger["c1"]
    ledger.most, ledger.standing = 10, {"101", "201"}
    crowd(yard, 30)
    yard.put("1", link=Link("101", ledger_updated_at=NOW))
    yard.put("2", State.ATTENTION, link=Link("102", ledger_updated_at=NOW))
    yard.put("3", kind=Kind.PAYMENT, postings=(
        posted(Document.PAYMENT, "201"), posted(Document.APPLICATION, "202"), posted(Document.REFUND_RECEIPT, "203"),
        posted(Document.CREDIT_MEMO, "204", voided=True),
    ))  # fmt: skip
    yard.put("301", kind=Kind.PAYMENT, system="quickbooks", covered_until=NOW)
    yard.put("302", kind=Kind.REFUND, system="quickbooks", covered_until=NOW)
    yard.put("4", State.DELETED_IN_LEDGER, link=Link("104", ledger_updated_at=NOW))
    found = later(yard)
    assert ("query", "Payment") in calls(yard)
    assert sum(what == "query" for what, _ in calls(yard)) == 1
    assert {id_ for object_, id_ in found if object_ is HintObject.QUICKBOOKS_PAYMENT} == {
        *(f"{1000 + one}" for one in range(30)), "301",
    }  # fmt: skip
    assert {one for one in found if one[0] is not HintObject.QUICKBOOKS_PAYMENT} == {
        (HintObject.QUICKBOOKS_INVOICE, "102"),
        (HintObject.POSTED_DOCUMENT, "payment:202"),
        (HintObject.POSTED_DOCUMENT, "refund_receipt:203"),
        (HintObject.QUICKBOOKS_REFUND_RECEIPT, "302"),
    }
    reads = [entities for what, entities in calls(yard) if what not in ("cdc", "query")]
    assert len(reads) == len(set(map(str, reads))) <= 6
    assert yard.cursors.mark("c1", "quickbooks.known") is None
    ledger.calls.clear()
    later(yard)
    assert calls(yard) == [("cdc", ENTITIES)]


def test_a_deletion_that_the_cut_off_answer_tells_of_is_news_too() -> None:
    yard = Yard()
    yard.ledger["c1"].most = 10
    crowd(yard, 30)
    yard.put("9", State.WAITING, kind=Kind.PAYMENT, system="quickbooks", covered_until=NOW)
    assert (HintObject.QUICKBOOKS_PAYMENT, "9") in later(yard, changed("Payment", "9", NOW + MINUTE, deleted=True))


def test_a_cursor_older_than_change_data_capture_looks_back_is_caught_up_with_by_queries() -> None:
    yard = Yard()
    later(yard)
    for entity in ENTITIES:
        yard.booked(changed(entity, "301", NOW + timedelta(days=2)))
    yard.put("1", link=Link("101", ledger_updated_at=NOW))
    yard.ledger["c1"].calls.clear()
    found = later(yard, seconds=timedelta(days=45).total_seconds())
    assert [entity for what, entity in calls(yard) if what == "query"] == list(ENTITIES)
    assert set(found) == {
        (HintObject.QUICKBOOKS_PAYMENT, "301"),
        (HintObject.QUICKBOOKS_REFUND_RECEIPT, "301"),
        (HintObject.QUICKBOOKS_INVOICE, "101"),
    }
    assert yard.cursors.load("c1", "quickbooks") == yard.clock.now()


def test_a_run_that_fails_at_one_entity_keeps_what_the_others_came_to() -> None:
    yard = Yard()
    ledger = yard.ledger["c1"]
    ledger.most = 10
    crowd(yard, 6)
    crowd(yard, 6, "RefundReceipt")
    ledger.error, ledger.fails_on = Transient(), "RefundReceipt"
    real = ledger.changes

    def only_alone(entities: object, since: datetime) -> object:
        ledger.error = None if entities == ENTITIES else Transient()
        return real(entities, since)  # type: ignore[arg-type]  # passed on as it came

    ledger.changes = only_alone  # type: ignore[method-assign, assignment]
    yard.clock.advance(900)
    run = yard.run()
    assert [(one.connection, one.step) for one in run.troubles] == [("c1", "quickbooks")]
    assert len(yard.taken()) == 6
    assert yard.cursors.load("c1", "quickbooks") is None
    assert yard.cursors.load("c1", "quickbooks.Payment") == yard.clock.now()
    assert yard.cursors.load("c1", "quickbooks.RefundReceipt") is None
    ledger.changes = real  # type: ignore[method-assign]
    ledger.error = None
    ledger.calls.clear()
    begun = yard.clock.now()
    assert len([one for one in later(yard) if one[0] is HintObject.QUICKBOOKS_REFUND_RECEIPT]) == 6
    since = {entities: since for what, entities, since in ledger.calls if what == "cdc"}
    assert since["Payment",] == begun - 5 * MINUTE
    assert (since["RefundReceipt",] or NOW) < NOW


def test_known_documents_are_looked_through_over_as_many_runs_as_it_takes() -> None:
    yard = Yard()
    later(yard)
    yard.cursors.set_mark("c1", "quickbooks.known", "0 ")
    for number in range(250):
        yard.put(f"{number}", link=Link(f"{1000 + number}"), updated_at=NOW + timedelta(seconds=number))
    real = yard.hints.send

    def slow(hints: object, delay: float = 0) -> None:
        yard.clock.advance(100)
        real(hints, delay)  # type: ignore[arg-type]  # passed on as it came

    yard.hints.send = slow  # type: ignore[method-assign]
    found: list[str] = []
    for _ in range(2):
        assert yard.cursors.mark("c1", "quickbooks.known") is not None
        yard.run(timedelta(seconds=150))
        found += ids(yard.taken())
    yard.run()
    found += ids(yard.taken())
    assert sorted(found, key=int) == [f"{1000 + number}" for number in range(250)]
    assert yard.cursors.mark("c1", "quickbooks.known") is None


def test_known_documents_are_looked_through_again_when_changes_were_too_many_meanwhile() -> None:
    yard = Yard()
    ledger = yard.ledger["c1"]
    ledger.standing = {"101"}
    yard.put("1", link=Link("101", ledger_updated_at=NOW))
    # Those in sync were looked through; then one of them is deleted among too many other changes.
    yard.cursors.set_mark("c1", "quickbooks.known", "1 ")
    ledger.most, ledger.standing = 10, set()
    crowd(yard, 30)
    crowd(yard, 30, "RefundReceipt")
    assert (HintObject.QUICKBOOKS_INVOICE, "101") not in later(yard)
    assert yard.cursors.mark("c1", "quickbooks.known") == "0 "
    ledger.most = 1000
    assert (HintObject.QUICKBOOKS_INVOICE, "101") in later(yard)
    assert yard.cursors.mark("c1", "quickbooks.known") is None
    assert yard.cursors.mark("c1", "quickbooks.known.again") is None


@pytest.mark.parametrize("times", [1, 2])
def test_the_cursor_stays_when_the_queue_refuses(times: int) -> None:
    yard = Yard()
    yard.booked(changed("Payment", "301"))
    yard.clock.advance(900)
    for _ in range(times):
        yard.hints.refuse_next()
        assert isinstance(yard.run().failure, Transient)
        assert yard.cursors.load("c1", "quickbooks") is None
    yard.run()
    assert ids(yard.taken()) == ["301"]
