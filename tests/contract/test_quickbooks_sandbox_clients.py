"""python-quickbooks and intuit-oauth work against the QuickBooks sandbox as they do against Intuit."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.sandbox.kernel import running
from infra.sandbox.quickbooks import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_REALM,
    REFRESH_TOKEN,
    QuickBooksConfig,
    QuickBooksSandbox,
)
from tests.contract.quickbooks_traffic_support import violations


def vendors(path: str) -> Any:
    """A class of a vendor's client; Any, because those have no types."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


AuthClient = vendors("intuitlib.client.AuthClient")
AuthClientError = vendors("intuitlib.exceptions.AuthClientError")
Scopes = vendors("intuitlib.enums.Scopes")
QuickBooks = vendors("quickbooks.client.QuickBooks")
AuthorizationException = vendors("quickbooks.exceptions.AuthorizationException")
ObjectNotFoundException = vendors("quickbooks.exceptions.ObjectNotFoundException")
QuickbooksException = vendors("quickbooks.exceptions.QuickbooksException")
batch_create = vendors("quickbooks.batch.batch_create")
change_data_capture = vendors("quickbooks.cdc.change_data_capture")
Account = vendors("quickbooks.objects.account.Account")
EmailAddress = vendors("quickbooks.objects.base.EmailAddress")
CompanyInfo = vendors("quickbooks.objects.company_info.CompanyInfo")
CreditMemo = vendors("quickbooks.objects.creditmemo.CreditMemo")
Customer = vendors("quickbooks.objects.customer.Customer")
Deposit = vendors("quickbooks.objects.deposit.Deposit")
DepositLine = vendors("quickbooks.objects.deposit.DepositLine")
DepositLineDetail = vendors("quickbooks.objects.deposit.DepositLineDetail")
AccountBasedExpenseLine = vendors("quickbooks.objects.detailline.AccountBasedExpenseLine")
AccountBasedExpenseLineDetail = vendors("quickbooks.objects.detailline.AccountBasedExpenseLineDetail")
SalesItemLine = vendors("quickbooks.objects.detailline.SalesItemLine")
SalesItemLineDetail = vendors("quickbooks.objects.detailline.SalesItemLineDetail")
Invoice = vendors("quickbooks.objects.invoice.Invoice")
ExchangeRate = vendors("quickbooks.objects.exchangerate.ExchangeRate")
Item = vendors("quickbooks.objects.item.Item")
LinkedTxn = vendors("quickbooks.objects.base.LinkedTxn")
Payment = vendors("quickbooks.objects.payment.Payment")
PaymentLine = vendors("quickbooks.objects.payment.PaymentLine")
Preferences = vendors("quickbooks.objects.preferences.Preferences")
Purchase = vendors("quickbooks.objects.purchase.Purchase")
RefundReceipt = vendors("quickbooks.objects.refundreceipt.RefundReceipt")
SalesReceipt = vendors("quickbooks.objects.salesreceipt.SalesReceipt")
Transfer = vendors("quickbooks.objects.transfer.Transfer")

CALLBACK = "https://tieout.test/callback"


@pytest.fixture
def app() -> QuickBooksSandbox:
    return QuickBooksSandbox(QuickBooksConfig(requests_per_second=None))


@pytest.fixture
def url(app: QuickBooksSandbox) -> Iterator[str]:
    with running(app) as base:
        yield base


@pytest.fixture
def auth(url: str) -> Iterator[Any]:
    # intuit-oauth takes a discovery document's URL in place of the environment's name.
    discovery = f"{url}/.well-known/openid_sandbox_configuration/"
    with AuthClient(
        CLIENT_ID, CLIENT_SECRET, CALLBACK, discovery, access_token=ACCESS_TOKEN, refresh_token=REFRESH_TOKEN
    ) as client:
        yield client


