"""The record of a payment: its documents on the far side, what covers a change of them, which queue looks at it."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders import NOW, a_hint, a_record
from tieout.domain.claim import ClaimVerdict, judge_claim
from tieout.domain.hint import Cause, HintObject
from tieout.domain.money import Money
from tieout.domain.payment import Document
from tieout.domain.posting import Posting, PostingContent
from tieout.domain.record import Kind, RecordKey, SyncRecord, own_hint_object


def posted(far_id: str = "90", document: Document = Document.PAYMENT, updated_at: datetime | None = NOW) -> Posting:
    content = PostingContent(document, Money(Decimal(10), "USD"), NOW.date(), "7")
    return Posting(far_id, content, updated_at=updated_at)


def a_payment(*postings: Posting, origin: str = "hubspot") -> SyncRecord:
    key = RecordKey("acme", Kind.PAYMENT, origin, "1")
    return replace(a_record(covered_until=NOW), key=key, postings=postings)


def claim(record: SyncRecord, cause: Cause = Cause.WEBHOOK, **hint: Any) -> ClaimVerdict:
    return judge_claim(record, a_hint(cause=cause, **hint), NOW)


def test_each_document_of_a_payment_belongs_to_its_record_and_an_application_is_one_of_the_payments() -> None:
    record = a_payment(posted("90"), posted("91", Document.REFUND_RECEIPT), posted("92", Document.APPLICATION))
    assert record.far_documents == (("payment", "90"), ("refund_receipt", "91"), ("payment", "92"))


def test_the_echo_of_a_posted_document_is_covered_and_another_document_or_a_later_change_is_not() -> None:
    record = a_payment(posted("90"))

    def ledger(id_: str, seconds: int, cause: Cause = Cause.WEBHOOK) -> ClaimVerdict:
        when = NOW + timedelta(seconds=seconds)
        return claim(record, cause, object=HintObject.POSTED_DOCUMENT, id=id_, occurred_at=when)

    assert ledger("payment:90", 2) is ClaimVerdict.COVERED
    assert ledger("payment:90", 3) is ClaimVerdict.TAKE
    assert ledger("payment:91", 0) is ClaimVerdict.TAKE
    assert ledger("payment:90", 0, Cause.SWEEP) is ClaimVerdict.TAKE


def test_a_webhook_of_a_ledger_payment_is_sent_a_little_after_the_change_and_the_sweep_names_the_version() -> None:
    record = a_payment(origin="quickbooks")

    def ledger(seconds: int, cause: Cause) -> ClaimVerdict:
        when = NOW + timedelta(seconds=seconds)
        return claim(record, cause, object=HintObject.QUICKBOOKS_PAYMENT, occurred_at=when)

    assert [ledger(2, Cause.WEBHOOK), ledger(0, Cause.SWEEP)] == [ClaimVerdict.COVERED] * 2
    assert [ledger(3, Cause.WEBHOOK), ledger(1, Cause.SWEEP)] == [ClaimVerdict.TAKE] * 2


@pytest.mark.parametrize(
    ("kind", "origin", "object_"),
    [
        (Kind.INVOICE, "hubspot", HintObject.HUBSPOT_INVOICE),
        (Kind.PAYMENT, "hubspot", HintObject.HUBSPOT_PAYMENT),
        (Kind.PAYMENT, "quickbooks", HintObject.QUICKBOOKS_PAYMENT),
        (Kind.REFUND, "quickbooks", HintObject.QUICKBOOKS_REFUND_RECEIPT),
        (Kind.CUSTOMER, "hubspot", None),
    ],
)
def test_a_record_is_looked_at_by_the_queue_of_its_kind_and_origin(
    kind: Kind, origin: str, object_: HintObject | None
) -> None:
    assert own_hint_object(RecordKey("acme", kind, origin, "1")) is object_
