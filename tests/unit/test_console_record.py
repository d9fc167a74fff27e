"""The card of one record: what it shows without asking anybody, what it asks on demand, retry and PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.console_client import Response
from tests.support.console_world import HOSTILE_NAME, ConsoleWorld
from tests.support.told import ToldWorld
from tieout.domain.hint import Cause, HintObject
from tieout.domain.person import Role
from tieout.domain.record import Kind, RecordKey, State


@pytest.fixture
def told() -> ToldWorld:
    return ToldWorld()


@pytest.fixture
def console(told: ToldWorld) -> ConsoleWorld:
    return ConsoleWorld(told)


def path(console: ConsoleWorld, id_: str, kind: str = "invoice", system: str = "hubspot") -> str:
    return console.path(f"/record/{kind}/{system}/{id_}")


def opened(
    console: ConsoleWorld, id_: str, kind: str = "invoice", system: str = "hubspot", *, compare: str = ""
) -> Response:
    """The card, as a viewer sees it."""
    page = console.signed_in(Role.VIEWER).get(path(console, id_, kind, system), compare=compare)
    assert page.status == 200
    return page


def synced(told: ToldWorld, name: str = "Zenith") -> str:
    """An invoice of a company, in sync."""
    id_ = told.invoice(company=told.company(name))
    told.pass_time()
    return id_


def metered(told: ToldWorld) -> int:
    """The reads of QuickBooks so far, as the sandbox saw them."""
    return sum(one.method == "GET" for one in told.quickbooks.traffic.exchanges)


def test_a_card_tells_what_tieout_knows_without_a_call_to_anybody(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    before = told.calls
    page = opened(console, id_)
    assert told.calls == before
    record = told.record(id_)
    for shown in (record.label, "Zenith", "360.00 USD", "In sync", "Services", "created invoice", "intuit_tid"):
        assert shown in page.text
    assert record.link is not None
    assert told.ledger.invoice_url(record.link.far_id) in page.links
    assert f"https://app.hubspot.com/contacts/{told.connection.portal_id}/record/0-53/{id_}" in page.links


def test_comparing_shows_lines_side_by_side_and_that_nothing_would_be_written(
    console: ConsoleWorld, told: ToldWorld
) -> None:
    id_ = synced(told)
    page = opened(console, id_, compare="now")
    assert "Lines side by side" in page.text
    assert page.text.count("Services 3 120 360.00 USD") == 2
    assert "Nothing would be written: both sides agree." in page.text
    assert "Open, balance 360.00 USD" in page.text


def test_comparing_costs_at_most_two_metered_reads_and_writes_nothing(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.people.pay(id_, "100.00")
    told.pass_time()
    opened(console, id_, compare="now")  # company and preferences are kept for ten minutes
    before, stored = metered(told), list(told.records)
    page = opened(console, id_, compare="now")
    assert metered(told) - before <= 2
    assert list(told.records) == stored
    assert "Partly paid, balance 260.00 USD" in page.text


def test_the_plan_is_a_diff(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.edit(id_, hs_due_date="2026-05-15T00:00:00Z")
    page = opened(console, id_, compare="now")
    assert "These fields would be changed in QuickBooks." in page.text
    assert "due date 2026-03-31 2026-05-15" in page.text


def test_the_payments_of_an_invoice_with_source_status_and_link(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    payment = told.people.pay(id_, "100.00")
    told.pass_time()
    page = opened(console, id_)
    for shown in ("100.00 USD", "HubSpot payments", "Received", "Paid in QuickBooks"):
        assert shown in page.text
    assert path(console, payment, "payment") in page.links
    record = told.records.get(RecordKey("c1", Kind.PAYMENT, "hubspot", payment))
    assert record is not None
    assert any(f"recvpayment?txnId={record.postings[0].far_id}" in link for link in page.links)
    card = opened(console, payment, "payment")
    assert "Posted" in card.text
    assert told.record(id_).label in card.text


def test_a_payment_of_an_invoice_with_a_longer_number_is_not_shown(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    other = RecordKey("c1", Kind.PAYMENT, "hubspot", "77")
    label = told.record(id_).label
    payment = told.people.pay(id_, "100.00")
    told.pass_time()
    found = told.records.get(RecordKey("c1", Kind.PAYMENT, "hubspot", payment))
    assert found is not None
    assert found.about is not None
    told.records.put(replace(found, key=other, version=0, postings=(), rehints=0, label="LONGER",
                             about=replace(found.about, invoices=(f"{label}9",))))  # fmt: skip
    assert "LONGER" not in opened(console, id_).text


def test_a_payment_that_was_entered_in_quickbooks(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    row = told.row({"Id": told.far_id(id_)})
    link = {"TxnId": row["Id"], "TxnType": "Invoice"}
    made = told.bookkeeper.create(
        "Payment", CustomerRef=row["CustomerRef"], TotalAmt=Decimal(50),
        Line=[{"Amount": Decimal(50), "LinkedTxn": [link]}],
    )  # fmt: skip
    told.pass_time()
    page = opened(console, id_)
    assert "Entered in QuickBooks" in page.text
    assert path(console, made["Id"], "payment", "quickbooks") in page.links
    assert "Payment in HubSpot" in opened(console, made["Id"], "payment", "quickbooks").text


def test_what_needs_a_person_is_explained_with_the_next_step(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.rebook(told.row({"Id": told.far_id(id_)}), DocNumber="CHANGED-1")
    told.edit(id_, hs_title="Second half")
    told.pass_time()
    page = opened(console, id_)
    assert told.record(id_).state is State.ATTENTION
    assert "Needs attention" in page.text
    assert "CHANGED-1" in page.text


def test_a_retry_asks_once_and_leaves_a_line_with_the_persons_name(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.hints.pop_due()
    client = console.signed_in(name="Bruna Lima")
    page = client.get(path(console, id_)).form("/retry").submit()
    assert "It will be looked at again in a moment." in page.text
    [hint] = told.hints.pop_due()
    assert (hint.object, hint.id, hint.cause) == (HintObject.HUBSPOT_INVOICE, id_, Cause.RETRY)
    line = told.records.trail(told.record(id_).key)[0]
    assert (line.actor, line.action) == ("Bruna Lima", "asked to look again at invoice")
    assert "Bruna Lima" in page.text
    told.push(hint)
    assert told.record(id_).state is State.SYNCED


def test_a_retry_of_what_a_worker_holds_changes_nothing_and_says_so(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.hints.pop_due()
    held = replace(told.record(id_), lease_owner="w", lease_until=told.clock.now() + timedelta(minutes=3))
    stored = told.records.put(held)
    page = console.signed_in().get(path(console, id_)).form("/retry").submit()
    assert "Tieout is working on it just now" in page.text
    assert told.record(id_) == stored
    assert told.hints.pop_due() == []


def test_a_viewer_has_no_retry(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    page = opened(console, id_)
    assert not any(one.action.endswith("/retry") for one in page.forms)


def test_the_pdf_is_handed_over_and_kept_nowhere(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    answer = console.signed_in(Role.VIEWER).get(f"{path(console, id_)}/pdf")
    assert answer.status == 200
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{told.record(id_).label}.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert console.client().get(f"{path(console, id_)}/pdf").status == 401


def test_what_is_not_in_quickbooks_has_no_pdf(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = told.invoice(hs_currency="??")
    told.pass_time()
    page = console.signed_in().get(f"{path(console, id_)}/pdf")
    assert "There is no PDF" in page.text


@pytest.mark.parametrize(
    "rest",
    [
        "invoice/hubspot/0", "customer/hubspot/1", "invoice/nowhere/1", "what/hubspot/1", "deal/hubspot/1",
        "invoice/hubspot/..%2f..", "invoice/hubspot/%23", "fees/hubspot/1",
    ],
)  # fmt: skip
def test_what_is_no_record_is_not_found(console: ConsoleWorld, rest: str) -> None:
    client = console.signed_in()
    assert client.get(console.path(f"/record/{rest}")).status == 404
    assert client.get(console.path(f"/record/{rest}/pdf")).status == 404


def test_hostile_names_are_text_on_the_card(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told, HOSTILE_NAME)
    for compare in ("", "now"):
        html = opened(console, id_, compare=compare).html
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert " style=" not in html


def test_a_vendor_that_does_not_answer_is_told_without_an_alarm(console: ConsoleWorld, told: ToldWorld) -> None:
    id_ = synced(told)
    told.hubspot_fault("status_500", "/invoices", times=50)
    page = console.signed_in().get(path(console, id_), compare="now")
    assert page.status == 424
    assert console.signed_in().get(path(console, id_)).status == 200


def test_an_invoice_that_was_born_in_quickbooks() -> None:
    world = MirrorWorld()
    row: Any = world.billed(DocNumber="QB-77")
    world.show(row)
    console = ConsoleWorld(world)
    page = opened(console, row["Id"], "invoice", "quickbooks")
    for shown in ("QB-77", "Lines as Tieout wrote them", "Invoice"):
        assert shown in page.text
    both = opened(console, row["Id"], "invoice", "quickbooks", compare="now")
    assert "Lines side by side" in both.text
    assert "Nothing would be written: both sides agree." in both.text
    world.bookkeeper.change("Invoice", world.row(row), DueDate="2026-09-09")
    changed = opened(console, row["Id"], "invoice", "quickbooks", compare="now")
    assert "These fields would be changed." in changed.text
    assert "2026-09-09" in changed.text
