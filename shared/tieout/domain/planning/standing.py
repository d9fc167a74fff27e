"""What stands of the documents that a payment made, compared with what was written: a person's changes are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tieout.domain.money import Money
from tieout.domain.payment import LedgerDocument, LedgerPayment
from tieout.domain.planning.payment_plan import Standing
from tieout.domain.planning.plan import Change
from tieout.domain.posting import AccountLine, Posting, PostingContent


def as_content(present: Standing, sent: PostingContent) -> PostingContent:
    """What stands, in the fields that Tieout writes; what the ledger does not show is as it was sent."""
    if isinstance(present, LedgerPayment):
        account, line_account = present.deposit_account_id, sent.line_account_id
    else:
        account, line_account = present.account_id, present.line_account_id
    return replace(
        sent,
        amount=present.total,
        day=present.day,
        customer_id=present.customer_id or sent.customer_id,
        allocations=present.allocations if isinstance(present, LedgerPayment) else (),
        account_id=account,
        method_id=present.method_id,
        reference=present.reference,
        lines=() if isinstance(present, LedgerPayment) else present.lines,
        line_account_id=line_account,
        account_lines=() if isinstance(present, LedgerPayment) else _account_lines(present, sent),
        vendor_id=sent.vendor_id if isinstance(present, LedgerPayment) else present.vendor_id,
    )


def seen(posting: Posting, present: Standing) -> Posting:
    """The document as it was seen just now, which then is no news any more."""
    return replace(
        posting,
        written=as_content(present, posting.sent),
        sync_token=present.sync_token,
        updated_at=present.updated_at,
    )


def accepted(posting: Posting, present: Standing) -> Posting:
    """The document with a person's changes of what HubSpot cannot tell (account, customer, method, lines, what it is
    applied to) as its own, so that later looks and refunds go by them. Amount, date and reference stay HubSpot's."""
    sent, stands = posting.sent, as_content(present, posting.sent)
    now = {(one.type, one.far_id): one for one in stands.allocations}
    return replace(
        posting,
        sent=replace(
            sent,
            customer_id=stands.customer_id,
            account_id=stands.account_id or sent.account_id,
            method_id=stands.method_id or sent.method_id,
            # What a person applied beside it is theirs, and stays theirs.
            allocations=tuple(now[place] for one in sent.allocations if (place := (one.type, one.far_id)) in now),
            lines=stands.lines or sent.lines,
            line_account_id=stands.line_account_id or sent.line_account_id,
            vendor_id=stands.vendor_id or sent.vendor_id,
        ),
    )


def written_as(posting: Posting) -> PostingContent:
    """What counts as written: the ledger's answer, or what was sent where the answer was lost."""
    return posting.written or posting.sent


def unapplied(posting: Posting) -> Money:
    """The part of a payment that is applied to nothing, as far as is known."""
    content = written_as(posting)
    applied = sum((one.amount.amount for one in content.allocations), Decimal(0))
    return Money(content.amount.amount - applied, content.amount.currency)


def posting_changes(before: PostingContent, after: PostingContent) -> tuple[Change, ...]:
    """The fields that Tieout owns and that differ, as texts for people.

    What either side leaves open is not compared. What is not allocated is a credit of the customer, so what a person
    applies it to is theirs: only allocations of `before` that `after` cut or took away count.
    """
    return (
        *_heads(before, after),
        *_allocations(before, after),
        *_lines(before, after),
        *_accounts(before, after),
    )


def _heads(before: PostingContent, after: PostingContent) -> Iterator[Change]:
    for name, old, new in (
        ("amount", before.amount, after.amount),
        ("date", before.day, after.day),
        ("customer", before.customer_id, after.customer_id),
        ("account", before.account_id, after.account_id),
        ("payment method", before.method_id, after.method_id),
        ("reference", before.reference, after.reference),
        ("account of the line", before.line_account_id, after.line_account_id),
        ("vendor", before.vendor_id, after.vendor_id),
    ):
        if old is not None and new is not None and old != new:
            yield Change(name, str(old), str(new))


def _allocations(before: PostingContent, after: PostingContent) -> Iterator[Change]:
    stands = {(one.type, one.far_id): one.amount for one in after.allocations}
    for one in before.allocations:
        now = stands.get((one.type, one.far_id), Money(Decimal(0), one.amount.currency))
        if now.amount < one.amount.amount:
            yield Change(f"applied to {one.type} {one.far_id}", str(one.amount), str(now))


def _lines(before: PostingContent, after: PostingContent) -> Iterator[Change]:
    old, new = ([(one.item_id, one.amount) for one in content.lines] for content in (before, after))
    if old and new and old != new:
        yield Change("lines", _told(old), _told(new))


def _told(lines: list[tuple[str, Decimal]]) -> str:
    return ", ".join(f"item {item}: {amount}" for item, amount in lines)


def _account_lines(present: LedgerDocument, sent: PostingContent) -> tuple[AccountLine, ...]:
    """The lines that stand; which kind of fee each is for is told by its account, or else by its place."""
    if not sent.account_lines:
        return ()
    kinds = {one.account_id: one.fee for one in reversed(sent.account_lines)}
    last = len(sent.account_lines) - 1
    return tuple(
        AccountLine(account, amount, kinds.get(account, sent.account_lines[min(place, last)].fee))
        for place, (account, amount) in enumerate(present.account_amounts)
    )


def _accounts(before: PostingContent, after: PostingContent) -> Iterator[Change]:
    old, new = (
        sorted((one.account_id, str(one.amount)) for one in content.account_lines) for content in (before, after)
    )
    if old and old != new:
        told = [", ".join(f"account {account}: {amount}" for account, amount in some) for some in (old, new)]
        yield Change("lines", *told)
