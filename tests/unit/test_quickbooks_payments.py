"""Payments, receipts and refunds over the QuickBooks sandbox, in the same process."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.unit.test_quickbooks_adapter import START, World
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention, NotInLedger, OutcomeUnknown, StaleVersion, Transient
from tieout.domain.fee import FeeKind
from tieout.domain.invoice import ContentLine, LedgerInvoice
from tieout.domain.marker import marker, with_marker
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document, LedgerDocument, LedgerPayment
from tieout.domain.posting import AccountLine, PostingContent
from tieout.domain.record import Kind, RecordKey

KEY = RecordKey("c1", Kind.PAYMENT, "hubspot", "77")
DAY = date(2026, 3, 2)
CHECKING, UNDEPOSITED, RECEIVABLE, CHARGES = "35", "4", "84", "13"


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


Posted = LedgerPayment | LedgerDocument


class Desk:
    """A ledger with an invoice of 200.00, and a bookkeeper beside it."""

    def __init__(self, **config: Any) -> None:
        self.world = World(**config)
        self.ledger = self.world.ledger
        self.person = Visitor(self.world.sandbox)
        self.invoice = self.world.make()

    def content(self, document: Document = Document.PAYMENT, **changes: Any) -> PostingContent:
        line = ContentLine("1", "Refund of invoice 1001", Decimal(1), Decimal("30.00"), Decimal("30.00"))
        by_kind: dict[Document, dict[str, Any]] = {
            Document.PAYMENT: {"amount": usd("50.00"), "allocations": (self.applied("50.00"),)},
            Document.APPLICATION: {"amount": usd("0")},
            Document.EXPENSE: {"amount": usd("30.00"), "line_account_id": RECEIVABLE},
            Document.DEPOSIT: {
                "amount": usd("30.00"),
                "account_lines": (AccountLine(CHARGES, usd("30.00"), FeeKind.PROCESSING, "Fees"),),
            },
        }
        accounts = {} if document in (Document.CREDIT_MEMO, Document.APPLICATION) else {"account_id": CHECKING}
        usual: dict[str, Any] = by_kind.get(document, {"amount": usd("30.00"), "lines": (line,)})
        fields = {"day": DAY, "customer_id": self.world.customer, **accounts, **usual, **changes}
        return PostingContent(document, **fields)

    def applied(self, amount: str, invoice: LedgerInvoice | None = None) -> Allocation:
        return Allocation("Invoice", (invoice or self.invoice).id, usd(amount))

    def post(self, content: PostingContent, request_id: str = "p1", revision: int = 1) -> Posted:
        write = self.ledger.prepare_posting(content, with_marker(content.notice, KEY, revision))
        return self.ledger.post(content.document, write, request_id)

    def pay(self, request_id: str = "p1", **changes: Any) -> LedgerPayment:
        made = self.post(self.content(**changes), request_id)
        assert isinstance(made, LedgerPayment)
        return made

    def document(self, document: Document, **changes: Any) -> LedgerDocument:
        made = self.post(self.content(document, **changes), f"{document}-1")
        assert isinstance(made, LedgerDocument)
        return made

    def update(self, present: Posted, content: PostingContent) -> Posted:
        write = self.ledger.prepare_posting_update(present, content, marker(KEY, 2))
        return self.ledger.post(content.document, write, f"{content.document}-u{present.sync_token}")

    def void(self, document: Document, present: Posted) -> Posted | None:
        return self.ledger.void(document, self.ledger.prepare_posting_void(present), f"{document}-v")

    def balance(self) -> Money:
        return self.ledger.invoice(self.invoice.id).balance

    def stored(self, entity: str) -> list[dict[str, Any]]:
        return list(self.world.sandbox.company.all(entity))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_payment_reads_back_as_it_was_written(desk: Desk) -> None:
    made = desk.pay(reference="ch_3Qabcdefghijklmnop", method_id="3", amount=usd("60.00"))
    assert (made.total, made.unapplied, made.allocations) == (usd("60.00"), usd("10.00"), (desk.applied("50.00"),))
    assert (made.customer_id, made.day, made.voided) == (desk.world.customer, DAY, False)
    assert (made.deposit_account_id, made.method_id, made.reference) == (CHECKING, "3", "ch_3Qabcdefghijklmnop")
    assert made.private_note == marker(KEY, 1)
    assert made.updated_at == START
    assert desk.ledger.payments([made.id, "99999"]) == {made.id: made}
    assert desk.balance() == usd("150.00")
    assert desk.ledger.invoice(desk.invoice.id).settlements == (("Payment", made.id),)


def test_a_payment_without_account_goes_to_undeposited_funds_and_without_allocation_stays_unapplied(desk: Desk) -> None:
    made = desk.pay(account_id=None, allocations=())
    assert (made.deposit_account_id, made.unapplied, made.allocations) == (UNDEPOSITED, usd("50.00"), ())
    assert desk.balance() == usd("200.00")


def test_a_repetition_under_the_same_request_id_makes_no_second_payment(desk: Desk) -> None:
    assert desk.pay() == desk.pay()
    assert len(desk.stored("Payment")) == 1


@pytest.mark.parametrize("document", sorted(set(Document) - {Document.HUBSPOT_PAYMENT}))
def test_a_lost_answer_is_an_open_outcome_and_the_document_is_found_by_its_marker(
    desk: Desk, document: Document
) -> None:
    content = desk.content(document)
    write = desk.ledger.prepare_posting(content, marker(KEY, 2))
    desk.world.fault("timeout_after", method="POST")
    with pytest.raises(OutcomeUnknown):
        desk.ledger.post(document, write, "p1")
    found = desk.ledger.find_posting(KEY, content, 2)
    assert found is not None
    assert desk.ledger.find_posting(KEY, content, 1) is None
    assert desk.ledger.find_posting(KEY, replace(content, day=date(2026, 3, 3)), 2) is None
    assert desk.ledger.find_posting(replace(KEY, origin_id="7"), content, 2) is None
    assert desk.ledger.post(document, write, "p1") == found


def test_a_failed_search_is_no_absence(desk: Desk) -> None:
    desk.world.fault("status_500")
    with pytest.raises(Transient):
        desk.ledger.find_posting(KEY, desk.content(), 1)
    for ask in (lambda: desk.ledger.payments(["1"]), lambda: desk.ledger.documents(Document.CREDIT_MEMO, ["1"])):
        desk.world.fault("status_500")
        with pytest.raises(Transient):
            ask()


def test_a_voided_payment_is_told_from_one_of_zero_and_still_found(desk: Desk) -> None:
    made = desk.pay()
    voided = desk.void(Document.PAYMENT, made)
    assert isinstance(voided, LedgerPayment)
    assert (voided.voided, voided.total, voided.allocations) == (True, usd("0"), ())
    assert desk.ledger.find_posting(KEY, desk.content(), 1) == voided
    assert desk.balance() == usd("200.00")
    assert not desk.pay("p2", amount=usd("0"), allocations=()).voided


def test_an_update_replaces_amount_date_and_all_lines(desk: Desk) -> None:
    second = desk.world.make(request_id="r2")
    made = desk.pay(method_id="2", reference="1042")
    parts = (desk.applied("20.00"), desk.applied("55.00", second))
    wanted = desk.content(amount=usd("80.00"), day=date(2026, 3, 4), allocations=parts)
    changed = desk.update(made, wanted)
    assert isinstance(changed, LedgerPayment)
    assert (changed.total, changed.unapplied, changed.day) == (usd("80.00"), usd("5.00"), date(2026, 3, 4))
    assert set(changed.allocations) == set(parts)
    # What is not planned is left alone.
    assert (changed.method_id, changed.reference) == ("2", "1042")
    assert changed.private_note == marker(KEY, 2)
    unapplied = desk.update(changed, replace(wanted, allocations=()))
    assert isinstance(unapplied, LedgerPayment)
    assert unapplied.allocations == ()


def test_somebody_elses_change_in_between_makes_the_write_stale(desk: Desk) -> None:
    made = desk.pay()
    desk.person.change("Payment", desk.person.read("Payment", made.id), PrivateNote="Checked")
    with pytest.raises(StaleVersion):
        desk.update(made, desk.content(amount=usd("60.00")))
    with pytest.raises(StaleVersion):
        desk.void(Document.PAYMENT, made)


def test_a_deleted_payment_is_absent_and_cannot_be_written(desk: Desk) -> None:
    made = desk.pay()
    desk.person.delete("Payment", desk.person.read("Payment", made.id))
    assert desk.ledger.payments([made.id]) == {}
    with pytest.raises(NotInLedger):
        desk.update(made, desk.content())


def test_what_cannot_be_applied_is_attention(desk: Desk) -> None:
    with pytest.raises(NeedsAttention) as refused:
        desk.pay(allocations=(Allocation("Invoice", "4711", usd("50.00")),))
    assert refused.value.code is AttentionCode.CANNOT_BE_APPLIED


def test_a_payment_dated_in_a_closed_period_is_attention() -> None:
    desk = Desk(book_close_date=date(2026, 2, 28))
    with pytest.raises(NeedsAttention) as refused:
        desk.pay(day=date(2026, 2, 27))
    assert refused.value.code is AttentionCode.PERIOD_CLOSED


@pytest.mark.parametrize("document", [Document.SALES_RECEIPT, Document.REFUND_RECEIPT, Document.CREDIT_MEMO])
def test_a_sales_document_reads_back_as_it_was_written(desk: Desk, document: Document) -> None:
    more: dict[str, Any] = {} if document is Document.CREDIT_MEMO else {"method_id": "3", "reference": "re_1042"}
    content = desk.content(document, **more)
    made = desk.document(document, **more)
    assert (made.document, made.total, made.day, made.customer_id) == (document, usd("30.00"), DAY, desk.world.customer)
    assert (made.account_id, made.method_id, made.reference) == (
        content.account_id,
        content.method_id,
        content.reference,
    )
    assert [replace(line, tax_code=None) for line in made.lines] == list(content.lines)
    assert made.remaining == (usd("30.00") if document is Document.CREDIT_MEMO else None)
    assert (made.voided, made.private_note, made.updated_at) == (False, marker(KEY, 1), START)
    assert desk.ledger.documents(document, [made.id, "99999"]) == {made.id: made}


def test_a_refund_receipt_without_reference_waits_in_no_queue_of_checks(desk: Desk) -> None:
    made = desk.document(Document.REFUND_RECEIPT)
    assert desk.person.read("RefundReceipt", made.id)["PrintStatus"] == "NotSet"
    assert made.reference is None


def test_a_refund_as_credit_memo_and_expense_is_linked_by_an_application_of_zero(desk: Desk) -> None:
    credit = desk.document(Document.CREDIT_MEMO)
    expense = desk.document(Document.EXPENSE, reference="re_1042")
    assert (expense.account_id, expense.line_account_id, expense.customer_id) == (
        CHECKING,
        RECEIVABLE,
        desk.world.customer,
    )
    assert (expense.total, expense.reference, expense.lines) == (usd("30.00"), "re_1042", ())
    parts = (Allocation("CreditMemo", credit.id, usd("30.00")), Allocation("Expense", expense.id, usd("30.00")))
    linked = desk.post(desk.content(Document.APPLICATION, allocations=parts), "a1")
    assert isinstance(linked, LedgerPayment)
    assert (linked.total, linked.unapplied, linked.allocations) == (usd("0"), usd("0"), parts)
    [used] = desk.ledger.documents(Document.CREDIT_MEMO, [credit.id]).values()
    assert used.remaining == usd("0")


@pytest.mark.parametrize("document", [Document.REFUND_RECEIPT, Document.CREDIT_MEMO, Document.EXPENSE])
def test_what_quickbooks_cannot_void_is_deleted(desk: Desk, document: Document) -> None:
    made = desk.document(document)
    assert desk.void(document, made) is None
    assert desk.ledger.documents(document, [made.id]) == {}
    assert desk.void(document, made) is None, "a repetition under the same request id"


def test_a_sales_receipt_is_voided(desk: Desk) -> None:
    made = desk.document(Document.SALES_RECEIPT)
    voided = desk.void(Document.SALES_RECEIPT, made)
    assert isinstance(voided, LedgerDocument)
    assert (voided.voided, voided.total) == (True, usd("0"))


def test_an_update_of_a_receipt_keeps_what_a_person_put_on_its_lines(desk: Desk) -> None:
    made = desk.document(Document.SALES_RECEIPT)
    stands = desk.person.read("SalesReceipt", made.id)
    [line] = [one for one in stands["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    line["SalesItemLineDetail"]["ServiceDate"] = "2026-02-28"
    desk.person.change("SalesReceipt", stands, Line=[line])
    [present] = desk.ledger.documents(Document.SALES_RECEIPT, [made.id]).values()
    content = desk.content(Document.SALES_RECEIPT, amount=usd("45.00"), day=date(2026, 3, 5))
    grown = replace(content.lines[0], unit_price=Decimal("45.00"), amount=Decimal("45.00"))
    changed = desk.update(present, replace(content, lines=(grown,)))
    assert (changed.total, changed.day) == (usd("45.00"), date(2026, 3, 5))
    [kept] = [one for one in desk.person.read("SalesReceipt", made.id)["Line"] if "Id" in one]
    assert (kept["Id"], kept["SalesItemLineDetail"]["ServiceDate"]) == (line["Id"], "2026-02-28")


def test_an_update_of_an_expense_keeps_its_line(desk: Desk) -> None:
    made = desk.document(Document.EXPENSE)
    [before] = desk.person.read("Purchase", made.id)["Line"]
    changed = desk.update(made, desk.content(Document.EXPENSE, amount=usd("31.00")))
    assert changed.total == usd("31.00")
    [after] = desk.person.read("Purchase", made.id)["Line"]
    assert (after["Id"], after["Amount"]) == (before["Id"], Decimal("31.00"))


def test_a_foreign_payment_carries_currency_and_rate() -> None:
    desk = Desk(multicurrency=True)
    content = desk.world.content()
    customer = desk.person.create("Customer", DisplayName="Jo", CurrencyRef={"value": "EUR"})["Id"]
    invoice = desk.world.make(
        replace(content, customer_id=customer, currency="EUR", exchange_rate=Decimal("1.08")), request_id="r9"
    )
    fifty = Money(Decimal("50.00"), "EUR")
    part = Allocation("Invoice", invoice.id, fifty)
    made = desk.pay(customer_id=customer, amount=fifty, allocations=(part,), exchange_rate=Decimal("1.0815"))
    assert (made.total, made.allocations) == (fifty, (part,))
    stored = desk.person.read("Payment", made.id)
    assert (stored["CurrencyRef"]["value"], stored["ExchangeRate"]) == ("EUR", Decimal("1.0815"))


def test_what_bears_no_marker_is_found_by_date_and_amount_in_one_read(desk: Desk) -> None:
    desk.pay()
    customer = {"value": desk.world.customer}
    theirs = desk.person.create("Payment", CustomerRef=customer, TotalAmt=Decimal("50.00"), TxnDate="2026-03-04")
    desk.person.create("Payment", CustomerRef=customer, TotalAmt=Decimal("51.00"), TxnDate="2026-03-04")
    desk.person.create("Payment", CustomerRef=customer, TotalAmt=Decimal("50.00"), TxnDate="2026-03-09")
    before = desk.world.exchanges
    days = (date(2026, 2, 27), date(2026, 3, 5))
    found = desk.ledger.unmarked(Document.PAYMENT, days, [Decimal("50.0"), Decimal(7)])
    assert [one.id for one in found] == [theirs["Id"]]
    assert desk.world.exchanges == before + 1
    assert desk.ledger.unmarked(Document.SALES_RECEIPT, days, [Decimal(50)]) == []


def test_addresses_name_the_company_and_only_documents_of_quickbooks_have_one(desk: Desk) -> None:
    realm = desk.world.connection.realm_id
    pages = {one: desk.ledger.document_url(one, "9") for one in Document}
    assert pages.pop(Document.HUBSPOT_PAYMENT) == ""
    assert pages[Document.PAYMENT] == f"https://app.test/app/recvpayment?txnId=9&companyId={realm}"
    assert {url.split("/app/")[1].split("?")[0] for url in pages.values()} == {
        "recvpayment",
        "salesreceipt",
        "refundreceipt",
        "creditmemo",
        "expense",
        "deposit",
    }


def test_payments_are_not_read_as_other_documents(desk: Desk) -> None:
    with pytest.raises(ValueError, match="own method"):
        desk.ledger.documents(Document.PAYMENT, ["1"])
