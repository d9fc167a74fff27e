"""What fees send to both vendors, from the two searches to entries, corrections and the proof, is what they publish;
and Intuit's entries are read by the client that others use."""

from __future__ import annotations

import importlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.sandbox.kernel import running
from infra.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, DEFAULT_REALM
from tests.support.builders_money_world import CLEARING
from tests.support.fee_world import PLATFORM, PROCESSING, FeeWorld
from tests.unit.test_services_fee_currencies import TwoCurrencies
from tests.unit.test_services_payments_traffic import judged
from tieout.domain.fee import Period
from tieout.domain.record import State, SyncRecord
from tieout.services.check_clearing import check_clearing
from tieout.services.report_fees import fee_report

MARCH = Period.month(date(2026, 3, 1))
TERMS: dict[str, Any] = {"fee": "2.90", "platform_fee": "0.50"}


def month(world: FeeWorld, currencies: tuple[str, ...]) -> list[SyncRecord]:
    """A month with payments and a refund, booked, with late fees, with fees given back, paid out and proven."""
    workspace = world.open("c1")
    assert workspace is not None
    people = world.people
    for currency in currencies:
        for number in range(3):
            late: dict[str, Any] = {"fee": "untold", "platform_fee": "untold"} if number == 2 else TERMS
            last = people.pay_link("100.00", "anna@example.test", currency=currency, **late)
        people.refund(last, "5.00", slow=False)
        world.book_fees(fee_report(workspace, MARCH))
        people.charge(last, fee="3.00", platform_fee="0.50")
        world.fault("timeout_after", path="/purchase$")
        for _ in range(2):
            world.book_fees(fee_report(workspace, MARCH))
        people.charge(last, fee="1.00", platform_fee="0.50")
        world.book_fees(fee_report(workspace, MARCH))
    world.bookkeeper.transfer(CLEARING, "36", Decimal("10.00"))
    assert check_clearing(workspace)
    return [world.fee_record(currency=currency, period=MARCH) for currency in currencies]


@pytest.mark.parametrize(
    ("kind", "options", "currencies"),
    [
        (FeeWorld, {}, ("USD",)),
        (FeeWorld, {"track_classes": True, "track_departments": True}, ("USD",)),
        (TwoCurrencies, {}, ("USD", "EUR")),
    ],
)
def test_the_traffic_of_fees_is_what_the_vendors_document(
    kind: type[FeeWorld], options: dict[str, Any], currencies: tuple[str, ...], tmp_path: Path
) -> None:
    world = kind(**options)
    if options:
        made = {name: str(world.bookkeeper.create(name, Name="Online")["Id"]) for name in ("Class", "Department")}
        world.monthly(fee_class_id=made["Class"], fee_department_id=made["Department"])
    records = month(world, currencies)
    assert {one.state for one in records} == {State.SYNCED}
    assert [len(one.postings) for one in records] == [3] * len(currencies)
    sent = {(one.method, one.url.split("?")[0].rsplit("/", 1)[-1]) for one in exchanges(world)}
    assert {("POST", "search"), ("POST", "purchase"), ("POST", "deposit"), ("GET", "query")} <= sent
    for app in (world.quickbooks, world.hubspot):
        recorded = tmp_path / "traffic.jsonl"
        recorded.write_text("".join(app.traffic.lines()), encoding="utf-8")
        judged(recorded)


def exchanges(world: FeeWorld) -> list[Any]:
    return [*world.quickbooks.traffic.exchanges, *world.hubspot.traffic.exchanges]


def vendors(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_the_entries_are_read_by_the_client_that_others_use(monkeypatch: pytest.MonkeyPatch) -> None:
    world = FeeWorld(requests_per_second=None)
    month(world, ("USD",))
    tokens = world.tokens.load("c1")
    assert tokens is not None
    client_class = vendors("quickbooks.client.QuickBooks")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with running(world.quickbooks) as url:
        monkeypatch.setattr(client_class, "api_url_v3", f"{url}/v3")
        with vendors("intuitlib.client.AuthClient")(
            CLIENT_ID,
            CLIENT_SECRET,
            "https://tieout.test/callback",
            f"{url}/.well-known/openid_sandbox_configuration/",
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
        ) as auth:
            client = client_class(
                auth_client=auth, refresh_token=tokens.refresh_token, company_id=DEFAULT_REALM, minorversion=75
            )
            first, second = vendors("quickbooks.objects.purchase.Purchase").all(qb=client)
            [back] = vendors("quickbooks.objects.deposit.Deposit").all(qb=client)
            vendor = vendors("quickbooks.objects.vendor.Vendor").get(world.vendor, qb=client)
            client.session.close()
    assert (first.DocNumber, first.AccountRef.value, first.EntityRef.value) == (
        "FEE-2026-03-USD",
        CLEARING,
        world.vendor,
    )
    lines = {one.AccountBasedExpenseLineDetail.AccountRef.value: one.Amount for one in first.Line}
    assert lines == {PROCESSING: 5.8, PLATFORM: 1.0}
    assert (second.DocNumber, second.TotalAmt) == ("FEE-2026-03-USD-2", 3.5)
    assert (back.TotalAmt, back.DepositToAccountRef.value, vendor.DisplayName) == (2.0, CLEARING, "HubSpot payments")
