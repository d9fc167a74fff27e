"""What the push of payments sends to both vendors, over many payments, is what they publish."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders_money_world import RECEIVABLE, MoneyWorld

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "check_traffic.py"


@pytest.mark.parametrize(
    ("company", "settings"),
    [
        ({}, {}),
        ({}, {"refunds": "credit_memo", "receivable_account_id": RECEIVABLE}),
        (
            {"multicurrency": True, "exchange_rates": ("EUR 1.08",), "hubspot": {"additional_currencies": ("EUR",)}},
            {"recognise_workflow_documents": True, "payment_methods": {"card": "3", "check": "2"}},
        ),
    ],
)
def test_the_traffic_of_payments_and_refunds_is_what_the_vendors_document(
    company: dict[str, Any], settings: dict[str, Any], tmp_path: Path
) -> None:
    world = MoneyWorld(**company)
    world.settings(payments_without_invoice="sales_receipt", sales_receipt_item_id="1", **settings)
    currencies = ["USD", "EUR"] if company else ["USD"]
    for currency in currencies:
        paid = world.people.pay(world.synced(hs_currency=currency))
        by_hand = world.people.record(world.synced(hs_currency=currency), "100.00", reference="1042")
        world.push(world.pay_hint(paid), world.pay_hint(by_hand))
        world.people.refund(paid, "10.00")
        world.look(paid)
        world.person.patch(
            f"/crm/objects/2026-09/commerce_payments/{by_hand}", json={"properties": {"hs_initial_amount": "120.00"}}
        )
        world.look(by_hand)
    link = world.people.pay_link("25.00", "buyer@example.test")
    world.look(link)
    world.fault("timeout_after", path="/refundreceipt$|/creditmemo$")
    world.people.refund(paid, "20.00")
    world.look(paid)
    world.run()
    assert {world.payment(one).state.value for one in (paid, by_hand, link)} == {"synced"}
    for app in (world.quickbooks, world.hubspot):
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(app.traffic.lines()))
        judged(recorded)


def judged(recorded: Path) -> None:
    """The check of the traffic against the vendors' schemas, where it stands beside this project."""
    if CHECKER.exists():
        done = subprocess.run([sys.executable, CHECKER, recorded], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