@pytest.fixture
def client(auth: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{url}/v3")
    made = QuickBooks(auth_client=auth, refresh_token=REFRESH_TOKEN, company_id=DEFAULT_REALM, minorversion=75)
    yield made
    made.session.close()


def new_customer(client: Any, name: str = "Amy's Bird Sanctuary") -> Any:
    customer = Customer()
    customer.DisplayName = name
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "amy@birds.test"
    return customer.save(qb=client)


def filled(form: Any, client: Any, customer: Any) -> Any:
    """A sales form for the customer with one line over 100."""
    line = SalesItemLine()
    line.Amount, line.Description = 100, "Hours"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.get("1", qb=client).to_ref()
    line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 4, 25
    form.CustomerRef = customer.to_ref()
    form.Line = [line]
    return form


def new_invoice(client: Any, customer: Any, **options: Any) -> Any:
    return filled(Invoice(), client, customer).save(qb=client, **options)


def test_a_customer_is_created_read_changed_and_found(client: Any) -> None:
    customer = new_customer(client)
    again = Customer.get(customer.Id, qb=client)
    assert again.DisplayName == "Amy's Bird Sanctuary"
    again.Notes = "Likes parrots"
    again.save(qb=client)
    found = Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=client)
    assert [(one.Id, one.Notes, one.SyncToken) for one in found] == [(customer.Id, "Likes parrots", "1")]
    assert Customer.count(qb=client) == 1
    assert Customer.where("Active = true", order_by="DisplayName", max_results=5, qb=client)[0].Id == customer.Id


def test_an_item_and_an_account_are_created(client: Any) -> None:
    account = Account()
    account.Name, account.AccountType, account.AccountSubType = "Consulting", "Income", "ServiceFeeIncome"
    account.save(qb=client)
    item = Item()
    item.Name, item.Type, item.IncomeAccountRef = "Hour", "Service", account.to_ref()
    item.save(qb=client)
    assert Item.get(item.Id, qb=client).IncomeAccountRef.value == account.Id


