"""The QuickBooks sandbox keeps Intuit's rules for purchases, deposits, transfers and journal entries."""

from decimal import Decimal
from typing import Any

import pytest

from infra.sandbox.quickbooks.visitor import Visitor
from tests.contract.test_quickbooks_sandbox_credits import balances, credit, used
from tests.contract.test_quickbooks_sandbox_invoices import company, invoice, refused, sale
from tests.contract.test_quickbooks_sandbox_payments import applied, pay, void

BANK, CARD, FEES, RECEIVABLE, INCOME, UNDEPOSITED = "35", "41", "13", "84", "1", "4"


def expense(amount: str, account: str = FEES, **fields: Any) -> dict[str, Any]:
    """A fee from the bank, paid to the vendor with id 1 unless the fields say other."""
    line = {
        "Amount": Decimal(amount),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
    }
    head = {"AccountRef": {"value": BANK}, "PaymentType": "Cash", "Line": [line]}
    return {**head, **fields}


def on_deposit(document: dict[str, Any], kind: str = "Payment", sign: int = 1) -> dict[str, Any]:
    link = {"TxnId": document["Id"], "TxnType": kind, "TxnLineId": "0"}
    return {"Amount": sign * document["TotalAmt"], "LinkedTxn": [link]}


def direct(amount: str, account: str = FEES, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": Decimal(amount),
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": {"value": account}, **detail},
    }


def deposit(visitor: Visitor, *lines: dict[str, Any]) -> dict[str, Any]:
    return visitor.create("Deposit", DepositToAccountRef={"value": BANK}, Line=list(lines))


def entry(amount: str, side: str, account: str, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": Decimal(amount),
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}, **detail},
    }


def test_a_fee_is_a_purchase_from_the_clearing_account() -> None:
    visitor = company()
    visitor.create("Vendor", DisplayName="Stripe")
    payee = {"value": "1", "type": "Vendor"}
    made = visitor.create("Purchase", **expense("2.90", EntityRef=payee, DocNumber="FEE-1", PrivateNote="tieout:x"))
    assert (made["TotalAmt"], made["EntityRef"]["name"], made["DocNumber"]) == (Decimal("2.90"), "Stripe", "FEE-1")
    [line] = made["Line"]
    assert line["AccountBasedExpenseLineDetail"] == {
        "AccountRef": {"value": FEES, "name": "Bank Charges"},
        "BillableStatus": "NotBillable",
        "TaxCodeRef": {"value": "NON"},
    }
    assert visitor.account_balance(BANK) == Decimal("-2.90")
    assert visitor.books() == {"Bank Charges": Decimal("2.90"), "Checking": Decimal("-2.90")}
    assert visitor.account_balance(FEES) == 0
    more = visitor.change("Purchase", made, Line=[{**line, "Amount": 5}])
    assert (more["TotalAmt"], -visitor.account_balance(BANK)) == (5, Decimal(5))
    gone = visitor.void("Purchase", more)
    assert (gone["TotalAmt"], gone["PrivateNote"], visitor.books()) == (0, "Voided - tieout:x", {})


def test_a_refund_of_a_credit_card_turns_the_sides() -> None:
    visitor = company()
    card: dict[str, Any] = {"AccountRef": {"value": CARD}, "PaymentType": "CreditCard"}
    visitor.create("Purchase", **expense("10", **card))
    visitor.create("Purchase", **expense("4", **card, Credit=True))
    assert visitor.account_balance(CARD) == -6


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("2020", {"AccountRef": None}),
        ("2020", {"PaymentType": None}),
        ("2020", {"Line": []}),
        ("2020", {"Line": [{**direct("1"), "DetailType": "AccountBasedExpenseLineDetail"}]}),
        ("2020", {"EntityRef": {"value": "1"}}),
        ("2170", {"PaymentType": "Expense"}),
        ("2170", {"Line": [direct("1")]}),
        ("2170", {"EntityRef": {"value": "1", "type": "Item"}}),
        ("2500", {"EntityRef": {"value": "9", "type": "Vendor"}}),
        ("6000", {"AccountRef": {"value": CARD}}),
        ("6000", {"AccountRef": {"value": BANK}, "PaymentType": "CreditCard"}),
        ("6000", {"AccountRef": {"value": UNDEPOSITED}, "PaymentType": "Check"}),
        ("6000", {"Credit": True}),
        ("6000", expense("-1")),
        ("6000", expense("1", RECEIVABLE)),
        ("6000", expense("1", RECEIVABLE, EntityRef={"value": "1", "type": "Vendor"})),
    ],
)
def test_what_is_wrong_with_a_purchase_has_its_code(code: str, fields: dict[str, Any]) -> None:
    visitor = company()
    visitor.create("Vendor", DisplayName="Stripe")
    with refused(code):
        visitor.create("Purchase", **{**expense("5"), **fields})
    assert visitor.books() == {}


