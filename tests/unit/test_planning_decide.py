"""The three-way comparison: what was sent, what the ledger answered, what stands, and what HubSpot says now."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_ledger_invoice, a_link, some_books, some_content, usd
from tieout.domain.attention import AttentionCode
from tieout.domain.invoice import ContentLine, InvoiceContent, LedgerInvoice
from tieout.domain.planning.difference import changes, filled_in
from tieout.domain.planning.invoice import decide, decide_void, needs_look
from tieout.domain.planning.plan import Adopt, Attend, Change, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.record import Link
from tieout.domain.settings import Settings

LATER = NOW + timedelta(minutes=5)
LINE = some_content().lines[0]
OTHER_LINE = ContentLine("6", "x", Decimal(2), Decimal(7), Decimal(14))
# Every field that Tieout owns: its name, and two further values of it.
FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "customer": ({"customer_id": "59"}, {"customer_id": "60"}),
    "number": ({"number": "INV-2"}, {"number": "INV-3"}),
    "invoice date": ({"invoice_date": date(2026, 3, 2)}, {"invoice_date": date(2026, 3, 3)}),
    "due date": ({"due_date": date(2026, 4, 1)}, {"due_date": None}),
    "memo": ({"memo": "Hello"}, {"memo": None}),
    "e-mail": ({"email": "b@example.test"}, {"email": None}),
    "discount": ({"discount": Decimal(5)}, {"discount": Decimal(6)}),
    "terms": ({"terms_id": "3"}, {"terms_id": "4"}),
    "custom field 1": ({"custom_fields": (("1", "PO-1"),)}, {"custom_fields": (("1", "PO-2"),)}),
    "tax calculation": ({"tax_calculation": "TaxExcluded"}, {"tax_calculation": "NotApplicable"}),
    "tax code": ({"tax_code": "2"}, {"tax_code": "3"}),
    "line 1": ({"lines": (replace(LINE, description="A"),)}, {"lines": (replace(LINE, item_id="6"),)}),
}


# What Tieout owns only where it names it.
NAMED = {"terms_id": "2", "custom_fields": (("1", "PO-0"),), "tax_calculation": "TaxInclusive", "tax_code": "7"}


def present(content: InvoiceContent, **changes: Any) -> LedgerInvoice:
    return a_ledger_invoice(content, **changes)


def planned(desired: InvoiceContent, link: Link | None, stands: LedgerInvoice | None) -> Plan:
    return decide(desired, link, stands, some_books())


def test_every_field_of_the_content_is_compared() -> None:
    compared = {next(iter(one)) for one, _ in FIELDS.values()} | {"currency"}
    told_apart = {"billed", "exchange_rate", "notice", "tax_before_discount"}
    assert compared | told_apart == set(InvoiceContent.__dataclass_fields__)


def test_what_was_never_written_is_created() -> None:
    assert planned(some_content(), None, None) == Create(some_content())


def test_when_both_sides_agree_there_is_nothing_to_do() -> None:
    assert planned(some_content(), a_link(), a_ledger_invoice()) == Nothing()


def test_what_somebody_deleted_is_gone_and_what_somebody_voided_is_attention() -> None:
    assert planned(some_content(), a_link(), None) == Gone()
    voided = a_ledger_invoice(voided=True, total=usd("0"))
    assert planned(some_content(), a_link(), voided) == Attend(AttentionCode.VOIDED_IN_QUICKBOOKS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_in_hubspot_updates_the_ledger(field: str) -> None:
    desired = some_content(**FIELDS[field][0])
    plan = planned(desired, a_link(), a_ledger_invoice())
    assert isinstance(plan, Update)
    assert [one.field for one in plan.changes] == [field]
    assert (plan.present, plan.content) == (a_ledger_invoice(), desired)


@pytest.mark.parametrize("field", FIELDS)
def test_a_persons_change_in_the_ledger_is_attention_with_both_values(field: str) -> None:
    ours = some_content(**NAMED)
    edited = present(replace(ours, **FIELDS[field][0]), updated_at=LATER)
    plan = planned(ours, a_link(present(ours)), edited)
    [change] = changes(edited.content, ours)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert plan.detail == f"{field}: QuickBooks has {change.before}, HubSpot has {change.after}."


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_both_sides_changed_differently_is_attention(field: str) -> None:
    theirs, ours = FIELDS[field]
    plan = planned(some_content(**ours), a_link(), present(some_content(**theirs), updated_at=LATER))
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_both_sides_changed_alike_is_adopted(field: str) -> None:
    both = some_content(**FIELDS[field][0])
    stands = present(both, updated_at=LATER)
    assert planned(both, a_link(), stands) == Adopt(stands, both)


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_in_hubspot_beside_a_persons_conflicting_one_does_not_overwrite_it(field: str) -> None:
    other = "memo" if field != "memo" else "due date"
    ours = some_content(**NAMED)
    edited = present(replace(ours, **FIELDS[field][0]), updated_at=LATER)
    plan = planned(replace(ours, **FIELDS[other][0]), a_link(present(ours)), edited)
    assert isinstance(plan, Attend)
    assert f"{field}: " in plan.detail
    assert f"{other}: " not in plan.detail


@pytest.mark.parametrize("field", ["terms", "custom field 1", "tax calculation", "tax code"])
def test_what_hubspot_does_not_name_is_a_persons_own(field: str) -> None:
    touched = present(some_content(**FIELDS[field][0]), updated_at=LATER)
    assert planned(some_content(), a_link(), touched) == Adopt(touched, some_content())


def test_a_tax_code_that_was_not_sent_is_a_persons_own() -> None:
    touched = present(some_content(lines=(replace(LINE, tax_code="TAX"),)), updated_at=LATER)
    assert planned(some_content(), a_link(), touched) == Adopt(touched, some_content())
    named = some_content(lines=(replace(LINE, description="Training", tax_code="NON"),))
    touched = present(some_content(lines=(replace(LINE, description="Training", tax_code="TAX"),)))
    assert [str(one) for one in changes(touched.content, named)] == [
        "line 1: Training: 3 x 120 = 360.00 (tax code TAX) -> Training: 3 x 120 = 360.00 (tax code NON)"
    ]


def test_a_change_of_what_is_not_ours_is_only_remembered() -> None:
    touched = a_ledger_invoice(updated_at=LATER, sync_token="1", private_note="Call Anna")
    assert planned(some_content(), a_link(), touched) == Adopt(touched, some_content())


def test_the_currency_counts_as_a_field() -> None:
    euro = some_content(currency="EUR")
    assert [one.field for one in changes(some_content(), euro)] == ["currency"]


def test_a_number_that_the_ledger_gave_is_never_ours() -> None:
    unnumbered = some_content(number=None)
    stands = present(some_content(number="1044"))
    link = a_link(stands, sent=unnumbered)
    assert planned(unnumbered, link, stands) == Nothing()
    renumbered = present(some_content(number="2000"), updated_at=LATER)
    assert planned(unnumbered, link, renumbered) == Adopt(renumbered, unnumbered)
    plan = planned(replace(unnumbered, memo="New"), link, renumbered)
    assert isinstance(plan, Update)
    assert [one.field for one in plan.changes] == ["memo"]


@pytest.mark.parametrize("amount", ["359.94", "360.06"])
def test_a_ledger_total_that_differs_is_attention_with_both_figures(amount: str) -> None:
    stands = a_ledger_invoice(total=usd(amount))
    plan = planned(some_content(), a_link(stands), stands)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.TOTAL_DIFFERS
    assert plan.detail == f"HubSpot says 360.00 USD, QuickBooks says {amount} USD."


def test_what_a_person_put_beside_the_lines_is_attention_before_any_update() -> None:
    taxed = a_ledger_invoice(total=usd("388.80"), updated_at=LATER)
    desired = some_content(memo="Hello")
    assert planned(desired, a_link(), taxed) == Attend(
        AttentionCode.EDITED_IN_QUICKBOOKS,
        "total: QuickBooks has 388.80 USD, of which 360.00 USD in the lines, HubSpot has 360.00 USD.",
    )
    both = some_content(lines=(replace(LINE, quantity=Decimal(4), amount=Decimal(480)),))
    retaxed = replace(taxed, content=both, total=usd("518.40"))
    assert isinstance(planned(replace(both, memo="Hello"), a_link(), retaxed), Attend)


def test_a_total_that_differs_since_our_own_last_write_can_still_be_corrected() -> None:
    answered = a_ledger_invoice(total=usd("388.80"))
    desired = some_content(memo="Hello")
    assert isinstance(planned(desired, a_link(answered), answered), Update)
    mended = a_ledger_invoice(updated_at=LATER)
    assert isinstance(planned(desired, a_link(answered), mended), Update)


def test_a_total_of_which_little_is_remembered_does_not_stop_an_update() -> None:
    stands = a_ledger_invoice(total=usd("388.80"))
    for forgotten in ({"written": None}, {"total": None}, {"total": stands.total}):
        assert isinstance(planned(some_content(memo="Hello"), a_link(**forgotten), stands), Update)


def test_a_total_that_a_person_changed_beside_the_lines_is_not_overwritten_by_an_update() -> None:
    taxed = a_ledger_invoice(total=usd("388.80"), updated_at=LATER)
    plan = planned(some_content(memo="New"), a_link(), taxed)
    assert isinstance(plan, Attend)
    assert plan.code is AttentionCode.EDITED_IN_QUICKBOOKS
    assert "388.80 USD" in plan.detail
    assert "360.00 USD" in plan.detail


def test_a_total_that_the_ledger_itself_made_differ_does_not_stop_the_update_that_mends_it() -> None:
    taxed = a_ledger_invoice(total=usd("388.80"))
    assert isinstance(planned(some_content(memo="New"), a_link(taxed), taxed), Update)


def test_lines_are_compared_in_order_and_added_or_missing_ones_are_named() -> None:
    second = ContentLine("6", None, Decimal(1), Decimal(5), Decimal(5))
    two = some_content(lines=(LINE, second))
    assert changes(some_content(), two) == (Change("line 2", "", "item 6: 1 x 5 = 5"),)
    assert changes(two, some_content()) == (Change("line 2", "item 6: 1 x 5 = 5", ""),)
    swapped = some_content(lines=(second, LINE))
    assert [one.field for one in changes(two, swapped)] == ["line 1", "line 2"]
    unpriced = some_content(lines=(replace(LINE, quantity=None),))
    assert changes(unpriced, some_content(lines=())) == (Change("line 1", "Consulting - March: 360.00", ""),)


def test_a_change_reads_from_before_to_after() -> None:
    assert str(Change("memo", "", "Hello")) == "memo: (empty) -> Hello"
    assert str(Change("memo", "Hello", "")) == "memo: Hello -> (empty)"


@pytest.mark.parametrize("ours", [LINE, replace(LINE, quantity=Decimal("3.0"), amount=Decimal(360))])
def test_numbers_that_are_equal_are_no_change_however_they_are_written(ours: ContentLine) -> None:
    assert changes(some_content(), some_content(lines=(ours,))) == ()


def test_what_the_ledger_filled_in_itself_is_no_persons_change_when_its_answer_was_lost() -> None:
    coded = some_content(lines=(replace(LINE, tax_code="NON"),), terms_id="3", tax_calculation="TaxExcluded")
    found = present(coded, updated_at=LATER)
    link = a_link(found, sent=some_content(), written=filled_in(some_content(), coded), ledger_updated_at=None)
    changed = some_content(lines=(replace(LINE, quantity=Decimal(4), amount=Decimal(480)),), terms_id="4")
    assert isinstance(planned(changed, link, found), Update)
    edited = present(replace(coded, memo="Theirs"), updated_at=LATER)
    assert isinstance(planned(replace(changed, memo="Ours"), link, edited), Attend)


# -- reads are metered


def test_an_invoice_that_did_not_change_needs_no_look_at_the_ledger() -> None:
    assert not needs_look(some_content(), a_link(), Settings())
    normalised = a_link(present(some_content(memo="Thank you.")), sent=some_content())
    assert not needs_look(some_content(), normalised, Settings())


@pytest.mark.parametrize("field", FIELDS)
def test_an_invoice_that_changed_in_hubspot_needs_a_look(field: str) -> None:
    assert needs_look(some_content(**FIELDS[field][0]), a_link(), Settings())


def test_an_invoice_of_which_too_little_is_known_needs_a_look() -> None:
    assert needs_look(some_content(), replace(a_link(), sent=None), Settings())
    assert needs_look(some_content(), a_link(total=usd("361")), Settings())
    assert needs_look(some_content(), a_link(total=None), Settings())


# -- voids


def test_a_void_in_hubspot_voids_what_stands_unpaid() -> None:
    assert decide_void(a_link(), a_ledger_invoice(), some_books()) == Void(a_ledger_invoice())


def test_a_void_of_what_is_gone_voided_or_never_written_does_nothing() -> None:
    assert decide_void(a_link(), None, some_books()) == Nothing()
    assert decide_void(a_link(), a_ledger_invoice(voided=True), some_books()) == Nothing()
    assert isinstance(decide_void(None, None, some_books()), Skip)


def test_a_void_of_a_paid_invoice_is_attention_that_says_what_is_applied() -> None:
    paid = a_ledger_invoice(settled_by=("Payment", "CreditMemo", "Payment"))
    assert decide_void(a_link(), paid, some_books()) == Attend(
        AttentionCode.VOID_OF_PAID_INVOICE, "Applied: CreditMemo, Payment."
    )


# -- properties

texts = st.sampled_from([None, "a", "b", "Thank you"])
contents = st.builds(
    some_content,
    customer_id=st.sampled_from(["58", "59"]),
    number=st.sampled_from([None, "INV-1", "INV-2"]),
    invoice_date=st.sampled_from([date(2026, 3, 1), date(2026, 3, 2)]),
    due_date=st.sampled_from([None, date(2026, 3, 31), date(2026, 4, 1)]),
    memo=texts,
    email=texts,
    discount=st.sampled_from([Decimal(0), Decimal(5)]),
    terms_id=st.sampled_from([None, "3", "4"]),
    custom_fields=st.sampled_from([(), (("1", "PO-1"),), (("1", "PO-2"), ("2", "x")), (("1", ""),)]),
    lines=st.lists(
        st.sampled_from([LINE, replace(LINE, description=None), OTHER_LINE, replace(LINE, tax_code="NON")]),
        min_size=1,
        max_size=3,
    ).map(tuple),
)  # fmt: skip


def as_stored(content: InvoiceContent) -> InvoiceContent:
    """What a ledger may make of what it was sent: numbers given, texts in another case, empty ones dropped."""
    return replace(
        content,
        number=content.number or "1044",
        memo=content.memo and content.memo.upper(),
        email=content.email and f"{content.email}, copy",
        lines=tuple(replace(line, description=line.description or "Services") for line in content.lines),
    )


def carried_out(
    plan: Plan, link: Link | None, stands: LedgerInvoice | None
) -> tuple[Link | None, LedgerInvoice | None]:
    """What is remembered and what stands after the plan."""
    if isinstance(plan, Create | Update):
        answer = present(as_stored(plan.content), updated_at=LATER, sync_token="9")
        return a_link(answer, sent=plan.content), answer
    if isinstance(plan, Adopt):
        return a_link(plan.present, sent=plan.content), stands
    return link, stands


@given(contents, contents, contents, st.sampled_from(["0", "28.80"]))
def test_after_a_plan_is_carried_out_the_next_one_is_nothing(
    sent: InvoiceContent, edited: InvoiceContent, desired: InvoiceContent, tax: str
) -> None:
    link = a_link(present(as_stored(sent)), sent=sent)
    stands: LedgerInvoice | None = present(edited, updated_at=LATER, total=edited.total + usd(tax))
    plan = planned(desired, link, stands)
    after, answer = carried_out(plan, link, stands)
    again = planned(desired, after, answer)
    assert again == (plan if isinstance(plan, Attend) else Nothing())


@given(contents, contents, contents)
def test_a_persons_change_is_never_overwritten(
    sent: InvoiceContent, edited: InvoiceContent, desired: InvoiceContent
) -> None:
    answered = as_stored(sent)
    plan = planned(desired, a_link(present(answered), sent=sent), present(edited, updated_at=LATER))
    touched = {one.field for one in changes(answered, edited)}
    if isinstance(plan, Update):
        assert not touched & {one.field for one in plan.changes}


@given(contents, contents)
def test_what_the_ledger_stores_differently_than_it_was_sent_does_not_loop(
    first: InvoiceContent, second: InvoiceContent
) -> None:
    link, stands = carried_out(Create(first), None, None)
    assert planned(first, link, stands) == Nothing()
    plan = planned(second, link, stands)
    assert isinstance(plan, Nothing | Update | Adopt)
    link, stands = carried_out(plan, link, stands)
    assert planned(second, link, stands) == Nothing()
    assert link is not None
    assert not needs_look(second, link, Settings())


@given(contents)
def test_a_content_differs_in_nothing_from_itself(content: InvoiceContent) -> None:
    assert changes(content, content) == ()
