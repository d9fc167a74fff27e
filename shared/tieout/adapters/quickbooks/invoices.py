"""Invoices as QuickBooks writes them: request bodies from content, content from answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tieout.adapters.quickbooks.lines import LineWriter, ReadLines, read_lines
from tieout.adapters.quickbooks.transactions import currency_of, day_of, is_voided, note_of, total_of, updated_at
from tieout.adapters.quickbooks.wire import Node, encode
from tieout.domain.company import LedgerCompany
from tieout.domain.field_pairs import NATIVE_FIELDS, NativeField
from tieout.domain.invoice import InvoiceContent, LedgerInvoice
from tieout.domain.money import Money
from tieout.domain.planning.deal import Estimate

# What an invoice can be made from; every other linked transaction settles it.
_SOURCES = frozenset(
    {"Estimate", "ReimburseCharge", "TimeActivity", "ChargeCredit", "StatementCharge", "SalesOrder", "BillableExpense"}
)
# A date and a reference have no empty value that could be sent (Intuit: invoice).
_WITHOUT_EMPTY = frozenset({NativeField.SHIPPING_DATE.value, NativeField.SHIPPING_METHOD.value})
# What QuickBooks computes itself of an invoice.
_COMPUTED = frozenset(
    {"domain", "sparse", "status", "MetaData", "TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "DeliveryInfo"}
    | {"InvoiceLink", "TxnStatus", "RecurDataRef"}
)


def create_body(content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The body that creates the invoice. Equal arguments give equal bytes."""
    rate: Mapping[str, object] = {}
    if company.multicurrency and content.exchange_rate is not None:
        rate = {"ExchangeRate": content.exchange_rate}
    filled = {id_: text for id_, text in content.custom_fields if text}
    body = {**_owned(content, private_note, company), **rate, **_fields(filled, {})}
    return encode({**body, "Line": _line_writer(content, company).new(content.lines, content.discount)})


def update_body(present: LedgerInvoice, content: InvoiceContent, private_note: str, company: LedgerCompany) -> str:
    """The sparse body with every owned field and every line.

    A line keeps its id and whatever a person put on it (see `lines`). The array is taken to replace the one that
    stands there; Intuit says so of payments, of invoices it is not documented, and a company that merged by id would
    answer a total that differs when a line fell away. Custom fields are taken to be replaced as a whole likewise, so
    those that are a person's are sent along. A memo or e-mail that falls away is sent as an empty text, because a
    sparse update leaves alone what is absent; that QuickBooks clears it then is not documented either, and the answer
    shows it. The exchange rate is a person's to correct: it is sent only with another date or currency. TxnTaxDetail
    is sent with the code of an American company alone: with amounts it would keep those of before (Intuit: invoice).
    """
    stands = present.content
    more: dict[str, object] = {}
    if stands.memo and not content.memo:
        more["CustomerMemo"] = {"value": ""}
    if stands.email and not content.email:
        more["BillEmail"] = {"Address": ""}
    moved = (stands.currency, stands.invoice_date) != (content.currency, content.invoice_date)
    if company.multicurrency and content.exchange_rate is not None and moved:
        more["ExchangeRate"] = content.exchange_rate
    more |= _fields(dict(content.custom_fields), dict(stands.custom_fields))
    lines_there = ReadLines(stands.lines, stands.discount, present.line_bodies)
    lines = _line_writer(content, company).updated(lines_there, content.lines, content.discount)
    same_lines = (stands.lines, stands.discount) == (content.lines, content.discount)
    changed = {**_owned(content, private_note, company), **more, "Line": lines}
    return _changing(present, changed, dict(content.custom_fields), keeps_tax=same_lines)


def heads_body(present: LedgerInvoice, content: InvoiceContent) -> str:
    """The sparse body of an invoice that is QuickBooks' own: what is absent stays as it is (Intuit: sparse update).
    Terms would move the due date, so that is sent wherever the invoice's date changes."""
    stands = present.content
    body: dict[str, object] = {"Id": present.id, "SyncToken": present.sync_token, "sparse": True}
    if content.number != stands.number:
        body["DocNumber"] = content.number
    moved = content.invoice_date != stands.invoice_date
    if moved:
        body["TxnDate"] = content.invoice_date.isoformat()
    if content.due_date is not None and (moved or content.due_date != stands.due_date):
        body["DueDate"] = content.due_date.isoformat()
    if content.memo != stands.memo:
        body["CustomerMemo"] = {"value": content.memo or ""}
    return encode(body)