def test_an_expense_on_the_receivable_is_joined_with_the_credit_that_it_pays_back() -> None:
    visitor = company()
    memo = credit(visitor, "30")
    back = visitor.create("Purchase", **expense("30", RECEIVABLE, EntityRef={"value": "1", "type": "Customer"}))
    assert visitor.read("Customer", "1")["Balance"] == 0
    charge = {"Amount": 30, "LinkedTxn": [{"TxnId": back["Id"], "TxnType": "Expense"}]}
    with refused("620"):
        pay(visitor, "0", used(memo, "30"), {**charge, "LinkedTxn": [{"TxnId": back["Id"], "TxnType": "Check"}]})
    link = pay(visitor, "0", used(memo, "30"), charge)
    assert balances(visitor, memo) == [0]
    read = visitor.read("Purchase", back["Id"])
    assert read["LinkedTxn"] == [{"TxnId": link["Id"], "TxnType": "Payment"}]
    with refused("6000"):
        pay(visitor, "1", {**charge, "Amount": 1})
    with refused("800"):
        visitor.delete("Purchase", read)
    visitor.void("Purchase", read)
    assert balances(visitor, memo) == [30]
    assert visitor.read("Payment", link["Id"])["Line"] == []


def test_a_deposit_brings_what_waited_to_the_bank_less_the_fees() -> None:
    visitor = company()
    paid = pay(visitor, "262", applied(invoice(visitor, sale("262")), "262"))
    assert visitor.account_balance(UNDEPOSITED) == 262
    made = deposit(visitor, on_deposit(paid), direct("-7.90"))
    assert made["TotalAmt"] == Decimal("254.10")
    assert made["Line"][0] == on_deposit(paid)
    assert [visitor.account_balance(one) for one in (UNDEPOSITED, BANK)] == [0, Decimal("254.10")]
    locked = visitor.read("Payment", paid["Id"])
    assert locked["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
    for attempt in (visitor.delete, visitor.void, visitor.change):
        with refused("6540"):
            attempt("Payment", locked)
    visitor.delete("Deposit", made)
    free = visitor.read("Payment", paid["Id"])
    assert free["LinkedTxn"] == []
    assert visitor.account_balance(UNDEPOSITED) == 262
    void(visitor, free)


def test_a_deposit_that_changes_frees_what_it_holds_no_longer() -> None:
    visitor = company()
    one, two = pay(visitor, "10"), pay(visitor, "20")
    made = deposit(visitor, on_deposit(one))
    with refused("620"):
        deposit(visitor, on_deposit(one))
    visitor.change("Deposit", made, Line=[on_deposit(two)])
    assert [visitor.read("Payment", paid["Id"])["LinkedTxn"] != [] for paid in (one, two)] == [False, True]
    assert visitor.account_balance(BANK) == 20


def test_receipts_and_refunds_can_wait_for_a_deposit_too() -> None:
    visitor = company()
    form = {"CustomerRef": {"value": "1"}, "DepositToAccountRef": {"value": UNDEPOSITED}}
    receipt = visitor.create("SalesReceipt", Line=[sale("50")], **form)
    refund = visitor.create("RefundReceipt", Line=[sale("20")], **form)
    deposit(visitor, on_deposit(receipt, "SalesReceipt"), on_deposit(refund, "RefundReceipt", -1))
    assert visitor.books() == {"Checking": 30, "Services": -30}
    with refused("6540"):
        visitor.void("SalesReceipt", visitor.read("SalesReceipt", receipt["Id"]))


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("2020", {"Amount": 10, "LinkedTxn": [{"TxnId": "1", "TxnType": "Payment"}]}),
        ("2020", {**direct("10"), "LinkedTxn": [{"TxnId": "1", "TxnType": "Payment", "TxnLineId": "0"}]}),
        ("2020", {"Amount": 10, "DetailType": "DepositLineDetail", "DepositLineDetail": {"CheckNum": "1"}}),
        ("620", {"Amount": 10, "LinkedTxn": [{"TxnId": "9", "TxnType": "Payment", "TxnLineId": "0"}]}),
        ("620", {"Amount": 10, "LinkedTxn": [{"TxnId": "2", "TxnType": "Payment", "TxnLineId": "0"}]}),
        ("6000", {"Amount": 9, "LinkedTxn": [{"TxnId": "1", "TxnType": "Payment", "TxnLineId": "0"}]}),
        ("6000", direct("-1")),
        ("6000", direct("10", RECEIVABLE)),
    ],
)
def test_what_is_wrong_with_a_deposit_has_its_code(code: str, line: dict[str, Any]) -> None:
    visitor = company()
    pay(visitor, "10")
    pay(visitor, "10", DepositToAccountRef={"value": BANK})
    with refused(code):
        deposit(visitor, line)


