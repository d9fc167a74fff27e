"""The demo's payment processors: the accounts that the bookkeeper keeps for them, and what they paid out last month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from infra.local.demo.people import QuickBooksPerson
from infra.local.demo.story import EUR_RATE

CLEARING, STRIPE = "HubSpot clearing", "Stripe clearing"
PLATFORM_FEES = "HubSpot platform fees"
PROCESSING_FEES = "Bank Charges"


@dataclass(frozen=True)
class Processor:
    """Money of one processor. `clearing` and `bank` are accounts by name, `payouts` (day, amount) what came to the bank
    in October, less fees; `fees` is what was kept of October's payments, both in `currency`."""

    vendor: str
    clearing: str
    currency: str
    bank: str
    payouts: tuple[tuple[str, str], ...]
    fees: str


# By HubSpot's name. Card payments cost 2.9 %, bank debits 0.8 %, and HubSpot 0.5 % of everything.
PROCESSORS: Mapping[str, Processor] = {
    "hs_payments": Processor(
        "HubSpot Payments", CLEARING, "USD", "Checking", (("2026-10-08", "1622.88"), ("2026-10-23", "888.30")), "68.82"
    ),
    "byo_stripe": Processor(
        "Stripe", STRIPE, "EUR", "Euro account", (("2026-10-14", "579.60"), ("2026-10-28", "241.50")), "28.90"
    ),
}


def open_accounts(quickbooks: QuickBooksPerson) -> dict[str, str]:
    """The bookkeeper opens accounts for the money at processors, and for fees; gives all accounts, name -> id."""
    banks = {name: one.currency for one in PROCESSORS.values() for name in (one.clearing, one.bank)}
    have = {one["Name"] for one in quickbooks.query("Account")}
    for name, currency in banks.items():
        if name not in have:
            body = {"Name": name, "AccountType": "Bank", "CurrencyRef": {"value": currency}}
            quickbooks.create("Account", body)
    quickbooks.create("Account", {"Name": PLATFORM_FEES, "AccountType": "Expense"})
    return {one["Name"]: one["Id"] for one in quickbooks.query("Account")}


def fee_settings(quickbooks: QuickBooksPerson, accounts: Mapping[str, str]) -> dict[str, object]:
    """What the bookkeeper has decided about fees, with the processors entered as vendors."""
    vendors = {
        name: quickbooks.create("Vendor", {"DisplayName": one.vendor, "CurrencyRef": {"value": one.currency}})["Id"]
        for name, one in PROCESSORS.items()
    }
    return {
        "deposit_accounts": {name: accounts[one.clearing] for name, one in PROCESSORS.items()},
        "fee_booking": "monthly",
        "fee_vendors": vendors,
        "processing_fee_account_id": accounts[PROCESSING_FEES],
        "platform_fee_account_id": accounts[PLATFORM_FEES],
    }


def enter_payouts(quickbooks: QuickBooksPerson, accounts: Mapping[str, str]) -> None:
    """The bookkeeper enters what the banks received in October: transfers from the clearing accounts."""
    for one in PROCESSORS.values():
        foreign = {"ExchangeRate": Decimal(EUR_RATE)} if one.currency == "EUR" else {}
        for day, amount in one.payouts:
            quickbooks.create(
                "Transfer",
                {
                    "TxnDate": day,
                    "Amount": Decimal(amount),
                    "FromAccountRef": {"value": accounts[one.clearing]},
                    "ToAccountRef": {"value": accounts[one.bank]},
                    "CurrencyRef": {"value": one.currency},
                    **foreign,
                },
            )
