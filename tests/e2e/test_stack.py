"""The deployed stack from outside: what its public address takes and refuses, where broken messages end, and the demo
as a newcomer runs it, with everything that was said to the vendors judged by the vendors' own schemas."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local import stack as local_stack
from infra.local.demo.__main__ import TRAFFIC
from infra.local.demo.business_day import invoices
from infra.local.demo.entry_day import entries
from infra.local.demo.money_day import deals
from infra.local.demo.month_end import OCTOBER
from infra.local.demo.processors import PROCESSORS
from infra.local.demo.story import METHOD, ORDER, TRACKING, Ending
from infra.local.demo.summer import summer
from infra.local.deployment import Aws
from infra.local.stack import Stack
from tests.e2e.day import PlayedDay, marks, operations, read_file, writes
from tieout.adapters.hubspot import signature as hubspot_signature
from tieout.adapters.quickbooks import signature as quickbooks_signature

# One stack serves all of these tests, so they are in one file, which one worker runs (`--dist loadfile`).
pytestmark = pytest.mark.stack

# The judge knows the vendors' published schemas; it lies beside the project's checkout where the team works.
JUDGE = Path(__file__).parents[3] / "shared" / "tools" / "check_traffic.py"
SECONDS = 120.0
RECEIPTS = ("Payment", "RefundReceipt", "SalesReceipt", "Purchase")
MANY_PAYMENTS, MANY_INVOICES = 10, 60
# What Tieout itself has to have asked of the vendors that day, beside what invoices need.
NEEDED = (
    "hubspot POST commerce_payments/search",
    "hubspot POST invoices/search",
    "hubspot POST commerce_payments/batch/read",
    "hubspot POST invoices/batch/update",
    "hubspot POST commerce_payments",
    "hubspot PATCH commerce_payments/ID",
    "hubspot DELETE commerce_payments/ID",
    "hubspot POST associations/2026-09/commerce_payments/invoices/batch/read",
    "quickbooks GET cdc",
    "quickbooks GET query Payment",
    "quickbooks GET query RefundReceipt",
    "quickbooks POST payment",
    "quickbooks POST refundreceipt",
    "quickbooks POST salesreceipt",
    "quickbooks POST purchase",
    "quickbooks GET query Transfer",
    # What QuickBooks' own invoices need.
    "hubspot POST invoices",
    "hubspot POST invoices/batch/read",
    "hubspot POST line_items/batch/create",
    "hubspot POST line_items/batch/archive",
    "hubspot POST discounts",
    "hubspot POST taxes",
    "hubspot PATCH invoices/ID",
    "hubspot POST contacts",
    "hubspot POST companies",
    "hubspot POST associations/2026-09/invoices/deals/batch/create",
    "hubspot POST deals/batch/update",
    "hubspot POST notes",
    "quickbooks GET invoice/ID/pdf",
    "quickbooks GET query Estimate",
)
KEY = "tieout_quickbooks_key"
SUMMER = summer()
FOREIGN = [{"eventId": 1, "portalId": 999, "objectId": 5, "objectTypeId": "0-53", "occurredAt": 1790000000000}]


def eventually(found: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found():
            return True
        time.sleep(0.5)
    return False


def hubspot(stack: Stack, body: bytes, *, secret: str | None = None, age_ms: int = 0) -> httpx.Response:
    """A delivery signed as HubSpot signs."""
    url = f"{stack.api_url}/webhooks/hubspot"
    timestamp = str(int(datetime.now(UTC).timestamp() * 1000) - age_ms)
    signed = hubspot_signature.sign(
        method="POST", url=url, body=body, timestamp=timestamp, secret=secret or stack.hubspot_client_secret
    )
    headers = {hubspot_signature.SIGNATURE_HEADER: signed, hubspot_signature.TIMESTAMP_HEADER: timestamp}
    return httpx.post(url, content=body, headers={**headers, "Content-Type": "application/json"}, timeout=30)


def depth(aws: Aws, url: str | None) -> int:
    """How many messages are in a queue, being worked on or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def test_a_signed_delivery_is_taken(stack: Stack) -> None:
    assert hubspot(stack, b"[]").status_code == 200


