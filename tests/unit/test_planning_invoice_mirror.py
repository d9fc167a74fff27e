"""The laws of showing a QuickBooks invoice in HubSpot, over generated invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_ledger_invoice
from tieout.domain.attention import AttentionCode
from tieout.domain.conflict import Decision, Side
from tieout.domain.invoice import ContentLine, InvoiceContent, InvoiceStatus, LedgerInvoice, line_amount
from tieout.domain.mirrored_invoice import (
    Mirror,
    MirrorContent,
    StandingAdjustment,
    StandingLine,
    StandingMirror,
)
from tieout.domain.money import Money
from tieout.domain.planning.invoice_mirror import (
    CreateMirror,
    FillMirror,
    InvoiceCase,
    Parties,
    mirror_content,
    plan_invoice_mirror,
)
from tieout.domain.planning.mirror_edits import DISCOUNT, TAX, edits, standing_key, unlike
from tieout.domain.planning.plan import Attend, Nothing, Skip
from tieout.domain.record import Link
from tieout.domain.settings import Settings

PULLS = Settings(pull_invoices=True)

numbers = st.decimals(Decimal("0.001"), Decimal(999), places=3)
prices = st.decimals(Decimal(0), Decimal(9999), places=4)
cents = st.decimals(Decimal("0.01"), Decimal(999), places=2)
texts = st.none() | st.text("abc \n.", max_size=12)


@st.composite
def lines(draw: st.DrawFn, currency: str) -> ContentLine:
    item, text = draw(st.sampled_from(["1", "2", "77"])), draw(texts)
    match draw(st.sampled_from(["sale", "amount", "odd", "negative", "percent", "note"])):
        case "sale":
            quantity, price = draw(numbers), draw(prices)
            return ContentLine(item, text, quantity, price, line_amount(quantity, price, currency), "TAX")
        case "amount":
            return ContentLine(item, text, None, None, rounded(draw(cents), currency))
        case "odd":
            return ContentLine(item, text, draw(numbers), draw(prices), rounded(draw(cents), currency))
        case "negative":
            return ContentLine(item, text, Decimal(-1), draw(cents), -rounded(draw(cents), currency))
        case "percent":
            return ContentLine("discount", text, None, None, -rounded(draw(cents), currency))
        case _:
            return ContentLine("description", text, None, None, Decimal(0))


def rounded(amount: Decimal, currency: str) -> Decimal:
    return Money(amount, currency).amount


@st.composite
def invoices(draw: st.DrawFn) -> LedgerInvoice:
    currency = draw(st.sampled_from(["USD", "EUR", "JPY", "KWD"]))
    sold = tuple(draw(st.lists(lines(currency), min_size=1, max_size=5)))
    discount = rounded(draw(st.just(Decimal(0)) | cents), currency)
    tax = draw(st.none() | cents.map(lambda one: rounded(one, currency)))
    content = InvoiceContent(
        customer_id="58",
        number=draw(st.none() | st.just("QB-1")),
        invoice_date=date(2026, 3, 1),
        due_date=draw(st.none() | st.just(date(2026, 3, 31))),
        currency=currency,
        lines=sold,
        memo=draw(texts),
        discount=discount,
    )
    total = Money(sum((one.amount for one in sold), Decimal(0)) - discount + (tax or 0), currency)
    balance = draw(st.sampled_from([total, Money(Decimal(0), currency)]))
    return replace(
        a_ledger_invoice(content), total=total, balance=balance, tax=tax, private_note="", item_names={"1": "Services"}
    )


def in_hubspot(content: MirrorContent) -> StandingMirror:
    """What HubSpot holds when all of `content` was written, numbers in other forms."""
    adjustments = [(DISCOUNT, content.discount), (TAX, content.tax)]
    return StandingMirror(
        id="900",
        number=content.number,
        status=content.status,
        invoice_date=content.invoice_date,
        due_date=content.due_date,
        total=content.total,
        memo=(content.memo or "").strip() or None,
        lines=tuple(
            StandingLine(str(at), line.name, line.quantity + Decimal("0.0000"), line.unit_price, line.description)
            for at, line in enumerate(content.lines)
        ),
        adjustments=tuple(StandingAdjustment(kind, "1", value) for kind, value in adjustments if value),
    )


def calculated(content: MirrorContent) -> Money:
    """HubSpot's own arithmetic: each line to the minor unit, less the discount, plus the tax (HubSpot: 2.2)."""
    net = sum((line_amount(one.quantity, one.unit_price, content.currency) for one in content.lines), Decimal(0))
    return Money(net - content.discount + content.tax, content.currency)


@given(invoices())
def test_hubspots_own_arithmetic_comes_to_quickbooks_total(invoice: LedgerInvoice) -> None:
    content = mirror_content(invoice, Parties(), {})
    assert isinstance(content, MirrorContent)
    assert calculated(content) == content.total == invoice.total
    assert all(line.unit_price >= 0 and line.quantity > 0 and line.name for line in content.lines)
    assert content.discount >= 0
    assert content.tax >= 0


