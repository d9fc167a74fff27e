"""Payments in the HubSpot sandbox: what the API records, and what a payment does to its invoices."""

from typing import Any

import pytest

from tests.contract.hubspot_client_support import OBJECTS, PERSON, Account, to

PAYMENTS = "commerce_payments"
TO_INVOICE, TO_CONTACT = 542, 387
NEW = {"hs_initial_amount": "99.99", "hs_initiated_date": "2026-11-10T18:04:11.823Z"}
OVERPAID = "PAYMENT_EXCEEDS_BALANCE_DUE"
STATE = ("hs_invoice_status", "hs_amount_paid", "hs_balance_due", "hs_payment_date")


@pytest.fixture
def account() -> Account:
    return Account()


def refused(answer: Any, code: str, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["code"] == code


def post(account: Account, *invoices: str, **values: str) -> Any:
    body = {"properties": {**NEW, **values}, "associations": [to(one, TO_INVOICE) for one in invoices]}
    return account.http.post(f"{OBJECTS}/{PAYMENTS}", json=body)


def record(account: Account, *invoices: str, **values: str) -> str:
    answer = post(account, *invoices, **{"hs_latest_status": "succeeded", **values})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def state(account: Account, invoice: str) -> tuple[str | None, ...]:
    read = account.read("invoices", invoice, *STATE)
    return tuple(read[name] for name in STATE)


def test_a_recorded_payment_is_answered_as_in_the_guide(account: Account) -> None:
    answer = post(account, hs_customer_email="customer@example.com")
    assert answer.status_code == 201
    properties = answer.json()["properties"]
    # The keys of the guide's example, without the users' and the source's details.
    assert set(properties) == {
        "hs_createdate",
        "hs_customer_email",
        "hs_has_associated_invoice",
        "hs_hubspot_payments_enabled",
        "hs_initial_amount",
        "hs_initial_amount_in_portal_currency",
        "hs_initial_amount_in_settlement_currency",
        "hs_initiated_date",
        "hs_lastmodifieddate",
        "hs_latest_status",
        "hs_net_amount",
        "hs_net_amount_after_refunds",
        "hs_net_amount_in_portal_currency",
        "hs_net_amount_in_settlement_currency",
        "hs_number_of_associated_invoices",
        "hs_object_id",
        "hs_object_source",
        "hs_payment_creation_method",
        "hs_payment_id",
        "hs_presentment_to_portal_currency_dated_exchange_rate",
        "hs_total_discounts_amount",
        "hs_total_discounts_amount_in_portal_currency",
    }
    assert properties["hs_latest_status"] == "processing"
    assert properties["hs_payment_creation_method"] == "OTHER"
    assert properties["hs_net_amount"] == properties["hs_net_amount_after_refunds"] == "99.99"
    assert (properties["hs_has_associated_invoice"], properties["hs_number_of_associated_invoices"]) == ("false", "0")
    assert properties["hs_payment_id"] != answer.json()["id"]


@pytest.mark.parametrize("missing", sorted(NEW))
def test_amount_and_date_are_required(account: Account, missing: str) -> None:
    properties = {name: value for name, value in NEW.items() if name != missing}
    refused(account.http.post(f"{OBJECTS}/{PAYMENTS}", json={"properties": properties}), "MISSING_REQUIRED_PROPERTY")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("hs_net_amount", "1", "READ_ONLY_VALUE"),
        ("hs_platform_fee", "1", "READ_ONLY_VALUE"),
        ("hs_payment_source_app", "INVOICE", "READ_ONLY_VALUE"),
        ("hs_settlement_currency_code", "USD", "READ_ONLY_VALUE"),
        ("hs_latest_status", "paid", "INVALID_OPTION"),
        ("hs_currency_code", "EUR", "INVALID_OPTION"),
        ("hs_processor_type", "paypal", "INVALID_OPTION"),
        ("hs_initial_amount", "-1", "NUMBER_OUT_OF_RANGE"),
    ],
)
def test_what_a_payment_does_not_take(account: Account, name: str, value: str, code: str) -> None:
    refused(post(account, **{name: value}), code)