def fields_body(present: LedgerInvoice, fields: Mapping[str, str]) -> str:
    """The sparse body that changes these fields of an invoice that is not Tieout's, and nothing else."""
    return _changing(present, _fields(fields, dict(present.content.custom_fields)), fields, keeps_tax=True)


def _changing(
    present: LedgerInvoice, changed: Mapping[str, object], fields: Mapping[str, str], *, keeps_tax: bool
) -> str:
    """A sparse body, or a full one where a field has to go that has no empty value: what a full update leaves out is
    emptied, so all else goes along as it was read (Intuit: invoice, full update). `keeps_tax`: nothing of the sale
    changes, so neither does QuickBooks' own tax."""
    head: dict[str, object] = {"Id": present.id, "SyncToken": present.sync_token}
    there = dict(present.content.custom_fields)
    gone = {name for name in _WITHOUT_EMPTY if name in there and fields.get(name) == ""}
    if not gone or not present.whole:
        return encode({**head, "sparse": True, **changed})
    stood = {name: value for name, value in present.whole.items() if name not in _COMPUTED | gone}
    if not keeps_tax:
        stood.pop("TxnTaxDetail", None)
    return encode({**stood, **head, "sparse": False, **changed})


def void_body(present: LedgerInvoice) -> str:
    """The body of `?operation=void` (Intuit: invoice)."""
    return encode({"Id": present.id, "SyncToken": present.sync_token})


def _owned(content: InvoiceContent, private_note: str, company: LedgerCompany) -> Mapping[str, object]:
    body: dict[str, object] = {"CustomerRef": {"value": content.customer_id}}
    if company.custom_numbers and content.number:
        body["DocNumber"] = content.number
    body["TxnDate"] = content.invoice_date.isoformat()
    if content.terms_id is not None:
        body["SalesTermRef"] = {"value": content.terms_id}
    if content.due_date is not None:
        body["DueDate"] = content.due_date.isoformat()
    if company.multicurrency:
        body["CurrencyRef"] = {"value": content.currency}
    if content.tax_calculation is not None:
        body["GlobalTaxCalculation"] = content.tax_calculation
    if content.tax_code is not None:
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": content.tax_code}}
    if content.discount:
        # HubSpot takes discounts off before it adds taxes of the whole invoice; false, the default, is the other order
        # (Intuit: invoice).
        body["ApplyTaxAfterDiscount"] = not content.tax_before_discount
    body["PrivateNote"] = private_note
    if content.memo:
        body["CustomerMemo"] = {"value": content.memo}
    if content.email:
        body["BillEmail"] = {"Address": content.email}
    return body


def _fields(fields: Mapping[str, str], there: Mapping[str, str]) -> Mapping[str, object]:
    """Custom and native fields of a body; `there` is what stands, by field. An empty text clears.

    The name of a custom field is the company's own; one that is switched off is dropped without a word and absent in
    the answer. A shipping method refers to no list, it resolves to a text (Intuit: invoice).
    """
    native = {
        name: {"value": text, "name": text} if name == NativeField.SHIPPING_METHOD else text
        for name, text in fields.items()
        if name in NATIVE_FIELDS and (text or (name in there and name not in _WITHOUT_EMPTY))
    }
    custom = {id_: text for id_, text in fields.items() if id_ not in NATIVE_FIELDS}
    if not custom:
        return native
    whole = {id_: text for id_, text in there.items() if id_ not in NATIVE_FIELDS} | custom
    listed = [
        {"DefinitionId": id_, "Type": "StringType", "StringValue": text}
        for id_, text in whole.items()
        if text or id_ in there
    ]
    return {**({"CustomField": listed} if listed else {}), **native}


def _line_writer(content: InvoiceContent, company: LedgerCompany) -> LineWriter:
    return LineWriter(
        content.currency, company.discount_account_id, not_taxed=company.uses_sales_tax and company.country == "US"
    )


