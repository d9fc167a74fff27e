"""Whatever it is sent, the QuickBooks sandbox answers with an entity or a Fault, and never breaks."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.sandbox.kernel import SandboxClock
from infra.sandbox.kernel.wire import loads
from infra.sandbox.quickbooks import QuickBooksConfig, QuickBooksSandbox
from infra.sandbox.quickbooks.schema import ENUMS, TYPES
from infra.sandbox.quickbooks.visitor import Visitor

WHERE = "select * from Invoice where ?"
NAMED = "select * from Customer where DisplayName = '?'"
CODES = re.compile(r"\d{3,5}")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 200),
    st.decimals(-100, 100, places=2),
    st.sampled_from(["", "1", "79", "99", "TAX", "USD", "2026-11-24", "a@b.test", "Subtotal:", "SHIPPING_ITEM_ID"]),
)

AMOUNTS = st.decimals(-5, 50, places=2)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "decimal": AMOUNTS,
    "integer": st.integers(1, 60),
    "date": st.sampled_from(["2026-11-24", "2026-12-31"]),
    "dateTime": st.just("2026-11-24T00:00:00Z"),
}


def values(type_: str, depth: int) -> st.SearchStrategy[Any]:
    """Values that are of the type, or nearly."""
    if type_ in TYPES:
        if depth == 0:
            return st.just({})
        if type_ == "ReferenceType":
            return st.fixed_dictionaries({"value": st.sampled_from(["1", "2", "79", "84", "99", "TAX", "EUR"])})
        options = {
            key: st.lists(values(field.type, depth - 1), max_size=3)
            if field.repeated
            else values(field.type, depth - 1)
            for key, field in TYPES[type_].items()
            if key not in ("SyncToken", "Id") or depth < 3
        }
        return st.fixed_dictionaries({}, optional=options) if len(options) < 8 else few(options)
    if type_ in ENUMS:
        return st.sampled_from(sorted(ENUMS[type_]))
    fitting = FITTING.get(type_, st.sampled_from(["", "x", "a@b.test", "USD"]))
    return st.sampled_from([fitting] * 40 + [SCALARS]).flatmap(lambda chosen: chosen)


def few(options: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of many fields, so that a body stays small."""
    return st.lists(st.sampled_from(sorted(options)), max_size=5, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: options[key] for key in keys})
    )


SALES = st.fixed_dictionaries(
    {"ItemRef": st.just({"value": "1"})},
    optional={
        "Qty": st.just(1),
        "TaxCodeRef": st.sampled_from([{"value": code} for code in ("TAX", "NON", "2", "3")]),
        "TaxInclusiveAmt": AMOUNTS,
    },
)
LINES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"DetailType": st.just("SalesItemLineDetail"), "Amount": st.decimals(0, 50, places=2)},
            optional={"SalesItemLineDetail": SALES, "Description": st.just("x"), "Id": st.just("2")},
        ),
        st.fixed_dictionaries(
            {"DetailType": st.just("SalesItemLineDetail"), "Amount": AMOUNTS, "SalesItemLineDetail": SALES}
        ),
        st.fixed_dictionaries(
            {"DetailType": st.just("DescriptionOnly")}, optional={"Description": st.sampled_from(["Subtotal:", "x"])}
        ),
        st.fixed_dictionaries(
            {"DetailType": st.just("DiscountLineDetail")},
            optional={"Amount": AMOUNTS, "DiscountLineDetail": values("DiscountLineDetail", 2)},
        ),
    ),
    min_size=1,
    max_size=5,
)


def open_company(**config: Any) -> Visitor:
    made = QuickBooksConfig().with_settings({"partner_tax_percent": Decimal(7), **config})
    visitor = Visitor(QuickBooksSandbox(made, clock=SandboxClock(datetime(2026, 11, 24, tzinfo=UTC))))
    currency = {"CurrencyRef": {"value": "USD"}} if made.multicurrency else {}
    visitor.create("Customer", DisplayName="Amy", **currency)
    return visitor


COMPANIES = (
    open_company(),
    open_company(using_sales_tax=True, partner_tax=True, custom_txn_numbers=True),
    open_company(country="GB", using_sales_tax=True, multicurrency=True),
)


def check(visitor: Visitor, entity: str, body: dict[str, Any]) -> None:
    response = visitor.call("POST", entity.lower(), body)
    answer = loads(response.content)
    if "Fault" in answer:
        assert response.status_code == 400
        assert all(CODES.fullmatch(error["code"]) for error in answer["Fault"]["Error"])
        return
    made = answer[entity]
    assert visitor.read(entity, made["Id"]) == made
    if "TotalAmt" in made:
        assert made.get("Balance", 0) <= made["TotalAmt"]
        assert made["TotalAmt"] == round(made["TotalAmt"], 2)