def test_the_currencies_of_payments_are_the_accounts() -> None:
    account = Account(additional_currencies=["EUR"], exchange_rates={"EUR": "1.1"})
    payment = record(account, hs_currency_code="EUR", hs_initial_amount="10.00")
    names = ("hs_initial_amount_in_portal_currency", "hs_presentment_to_portal_currency_dated_exchange_rate")
    read = account.read(PAYMENTS, payment, *names)
    assert [read[name] for name in names] == ["11.00", "1.1"]


@pytest.mark.parametrize(("status", "category"), [(403, "FORBIDDEN"), (400, "VALIDATION_ERROR")])
def test_without_a_processor_only_people_record_payments(status: int, category: str) -> None:
    account = Account(payment_processors=[], no_processor_status=status)
    answer = post(account)
    refused(answer, "PAYMENTS_NOT_ENABLED", status)
    assert answer.json()["category"] == category
    by_hand = account.http.post(f"{OBJECTS}/{PAYMENTS}", json={"properties": NEW}, headers=PERSON)
    assert by_hand.status_code == 201
    read = account.read(PAYMENTS, by_hand.json()["id"], "hs_processor_type")
    assert read["hs_processor_type"] == "none"


def test_the_newest_guide_asks_for_no_processor() -> None:
    assert post(Account(payment_processors=[], record_needs_processor=False)).status_code == 201


def test_the_scopes_of_payments_are_their_own() -> None:
    account = Account(tokens={"pat-na1-sandbox": ["crm.objects.invoices.read", "crm.objects.commercepayments.read"]})
    answer = post(account)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.commercepayments.write"]
    assert account.http.get(f"{OBJECTS}/{PAYMENTS}").status_code == 200


# -- invoices


def test_a_payment_in_full_makes_its_invoice_paid(account: Account) -> None:
    invoice = account.finalised()
    record(account, invoice, hs_initial_amount="100.00")
    assert state(account, invoice) == ("paid", "100.00", "0.00", "2026-11-10T18:04:11.823Z")
    refused(account.update("invoices", invoice, hs_comments="x"), "INVOICE_NOT_EDITABLE")


def test_payments_in_part_lower_the_balance_until_it_is_paid(account: Account) -> None:
    invoice = account.finalised()
    record(account, invoice, hs_initial_amount="30.00")
    assert state(account, invoice) == ("open", "30.00", "70.00", None)
    refused(account.update("invoices", invoice, hs_comments="x"), "INVOICE_NOT_EDITABLE")
    refused(account.http.delete(f"{OBJECTS}/invoices/{invoice}"), "INVOICE_NOT_DELETABLE")
    record(account, invoice, hs_initial_amount="70.00", hs_initiated_date="2026-11-11")
    assert state(account, invoice) == ("paid", "100.00", "0.00", "2026-11-11T00:00:00.000Z")


def test_a_payment_pays_only_once_it_has_succeeded(account: Account) -> None:
    invoice = account.finalised()
    payment = record(account, invoice, hs_initial_amount="100.00", hs_latest_status="processing")
    assert state(account, invoice)[0] == "open"
    assert account.update(PAYMENTS, payment, hs_latest_status="succeeded").status_code == 200
    assert state(account, invoice)[0] == "paid"
    account.update(PAYMENTS, payment, hs_latest_status="failed")
    assert state(account, invoice) == ("open", "0.00", "100.00", None)


def test_a_processing_payment_may_pay_already() -> None:
    account = Account(processing_pays=True)
    invoice = account.finalised()
    record(account, invoice, hs_initial_amount="100.00", hs_latest_status="processing")
    assert state(account, invoice)[0] == "paid"