def test_an_invoice_lives_and_is_voided(client: Any) -> None:
    invoice = new_invoice(client, new_customer(client))
    assert (invoice.TotalAmt, invoice.Balance, invoice.SyncToken) == (100, 100, "0")
    invoice.PrivateNote = "note"
    invoice = invoice.save(qb=client)
    assert (invoice.SyncToken, invoice.TotalAmt) == ("1", 100)
    assert invoice.download_pdf(qb=client).startswith(b"%PDF-1.4")
    invoice.void(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 0


def new_payment(client: Any, invoice: Any) -> Any:
    link = LinkedTxn()
    link.TxnId, link.TxnType = invoice.Id, "Invoice"
    line = PaymentLine()
    line.Amount, line.LinkedTxn = 60, [link]
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt, payment.Line = invoice.CustomerRef, 75, [line]
    return payment.save(qb=client)


def test_a_payment_is_applied_voided_and_deleted(client: Any) -> None:
    invoice = new_invoice(client, new_customer(client))
    payment = new_payment(client, invoice)
    assert (payment.UnappliedAmt, Invoice.get(invoice.Id, qb=client).Balance) == (15, 40)
    payment.void(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 100
    payment = new_payment(client, invoice)
    payment.delete(qb=client)
    assert Invoice.get(invoice.Id, qb=client).Balance == 100


def test_credits_receipts_and_refunds_are_made_and_ended(client: Any) -> None:
    customer, checking = (
        new_customer(client, f"Customer {Customer.count(qb=client)}"),
        Account.get("35", qb=client).to_ref(),
    )
    memo = filled(CreditMemo(), client, customer).save(qb=client)
    assert (memo.RemainingCredit, Customer.get(customer.Id, qb=client).Balance) == (100, -100)
    memo.delete(qb=client)
    for kind in (SalesReceipt, RefundReceipt):
        form = filled(kind(), client, customer)
        form.DepositToAccountRef = checking
        form = form.save(qb=client)
        assert kind.get(form.Id, qb=client).TotalAmt == 100
    assert Account.get("35", qb=client).CurrentBalance == 0
    receipt = SalesReceipt.all(qb=client)[0]
    receipt.void(qb=client)
    assert SalesReceipt.get(receipt.Id, qb=client).TotalAmt == 0
    RefundReceipt.all(qb=client)[0].delete(qb=client)
    assert Account.get("35", qb=client).CurrentBalance == 0


def test_a_fee_a_deposit_and_a_payout_are_booked(client: Any) -> None:
    checking, fees = Account.get("35", qb=client).to_ref(), Account.get("13", qb=client).to_ref()
    purchase = Purchase()
    purchase.AccountRef, purchase.PaymentType = checking, "Cash"
    fee = AccountBasedExpenseLine()
    fee.Amount, fee.AccountBasedExpenseLineDetail = 3, AccountBasedExpenseLineDetail()
    fee.AccountBasedExpenseLineDetail.AccountRef = fees
    purchase.Line = [fee]
    assert purchase.save(qb=client).TotalAmt == 3
    back = DepositLine()
    back.Amount, back.DepositLineDetail = 1, DepositLineDetail()
    back.DepositLineDetail.AccountRef = fees
    deposit = Deposit()
    deposit.DepositToAccountRef, deposit.Line = checking, [back]
    deposit.save(qb=client)
    transfer = Transfer()
    transfer.FromAccountRef, transfer.ToAccountRef, transfer.Amount = checking, Account.get("36", qb=client).to_ref(), 7
    transfer.save(qb=client)
    assert [Account.get(id_, qb=client).CurrentBalance for id_ in ("35", "36")] == [-9, 7]


def test_changes_and_batches_are_read(client: Any) -> None:
    customer = new_customer(client, f"Customer {Customer.count(qb=client)}")
    answer = batch_create([filled(Invoice(), client, customer), Invoice()], qb=client)
    assert [made.TotalAmt for made in answer.successes] == [100]
    assert [error.code for error in answer.faults[0].Error] == ["2020", "2020"]
    paid = new_payment(client, answer.successes[0])
    gone = new_invoice(client, customer)
    gone.delete(qb=client)
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    found = change_data_capture([CreditMemo, Payment, Invoice], since, qb=client)
    assert not hasattr(found, "CreditMemo")
    assert paid.Id in {one.Id for one in found.Payment}
    shown = {one.Id: getattr(one, "status", "") for one in found.Invoice}
    assert (shown[gone.Id], shown[answer.successes[0].Id]) == ("Deleted", "")


def test_an_exchange_rate_is_read(client: Any, app: QuickBooksSandbox) -> None:
    app.configure({"multicurrency": True})
    answer = client.get(
        f"{client.api_url_v3}/company/{DEFAULT_REALM}/exchangerate", params={"sourcecurrencycode": "EUR"}
    )
    found = ExchangeRate.from_json(answer["ExchangeRate"])
    assert (found.Rate, found.TargetCurrencyCode) == (1.08, "USD")


def test_an_invoice_is_deleted_and_then_not_found(client: Any) -> None:
    invoice = new_invoice(client, new_customer(client))
    invoice.delete(qb=client)
    with pytest.raises(ObjectNotFoundException) as caught:
        Invoice.get(invoice.Id, qb=client)
    assert caught.value.error_code == 610


def test_a_request_id_of_the_client_is_honoured(client: Any, app: QuickBooksSandbox) -> None:
    customer = new_customer(client)
    first = new_invoice(client, customer, request_id="r1")
    assert new_invoice(client, customer, request_id="r1").Id == first.Id
    assert len(app.company.rows["Invoice"]) == 1


def test_a_stale_object_is_the_clients_exception(client: Any) -> None:
    customer = new_customer(client)
    stale = Customer.get(customer.Id, qb=client)
    customer.save(qb=client)
    with pytest.raises(QuickbooksException, match="Stale Object Error") as caught:
        stale.save(qb=client)
    assert caught.value.error_code == 5010


def test_company_and_preferences_are_read(client: Any) -> None:
    assert CompanyInfo.get(DEFAULT_REALM, qb=client).CompanyName == "Sandbox Company"
    assert Preferences.get(qb=client).SalesFormsPrefs.CustomTxnNumbers is False


def test_tokens_are_got_by_consent_refreshed_and_revoked(auth: Any, client: Any, url: str) -> None:
    consent = httpx.get(auth.get_authorization_url([Scopes.ACCOUNTING]), trust_env=False)
    answer = httpx.URL(consent.headers["location"]).params
    auth.get_bearer_token(answer["code"], realm_id=answer["realmId"])
    before = auth.refresh_token
    auth.refresh()
    assert auth.refresh_token != before
    assert auth.revoke()
    with pytest.raises(AuthClientError, match="invalid_grant"):
        auth.refresh()
    client.session.access_token = auth.access_token
    with pytest.raises(AuthorizationException):
        CompanyInfo.get(DEFAULT_REALM, qb=client)


def test_answers_to_the_vendors_clients_fit_the_vendors_schema(
    client: Any, auth: Any, app: QuickBooksSandbox, tmp_path: Path
) -> None:
    test_an_invoice_lives_and_is_voided(client)
    invoice = new_invoice(client, new_customer(client, "Bob"))
    invoice.delete(qb=client)
    test_an_item_and_an_account_are_created(client)
    new_payment(client, new_invoice(client, new_customer(client, "Cleo"))).void(qb=client)
    test_changes_and_batches_are_read(client)
    test_credits_receipts_and_refunds_are_made_and_ended(client)
    test_a_fee_a_deposit_and_a_payout_are_booked(client)
    test_company_and_preferences_are_read(client)
    auth.refresh()
    assert [line for line in violations(app, tmp_path) if ": response " in line] == []