@settings(max_examples=150)
@given(
    st.sampled_from(COMPANIES),
    st.sampled_from(["Customer", "Vendor", "Item", "Account", "Term"]),
    st.integers(0, 10**9),
    st.data(),
)
def test_any_list_entity_is_stored_or_refused(visitor: Visitor, entity: str, number: int, data: st.DataObject) -> None:
    body = data.draw(values(entity, 3))
    name = "DisplayName" if entity in ("Customer", "Vendor") else "Name"
    account = {"IncomeAccountRef": {"value": "79"}} if entity == "Item" else {}
    check(visitor, entity, {name: f"n{number}", **account, **body})


@settings(max_examples=300)
@given(st.sampled_from(COMPANIES), LINES, values("Invoice", 2))
def test_any_invoice_is_stored_or_refused(visitor: Visitor, lines: list[dict[str, Any]], body: dict[str, Any]) -> None:
    frame: dict[str, Any] = {"CustomerRef": {"value": "1"}, "Line": lines}
    if visitor is COMPANIES[-1]:
        frame |= {"CurrencyRef": {"value": "USD"}, "GlobalTaxCalculation": "TaxInclusive"}
    check(visitor, "Invoice", {**body, **frame})


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_after_where_is_answered_or_refused(text: str) -> None:
    for statement in (WHERE.replace("?", text), NAMED.replace("?", text)):
        response = COMPANIES[0].call("GET", "query", query=statement)
        assert response.status_code in (200, 400)


def linked(kind: str, id_: str, amount: int, **more: str) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id_, "TxnType": kind, **more}]}


def booked(kind: str, **detail: Any) -> dict[str, Any]:
    return {"Amount": 7, "DetailType": kind, kind: {"AccountRef": {"value": "13"}, **detail}}


SOLD = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
# By entity: what it needs beside lines, and lines that fit or nearly.
FRAMES: dict[str, dict[str, Any]] = {
    "Payment": {"CustomerRef": {"value": "1"}, "TotalAmt": 10},
    "CreditMemo": {"CustomerRef": {"value": "1"}},
    "SalesReceipt": {},
    "RefundReceipt": {"DepositToAccountRef": {"value": "35"}},
    "Purchase": {"AccountRef": {"value": "35"}, "PaymentType": "Cash"},
    "Deposit": {"DepositToAccountRef": {"value": "35"}},
    "Transfer": {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 5},
    "JournalEntry": {},
}
FITS: dict[str, list[dict[str, Any]]] = {
    "Payment": [linked("Invoice", "1", 3), linked("CreditMemo", "2", 2)],
    "Purchase": [booked("AccountBasedExpenseLineDetail"), booked("ItemBasedExpenseLineDetail", ItemRef={"value": "1"})],
    "Deposit": [booked("DepositLineDetail"), linked("Payment", "3", 10, TxnLineId="0")],
    "JournalEntry": [booked("JournalEntryLineDetail", PostingType=side) for side in ("Debit", "Credit")],
}


def open_books(**config: Any) -> Visitor:
    unlimited = dict.fromkeys(("requests_per_second", "requests_per_minute", "batches_per_minute"))
    visitor = open_company(using_sales_tax=True, **unlimited, **config)
    for entity, body in (("Invoice", {}), ("CreditMemo", {}), ("Payment", {"TotalAmt": 10})):
        form = {"Line": [SOLD]} if entity != "Payment" else {}
        visitor.create(entity, CustomerRef={"value": "1"}, **form, **body)
    return visitor


BOOKS = (open_books(), open_books(auto_apply_payments=True, auto_apply_credit=True, payment_line_links="several"))


@settings(max_examples=200)
@given(st.sampled_from(BOOKS), st.sampled_from(sorted(FRAMES)), st.data())
def test_any_booking_is_stored_or_refused_and_the_books_stay_in_balance(
    visitor: Visitor, entity: str, data: st.DataObject
) -> None:
    fitting = st.sampled_from(FITS.get(entity, [SOLD]))
    lines = data.draw(st.lists(fitting, min_size=1, max_size=3) | st.lists(fitting | values("Line", 3), max_size=3))
    more: dict[str, Any] = data.draw(st.just({}) | values(entity, 2))
    check(visitor, entity, {**more, **FRAMES[entity], "Line": lines})
    assert sum(visitor.books().values()) == 0


@settings(max_examples=100)
@given(
    st.lists(st.one_of(SCALARS, st.dictionaries(st.sampled_from(["bId", "operation", "Query", "Payment"]), SCALARS)))
)
def test_any_batch_is_answered_or_refused(items: list[Any]) -> None:
    client = Visitor(BOOKS[0].app, access_token=BOOKS[0].app.config.access_token)
    response = client.call("POST", "batch", {"BatchItemRequest": items})
    assert response.status_code in (200, 400)