def test_a_payment_over_several_invoices_fills_the_oldest_first(account: Account) -> None:
    first, second = account.finalised(), account.finalised()
    payment = record(account, second, first, hs_initial_amount="150.00")
    assert [state(account, one)[:3] for one in (first, second)] == [
        ("paid", "100.00", "0.00"),
        ("open", "50.00", "50.00"),
    ]
    read = account.read(PAYMENTS, payment, "hs_number_of_associated_invoices", "hs_has_associated_invoice")
    assert (read["hs_number_of_associated_invoices"], read["hs_has_associated_invoice"]) == ("2", "true")


def test_an_existing_payment_can_be_associated_later_and_taken_away_again(account: Account) -> None:
    invoice = account.finalised()
    payment = record(account, hs_initial_amount="100.00")
    account.http.put(f"{OBJECTS}/{PAYMENTS}/{payment}/associations/default/invoices/{invoice}")
    assert state(account, invoice)[0] == "paid"
    account.http.delete(f"{OBJECTS}/invoices/{invoice}/associations/{PAYMENTS}/{payment}")
    assert state(account, invoice) == ("open", "0.00", "100.00", None)
    assert account.read(PAYMENTS, payment, "hs_has_associated_invoice")["hs_has_associated_invoice"] == "false"


def test_what_is_calculated_on_a_payment_moves_its_modification_date() -> None:
    account = Account(associations_touch=False)
    invoice, payment = account.finalised(), record(account, hs_initial_amount="10.00")
    account.sandbox.clock.advance(60)
    account.http.put(f"{OBJECTS}/{PAYMENTS}/{payment}/associations/default/invoices/{invoice}")
    assert account.read(PAYMENTS, payment)["hs_lastmodifieddate"] == "2026-11-24T09:01:00.000Z"


def test_more_than_the_balance_is_refused_unless_the_account_takes_it(account: Account) -> None:
    too_much = post(account, account.finalised(), hs_latest_status="succeeded", hs_initial_amount="100.01")
    refused(too_much, OVERPAID)
    lenient = Account(overpayments=True)
    invoice = lenient.finalised()
    record(lenient, invoice, hs_initial_amount="120.00")
    assert state(lenient, invoice)[:3] == ("paid", "100.00", "0.00")


def test_a_changed_amount_is_shared_out_anew(account: Account) -> None:
    invoice = account.finalised()
    payment = record(account, invoice, hs_initial_amount="100.00")
    account.update(PAYMENTS, payment, hs_initial_amount="40.00")
    assert state(account, invoice) == ("open", "40.00", "60.00", None)
    refused(account.update(PAYMENTS, payment, hs_initial_amount="140.00"), OVERPAID)
    assert state(account, invoice)[1] == "40.00"


def test_deleting_a_recorded_payment_opens_its_invoice_again(account: Account) -> None:
    invoice = account.finalised()
    payment = record(account, invoice, hs_initial_amount="100.00")
    assert account.http.delete(f"{OBJECTS}/{PAYMENTS}/{payment}").status_code == 204
    assert state(account, invoice) == ("open", "0.00", "100.00", None)
    listed = account.http.get(f"{OBJECTS}/{PAYMENTS}", params={"archived": "true"}).json()["results"]
    assert [(one["id"], one["archived"]) for one in listed] == [(payment, True)]
    assert account.http.get(f"{OBJECTS}/{PAYMENTS}").json()["results"] == []


def test_an_invoice_may_stay_paid_without_its_payment() -> None:
    account = Account(lost_payment_reopens_invoice=False)
    invoice = account.finalised()
    payment = record(account, invoice, hs_initial_amount="100.00")
    account.http.delete(f"{OBJECTS}/{PAYMENTS}/{payment}")
    assert state(account, invoice)[0] == "paid"


def test_payments_settle_mirrors_too_unless_the_account_says_no() -> None:
    for settles, expected in ((True, "paid"), (False, "open")):
        account = Account(payments_settle_mirrors=settles)
        mirror = account.create(
            "invoices",
            hs_currency="USD",
            hs_invoice_billable="false",
            hs_amount_billed="80.00",
            hs_invoice_status="open",
        )
        record(account, mirror, hs_initial_amount="80.00", hs_processor_type="quickbooks")
        assert state(account, mirror)[:3] == (expected, "80.00", "0.00")


