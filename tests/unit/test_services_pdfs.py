"""The PDF of an invoice in HubSpot, over both sandboxes: one file, one note, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from infra.sandbox.hubspot.files import StoredFile
from tests.support.builders_world import OBJECTS, World
from tieout.domain.attached import AttachedPdf
from tieout.domain.attention import AttentionCode
from tieout.domain.errors import NeedsAttention
from tieout.domain.hint import Cause
from tieout.domain.record import State
from tieout.services.pdfs import ONE_REFUSED, REFUSED

UPLOAD, NOTE = "/files/2026-09/files$", f"{OBJECTS}/notes$"


def world_with(target: str = "company", **settings: object) -> World:
    world = World()
    world.settings(pdf=target, **settings)
    return world


def files(world: World) -> list[StoredFile]:
    return [one for one in world.hubspot.store.files.values() if not one.deleted]


def notes(world: World) -> list[dict[str, Any]]:
    answer = world.person.get(f"{OBJECTS}/notes", params={"properties": "hs_note_body,hs_attachment_ids", "limit": 100})
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def on(world: World, note: dict[str, Any], kind: str) -> list[str]:
    answer = world.person.get(f"{OBJECTS}/notes/{note['id']}/associations/{kind}")
    return [str(one["toObjectId"]) for one in answer.json()["results"]]


def one_of_each(world: World) -> tuple[StoredFile, dict[str, Any]]:
    """The only file and the only note, which bears it."""
    [file], [note] = files(world), notes(world)
    assert note["properties"]["hs_attachment_ids"] == file.id
    return file, note


def attached(world: World, invoice: str) -> AttachedPdf:
    found = world.record(invoice).pdf
    assert found is not None
    return found


def reads(world: World) -> int:
    """PDFs that QuickBooks was asked for."""
    return sum("/pdf" in one.url for one in world.quickbooks.traffic.exchanges)


def associated(world: World, invoice: str) -> str:
    deal = world.create("deals", dealname="Roof")
    world.person.put(f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{deal}")
    return deal


@pytest.mark.parametrize(("target", "kind"), [("company", "companies"), ("contact", "contacts"), ("deal", "deals")])
def test_the_pdf_hangs_as_a_private_file_on_the_record_that_the_setting_names(target: str, kind: str) -> None:
    world = world_with(target)
    company, contact = world.company(), world.contact()
    invoice = world.invoice(company=company, contact=contact)
    deal = associated(world, invoice)
    assert world.sync(invoice).state is State.SYNCED
    file, note = one_of_each(world)
    assert file.content.startswith(b"%PDF")
    assert (file.access, file.folder) == ("PRIVATE", "/Tieout")
    assert on(world, note, kind) == [{"company": company, "contact": contact, "deal": deal}[target]]
    assert "QuickBooks" in note["properties"]["hs_note_body"]


def test_nothing_is_attached_while_it_is_off() -> None:
    world = World()
    world.sync(world.invoice())
    assert (files(world), notes(world), reads(world)) == ([], [], 0)


def test_an_invoice_without_such_a_record_has_no_pdf_and_costs_nothing() -> None:
    world = world_with("deal")
    record = world.sync(world.invoice())
    assert (record.state, record.pdf, record.due_at, reads(world)) == (State.SYNCED, None, None, 0)


def test_it_is_refreshed_when_the_invoice_changes_and_never_piles_up() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    before, _ = one_of_each(world)
    world.sync(invoice, Cause.RETRY)
    assert reads(world) == 1
    world.clock.advance(3600)
    world.edit(invoice, hs_due_date="2026-05-01T00:00:00Z")
    world.sync(invoice)
    file, _ = one_of_each(world)
    assert (file.id, file.updated > before.updated, reads(world)) == (before.id, True, 2)


def test_a_series_of_edits_costs_one_read_in_ten_minutes() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    for day in ("10", "11", "12"):
        world.edit(invoice, hs_due_date=f"2026-05-{day}T00:00:00Z")
        world.sync(invoice)
    assert reads(world) == 1
    world.run()
    assert reads(world) == 2
    assert world.record(invoice).due_at is None


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "status_500"])
@pytest.mark.parametrize("path", [UPLOAD, NOTE])
@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_makes_no_second_file_and_no_second_note(kind: str, path: str, times: int) -> None:
    world = world_with()
    world.hubspot_fault(kind, path, times=times, method="POST")
    invoice = world.invoice()
    record = world.sync(invoice)
    assert (record.state, record.due_at is not None) == (State.SYNCED, True)
    world.run()
    one_of_each(world)
    assert world.record(invoice).due_at is None
    assert attached(world, invoice).version


def test_a_worker_that_dies_after_the_note_leaves_one_note() -> None:
    world = world_with()
    invoice = world.invoice()
    create = world.crm.create_note

    def dies(*arguments: Any) -> str:
        create(*arguments)
        raise KeyboardInterrupt

    world.crm.create_note = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        world.sync(invoice)
    world.crm.create_note = create  # type: ignore[method-assign]
    world.run()
    one_of_each(world)
    assert attached(world, invoice).version


def test_a_lost_answer_while_it_is_refreshed_leaves_one_of_each() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    world.clock.advance(3600)
    world.hubspot_fault("timeout_after", "/files/2026-09/files/")
    world.hubspot_fault("timeout_after", f"{OBJECTS}/notes/[0-9]+$")
    world.edit(invoice, hs_due_date="2026-05-01T00:00:00Z")
    world.sync(invoice)
    world.run()
    one_of_each(world)
    assert world.record(invoice).due_at is None


def test_a_note_that_a_person_removed_stays_away_and_its_file_goes() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    _, note = one_of_each(world)
    assert world.person.delete(f"{OBJECTS}/notes/{note['id']}").status_code == 204
    world.clock.advance(3600)
    world.edit(invoice, hs_due_date="2026-05-01T00:00:00Z")
    assert world.sync(invoice).state is State.SYNCED
    assert (files(world), notes(world), reads(world)) == ([], [], 1)
    world.clock.advance(3600)
    world.edit(invoice, hs_due_date="2026-05-02T00:00:00Z")
    world.sync(invoice)
    assert (files(world), notes(world), reads(world)) == ([], [], 1)


def test_a_file_that_a_person_removed_is_put_back_with_the_next_version() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    [file] = files(world)
    assert world.person.delete(f"/files/2026-09/files/{file.id}").status_code == 204
    world.clock.advance(3600)
    world.edit(invoice, hs_due_date="2026-05-01T00:00:00Z")
    world.sync(invoice)
    one_of_each(world)


def test_another_setting_moves_the_pdf() -> None:
    world = world_with()
    company, contact = world.company(), world.contact()
    invoice = world.invoice(company=company, contact=contact)
    world.sync(invoice)
    world.settings(pdf="contact")
    world.clock.advance(3600)
    world.sync(invoice, Cause.RETRY)
    _, note = one_of_each(world)
    assert on(world, note, "contacts") == [contact]
    assert on(world, note, "companies") == []


def test_without_the_scope_of_files_the_invoice_is_synced_and_a_notice_says_which() -> None:
    world = world_with()
    everything = world.hubspot.config.tokens["pat-na1-sandbox"]
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": everything - {"files"}})
    invoice, other = world.invoice(), world.invoice()
    assert world.sync(invoice).state is State.SYNCED
    notice = world.notices.load("c1", REFUSED)
    assert notice is not None
    assert "files" in notice.detail
    world.sync(other)
    assert reads(world) == 1
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": everything})
    world.run()
    assert (len(files(world)), len(notes(world))) == (2, 2)
    assert world.notices.load("c1", REFUSED) is None
    assert {world.record(one).due_at for one in (invoice, other)} == {None}


def test_trouble_with_the_pdf_in_quickbooks_never_fails_the_invoice() -> None:
    world = world_with()
    world.fault("status_500", method="GET", path="/pdf$", times=2)
    invoice = world.invoice()
    record = world.sync(invoice)
    assert (record.state, record.due_at is not None) == (State.SYNCED, True)
    world.run()
    one_of_each(world)


def test_an_invoice_that_was_voided_shows_its_void() -> None:
    world = world_with()
    invoice = world.invoice()
    world.sync(invoice)
    world.clock.advance(3600)
    world.edit(invoice, hs_invoice_status="voided")
    assert world.sync(invoice).state is State.VOIDED
    assert reads(world) == 2
    one_of_each(world)


def test_two_workers_attach_one_pdf() -> None:
    world = world_with()
    invoice = world.invoice()
    create, service = world.crm.create_note, world.make_service()

    def meanwhile(*arguments: Any) -> str:
        world.crm.create_note = create  # type: ignore[method-assign]
        service.push([world.hint(invoice)])
        return create(*arguments)

    world.crm.create_note = meanwhile  # type: ignore[method-assign, assignment]
    world.sync(invoice)
    world.run()
    one_of_each(world)


@pytest.mark.parametrize("kind", ["deals", "pdf"])
def test_what_there_is_no_time_for_follows_in_the_next_batch(kind: str) -> None:
    world = World()
    world.settings(**({"deals": "show"} if kind == "deals" else {"pdf": "deal"}))
    invoice = world.invoice()
    associated(world, invoice)
    deadline, show = world.clock.now() + timedelta(seconds=30), world.crm.show_statuses

    def slow(statuses: Any) -> Any:
        world.clock.advance(60)
        return show(statuses)

    world.crm.show_statuses = slow  # type: ignore[method-assign]
    world.push(world.hint(invoice), deadline=deadline)
    record = world.record(invoice)
    assert (record.state, record.on_deals, record.pdf) == (State.SYNCED, "", None)
    assert record.due_at is not None
    world.run()
    assert bool(world.record(invoice).on_deals if kind == "deals" else world.record(invoice).pdf)
    assert world.record(invoice).due_at is None


@pytest.mark.parametrize("method", ["deals_of", "create_note"])
def test_a_bug_beside_the_books_fails_the_message_and_not_the_invoice(method: str) -> None:
    world = World()
    world.settings(deals="show", pdf="company")
    invoice = world.invoice()

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    works = getattr(world.crm, method)
    setattr(world.crm, method, broken)
    [outcome] = world.push(world.hint(invoice))
    assert isinstance(outcome.error, ZeroDivisionError)
    assert world.record(invoice).state is State.SYNCED
    setattr(world.crm, method, works)
    world.run()
    one_of_each(world)
    assert world.record(invoice).due_at is None


def test_a_pdf_that_is_refused_for_one_invoice_holds_up_no_other() -> None:
    world = world_with()
    bad, good = world.invoice(), world.invoice()
    keep = world.crm.keep_file

    def picky(name: str, content: bytes, file_id: str | None) -> str:
        if name == f"invoice-{bad}.pdf":
            raise NeedsAttention("The file is too large.", code=AttentionCode.REFUSED_BY_HUBSPOT)
        return keep(name, content, file_id)

    world.crm.keep_file = picky  # type: ignore[method-assign]
    world.sync(bad)
    world.sync(good)
    one_of_each(world)
    notice = world.notices.load("c1", ONE_REFUSED)
    assert notice is not None
    assert notice.detail == "The file is too large."
    world.crm.keep_file = keep  # type: ignore[method-assign]
    world.run()
    assert len(notes(world)) == 2