def test_a_payout_is_a_transfer_to_the_bank() -> None:
    visitor = company()
    head = {"FromAccountRef": {"value": UNDEPOSITED}, "ToAccountRef": {"value": BANK}}
    made = visitor.create("Transfer", Amount=70, PrivateNote="payout po_1", **head)
    assert [visitor.account_balance(one) for one in (UNDEPOSITED, BANK)] == [-70, 70]
    assert visitor.query("select * from Transfer where TxnDate = '2026-11-24'")["Transfer"] == [made]
    visitor.void("Transfer", made)
    assert visitor.books() == {}
    for wrong in ({"ToAccountRef": {"value": FEES}}, {"ToAccountRef": {"value": UNDEPOSITED}}, {"Amount": 0}):
        with refused("6000"):
            visitor.create("Transfer", **{"Amount": 70, **head, **wrong})


def test_a_journal_entry_is_in_balance_and_names_the_customer_of_a_receivable() -> None:
    visitor = company()
    customer = {"Type": "Customer", "EntityRef": {"value": "1"}}
    owed = entry("25", "Debit", RECEIVABLE, Entity=customer)
    made = visitor.create("JournalEntry", Line=[owed, entry("25", "Credit", INCOME)])
    assert "DocNumber" not in made
    assert visitor.read("Customer", "1")["Balance"] == 25
    visitor.delete("JournalEntry", made)
    assert visitor.read("Customer", "1")["Balance"] == 0
    for code, lines in {
        "2300": [owed, entry("24", "Credit", INCOME)],
        "6000": [entry("25", "Debit", RECEIVABLE), entry("25", "Credit", INCOME)],
        "2020": [owed, direct("25") | {"DetailType": "JournalEntryLineDetail"}],
    }.items():
        with refused(code):
            visitor.create("JournalEntry", Line=lines)
    with refused("6000"):
        visitor.create("JournalEntry", Line=[entry("0", "Debit", INCOME)])


def test_only_some_fields_of_bookings_can_be_asked_for() -> None:
    visitor = company()
    made = visitor.create("Purchase", **expense("5", DocNumber="F1"))
    for statement in (
        "select * from Purchase where DocNumber = 'F1' and TotalAmt > '4'",
        "select * from Purchase where PaymentType = 'Cash' and TxnDate = '2026-11-24'",
    ):
        assert visitor.query(statement)["Purchase"] == [made]
    for statement in (
        "select * from Purchase where EntityRef = '1'",
        "select * from Purchase where AccountRef = '35'",
        "select * from Deposit where TotalAmt = '1'",
    ):
        with refused("4001"):
            visitor.query(statement)


def test_an_account_shows_its_balance_and_that_of_the_accounts_below_it() -> None:
    visitor = company(profit_and_loss_balances="posted")
    below = visitor.create("Account", Name="Stripe", AccountType="Bank", ParentRef={"value": BANK})
    visitor.create("Purchase", **expense("3", AccountRef={"value": below["Id"]}))
    visitor.create("Purchase", **expense("2"))
    read = visitor.read("Account", BANK)
    assert (read["CurrentBalance"], read["CurrentBalanceWithSubAccounts"]) == (-2, -5)
    assert visitor.account_balance(FEES) == 5
    found = visitor.query("select * from Account where CurrentBalance < '-2'")["Account"]
    assert [one["Id"] for one in found] == [below["Id"]]


@pytest.mark.parametrize("warns", [True, False])
def test_a_purchase_with_a_number_that_is_used_already_is_refused_by_setting(warns: bool) -> None:
    visitor = company(warn_duplicate_purchase_numbers=warns)
    made = visitor.create("Purchase", **expense("5", DocNumber="F1"))
    visitor.change("Purchase", made, PrivateNote="the same one")
    if not warns:
        visitor.create("Purchase", **expense("5", DocNumber="F1"))
        return
    with refused("6140"):
        visitor.create("Purchase", **expense("5", DocNumber="F1"))
    visitor.create("Purchase", **expense("5", DocNumber="F2"))
