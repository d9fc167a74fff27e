"""People in the HubSpot sandbox: payments by processors and by hand, refunds, disputes, fees, deletion and return."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.sandbox.hubspot.people import People
from infra.sandbox.kernel import BadSettingError, running
from tests.contract.hubspot_client_support import OBJECTS, PROPERTIES, Account, to

PAYMENTS = "commerce_payments"
STATE = ("hs_invoice_status", "hs_amount_paid", "hs_balance_due")


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def people(account: Account) -> People:
    return account.sandbox.people


def state(account: Account, invoice: str) -> tuple[str | None, ...]:
    read = account.read("invoices", invoice, *STATE)
    return tuple(read[name] for name in STATE)


def shown(account: Account, payment: str, *names: str) -> list[str | None]:
    read = account.read(PAYMENTS, payment, *names)
    return [read[name] for name in names]


def history(account: Account, payment: str, name: str) -> list[tuple[str, str]]:
    parameters = {"propertiesWithHistory": name}
    answer = account.http.get(f"{OBJECTS}/{PAYMENTS}/{payment}", params=parameters).json()
    return [(one["value"], one["timestamp"]) for one in answer["propertiesWithHistory"][name]]


def linked(account: Account, payment: str, kind: str) -> list[str]:
    answer = account.http.get(f"/crm/v4/objects/{PAYMENTS}/{payment}/associations/{kind}").json()
    return [str(one["toObjectId"]) for one in answer["results"]]


# -- processors


def test_a_card_payment_pays_its_invoice_and_tells_its_fees(account: Account, people: People) -> None:
    invoice = account.finalised()
    payment = people.pay(invoice)
    assert state(account, invoice) == ("paid", "100.00", "0.00")
    names = ("hs_latest_status", "hs_processor_type", "hs_payment_source_app", "hs_payment_source_id")
    assert shown(account, payment, *names) == ["succeeded", "hs_payments", "INVOICE", invoice]
    amounts = ("hs_initial_amount", "hs_fees_amount", "hs_platform_fee", "hs_net_amount")
    assert shown(account, payment, *amounts) == ["100.00", "2.90", "0.50", "96.60"]
    assert linked(account, payment, "invoices") == [invoice]
    assert len(linked(account, payment, "contacts")) == 1


def test_fees_may_hold_the_platform_fee() -> None:
    account = Account(fees_include_platform_fee=True)
    payment = account.sandbox.people.pay(account.finalised(), fee="3.00", platform_fee="0.50")
    assert shown(account, payment, "hs_fees_amount", "hs_platform_fee", "hs_net_amount") == ["3.50", "0.50", "96.50"]


def test_a_bank_debit_is_processing_first_and_its_fees_are_told_when_it_succeeds(
    account: Account, people: People
) -> None:
    invoice = account.finalised()
    payment = people.pay(invoice, method="ach", status="processing")
    assert state(account, invoice) == ("open", "0.00", "100.00")
    assert shown(account, payment, "hs_latest_status", "hs_fees_amount") == ["processing", None]
    assert account.update("invoices", invoice, hs_comments="x").status_code == 400
    account.sandbox.clock.advance(3 * 86400)
    people.succeed(payment, fee="0.80", platform_fee="untold")
    assert state(account, invoice)[0] == "paid"
    assert shown(account, payment, "hs_fees_amount", "hs_platform_fee") == ["0.80", None]
    assert [value for value, _ in history(account, payment, "hs_latest_status")] == ["succeeded", "processing"]


@pytest.mark.parametrize("status", ["processing", "succeeded"])
def test_a_failed_payment_leaves_its_invoice_open(account: Account, people: People, status: str) -> None:
    invoice = account.finalised()
    payment = people.pay(invoice, method="ach", status=status)
    people.fail(payment)
    assert state(account, invoice) == ("open", "0.00", "100.00")
    assert account.update("invoices", invoice, hs_comments="x").status_code == 200
    with pytest.raises(BadSettingError, match="is failed"):
        people.refund(payment)


def test_fees_can_be_told_late_and_corrected(account: Account, people: People) -> None:
    payment = people.pay(account.finalised(), fee="untold", platform_fee="untold")
    assert shown(account, payment, "hs_fees_amount", "hs_net_amount") == [None, "100.00"]
    people.charge(payment, fee="3.20", platform_fee="0.50")
    people.charge(payment, fee="3.30")
    assert shown(account, payment, "hs_fees_amount", "hs_net_amount") == ["3.30", "96.20"]
    people.pay_out(payment, "2026-11-26T12:00:00Z")
    assert shown(account, payment, "hs_payout_date") == ["2026-11-26T12:00:00.000Z"]


def test_fees_and_net_are_told_in_the_settlement_currency_too(account: Account, people: People) -> None:
    account = Account(additional_currencies=["EUR"], exchange_rates={"EUR": "1.10"})
    invoice = account.finalised(hs_currency="EUR")
    payment = account.sandbox.people.pay(
        invoice, processor="byo_stripe", fee="3", platform_fee="1", settlement_currency="USD", settlement_rate="1.08"
    )
    names = (
        "hs_currency_code",
        "hs_settlement_currency_code",
        "hs_net_amount",
        "hs_net_amount_in_settlement_currency",
        "hs_fees_amount_in_settlement_currency",
        "hs_platform_fee_in_settlement_currency",
        "hs_net_amount_in_portal_currency",
        "hs_max_refundable_amount_in_portal_currency",
    )
    expected = ["EUR", "USD", "96.00", "103.68", "3.24", "1.08", "105.60", "110.00"]
    assert shown(account, payment, *names) == expected


def test_the_api_changes_nothing_that_a_processor_made(account: Account, people: People) -> None:
    payment = people.pay(account.finalised())
    refused = account.update(PAYMENTS, payment, hs_latest_status="refunded")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "PAYMENT_NOT_EDITABLE")
    refused = account.http.delete(f"{OBJECTS}/{PAYMENTS}/{payment}")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "PAYMENT_NOT_EDITABLE")
    batch = {"inputs": [{"id": payment, "properties": {"hs_reference_number": "1"}, "objectWriteTraceId": "t"}]}
    mixed = account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/update", json=batch)
    assert (mixed.status_code, mixed.json()["numErrors"]) == (207, 1)


@pytest.mark.parametrize(("writable", "status"), [(True, 200), (False, 400)])
def test_custom_properties_of_processed_payments_may_be_writable(writable: bool, status: int) -> None:
    account = Account(processed_custom_writable=writable)
    definition = {
        "name": "qbo_sync_status",
        "label": "x",
        "type": "string",
        "fieldType": "text",
        "groupName": "commercepaymentinformation",
    }
    assert account.http.post(f"{PROPERTIES}/{PAYMENTS}", json=definition).status_code == 201
    payment = account.sandbox.people.pay(account.finalised())
    assert account.update(PAYMENTS, payment, qbo_sync_status="synced").status_code == status


def test_one_payment_may_pay_several_invoices(account: Account, people: People) -> None:
    invoices = [account.finalised(), account.finalised()]
    payment = people.pay(invoices, "150")
    assert [state(account, one)[1] for one in invoices] == ["100.00", "50.00"]
    assert linked(account, payment, "invoices") == invoices
    assert shown(account, payment, "hs_number_of_associated_invoices") == ["2"]


def test_a_payment_link_needs_no_invoice_and_makes_a_contact(account: Account, people: People) -> None:
    payment = people.pay_link("49.99", "new@example.com", lines=[{"name": "Ebook", "quantity": "1", "price": "49.99"}])
    names = ("hs_payment_source_app", "hs_customer_email", "hs_has_associated_invoice", "hs_latest_status")
    assert shown(account, payment, *names) == ["SALES_CHECKOUT", "new@example.com", "false", "succeeded"]
    (contact,) = linked(account, payment, "contacts")
    assert account.read("contacts", contact, "email")["email"] == "new@example.com"
    (line,) = linked(account, payment, "line_items")
    assert account.read("line_items", line, "amount")["amount"] == "49.99"
    again = people.pay_link("10", "new@example.com", source="QUOTE", processor="byo_stripe")
    assert linked(account, again, "contacts") == [contact]


def test_an_account_may_make_an_invoice_of_what_was_paid_by_a_link(account: Account, people: People) -> None:
    lines = [{"name": "Ebook", "quantity": "2", "price": "20.00"}, {"name": "Call", "price": "60.00"}]
    payment = people.pay_link("100", "new@example.com", lines=lines, invoiced=True)
    (invoice,) = linked(account, payment, "invoices")
    assert state(account, invoice) == ("paid", "100.00", "0.00")
    assert account.read("invoices", invoice, "hs_number")["hs_number"] == "INV-1001"
    # Line items are copied, never shared.
    read = account.http.get(f"{OBJECTS}/invoices/{invoice}", params={"associations": "line_items"}).json()
    of_invoice = {one["id"] for one in read["associations"]["line items"]["results"]}
    assert len(of_invoice) == 2
    assert of_invoice.isdisjoint(linked(account, payment, "line_items"))
    bare = people.pay_link("15", "new@example.com", invoiced=True)
    assert state(account, linked(account, bare, "invoices")[0]) == ("paid", "15.00", "0.00")


def test_a_subscription_pays_its_invoices(account: Account, people: People) -> None:
    subscription = account.create("subscriptions", hs_name="Support")
    payment = people.pay(account.finalised(), also={"subscriptions": subscription})
    assert shown(account, payment, "hs_payment_source_app", "hs_payment_type") == ["SUBSCRIPTION", "recurring"]
    assert linked(account, payment, "subscriptions") == [subscription]


def test_an_account_collects_only_with_processors_it_has() -> None:
    account = Account(payment_processors=["byo_stripe"])
    invoice = account.finalised()
    with pytest.raises(BadSettingError, match="not set up"):
        account.sandbox.people.pay(invoice)
    account.sandbox.people.pay(invoice, processor="byo_stripe")


# -- refunds and disputes


def test_refunds_add_up_and_their_history_tells_when(account: Account, people: People) -> None:
    payment = people.pay(account.finalised(), fee="2.90", platform_fee="0")
    account.sandbox.clock.advance(60)
    people.refund(payment, "30")
    names = ("hs_latest_status", "hs_refunds_amount", "hs_net_amount", "hs_net_amount_after_refunds")
    assert shown(account, payment, *names) == ["partially_refunded", "30.00", "67.10", "67.10"]
    account.sandbox.clock.advance(60)
    people.refund(payment)
    # Fees are not returned: the net amount is negative (knowledge base: payments properties).
    assert shown(account, payment, *names) == ["refunded", "100.00", "-2.90", "-2.90"]
    assert history(account, payment, "hs_refunds_amount") == [
        ("100.00", "2026-11-24T09:02:00.000Z"),
        ("30.00", "2026-11-24T09:01:00.000Z"),
    ]
    with pytest.raises(BadSettingError):
        people.refund(payment, "1")


def test_more_than_was_paid_is_not_refunded(account: Account, people: People) -> None:
    payment = people.pay(account.finalised())
    with pytest.raises(BadSettingError, match="left to refund"):
        people.refund(payment, "100.01")


@pytest.mark.parametrize(("early", "meanwhile"), [(True, "40.00"), (False, "0.00")])
def test_a_refund_of_a_bank_debit_takes_days(early: bool, meanwhile: str) -> None:
    account = Account(refund_counts_while_processing=early)
    people = account.sandbox.people
    payment = people.pay(account.finalised(), method="ach")
    people.refund(payment, "40")
    assert shown(account, payment, "hs_latest_status", "hs_refunds_amount") == ["processing_refund", meanwhile]
    people.finish_refund(payment)
    assert shown(account, payment, "hs_latest_status", "hs_refunds_amount") == ["partially_refunded", "40.00"]


@pytest.mark.parametrize("finished", [True, False])
def test_a_refund_that_fails_lowers_the_cumulative_amount_again(finished: bool) -> None:
    account = Account()
    people = account.sandbox.people
    payment = people.pay(account.finalised(), method="ach")
    people.refund(payment, "25", slow=False)
    people.refund(payment)
    if finished:
        people.finish_refund(payment)
    people.fail_refund(payment)
    assert shown(account, payment, "hs_latest_status", "hs_refunds_amount") == ["partially_refunded", "25.00"]
    assert [value for value, _ in history(account, payment, "hs_refunds_amount")] == ["25.00", "100.00", "25.00"]


def test_refunds_may_be_shown_as_negative_amounts() -> None:
    account = Account(refunds_negative=True, net_after_refunds=False)
    payment = account.sandbox.people.pay(account.finalised(), fee="1", platform_fee="0")
    account.sandbox.people.refund(payment, "30")
    names = ("hs_refunds_amount", "hs_net_amount", "hs_net_amount_after_refunds")
    assert shown(account, payment, *names) == ["-30.00", "99.00", "69.00"]


@pytest.mark.parametrize(
    ("reopens", "expected"), [(False, ("paid", "100.00", "0.00")), (True, ("open", "70.00", "30.00"))]
)
def test_a_refund_may_open_its_invoice_again(reopens: bool, expected: tuple[str, ...]) -> None:
    account = Account(refund_reopens_invoice=reopens)
    invoice = account.finalised()
    account.sandbox.people.refund(account.sandbox.people.pay(invoice), "30")
    assert state(account, invoice) == expected


def test_a_dispute_changes_the_status_alone(account: Account, people: People) -> None:
    invoice = account.finalised()
    payment = people.pay(invoice)
    for status in ("disputed_action_required", "disputed_awaiting_decision", "disputed_lost"):
        people.dispute(payment, status)
        assert shown(account, payment, "hs_latest_status", "hs_refunds_amount") == [status, None]
    assert state(account, invoice)[0] == "paid"


@given(parts=st.lists(st.integers(1, 4000), max_size=4), fee=st.integers(0, 900), platform=st.integers(0, 99))
@settings(max_examples=25)
def test_net_amounts_are_what_was_paid_less_fees_and_refunds(parts: list[int], fee: int, platform: int) -> None:
    account = Account(limits={"per_ten_seconds": None})
    cents = [Decimal(one).scaleb(-2) for one in (*parts, fee, platform)]
    *refunds, charged, kept = cents
    payment = account.sandbox.people.pay(account.finalised(), fee=charged, platform_fee=kept)
    back = Decimal(0)
    for one in refunds:
        if back + one <= 100:
            account.sandbox.people.refund(payment, one)
            back += one
    (net,) = shown(account, payment, "hs_net_amount_after_refunds")
    assert net is not None
    assert Decimal(net) == Decimal("100.00") - charged - kept - back


# -- users


def test_a_payment_recorded_by_hand_has_no_processor_and_can_be_deleted_and_restored(
    account: Account, people: People
) -> None:
    invoice = account.finalised()
    payment = people.record(invoice, "60", reference="1042", comment="Thanks", at="2026-11-20T15:00:00Z")
    names = ("hs_processor_type", "hs_latest_status", "hs_payment_method_type", "hs_reference_number", "hs_net_amount")
    assert shown(account, payment, *names) == ["none", "succeeded", "check", "1042", "60.00"]
    assert state(account, invoice) == ("open", "60.00", "40.00")
    people.archive(PAYMENTS, payment)
    assert state(account, invoice) == ("open", "0.00", "100.00")
    people.restore(PAYMENTS, payment)
    assert state(account, invoice) == ("open", "60.00", "40.00")
    assert linked(account, payment, "invoices") == [invoice]
    assert account.http.get(f"{OBJECTS}/{PAYMENTS}/{payment}").json()["archived"] is False


def test_people_can_record_without_a_processor() -> None:
    account = Account(payment_processors=[])
    invoice = account.finalised()
    account.sandbox.people.record(invoice)
    assert state(account, invoice)[0] == "paid"


def test_people_can_delete_what_a_processor_made(account: Account, people: People) -> None:
    invoice = account.finalised()
    payment = people.pay(invoice)
    people.archive(PAYMENTS, payment)
    assert state(account, invoice)[0] == "open"


def test_an_existing_payment_can_be_applied_to_an_invoice(account: Account, people: People) -> None:
    invoice = account.finalised()
    payment = people.pay_link("100", "ann@example.com")
    people.associate(payment, invoice)
    assert state(account, invoice)[0] == "paid"


def test_a_restored_contact_has_its_address_and_its_invoices_again(account: Account, people: People) -> None:
    contact = account.create("contacts", email="ann@example.com")
    invoice = account.create("invoices", [to(contact, 177)], hs_currency="USD")
    people.archive("contacts", contact)
    people.restore("contacts", contact)
    assert account.http.get(f"{OBJECTS}/contacts/ann@example.com", params={"idProperty": "email"}).is_success
    read = account.http.get(f"{OBJECTS}/contacts/{contact}", params={"associations": "invoices"}).json()
    assert [one["id"] for one in read["associations"]["invoices"]["results"]] == [invoice]


def test_an_act_that_is_refused_leaves_no_trace(account: Account, people: People) -> None:
    invoice = account.finalised()
    before = account.sandbox.state()
    with pytest.raises(Exception, match="cannot exceed"):
        people.pay(invoice, "100.01")
    assert account.sandbox.state() == before


# -- over HTTP


def test_people_act_over_http_as_well() -> None:
    account = Account()
    invoice = account.finalised()
    with running(account.sandbox) as url:

        def act(name: str, **options: Any) -> Any:
            body: Mapping[str, Any] = {"act": name, **options}
            return httpx.post(f"{url}/_sandbox/people", json=body, trust_env=False)

        payment = act("pay", invoices=[invoice], amount="40.00", fee="1.20").json()["result"]
        act("refund", payment=payment, amount="15").raise_for_status()
        for refused in (
            act("pay", invoices=[invoice], amount="999"),
            act("pay", invoices=["5"]),
            act("pay", invoice=invoice),
            act("pay", invoices=invoice, amount="much"),
            act("pay", invoices=[]),
            act("sing"),
            act("refund", payment=payment, amount="-1"),
            act("dispute", payment=payment, status="won"),
            httpx.post(f"{url}/_sandbox/people", json={}, trust_env=False),
        ):
            assert refused.status_code == 400, refused.text
    assert shown(account, payment, "hs_latest_status", "hs_refunds_amount") == ["partially_refunded", "15.00"]
