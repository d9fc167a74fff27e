"""What the QuickBooks adapter sends over an invoice's life is what Intuit's published schema knows."""

import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_quickbooks_adapter import KEY, START, World
from tests.unit.test_quickbooks_payments import KEY as POSTED
from tests.unit.test_quickbooks_payments import Desk
from tieout.domain.customer import CustomerDraft
from tieout.domain.errors import ConnectionLost, Transient
from tieout.domain.money import Money
from tieout.domain.payment import Allocation, Document

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "check_traffic.py"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"custom_txn_numbers": True, "multicurrency": True, "using_sales_tax": True, "filter_by_email": False},
        {"unauthorized_form": "xml"},
    ],
)
def test_the_traffic_of_an_invoices_life_is_what_intuit_documents(config: dict[str, Any], tmp_path: Path) -> None:
    world = World(**config)
    world.ledger.find_customers(["Acme", "O'Neil \\ Sons"], ["ap@example.com"])
    world.ledger.name_holders("Acme")
    world.ledger.find_items(["Services"], ["W-1"])
    world.ledger.item("1")
    made = world.make(world.content(number="HS-1"))
    world.ledger.find_invoice(KEY, world.content())
    world.quickbooks.invoice_pdf(made.id)
    world.sandbox.clock.advance(3601)
    changed = world.update(made, world.content(number="HS-2", memo=None, email=None))
    world.ledger.invoices([made.id])
    world.ledger.invoice(world.void(changed).id)
    for kind in ("status_429", "status_500", "status_403"):
        world.fault(kind)
        with pytest.raises((Transient, ConnectionLost)):
            world.ledger.invoice(made.id)
        world.clock.advance(120)
    assert {exchange.status for exchange in world.sandbox.traffic.exchanges} >= {200, 401, 429}
    judged(world, tmp_path)


def judged(world: World, tmp_path: Path) -> None:
    """The check of the traffic against Intuit's schema, where it stands beside this project."""
    if CHECKER.exists():
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(world.sandbox.traffic.lines()))
        done = subprocess.run([sys.executable, CHECKER, recorded], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("config", "currency", "code", "tax"),
    [
        ({}, "USD", None, {}),
        ({"multicurrency": True}, "EUR", None, {}),
        ({"using_sales_tax": True}, "USD", "NON", {}),
        ({"using_sales_tax": True}, "USD", "TAX", {"tax_code": "2"}),
        ({"using_sales_tax": True, "partner_tax": True}, "USD", "TAX", {}),
        (
            {"country": "GB", "home_currency": "GBP", "using_sales_tax": True},
            "GBP",
            "2",
            {"tax_calculation": "TaxExcluded"},
        ),
    ],
)
def test_the_traffic_of_every_form_of_invoice_is_what_intuit_documents(
    config: dict[str, Any], currency: str, code: str | None, tax: dict[str, str], tmp_path: Path
) -> None:
    world = World(**config)
    ledger, foreign = world.ledger, currency if config.get("multicurrency") else None
    customer = ledger.create_customer(ledger.prepare_customer(CustomerDraft("Jo", currency=foreign)), "jo")
    assert ledger.tax_codes()
    assert ledger.terms()
    content = world.content(
        customer_id=customer.id,
        currency=currency,
        discount=Decimal(10),
        terms_id="3",
        custom_fields=(("1", "PO-7"),),
        **tax,
        exchange_rate=ledger.exchange_rate(currency, date(2026, 3, 2)) if foreign else None,
    )
    content = replace(content, lines=tuple(replace(line, tax_code=code) for line in content.lines))
    made = world.make(content)
    later = replace(content, discount=Decimal(20), invoice_date=date(2026, 3, 3), custom_fields=(("1", ""),))
    changed = world.update(made, later)
    plain = world.update(changed, replace(later, discount=Decimal(0), memo="No discount"), "u2")
    world.void(plain)
    judged(world, tmp_path)


@pytest.mark.parametrize(
    "config",
    [{}, {"multicurrency": True, "using_sales_tax": True}, {"country": "GB", "home_currency": "GBP"}],
)
def test_the_traffic_of_payments_and_refunds_is_what_intuit_documents(config: dict[str, Any], tmp_path: Path) -> None:
    desk = Desk(**config)
    ledger, currency = desk.ledger, desk.ledger.company().home_currency
    # A deposit is made for fees only, of account lines.
    forms = [one for one in Document if one not in (Document.HUBSPOT_PAYMENT, Document.DEPOSIT)]
    for document in forms:
        amount = Money(Decimal(0) if document is Document.APPLICATION else Decimal("30.00"), currency)
        parts = (Allocation("Invoice", desk.invoice.id, amount),) if document is Document.PAYMENT else ()
        content = desk.content(document, amount=amount, allocations=parts, exchange_rate=Decimal(1))
        made = desk.post(content, f"{document}-1")
        ledger.find_posting(POSTED, content, 1)
        later = replace(content, day=date(2026, 3, 4), reference="re_1", method_id="3")
        desk.void(document, desk.update(made, later))
    ledger.payments(["1"])
    ledger.documents(Document.CREDIT_MEMO, ["1", "2"])
    ledger.unmarked(Document.SALES_RECEIPT, (date(2026, 3, 1), date(2026, 3, 9)), [Decimal(30)])
    ledger.changes(["Invoice", "Payment", "CreditMemo", "RefundReceipt", "SalesReceipt"], START)
    ledger.changed_since("Payment", START)
    judged(desk.world, tmp_path)