def read_invoice(node: Node, home_currency: str) -> LedgerInvoice:
    """The invoice of an answer; in `home_currency` where it names none. Raises Unreadable or ValueError."""
    currency = currency_of(node, home_currency)
    read = read_lines(node.nodes("Line"))
    content = InvoiceContent(
        customer_id=node.node("CustomerRef").text("value"),
        number=node.optional_text("DocNumber"),
        invoice_date=day_of(node),
        due_date=node.day("DueDate"),
        currency=currency,
        lines=read.lines,
        memo=node.node("CustomerMemo").optional_text("value"),
        email=node.node("BillEmail").optional_text("Address"),
        discount=read.discount,
        exchange_rate=node.optional_number("ExchangeRate") if currency != home_currency else None,
        terms_id=node.reference("SalesTermRef"),
        custom_fields=(*_custom_texts(node), *_native_texts(node)),
        tax_calculation=node.optional_text("GlobalTaxCalculation"),
        tax_code=node.node("TxnTaxDetail").reference("TxnTaxCodeRef"),
    )
    return LedgerInvoice(
        id=node.text("Id"),
        sync_token=node.text("SyncToken"),
        content=content,
        total=total_of(node, home_currency),
        balance=Money(node.optional_number("Balance") or Decimal(0), currency),
        private_note=note_of(node),
        voided=is_voided(node),
        settled_by=_settled_by(node),
        settlements=_settlements(node),
        updated_at=updated_at(node),
        line_bodies=read.bodies,
        whole=node.fields,
        custom_fields_shown=frozenset(one.text("DefinitionId") for one in node.nodes("CustomField")),
        tax=node.node("TxnTaxDetail").optional_number("TotalTax"),
        customer_name=node.node("CustomerRef").optional_text("name") or "",
        item_names=_item_names(node),
        estimates=_estimates(node),
    )


def _estimates(node: Node) -> tuple[str, ...]:
    """Named by the whole invoice, or by lines that came from one."""
    named = [*node.nodes("LinkedTxn"), *(one for line in node.nodes("Line") for one in line.nodes("LinkedTxn"))]
    found = {one.text("TxnId") for one in named if one.optional_text("TxnType") == "Estimate"}
    return tuple(sorted(found, key=lambda id_: (len(id_), id_)))


def read_estimate(node: Node) -> Estimate:
    """The estimate of an answer, as far as it may name a deal."""
    return Estimate(node.text("Id"), tuple(_custom_texts(node)), note_of(node))


def _custom_texts(node: Node) -> Iterator[tuple[str, str]]:
    for one in node.nodes("CustomField"):
        text = one.optional_text("StringValue")
        if text is not None:
            yield one.text("DefinitionId"), text


def _native_texts(node: Node) -> Iterator[tuple[str, str]]:
    day, method = node.day(NativeField.SHIPPING_DATE), node.node(NativeField.SHIPPING_METHOD)
    texts = {
        NativeField.SHIPPING_METHOD: method.optional_text("name") or method.optional_text("value"),
        NativeField.TRACKING_NUMBER: node.optional_text(NativeField.TRACKING_NUMBER),
        NativeField.SHIPPING_DATE: day.isoformat() if day else None,
        NativeField.PURCHASE_ORDER: node.optional_text(NativeField.PURCHASE_ORDER),
    }
    yield from ((name.value, text) for name, text in texts.items() if text is not None)


def _item_names(node: Node) -> dict[str, str]:
    items = [line.node("SalesItemLineDetail").node("ItemRef") for line in node.nodes("Line")]
    return {id_: name for one in items if (id_ := one.optional_text("value")) and (name := one.optional_text("name"))}


def _settlements(node: Node) -> tuple[tuple[str, str], ...]:
    linked = {(one.text("TxnType"), one.text("TxnId")) for one in node.nodes("LinkedTxn")}
    return tuple(sorted((kind, id_) for kind, id_ in linked if kind not in _SOURCES))


def _settled_by(node: Node) -> tuple[str, ...]:
    types = {kind for kind, _ in _settlements(node)}
    if (node.optional_number("Deposit") or 0) > 0:
        types.add("Deposit")
    return tuple(sorted(types))
