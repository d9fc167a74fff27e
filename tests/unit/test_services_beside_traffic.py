"""What deals and PDFs send to both vendors is what they publish, and how many calls a batch costs."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from infra.sandbox.kernel import running
from tests.support.builders_world import OBJECTS, World
from tests.support.memory import MemoryLimiter
from tests.unit.test_services_payments_traffic import judged
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.money import Money
from tieout.domain.planning.deal import DealInvoice, DealInvoiceStatus, Traces
from tieout.ports.attachments import NoteText
from tieout.services.deals import Deals, SettledInvoice


def deal_of(world: World, invoice: str) -> str:
    made = world.create("deals", dealname="Roof", dealstage="contractsent", description="SO-17")
    world.person.put(f"{OBJECTS}/invoices/{invoice}/associations/default/deals/{made}")
    return made


def judge(world: World, folder: Path) -> None:
    for app in (world.quickbooks, world.hubspot):
        if not app.traffic.exchanges:
            continue
        recorded = folder / "traffic.jsonl"
        recorded.write_text("".join(app.traffic.lines()))
        judged(recorded)


def test_the_traffic_of_deals_and_pdfs_is_what_the_vendors_document(tmp_path: Path) -> None:
    world = World()
    world.settings(deals="associate", deal_order_property="description", pdf="deal")
    invoice, lone = world.invoice(), world.invoice()
    deal_of(world, invoice)
    world.push(world.hint(invoice), world.hint(lone))
    world.clock.advance(3600)
    world.hubspot_fault("timeout_after", "/files/2026-09/files/")
    world.edit(invoice, hs_due_date="2026-05-01T00:00:00Z")
    world.sync(invoice)
    world.run()
    workspace = world.open("c1")
    assert workspace is not None
    usd = Money(Decimal(5), "USD")
    shown = DealInvoice("9", "N-9", usd, usd, DealInvoiceStatus.OPEN, None, "u", world.clock.now())
    traces = Traces(date(2026, 3, 2), "so-17")
    done = Deals(world.claims, world.notices).follow(workspace, [SettledInvoice(lone, shown, traces=traces)], "t")
    assert set(done.states) == {lone}
    world.crm.find_note("deals", deal_of(world, lone), "nothing")
    [note] = [str(one["id"]) for one in world.person.get(f"{OBJECTS}/notes").json()["results"]]
    world.crm.delete_note(note)
    judge(world, tmp_path)


def test_a_batch_costs_one_look_for_deals_and_one_update_however_many_invoices(tmp_path: Path) -> None:
    world = World()
    world.settings(deals="show")
    first = world.invoice()
    deal_of(world, first)
    world.sync(first)
    invoices = [world.invoice() for _ in range(8)]
    for one in invoices:
        deal_of(world, one)
    before, reads = len(world.hubspot.traffic.exchanges), world.meter.counted
    world.push(*(world.hint(one) for one in invoices))
    made = world.hubspot.traffic.exchanges[before:]
    paths = Counter(urlsplit(one.url).path for one in made if "deals" in one.url)
    assert paths == {
        "/crm/associations/2026-09/invoices/deals/batch/read": 1,
        "/crm/objects/2026-09/deals/batch/update": 1,
    }
    without = World()
    without.sync(without.invoice())
    others = [without.invoice() for _ in range(8)]
    free = without.meter.counted
    without.push(*(without.hint(one) for one in others))
    assert world.meter.counted - reads == without.meter.counted - free


def test_files_and_notes_are_sent_over_http_as_the_sandbox_and_the_vendor_read_them(tmp_path: Path) -> None:
    world = World()
    company = world.company()
    with running(world.hubspot) as url, httpx.Client(base_url=url, trust_env=False) as http:
        client = HubSpotClient(http, lambda: "pat-na1-sandbox", MemoryLimiter(world.clock), "c1")
        crm = HubSpotCrm(world.connection, client)
        content = b"%PDF-1.4\r\n\x00\xff binary"
        file = crm.keep_file("invoice-1.pdf", content, None)
        assert world.hubspot.store.files[file].content == content
        assert crm.keep_file("invoice-1.pdf", b"%PDF new", file) == file
        crm.delete_file(file)
        again = crm.keep_file("invoice-1.pdf", content, file)
        note = crm.create_note("companies", [company], NoteText("A & B", "mark/1/", again, world.clock.now()))
        assert crm.find_note("companies", company, "mark/1/") == note
        assert crm.has_note(note)
        crm.delete_note(note)
        crm.delete_note(note)
        crm.delete_file(again)
        crm.delete_file(again)
        assert not crm.has_note(note)
    judge(world, tmp_path)