def test_events_of_a_strange_portal_are_acknowledged_and_not_queued(stack: Stack, aws: Aws) -> None:
    before = depth(aws, stack.queues["invoice_push"]["url"])
    assert hubspot(stack, json.dumps(FOREIGN).encode()).status_code == 200
    assert depth(aws, stack.queues["invoice_push"]["url"]) <= before


@pytest.mark.parametrize(("secret", "age_ms"), [("wrong", 0), (None, 301_000), (None, -301_000)])
def test_a_wrong_signature_or_time_is_refused(stack: Stack, secret: str | None, age_ms: int) -> None:
    answer = hubspot(stack, b"[]", secret=secret, age_ms=age_ms)
    assert (answer.status_code, answer.json()) == (401, {"status": 401})


def test_a_delivery_of_quickbooks_is_taken_in_both_forms(stack: Stack) -> None:
    url = f"{stack.api_url}/webhooks/quickbooks"
    for body in (b"[]", b'{"eventNotifications":[]}'):
        headers = {quickbooks_signature.SIGNATURE_HEADER: quickbooks_signature.sign(body, stack.intuit_verifier_token)}
        assert httpx.post(url, content=body, headers=headers, timeout=30).status_code == 200


def test_a_message_that_is_no_hint_ends_in_the_dead_letter_queue_at_once(stack: Stack, aws: Aws) -> None:
    queue = stack.queues["invoice_push"]
    before = depth(aws, queue["dlq_url"])
    aws.client("sqs").send_message(QueueUrl=queue["url"], MessageBody="not a hint")
    assert eventually(lambda: depth(aws, queue["dlq_url"]) == before + 1)