def test_an_invoice_that_somebody_set_to_paid_stays_so(account: Account) -> None:
    invoice = account.finalised()
    payment = record(account, invoice, hs_initial_amount="30.00")
    assert account.update("invoices", invoice, PERSON, hs_invoice_status="paid").status_code == 200
    assert state(account, invoice)[:3] == ("paid", "100.00", "0.00")
    account.http.delete(f"{OBJECTS}/{PAYMENTS}/{payment}")
    assert state(account, invoice)[:3] == ("paid", "100.00", "0.00")


def test_a_refused_payment_leaves_no_trace(account: Account) -> None:
    invoice = account.finalised()
    before = account.sandbox.state()
    refused(post(account, invoice, hs_latest_status="succeeded", hs_initial_amount="500"), OVERPAID)
    assert account.sandbox.state() == before


# -- keys and batches


def test_an_external_reference_is_a_key(account: Account) -> None:
    keyed = {"id": "qbo-7", "idProperty": "hs_external_reference_id", "objectWriteTraceId": "t"}
    body = {"inputs": [{**keyed, "properties": NEW}]}
    made = account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/upsert", json=body).json()["results"][0]
    again = account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/upsert", json=body).json()["results"][0]
    assert (made["new"], again["new"], made["id"] == again["id"]) == (True, False, True)
    found = account.http.get(f"{OBJECTS}/{PAYMENTS}/qbo-7", params={"idProperty": "hs_external_reference_id"})
    assert found.json()["id"] == made["id"]
    refused(post(account, hs_external_reference_id="qbo-7"), "CONFLICTING_UNIQUE_VALUE")


def test_an_external_reference_may_be_no_key() -> None:
    account = Account(payment_reference_unique=False)
    record(account, hs_external_reference_id="qbo-7")
    record(account, hs_external_reference_id="qbo-7")
    answer = account.http.get(f"{OBJECTS}/{PAYMENTS}/qbo-7", params={"idProperty": "hs_external_reference_id"})
    refused(answer, "INVALID_ID_PROPERTY")


def test_batches_create_update_and_archive_payments(account: Account) -> None:
    invoice = account.finalised()
    inputs = [
        {
            "properties": {**NEW, "hs_initial_amount": value, "hs_latest_status": "succeeded"},
            "associations": [to(invoice, TO_INVOICE)],
            "objectWriteTraceId": value,
        }
        for value in ("60.00", "40.00", "1.00")
    ]
    made = account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/create", json={"inputs": inputs})
    assert made.status_code == 207
    assert made.json()["errors"][0]["context"]["objectWriteTraceId"] == ["1.00"]
    assert state(account, invoice)[0] == "paid"
    ids = [one["id"] for one in made.json()["results"]]
    update = {"inputs": [{"id": ids[0], "properties": {"hs_reference_number": "1042"}}]}
    assert account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/update", json=update).status_code == 200
    archive = {"inputs": [{"id": one} for one in ids]}
    assert account.http.post(f"{OBJECTS}/{PAYMENTS}/batch/archive", json=archive).status_code == 204
    assert state(account, invoice)[:3] == ("open", "0.00", "100.00")


def test_payments_are_associated_with_people_and_orders(account: Account) -> None:
    contact, order = account.create("contacts", firstname="Ann"), account.create("orders", hs_order_name="O-1")
    body = {"properties": NEW, "associations": [to(contact, TO_CONTACT), to(order, 524)]}
    payment = account.http.post(f"{OBJECTS}/{PAYMENTS}", json=body).json()["id"]
    read = account.http.get(f"{OBJECTS}/{PAYMENTS}/{payment}", params={"associations": "contacts,orders"}).json()
    assert read["associations"]["contacts"]["results"] == [{"id": contact, "type": "commerce_payment_to_contact"}]
    assert [one["id"] for one in read["associations"]["orders"]["results"]] == [order]
