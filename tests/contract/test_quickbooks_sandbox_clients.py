"""python-quickbooks and intuit-oauth work against the QuickBooks sandbox as they do against Intuit."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.sandbox.kernel import SandboxTransport, running
from infra.sandbox.quickbooks import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    DEFAULT_REALM,
    REFRESH_TOKEN,
    QuickBooksConfig,
    QuickBooksSandbox,
)
from infra.sandbox.quickbooks.visitor import Visitor


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
Account = vendors("quickbooks.objects.account.Account")
EmailAddress = vendors("quickbooks.objects.base.EmailAddress")
CompanyInfo = vendors("quickbooks.objects.company_info.CompanyInfo")
Customer = vendors("quickbooks.objects.customer.Customer")
SalesItemLine = vendors("quickbooks.objects.detailline.SalesItemLine")
SalesItemLineDetail = vendors("quickbooks.objects.detailline.SalesItemLineDetail")
Invoice = vendors("quickbooks.objects.invoice.Invoice")
ExchangeRate = vendors("quickbooks.objects.exchangerate.ExchangeRate")
Item = vendors("quickbooks.objects.item.Item")
LinkedTxn = vendors("quickbooks.objects.base.LinkedTxn")
Payment = vendors("quickbooks.objects.payment.Payment")
PaymentLine = vendors("quickbooks.objects.payment.PaymentLine")
Preferences = vendors("quickbooks.objects.preferences.Preferences")

CHECK = Path(__file__).parents[2].parent / "shared" / "tools" / "check_traffic.py"
STATEMENTS = (
    "select * from Customer where Active in (true, false)",
    "select * from Vendor",
    "select * from Employee",
    "select * from Item",
    "select * from Account",
    "select * from Term",
    "select * from TaxCode",
    "select * from TaxRate",
    "select * from PaymentMethod",
    "select * from Preferences",
    "select * from CompanyInfo",
    "select * from Invoice orderby TxnDate desc startposition 1 maxresults 10",
    "select * from Payment where CustomerRef = '1'",
    "select * from Invoice where DocNumber = 'none'",
    "select count(*) from Invoice",
)
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


def new_invoice(client: Any, customer: Any, **options: Any) -> Any:
    line = SalesItemLine()
    line.Amount, line.Description = 100, "Hours"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Item.get("1", qb=client).to_ref()
    line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 4, 25
    invoice = Invoice()
    invoice.CustomerRef = customer.to_ref()
    invoice.Line = [line]
    return invoice.save(qb=client, **options)


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


def violations(app: QuickBooksSandbox, tmp_path: Path) -> list[str]:
    """What the traffic check says of the exchanges so far; prints why when it is not there to be asked."""
    if not CHECK.exists():
        pytest.skip(f"no traffic check beside this project at {CHECK}")
    log = tmp_path / "traffic.jsonl"
    log.write_text("".join(app.traffic.lines()), encoding="utf-8")
    done = subprocess.run([sys.executable, CHECK, log], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines()[:-1] if line]


def test_answers_to_the_vendors_clients_fit_the_vendors_schema(
    client: Any, auth: Any, app: QuickBooksSandbox, tmp_path: Path
) -> None:
    test_an_invoice_lives_and_is_voided(client)
    invoice = new_invoice(client, new_customer(client, "Bob"))
    invoice.delete(qb=client)
    test_an_item_and_an_account_are_created(client)
    new_payment(client, new_invoice(client, new_customer(client, "Cleo"))).void(qb=client)
    test_company_and_preferences_are_read(client)
    auth.refresh()
    assert [line for line in violations(app, tmp_path) if ": response " in line] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"custom_txn_numbers": True},
        {"using_sales_tax": True},
        {"country": "GB", "home_currency": "GBP", "using_sales_tax": True, "multicurrency": True},
    ],
)
def test_a_proper_clients_traffic_is_clean(settings: dict[str, Any], tmp_path: Path) -> None:
    config = QuickBooksConfig(requests_per_second=None).with_settings(settings)
    app = QuickBooksSandbox(config)
    visitor = Visitor(app)
    far = config.country != "US"
    money = {"CurrencyRef": {"value": "GBP"}} if config.multicurrency else {}
    tax = {"TaxCodeRef": {"value": "2" if far else "TAX"}} if config.using_sales_tax else {}
    mode = {"GlobalTaxCalculation": "TaxExcluded"} if far else {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
    address = {"Line1": "1 Main St", "City": "Reno"}
    customer = visitor.create("Customer", DisplayName="Amy", BillAddr=address, **money)
    visitor.create("Vendor", DisplayName="Stripe")
    visitor.create("Employee", GivenName="Emily", FamilyName="Platt")
    visitor.create("Account", Name="Clearing", AccountType="Bank")
    item = visitor.create("Item", Name="Hour", Type="Service", IncomeAccountRef={"value": "79"})
    sale = {"ItemRef": {"value": item["Id"]}, "Qty": 3, "UnitPrice": 50, **tax}
    lines = [
        {"Amount": 150, "Description": "Work", "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": sale},
        {"Description": "Subtotal:", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}},
        {"Amount": 15, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}},
    ]
    reference = {"value": customer["Id"]}
    body = {"CustomerRef": reference, "DocNumber": "HS-1", "Line": lines, "BillEmail": {"Address": "a@b.test"}}
    first = visitor.create("Invoice", **body, **money, **mode)
    first = visitor.change(
        "Invoice", first, PrivateNote="note", CustomField=[{"DefinitionId": "1", "StringValue": "x"}]
    )
    link = {"Amount": 50, "LinkedTxn": [{"TxnId": first["Id"], "TxnType": "Invoice"}]}
    payment = visitor.create("Payment", CustomerRef=reference, TotalAmt=60, Line=[link], **money)
    payment = visitor.change("Payment", payment, PrivateNote="note")
    visitor.write(
        "Payment",
        {"Id": payment["Id"], "SyncToken": payment["SyncToken"], "sparse": True},
        operation="update",
        include="void",
    )
    visitor.delete("Payment", visitor.create("Payment", CustomerRef=reference, TotalAmt=5, **money))
    if config.multicurrency:
        visitor.call("GET", "exchangerate", sourcecurrencycode="EUR", asofdate="2026-11-24")
    visitor.void("Invoice", visitor.read("Invoice", first["Id"]))
    second = visitor.create("Invoice", **{**body, "DocNumber": "HS-2"}, **money, **mode)
    visitor.call("GET", f"invoice/{second['Id']}/pdf")
    visitor.delete("Invoice", second)
    visitor.call("GET", f"invoice/{second['Id']}")
    for statement in STATEMENTS:
        visitor.query(statement)
    visitor.read("CompanyInfo", DEFAULT_REALM)
    visitor.call("GET", "preferences")
    for rule in ("status_429", "status_500", "status_403", "fault_200", "status_401"):
        app.faults.add({"kind": rule, "times": 1})
        visitor.call("GET", "preferences")
    app.faults.add({"kind": "status_401", "form": "xml", "times": 1})
    visitor.call("GET", "preferences")
    oauth = httpx.Client(transport=SandboxTransport(app), base_url="http://sandbox", auth=(CLIENT_ID, CLIENT_SECRET))
    for _ in range(2):
        form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        oauth.post("/oauth2/v1/tokens/bearer", data=form)
    assert violations(app, tmp_path) == []


def test_what_a_visitor_sends_wrong_on_purpose_is_not_in_the_log(app: QuickBooksSandbox) -> None:
    Visitor(app, wrong_on_purpose=True).call("POST", "customer", {"Nonsense": 1})
    assert list(app.traffic.lines()) == []
    Visitor(app).create("Customer", DisplayName="Amy")
    assert json.loads(next(app.traffic.lines()))["request_headers"]["Authorization"] == "Bearer redacted"
