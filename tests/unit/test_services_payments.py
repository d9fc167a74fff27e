"""HubSpot payments in QuickBooks, over both sandboxes: receipts, early payments, refunds, what people do, costs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_money_world import CLEARING, RECEIVABLE, STRIPE, UNDEPOSITED, MoneyWorld
from tests.support.builders_world import START
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.payment import SourcePayment
from tieout.domain.record import Kind, RecordKey, State
from tieout.services import decisions


@pytest.fixture
def world() -> MoneyWorld:
    return MoneyWorld()


def test_a_payment_closes_its_invoice_and_lies_on_the_clearing_account(world: MoneyWorld) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert record.state is State.SYNCED
    row = world.one("Payment")
    assert (row["TotalAmt"], row["UnappliedAmt"], row["DepositToAccountRef"]["value"]) == (360, 0, CLEARING)
    assert row["PrivateNote"] == f"tieout:c1/payment/{payment}/1"
    assert world.one("Invoice")["Balance"] == 0
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("360.00")
    assert world.bookkeeper.account_balance(RECEIVABLE) == 0


def test_the_same_message_twice_and_a_hint_that_is_covered_post_nothing(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    hint = world.pay_hint(payment)
    world.push(hint, hint)
    calls = world.calls
    assert [one.result for one in world.push(hint)] == ["covered"]
    assert world.calls == calls
    assert world.counts() == {"Payment": 1}


def test_stripe_and_money_recorded_by_hand_go_to_their_own_accounts(world: MoneyWorld) -> None:
    world.look(world.people.pay(world.synced(), processor="byo_stripe"))
    world.look(world.people.record(world.synced(), reference="1042"))
    stripe, by_hand = world.booked("Payment")
    assert stripe["DepositToAccountRef"]["value"] == STRIPE
    assert by_hand["DepositToAccountRef"]["value"] == UNDEPOSITED
    assert by_hand["PaymentRefNum"] == "1042"


def test_an_early_payment_waits_for_its_invoice_and_is_posted_by_itself(world: MoneyWorld) -> None:
    invoice = world.invoice()
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.WAITING, "invoice_not_synced")
    assert world.counts() == {}
    assert not world.booked()
    world.sync(invoice)
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_that_waits_for_its_invoice_asks_quickbooks_nothing(world: MoneyWorld) -> None:
    early = world.people.pay(world.invoice())
    for _ in range(3):
        assert world.look(early, Cause.SWEEP).reason == "invoice_not_synced"
    assert not world.quickbooks.traffic.exchanges
    # Beside one that can be posted it is decided apart.
    ready = world.people.pay(world.synced())
    world.push(world.pay_hint(early), world.pay_hint(ready))
    assert (world.payment(early).state, world.payment(ready).state) == (State.WAITING, State.SYNCED)
    assert world.counts() == {"Payment": 1}


def test_a_payment_that_waited_for_hours_is_woken_by_its_invoice(world: MoneyWorld) -> None:
    world.settings(create_customers=False)
    invoice = world.invoice()
    world.sync(invoice)
    payment = world.people.pay(invoice)
    for _ in range(3):
        world.look(payment, Cause.SWEEP)
        world.clock.advance(7200)
    world.hints.pop_due(limit=1000)
    world.settings(create_customers=True)
    world.sync(invoice, Cause.RETRY)
    world.clock.advance(60)
    hints = [hint for hint in world.hints.pop_due(limit=1000) if hint.id == payment]
    world.push(*hints)
    assert world.payment(payment).state is State.SYNCED


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "no webhook"])
def test_a_payment_ignored_without_invoice_is_posted_when_it_is_given_one_later(world: MoneyWorld, told: bool) -> None:
    world.settings(payments_without_invoice="ignore")
    invoice = world.synced()
    payment = world.people.pay_link("360.00", "anna@example.test")
    assert world.look(payment).reason == "without_invoice"
    world.clock.advance(3 * 86400)
    world.push(world.pay_hint(payment, Cause.DUE))
    world.people.associate(payment, invoice)
    world.hints.pop_due(limit=1000)
    if told:
        world.push(world.pay_hint(payment))
    else:
        world.run(lambda: world.payment(payment).state is State.SYNCED)
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_that_is_never_given_an_invoice_is_looked_at_a_dozen_times_at_no_cost(world: MoneyWorld) -> None:
    world.settings(payments_without_invoice="ignore")
    payment = world.people.pay_link("360.00", "anna@example.test")
    world.look(payment)
    looks = 0
    while (due_at := world.payment(payment).due_at) is not None:
        world.clock.advance((due_at - world.clock.now()).total_seconds())
        world.push(world.pay_hint(payment, Cause.DUE))
        looks += 1
    assert 8 <= looks <= 13
    assert world.clock.now() - START > timedelta(days=60)
    assert not world.quickbooks.traffic.exchanges


def test_a_payment_tells_the_reason_of_its_invoice_as_it_is_now(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    world.settings(filters=[{"property": "hs_comments", "operator": "not_in", "values": ["leave out"]}])
    known = world.synced(company=company, contact=contact)
    left_out = world.invoice(company=world.company("Other"), contact=contact, hs_comments="leave out")
    world.sync(left_out)
    payment = world.people.pay([known, left_out])
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.ALLOCATION_UNKNOWN)
    assert "filtered" in record.detail
    world.hints.pop_due(limit=100)
    world.clock.advance(60)
    world.hints.pop_due(limit=100)
    # The filter goes, and the invoice needs a person now.
    world.settings(create_customers=False)
    assert world.sync(left_out, Cause.RETRY).reason == AttentionCode.CUSTOMER_MISSING
    world.clock.advance(60)
    world.push(*[hint for hint in world.hints.pop_due(limit=100) if hint.id == payment])
    assert world.payment(payment).reason == "invoice_not_synced"
    # Once its time is up, and the invoice is left out again, that is told.
    world.settings(payment_wait_days=0, create_customers=False)
    world.look(payment, Cause.SWEEP)
    world.settings(filters=[{"property": "hs_comments", "operator": "not_in", "values": ["leave out"]}])
    world.hints.pop_due(limit=100)
    assert world.sync(left_out, Cause.RETRY).state is State.IGNORED
    world.clock.advance(60)
    world.push(*[hint for hint in world.hints.pop_due(limit=100) if hint.id == payment])
    assert world.payment(payment).reason == AttentionCode.ALLOCATION_UNKNOWN


def left_alone(world: MoneyWorld, payment: str) -> None:
    decisions.ignore(world.records, world.clock, world.payment(payment).key, "Entered by hand.", "anna", "t")
    world.push(world.pay_hint(payment, Cause.DUE))


def test_a_refund_of_a_payment_that_was_left_alone_is_told_and_never_posted(world: MoneyWorld) -> None:
    payment = world.people.pay(world.invoice())
    world.look(payment)
    world.people.refund(payment, "10.00")
    left_alone(world, payment)
    assert world.look(payment).state is State.IGNORED
    world.people.refund(payment, "50.00")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_OF_IGNORED)
    assert "Entered by hand." in record.detail
    assert "50.00 USD of it were given back, 60.00 USD in all" in record.detail
    # Other settings say nothing about it.
    assert record.key not in decisions.concerned_by_settings(world.records, "c1")
    assert world.look(payment).state is State.ATTENTION
    # Whoever resolves it has entered the refund; a further one is told again.
    assert world.look(payment, Cause.RETRY).reason == "by_hand"
    assert world.look(payment).reason == "by_hand"
    world.people.refund(payment, "1.00")
    assert world.look(payment).reason == AttentionCode.REFUND_OF_IGNORED
    world.people.archive("commerce_payments", payment)
    assert world.look(payment).reason == "by_hand"
    assert not world.quickbooks.traffic.exchanges


def test_a_payment_that_was_left_alone_is_posted_with_its_refund_when_a_person_retries_it(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(world.people.pay(world.synced()))
    decisions.ignore(world.records, world.clock, RecordKey("c1", Kind.PAYMENT, "hubspot", payment), "", "anna", "t")
    world.people.refund(payment, "60.00")
    assert world.look(payment).state is State.IGNORED
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.payment(payment).left_alone is None
    assert world.counts() == {"Payment": 2, "RefundReceipt": 1}


def test_a_payment_that_was_left_alone_while_hubspot_is_away_stays_so(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    left_alone(world, payment)
    world.hubspot_fault("status_500", "/commerce_payments/batch/read", times=20)
    for _ in range(5):
        assert world.look(payment).reason == "by_hand"


def test_a_payment_of_which_the_invoice_never_comes_becomes_attention_after_the_days_set(world: MoneyWorld) -> None:
    world.settings(payment_wait_days=1, push_invoices=True)
    payment = world.people.pay(world.invoice())
    world.look(payment)
    world.run(most=200)
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.INVOICE_NOT_SYNCED)
    assert record.waiting_since is None
    assert not world.booked()


def test_a_payment_of_an_ignored_invoice_is_ignored(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    record = world.look(world.people.pay(invoice))
    assert (record.state, record.reason) == (State.IGNORED, "invoice_ignored")
    assert "before_cutover" in record.detail


def test_partial_payments_add_up(world: MoneyWorld) -> None:
    invoice = world.synced()
    for amount in ("100.00", "200.00", "60.00"):
        world.look(world.people.pay(invoice, amount))
    assert world.one("Invoice")["Balance"] == 0
    assert world.counts() == {"Payment": 3}


def test_payments_of_one_invoice_in_one_batch_share_what_is_open(world: MoneyWorld) -> None:
    invoice = world.synced()
    first, second = world.people.pay(invoice, "200.00"), world.people.pay(invoice, "160.00")
    world.clock.advance(60)
    world.bookkeeper.create(
        "Payment",
        CustomerRef=world.one("Invoice")["CustomerRef"],
        TotalAmt=Decimal(100),
        Line=[{"Amount": Decimal(100), "LinkedTxn": [{"TxnId": world.one("Invoice")["Id"], "TxnType": "Invoice"}]}],
    )
    before = len(world.quickbooks.traffic.exchanges)
    world.push(world.pay_hint(first), world.pay_hint(second))
    # What the first one leaves open is known without asking again.
    methods = [one.method for one in world.quickbooks.traffic.exchanges[before:]]
    assert (methods.count("GET"), methods.count("POST")) == (1, 2)
    assert world.one("Invoice")["Balance"] == 0
    assert world.payment(first).state is State.SYNCED
    record = world.payment(second)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.OVERPAYMENT)
    assert "100.00 USD" in record.detail


def test_a_payment_over_two_invoices_closes_both(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    invoices = [world.synced(company=company, contact=contact) for _ in range(2)]
    payment = world.people.pay(invoices)
    assert world.look(payment).state is State.SYNCED
    assert [row["Balance"] for row in world.booked()] == [0, 0]
    assert world.counts() == {"Payment": 1}


def test_an_overpayment_applied_elsewhere_by_a_person_settles_by_itself(world: MoneyWorld) -> None:
    company, contact = world.company(), world.contact()
    first, second = [world.synced(company=company, contact=contact) for _ in range(2)]
    row = world.booked()[0]
    world.bookkeeper.create(
        "Payment",
        CustomerRef=row["CustomerRef"],
        TotalAmt=Decimal(60),
        Line=[{"Amount": Decimal(60), "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}],
    )
    payment = world.people.pay(first)
    assert world.look(payment).reason == AttentionCode.OVERPAYMENT
    ours = world.booked("Payment")[-1]
    other = {"Amount": Decimal(60), "LinkedTxn": [{"TxnId": world.booked()[1]["Id"], "TxnType": "Invoice"}]}
    world.clock.advance(60)
    world.bookkeeper.change("Payment", ours, Line=[*ours["Line"], other])
    world.push(world.posted_hint("payment", ours["Id"]))
    assert world.payment(payment).state is State.SYNCED
    assert second


# -- refunds


def test_a_refund_is_posted_once_and_takes_the_money_out_of_the_clearing_account(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.clock.advance(3600)
    world.people.refund(payment, "100.00")
    for _ in range(2):
        assert world.look(payment).state is State.SYNCED
    refund = world.one("RefundReceipt")
    assert (refund["TotalAmt"], refund["DepositToAccountRef"]["value"]) == (100, CLEARING)
    assert refund["CustomerRef"] == world.one("Payment")["CustomerRef"]
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")
    assert world.one("Invoice")["Balance"] == 0


def test_several_refunds_first_seen_at_once_are_posted_one_by_one_in_one_look(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    for amount in ("50.00", "70.00", None):
        world.clock.advance(86_400)
        world.people.refund(payment, amount)
    assert world.look(payment).state is State.SYNCED
    assert [row["TotalAmt"] for row in world.booked("RefundReceipt")] == [50, 70, 240]
    assert [row["TxnDate"] for row in world.booked("RefundReceipt")] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert world.bookkeeper.account_balance(CLEARING) == 0


@pytest.mark.parametrize("told", [True, False], ids=["webhook", "sweep"])
def test_an_expense_of_a_refund_that_a_person_changes_is_shown(world: MoneyWorld, told: bool) -> None:
    world.settings(refunds="credit_memo", receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "60.00")
    assert world.look(payment).state is State.SYNCED
    world.sweep()
    world.clock.advance(900)
    world.hints.pop_due(limit=1000)
    world.bookkeeper.change("Purchase", world.one("Purchase"), TxnDate="2026-02-01")
    if told:
        world.push(world.hint(world.one("Purchase")["Id"], object=HintObject.QUICKBOOKS_PURCHASE))
    else:
        world.sweep()
    world.run()
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS)
    assert "2026-02-01" in record.detail


def test_a_refund_by_credit_memo_leaves_receivables_and_clearing_as_a_refund_receipt_does(world: MoneyWorld) -> None:
    world.settings(refunds="credit_memo", receivable_account_id=RECEIVABLE)
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    assert world.look(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 2, "CreditMemo": 1, "Purchase": 1}
    assert world.one("CreditMemo")["RemainingCredit"] == 0
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("260.00")
    assert world.bookkeeper.account_balance(RECEIVABLE) == 0


def test_a_refund_that_fails_is_attention_and_settles_when_a_person_deletes_its_document(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "100.00")
    world.look(payment)
    world.clock.advance(3600)
    world.people.fail_refund(payment)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.REFUND_DIFFERS)
    refund = world.one("RefundReceipt")
    world.clock.advance(60)
    world.bookkeeper.delete("RefundReceipt", refund)
    world.push(world.posted_hint("refund_receipt", refund["Id"]))
    assert world.payment(payment).state is State.SYNCED
    assert world.bookkeeper.account_balance(CLEARING) == Decimal("360.00")


def test_a_failed_and_a_disputed_payment_are_attention(world: MoneyWorld) -> None:
    failing, disputed = world.people.pay(world.synced()), world.people.pay(world.synced())
    world.look(failing)
    world.clock.advance(60)
    world.people.fail(failing)
    world.people.dispute(disputed, "disputed_lost")
    assert world.look(failing).reason == AttentionCode.PAYMENT_FAILED
    record = world.look(disputed)
    assert record.reason == AttentionCode.PAYMENT_DISPUTED
    assert "lost" in record.detail
    assert world.counts() == {"Payment": 2}


def test_what_a_person_changed_beside_hubspots_fields_is_taken_over_when_a_person_says_so(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced())
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    moved = {"DepositToAccountRef": {"value": CLEARING}}
    world.bookkeeper.change("Payment", world.bookkeeper.read("Payment", row["Id"]), **moved)
    world.push(world.posted_hint("payment", row["Id"]))
    assert world.payment(payment).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["DepositToAccountRef"]["value"] == CLEARING


def test_customers_merged_in_quickbooks_keep_their_payments_and_refunds_go_to_the_survivor(world: MoneyWorld) -> None:
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    survivor = world.customer_of(world.synced())
    world.bookkeeper.merge_customers(survivor, world.customer_of(invoice))
    world.clock.advance(60)
    world.push(world.posted_hint("payment", world.booked("Payment")[0]["Id"]))
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    world.people.refund(payment, "100.00", slow=False)
    assert world.look(payment).state is State.SYNCED
    assert world.one("RefundReceipt")["CustomerRef"]["value"] == survivor


def test_a_payment_under_way_is_ignored_until_it_succeeds(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced(), status="processing", method="ach")
    record = world.look(payment)
    assert (record.state, record.reason) == (State.IGNORED, "processing")
    world.clock.advance(3600)
    world.people.succeed(payment)
    assert world.look(payment).state is State.SYNCED


# -- payments without an invoice


def test_a_payment_by_link_becomes_a_sales_receipt_of_its_customer(world: MoneyWorld) -> None:
    world.settings(payments_without_invoice="sales_receipt", sales_receipt_item_id="1")
    payment = world.people.pay_link("25.00", "buyer@example.test")
    assert world.look(payment).reason == "invoice_may_follow"
    world.run()
    assert world.payment(payment).state is State.SYNCED
    receipt = world.one("SalesReceipt")
    assert (receipt["TotalAmt"], receipt["DepositToAccountRef"]["value"]) == (25, CLEARING)
    [customer] = [one for one in world.booked("Customer") if one["Id"] == receipt["CustomerRef"]["value"]]
    assert customer["PrimaryEmailAddr"]["Address"] == "buyer@example.test"
    world.people.refund(payment, "10.00")
    assert world.look(payment).state is State.SYNCED
    assert world.one("RefundReceipt")["TotalAmt"] == 10


def test_a_payment_by_link_is_ignored_by_default(world: MoneyWorld) -> None:
    record = world.look(world.people.pay_link("25.00", "buyer@example.test"))
    assert (record.state, record.reason) == (State.IGNORED, "without_invoice")


# -- what HubSpot changes and deletes


def test_an_amount_that_a_person_corrects_in_hubspot_is_corrected_in_quickbooks(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    world.clock.advance(60)
    answer = world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    assert answer.status_code == 200, answer.text
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["TotalAmt"] == 120
    assert world.one("Invoice")["Balance"] == 240


def test_a_payment_deleted_in_hubspot_is_attention_and_its_document_stays(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced())
    world.look(payment)
    world.clock.advance(60)
    world.people.archive("commerce_payments", payment)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.DELETED_IN_HUBSPOT)
    assert world.one("Payment")["TotalAmt"] == 360


# -- what people do in QuickBooks


def test_the_echo_of_what_was_posted_costs_no_vendor_call(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    record = world.look(payment)
    calls = world.calls
    [posting] = record.postings
    assert [one.result for one in world.push(world.posted_hint("payment", posting.far_id))] == ["covered"]
    assert world.calls == calls


@pytest.mark.parametrize("deed", ["edit", "unapply", "void", "delete"])
def test_what_a_person_did_to_a_receipt_is_attention_and_not_overwritten(world: MoneyWorld, deed: str) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    match deed:
        case "edit":
            world.bookkeeper.change("Payment", row, TxnDate="2026-03-01")
        case "unapply":
            world.bookkeeper.change("Payment", row, Line=[])
        case "void":
            world.bookkeeper.void("Payment", row)
        case "delete":
            world.bookkeeper.delete("Payment", row)
    world.push(world.posted_hint("payment", row["Id"]))
    record = world.payment(payment)
    states = {
        "edit": (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS),
        "unapply": (State.ATTENTION, AttentionCode.EDITED_IN_QUICKBOOKS),
        "void": (State.ATTENTION, AttentionCode.VOIDED_IN_QUICKBOOKS),
        "delete": (State.DELETED_IN_LEDGER, AttentionCode.DELETED_IN_QUICKBOOKS),
    }
    assert (record.state, record.reason) == states[deed]
    if deed == "edit":
        assert "date: 2026-03-02 -> 2026-03-01" in record.detail
    posts = len([one for one in world.quickbooks.traffic.exchanges if one.method == "POST"])
    assert world.look(payment).reason == states[deed][1]
    assert len([one for one in world.quickbooks.traffic.exchanges if one.method == "POST"]) == posts


@pytest.mark.parametrize("deed", ["void", "delete"])
def test_a_retry_posts_a_receipt_again_that_a_person_took_away(world: MoneyWorld, deed: str) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    row = world.one("Payment")
    getattr(world.bookkeeper, deed)("Payment", row)
    world.look(payment)
    record = world.look(payment, Cause.RETRY)
    assert record.state is State.SYNCED
    assert len(record.postings) == 1
    assert world.one("Invoice")["Balance"] == 0


def test_a_persons_own_fields_on_a_payment_stay_through_a_correction(world: MoneyWorld) -> None:
    payment = world.people.record(world.synced(), "100.00")
    world.look(payment)
    row = world.one("Payment")
    world.clock.advance(60)
    world.bookkeeper.change("Payment", row, PrivateNote=f"Asked Anna.\n{row['PrivateNote']}")
    world.push(world.posted_hint("payment", row["Id"]))
    assert world.payment(payment).state is State.SYNCED
    world.person.patch(
        f"/crm/objects/2026-09/commerce_payments/{payment}", json={"properties": {"hs_initial_amount": "120.00"}}
    )
    assert world.look(payment).state is State.SYNCED
    assert world.one("Payment")["PrivateNote"] == f"Asked Anna.\ntieout:c1/payment/{payment}/2"


# -- documents of HubSpot's own workflow actions


def test_a_document_of_hubspots_workflow_is_reported_and_not_doubled(world: MoneyWorld) -> None:
    world.settings(recognise_workflow_documents=True)
    invoice = world.synced()
    theirs = world.bookkeeper.create(
        "Payment", CustomerRef=world.one("Invoice")["CustomerRef"], TotalAmt=Decimal(360), TxnDate="2026-03-02"
    )
    payment = world.people.pay(invoice)
    record = world.look(payment)
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.POSSIBLE_DUPLICATE)
    assert f"payment {theirs['Id']}" in record.detail
    assert world.counts() == {"Payment": 1}
    assert world.look(payment, Cause.RETRY).state is State.SYNCED
    assert world.counts() == {"Payment": 2}


# -- costs


def test_a_batch_of_payments_costs_one_query_and_one_write_each(world: MoneyWorld) -> None:
    payments = [world.people.pay(world.synced()) for _ in range(5)]
    world.ledger.company()
    before, hubspot = len(world.quickbooks.traffic.exchanges), len(world.hubspot.traffic.exchanges)
    world.push(*map(world.pay_hint, payments))
    calls = world.quickbooks.traffic.exchanges[before:]
    assert [one.method for one in calls].count("GET") == 1
    assert [one.method for one in calls].count("POST") == 5
    assert len(world.hubspot.traffic.exchanges) - hubspot <= 4
    assert {world.payment(one).state for one in payments} == {State.SYNCED}


def test_a_refund_costs_no_read_of_quickbooks(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.look(payment)
    world.people.refund(payment, "10.00")
    before = len(world.quickbooks.traffic.exchanges)
    world.look(payment)
    assert [one.method for one in world.quickbooks.traffic.exchanges[before:]] == ["POST"]


def test_no_further_document_is_begun_after_the_deadline(world: MoneyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "10.00")
    real = world.ledger.post

    def slow(*arguments: Any) -> Any:
        answer = real(*arguments)
        world.clock.advance(30)
        return answer

    monkeypatch.setattr(world.ledger, "post", slow)
    world.push(world.pay_hint(payment), deadline=world.clock.now() + timedelta(seconds=20))
    record = world.payment(payment)
    assert (record.state, record.reason) == (State.WAITING, "out_of_time")
    assert world.counts() == {"Payment": 1}
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


def test_nothing_is_begun_after_the_deadline_and_the_rest_follows(world: MoneyWorld) -> None:
    payment = world.people.pay(world.synced())
    world.people.refund(payment, "10.00")
    world.push(world.pay_hint(payment), deadline=world.clock.now() + timedelta(seconds=0))
    assert world.counts() == {}
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.counts() == {"Payment": 1, "RefundReceipt": 1}


def test_a_payment_given_up_is_posted_when_its_invoice_reaches_quickbooks_after_all(world: MoneyWorld) -> None:
    world.settings(payment_wait_days=1, create_customers=False)
    invoice = world.invoice()
    payment = world.people.pay(invoice)
    assert world.sync(invoice).reason == AttentionCode.CUSTOMER_MISSING
    world.look(payment)
    world.run(most=200)
    assert world.payment(payment).reason == AttentionCode.INVOICE_NOT_SYNCED
    world.settings(payment_wait_days=1)
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.SYNCED
    assert world.one("Invoice")["Balance"] == 0


def test_a_payment_of_an_invoice_that_is_no_longer_left_alone_is_posted_with_it(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    world.run()
    assert world.payment(payment).reason == "invoice_ignored"
    world.settings()
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.SYNCED


def test_a_payment_left_alone_by_hand_stays_so_when_its_invoice_comes(world: MoneyWorld) -> None:
    world.settings(cutover_date="2026-06-01")
    invoice = world.synced()
    payment = world.people.pay(invoice)
    world.look(payment)
    world.run()
    decisions.ignore(world.records, world.clock, world.payment(payment).key, "", "anna", "trace")
    world.settings()
    world.sync(invoice, Cause.RETRY)
    world.run()
    assert world.payment(payment).state is State.IGNORED
    assert world.counts() == {}


@pytest.mark.parametrize("status", ["open", "draft"])
def test_payments_of_an_invoice_that_comes_at_once_are_not_asked_for(
    world: MoneyWorld, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    def never(*_: object) -> dict[str, tuple[SourcePayment, ...]]:
        raise AssertionError("the payments of an invoice were asked for")

    monkeypatch.setattr(HubSpotCrm, "payments_of", never)
    invoice = world.synced(status=status)
    if status == "draft":
        assert world.record(invoice).reason == "draft"
        world.clock.advance(7200)
        world.edit(invoice, hs_invoice_status="open")
        world.sync(invoice)
    assert world.record(invoice).state is State.SYNCED