@pytest.fixture(scope="module")
def played() -> Iterator[PlayedDay]:
    """The demo as a newcomer runs it, on a new stack; it has come to its end with all as it must be."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "infra.local.demo", "--keep"], capture_output=True, text=True, check=False
        )
        running = local_stack.current()
        assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-4000:]
        assert running is not None
        yield PlayedDay(running, ran.stdout)
    finally:
        local_stack.down()


def test_a_business_day_ends_as_it_must(played: PlayedDay) -> None:
    assert "stories of money are as they must be" in " ".join(played.told.split())


def test_every_document_and_every_recorded_payment_of_that_day_stands_once(played: PlayedDay) -> None:
    documents = [one for entity in RECEIPTS for one in played.quickbooks(entity)]
    posted = marks(one.get("PrivateNote") for one in documents)
    recorded = marks(one["properties"].get("hs_internal_comment") for one in played.hubspot("commerce_payments"))
    invoices = marks(one.get("PrivateNote") for one in played.quickbooks("Invoice"))
    assert min(len(posted), len(recorded)) > MANY_PAYMENTS
    assert len(invoices) > MANY_INVOICES
    assert [mark for mark, times in (posted + recorded + invoices).items() if times > 1] == []


def test_the_back_fill_adopts_what_was_entered_by_hand_and_writes_nothing_to_it(played: PlayedDay) -> None:
    told = " ".join(played.told.split())
    assert "To be adopted as they stand" in told
    numbers = {one["properties"].get("hs_number"): one["properties"] for one in played.hubspot("invoices")}
    for copied in SUMMER.copied:
        wanted = (copied.entry.customer, copied.entry.fields["TxnDate"])
        [row] = [one for one in played.quickbooks("Invoice") if (one["CustomerRef"]["name"], one["TxnDate"]) == wanted]
        assert (row["SyncToken"], marks([row.get("PrivateNote")])) == ("0", {})
        shown = numbers[row["DocNumber"]]
        assert shown["tieout_status"] == ("in_sync" if copied.adopted else "needs_attention")
        assert (shown.get("tieout_quickbooks_number") or "") == (row["DocNumber"] if copied.adopted else "")


def test_every_invoice_of_quickbooks_own_stands_in_hubspot_once_with_its_figures(played: PlayedDay) -> None:
    mirrors = [one for one in played.hubspot("invoices") if one["properties"].get(KEY)]
    shown = {one["properties"][KEY].split("/")[2]: one["properties"] for one in mirrors}
    assert len(shown) == len(mirrors) == len(entries("")) + len(SUMMER.entries)
    copies = {(one.entry.customer, one.entry.fields["TxnDate"]) for one in SUMMER.copied}
    born = {
        one["Id"]: one
        for one in played.quickbooks("Invoice")
        if not marks([one.get("PrivateNote")]) and (one["CustomerRef"]["name"], one["TxnDate"]) not in copies
    }
    assert len(shown.keys() - born.keys()) == 1  # deleted on purpose
    assert born.keys() <= shown.keys()
    for id_, row in born.items():
        if row["TotalAmt"]:
            assert Decimal(shown[id_]["hs_amount_billed"]) == Decimal(str(row["TotalAmt"]))
            paid = "paid" if not row["Balance"] else "open"
            assert shown[id_]["hs_invoice_status"] == paid
        else:
            assert shown[id_]["hs_invoice_status"] == "voided"


def test_a_deal_shows_the_invoice_that_names_it_and_bears_its_pdf(played: PlayedDay) -> None:
    born = [one for one in played.quickbooks("Invoice") if not marks([one.get("PrivateNote")])]
    [row] = [one for one in born if _order_of(one)]
    [deal] = [one for one in played.hubspot("deals") if one["properties"].get("order_number") == _order_of(row)]
    assert deal["properties"]["tieout_invoice_number"] == row["DocNumber"]
    assert deal["properties"]["tieout_invoice_status"] == "paid"
    assert len(deal["associations"]["notes"]) == 1


def test_order_number_tracking_number_and_shipping_method_are_the_same_on_both_sides(played: PlayedDay) -> None:
    hubspot = {one["id"]: one["properties"] for one in played.hubspot("invoices")}
    shown = {one[KEY].split("/")[2]: one for one in hubspot.values() if one.get(KEY)}
    filled = 0
    for row in played.quickbooks("Invoice"):
        origin = next((mark.split("/")[2] for mark in marks([row.get("PrivateNote")])), "")
        there = shown.get(row["Id"]) or hubspot.get(origin)
        if there is not None:
            here = (_order_of(row), row.get("TrackingNum", ""), row.get("ShipMethodRef", {}).get("value", ""))
            assert here == tuple(there.get(name) or "" for name in (ORDER, TRACKING, METHOD))
            filled += any(here)
    assert filled > 2


def _order_of(invoice: dict[str, Any]) -> str:
    return next((one.get("StringValue", "") for one in invoice["CustomField"] if one["DefinitionId"] == "3"), "")


def test_the_command_line_proves_afterwards_that_both_sides_tie_out(played: PlayedDay) -> None:
    code, answer = played.tieout("reconcile")
    [report] = answer["connections"]
    needy = [one for one in (*invoices(), *SUMMER.of_hubspot) if one.ending is Ending.ATTENTION]
    on_purpose = len(needy) + sum(one.differs for one in deals())
    on_purpose += sum(bool(one.turns and one.turns[-1].then.code) for one in entries(""))
    assert (code, report["not_looked_at"]) == (1, 0)
    assert len({(one["hubspot_id"], one["quickbooks_id"]) for one in report["findings"]}) == on_purpose
    for figures in report["totals"].values():
        assert figures["refunded"]["hubspot"] == figures["refunded"]["quickbooks"]


def test_octobers_fees_are_not_booked_again_and_every_clearing_account_is_proven(played: PlayedDay) -> None:
    before = marks(one.get("PrivateNote") for one in played.quickbooks("Purchase"))
    code, answer = played.tieout("fees", "--month", str(OCTOBER), "--book", "--check")
    [report] = answer["connections"]
    assert (code, [one["state"] for one in report["booking"]]) == (0, ["synced"] * len(PROCESSORS))
    assert [(one["currency"], one["holds"], one["difference"]) for one in report["clearing"]] == [
        (one.currency, True, "0.00") for one in PROCESSORS.values()
    ]
    assert [one["fees"] for one in report["clearing"]] == [f"-{one.fees}" for one in PROCESSORS.values()]
    assert len(before) == len(PROCESSORS)
    assert marks(one.get("PrivateNote") for one in played.quickbooks("Purchase")) == before


def test_every_page_of_the_consoles_menu_opens_for_who_has_a_link(played: PlayedDay) -> None:
    code, answer = played.tieout("login-link", "--role", "viewer", "--name", "Vera")
    assert code == 0
    link = answer["url"]
    with httpx.Client(timeout=60) as browser:
        assert browser.get(f"{played.stack.api_url}/console").status_code == 401
        entered = browser.post(link, headers={"Origin": played.stack.api_url}, data={})
        assert entered.status_code == 303
        # The client would not send a cookie for TLS alone over plain HTTP; browsers do to this machine.
        session = {"Cookie": entered.headers["set-cookie"].partition(";")[0], "Accept-Language": "pt-BR"}

        def opened(path: str) -> httpx.Response:
            """The page, wherever it leads; the client itself would lose the cookie on the way."""
            answer = browser.get(f"{played.stack.api_url}{path}", headers=session)
            return opened(answer.headers["location"]) if answer.status_code == 303 else answer

        page = opened("/console")
        assert page.status_code == 200
        menu = page.text.partition("<ul>")[2].partition("</ul>")[0]
        paths = re.findall(r'href="(/console/[^"]+)"', menu)
        assert paths
        for path in paths:
            found = opened(path)
            assert (found.status_code, '<html lang="pt-BR">' in found.text) == (200, True), path
        assert browser.post(link, headers={"Origin": played.stack.api_url}, data={}).status_code == 410


def test_nothing_is_left_in_any_queue_or_dead_letter_queue(played: PlayedDay) -> None:
    aws = Aws(played.stack.aws_endpoint_url)
    assert {name: depth(aws, queue["dlq_url"]) for name, queue in played.stack.queues.items()} == dict.fromkeys(
        played.stack.queues, 0
    )
    urls = [queue["url"] for queue in played.stack.queues.values() if queue["url"]]
    assert eventually(lambda: not any(depth(aws, url) for url in urls))


def test_a_sweep_after_that_day_changes_nothing(played: PlayedDay) -> None:
    aws = Aws(played.stack.aws_endpoint_url)
    before = operations(played.traffic())
    ran = aws.client("lambda").invoke(FunctionName=played.stack.functions["sweep"], Payload=b'{"id":"afterwards"}')
    assert "FunctionError" not in ran
    urls = [queue["url"] for queue in played.stack.queues.values() if queue["url"]]
    assert eventually(lambda: not any(depth(aws, url) for url in urls))
    after = operations(played.traffic())
    assert after["quickbooks GET cdc"] > before["quickbooks GET cdc"]
    assert writes(after) == writes(before)


def test_the_traffic_of_that_day_holds_everything_that_payments_need(played: PlayedDay) -> None:
    assert played.stack
    found = operations(read_file(TRAFFIC))
    assert [name for name in NEEDED if not found[name]] == []


def test_the_traffic_of_that_day_fits_the_vendors_schemas(played: PlayedDay) -> None:
    assert played.stack
    if not JUDGE.is_file():
        pytest.skip(f"no judge of vendor traffic beside the project ({JUDGE.name})")
    judged = subprocess.run([sys.executable, JUDGE, TRAFFIC, "--summary"], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-4000:] + judged.stderr