@given(invoices(), st.decimals(Decimal("0.01"), Decimal(5), places=2))
def test_a_total_that_the_parts_do_not_come_to_is_never_made_to_fit(invoice: LedgerInvoice, off: Decimal) -> None:
    other = replace(invoice, total=invoice.total + Money(max(off, Decimal(1)), invoice.total.currency))
    content = mirror_content(other, Parties(), {})
    assert isinstance(content, Attend)
    assert content.code is AttentionCode.TOTAL_DIFFERS


@given(invoices())
def test_what_was_written_is_a_fixed_point(invoice: LedgerInvoice) -> None:
    case = InvoiceCase("c1", invoice)
    plan = plan_invoice_mirror(case, PULLS)
    assert isinstance(plan, CreateMirror)
    link = Link("900", mirror=Mirror(plan.content))
    again = replace(case, link=link, standing=in_hubspot(plan.content), parties=Parties("7", "8"))
    assert plan_invoice_mirror(again, PULLS) == Nothing()


@given(invoices(), invoices(), st.data())
def test_whatever_of_a_change_arrived_is_completed_and_no_persons_edit(
    before: LedgerInvoice, after: LedgerInvoice, data: st.DataObject
) -> None:
    old, new = mirror_content(before, Parties(), {}), mirror_content(after, Parties(), {})
    assert isinstance(old, MirrorContent)
    assert isinstance(new, MirrorContent)
    first, last = in_hubspot(old), in_hubspot(new)
    partly = replace(
        data.draw(st.sampled_from([first, last])),
        lines=(*first.lines[data.draw(st.integers(0, len(first.lines))) :], *_new_lines(first, last, data)),
        adjustments=data.draw(st.sampled_from([first.adjustments, last.adjustments, ()])),
    )
    mirror = Mirror(new, (new,), old)
    assert list(edits(partly, mirror)) == []
    plan = plan_invoice_mirror(InvoiceCase("c1", after, Link("900", mirror=mirror), partly), PULLS)
    assert plan == FillMirror(partly, new)


def _new_lines(first: StandingMirror, last: StandingMirror, data: st.DataObject) -> tuple[StandingLine, ...]:
    """Those of the new lines that arrived: none that the old ones have already."""
    kept = [standing_key(one) for one in first.lines]
    fresh = [one for one in last.lines if standing_key(one) not in kept]
    return tuple(fresh[: data.draw(st.integers(0, len(fresh)))])


CHANGES: dict[str, dict[str, Any]] = {
    "number": {"number": "changed"},
    "status": {"status": InvoiceStatus.DRAFT},
    "due date": {"due_date": date(2020, 1, 1)},
    "comments": {"memo": "changed"},
    "lines": {"lines": ()},
    "tax": {"adjustments": (StandingAdjustment(TAX, "1", Decimal("1234567")),)},
    "fee": {"adjustments": (StandingAdjustment("fees", "1", Decimal(1)),)},
}


@given(invoices(), invoices(), st.sampled_from(sorted(CHANGES)))
def test_a_persons_change_is_told_and_nothing_is_written(
    before: LedgerInvoice, after: LedgerInvoice, field: str
) -> None:
    content = mirror_content(before, Parties(), {})
    assert isinstance(content, MirrorContent)
    standing = replace(in_hubspot(content), **CHANGES[field])
    if not content.lines and field == "lines":
        return
    wanted = mirror_content(after, Parties(), {})
    # What QuickBooks says by now, too, is no conflict.
    assume(isinstance(wanted, MirrorContent) and field in unlike(standing, wanted))
    case = InvoiceCase("c1", after, Link("900", mirror=Mirror(content)), standing)
    plan = plan_invoice_mirror(case, PULLS)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_HUBSPOT
    assert field in plan.detail
    assert plan.conflict is not None
    decision = Decision(Side.QUICKBOOKS, plan.conflict.marks, "anna", NOW)
    taken = plan_invoice_mirror(replace(case, decision=decision), PULLS)
    assert isinstance(taken, FillMirror)


@given(invoices())
def test_what_tieout_pushed_is_never_shown_a_second_time(invoice: LedgerInvoice) -> None:
    ours = replace(invoice, private_note="a note\ntieout:c1/invoice/42/3")
    plan = plan_invoice_mirror(InvoiceCase("c1", ours), PULLS)
    assert isinstance(plan, Skip)
    assert plan.reason == "posted_by_tieout"
    # A marker of another connection, or of a payment, says nothing.
    other = replace(invoice, private_note="tieout:c2/invoice/42/3")
    assert isinstance(plan_invoice_mirror(InvoiceCase("c1", other), PULLS), CreateMirror)
