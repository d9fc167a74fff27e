"""Fees of a processor that settles in two currencies: booked apart, at explicit rates, and proven apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_fees import a_fee_line
from tests.support.builders_money_world import CLEARING
from tests.support.fee_world import FeeWorld, february
from tieout.domain.attention import AttentionCode
from tieout.domain.fee import FeeLine
from tieout.domain.payment import Processor
from tieout.domain.planning.clearing import Proof
from tieout.domain.record import State
from tieout.services.check_clearing import check_clearing
from tieout.services.fee_documents import told_as
from tieout.services.fee_entries import entries_of

HOME = a_fee_line("900")
FOREIGN = a_fee_line("901", gross="200.00", fee="5.00", platform="1.00", currency="EUR")


class TwoCurrencies(FeeWorld):
    """A company in dollars whose payments also settle in euros, with a vendor and an account for those."""

    def __init__(self, **options: Any) -> None:
        company = {"multicurrency": True, "exchange_rates": ("EUR 1.08",), **options}
        super().__init__(hubspot={"additional_currencies": ("EUR",)}, **company)
        euro = {"CurrencyRef": {"value": "EUR"}}
        account = {"Name": "HubSpot EUR", "AccountType": "Bank", "AccountSubType": "Checking"}
        self.euro_vendor = str(self.bookkeeper.create("Vendor", DisplayName="HubSpot payments EUR", **euro)["Id"])
        self.euro_clearing = str(self.bookkeeper.create("Account", **account, **euro)["Id"])
        self.euro_bank = str(self.bookkeeper.create("Account", **{**account, "Name": "Bank EUR"}, **euro)["Id"])
        self.by_currency()

    def by_currency(self, **changes: object) -> None:
        self.monthly(
            **{
                "deposit_accounts": {"hs_payments": CLEARING, "hs_payments:EUR": self.euro_clearing},
                "fee_vendors": {"hs_payments": self.vendor, "hs_payments:EUR": self.euro_vendor},
                **changes,
            }
        )

    def proofs(self) -> dict[str, Proof]:
        workspace = self.open("c1")
        assert workspace is not None
        return {one.account.id: one for one in check_clearing(workspace)}

    def paid(self, currency: str) -> str:
        id_ = self.people.pay(self.synced(hs_currency=currency, price="100.00"))
        self.look(id_)
        return id_


def test_each_currency_is_an_expense_of_its_own_with_its_vendor_account_and_rate() -> None:
    world = TwoCurrencies()
    found = world.book_fees(february(HOME, FOREIGN))
    assert all(one.finished for one in found)
    shown = {
        row["DocNumber"]: (
            row["TotalAmt"],
            row["CurrencyRef"]["value"],
            row["ExchangeRate"],
            row["EntityRef"]["value"],
            row["AccountRef"]["value"],
        )
        for row in world.booked("Purchase")
    }
    assert shown == {
        "FEE-2026-02-USD": (Decimal("3.40"), "USD", 1, world.vendor, CLEARING),
        "FEE-2026-02-EUR": (Decimal("6.00"), "EUR", Decimal("1.08"), world.euro_vendor, world.euro_clearing),
    }


def test_each_currency_is_corrected_by_itself() -> None:
    world = TwoCurrencies()
    world.book_fees(february(HOME, FOREIGN))
    dearer = a_fee_line("901", gross="200.00", fee="4.00", platform="1.00", currency="EUR")
    world.book_fees(february(HOME, dearer))
    deposit = world.one("Deposit")
    assert (deposit["TotalAmt"], deposit["CurrencyRef"]["value"]) == (Decimal("1.00"), "EUR")
    assert deposit["ExchangeRate"] == Decimal("1.08")
    assert len(world.booked("Purchase")) == 2


@pytest.mark.parametrize("left", [(HOME,), ()], ids=["the other stays", "nothing stays"])
def test_the_fees_of_a_currency_of_which_no_payment_is_left_are_given_back(left: tuple[FeeLine, ...]) -> None:
    world = TwoCurrencies()
    world.book_fees(february(HOME, FOREIGN))
    world.book_fees(february(*left))
    back = {(row["CurrencyRef"]["value"], row["TotalAmt"]) for row in world.booked("Deposit")}
    assert back == {("EUR", Decimal("6.00")), *({("USD", Decimal("3.40"))} if not left else set())}
    workspace = world.open("c1")
    assert workspace is not None
    shown = entries_of(world.records, workspace, february(*left))[Processor.HUBSPOT, "EUR"].entries
    assert [told_as(one) for one in shown] == ["Expense", "Fees given back (deposit)"]


def test_without_a_rate_the_foreign_fees_wait_for_a_person_and_the_others_are_booked() -> None:
    world = TwoCurrencies(exchange_rates=())
    world.book_fees(february(HOME, FOREIGN))
    record = world.fee_record(currency="EUR")
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.CURRENCY_UNSUPPORTED)
    assert "EUR to USD" in record.detail
    assert world.one("Purchase")["DocNumber"] == "FEE-2026-02-USD"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fee_vendors": "plain"}, "in USD, and the fees are in EUR. Name one for hs_payments:EUR."),
        ({"deposit_accounts": "euro"}, "in EUR, and the fees are in USD. Name one for hs_payments:USD."),
    ],
)
def test_a_vendor_or_account_of_another_currency_is_attention_that_says_what_to_name(
    changes: dict[str, str], told: str
) -> None:
    world = TwoCurrencies()
    [(setting, which)] = changes.items()
    world.by_currency(**{setting: {"hs_payments": world.vendor if which == "plain" else world.euro_clearing}})
    world.book_fees(february(HOME, FOREIGN))
    record = world.fee_record(currency="EUR" if which == "plain" else "USD")
    assert (record.state, record.reason) == (State.ATTENTION, AttentionCode.FEE_MAPPING_UNUSABLE)
    assert told in record.detail
    assert len(world.booked("Purchase")) == 1


def test_each_clearing_account_is_proven_in_its_own_currency() -> None:
    world = TwoCurrencies()
    dollars, euros = world.paid("USD"), world.paid("EUR")
    world.people.refund(euros, Decimal("50.00"))
    world.look(euros)
    world.book_fees(february(HOME, FOREIGN))
    euro = {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": Decimal("1.10")}
    world.bookkeeper.transfer(world.euro_clearing, world.euro_bank, Decimal("200.00"), **euro)
    proofs = world.proofs()
    figures = {
        one.currency: [str(part.amount) for part in (one.payments, one.refunds, one.fees, one.payouts, one.clearing)]
        for one in proofs.values()
    }
    assert figures == {
        "USD": ["300.00", "0.00", "3.40", "0.00", "296.60"],
        "EUR": ["300.00", "50.00", "6.00", "200.00", "44.00"],
    }
    assert all(one.holds for one in proofs.values())
    left = {one.currency: [(part.payment_id, part.amount.amount) for part in one.left] for one in proofs.values()}
    assert left == {"USD": [(dollars, Decimal("296.60"))], "EUR": [(euros, Decimal("44.00"))]}


def test_foreign_documents_on_an_account_in_home_currency_count_as_their_own_rates_made_of_them() -> None:
    world = TwoCurrencies()
    world.by_currency(deposit_accounts={"hs_payments": CLEARING})
    world.paid("USD")
    world.paid("EUR")
    world.book_fees(february(HOME, FOREIGN))
    [proof] = world.proofs().values()
    assert (proof.payments.amount, proof.fees.amount) == (Decimal("624.00"), Decimal("9.88"))
    assert proof.others == ()
    assert proof.holds
