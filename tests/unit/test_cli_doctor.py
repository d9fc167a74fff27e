"""`tieout doctor`: what is right with a connection and what is not."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from infra.sandbox.hubspot.object_types import find_type
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.ports.notices import Notice
from tieout.services.deal_figures import DEAL_REFUSED
from tieout.services.deals import AMBIGUOUS
from tieout.services.on_deals import REFUSED
from tieout.services.pdfs import REFUSED as PDF_REFUSED


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a fresh world."""
    wide(monkeypatch)
    return CommandLine(World(), capsys)


@pytest.fixture
def world(line: CommandLine) -> World:
    """What the terminal stands in front of."""
    return line.world


class _Accepts(BaseHTTPRequestHandler):
    """The public end of a deployment."""

    def do_POST(self) -> None:
        signed = any(name.lower() in ("x-hubspot-signature-v3", "intuit-signature") for name in self.headers)
        self.send_response(204 if signed else 401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Nothing is printed."""


@pytest.fixture
def reachable(line: CommandLine) -> object:
    """The deployment's public address answers."""
    server = HTTPServer(("127.0.0.1", 0), _Accepts)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    line.public_url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("reachable")
def test_doctor_finds_no_problem_where_there_is_none(line: CommandLine, world: World) -> None:
    world.sync(world.invoice())
    ran = line.run("doctor")
    assert ran.code == 0, ran.out
    assert "c1: HubSpot scopes: invoices, payments and all that belongs to them can be read" in ran.out
    assert "webhooks from QuickBooks: a signed test delivery" in ran.out
    levels = {check["level"] for check in line.run("doctor", "--json").json}
    assert "problem" not in levels


def test_where_hubspot_takes_no_recorded_payments_doctor_and_status_say_so_once(
    line: CommandLine, world: World
) -> None:
    assert line.run("status", "--json").json["connections"][0]["notice"] is None
    world.notices.save("c1", "recording_refused", Notice("No processor is set up.", world.clock.now()))
    assert "No processor is set up." in line.run("doctor").out
    assert "No processor is set up." in line.run("status").out
    assert "No processor is set up." in line.run("status", "--json").json["connections"][0]["notice"]
    world.settings(record_payments_in_hubspot=False)
    assert "by setting" in line.run("doctor").out


def check(line: CommandLine, name: str) -> dict[str, str]:
    """One line of `tieout doctor`."""
    checks: list[dict[str, str]] = line.run("doctor", "--json").json
    [found] = [one for one in checks if one["name"] == f"c1: {name}"]
    return found


def test_doctor_notices_hubspots_own_data_sync_and_says_what_to_do(line: CommandLine, world: World) -> None:
    assert check(line, "HubSpot's own data sync")["level"] == "ok"
    with world.hubspot.acting("DATA_SYNC") as records:
        records.create(find_type("invoices"), {"hs_currency": "USD", "hs_invoice_billable": "false"})
    found = check(line, "HubSpot's own data sync")
    assert (found["level"], "Switch the invoice sync" in found["advice"]) == ("warning", True)
    world.settings(skip_data_sync_invoices=False)
    assert check(line, "HubSpot's own data sync")["level"] == "problem"
    world.clock.advance(31 * 86400)
    assert check(line, "HubSpot's own data sync")["level"] == "ok"


def test_doctor_names_the_scopes_of_deals_and_what_is_missing(line: CommandLine, world: World) -> None:
    everything = world.hubspot.config.tokens["pat-na1-sandbox"]
    world.settings(deals="associate", deal_order_property="order_number")
    assert "no property order_number" in check(line, "deals")["found"]
    world.settings(deals="associate")
    assert "tieout_invoice_number" in check(line, "deals")["found"]
    assert check(line, "deals")["level"] == "warning"
    allowed = frozenset(scope for scope in everything if ".deals." not in scope)
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": allowed})
    found = check(line, "deals")
    assert (found["level"], "crm.objects.deals.read" in found["advice"]) == ("problem", True)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("files", "files"),
        ("crm.objects.deals.read", "crm.objects.deals.read"),
        ("crm.objects.contacts.read", "contacts"),
    ],
)
def test_doctor_names_the_scope_that_pdfs_lack(line: CommandLine, world: World, scope: str, said: str) -> None:
    world.settings(pdf="deal")
    assert check(line, "PDFs")["level"] == "ok"
    everything = world.hubspot.config.tokens["pat-na1-sandbox"]
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": everything - {scope}})
    found = check(line, "PDFs")
    assert (found["level"], said in found["advice"]) == ("problem", True)


def test_doctor_shows_that_a_pdf_was_refused(line: CommandLine, world: World) -> None:
    world.settings(pdf="company")
    world.notices.save("c1", PDF_REFUSED, Notice("Storage is full.", world.clock.now()))
    assert "Storage is full." in check(line, "PDFs")["found"]


def test_doctor_shows_what_stands_about_deals(line: CommandLine, world: World) -> None:
    world.settings(deals="associate")
    world.notices.save("c1", AMBIGUOUS, Notice("HubSpot invoice 1: the deals 2, 3.", world.clock.now()))
    assert "the deals 2, 3" in check(line, "deals")["found"]
    world.notices.save("c1", DEAL_REFUSED, Notice("Deal 6: not so.", world.clock.now()))
    assert "Deal 6: not so." in check(line, "deals")["found"]
    world.notices.save("c1", REFUSED, Notice("Deal 7: no.", world.clock.now()))
    assert "Deal 7: no." in check(line, "deals")["found"]


def test_doctor_says_when_webhooks_cannot_arrive(line: CommandLine) -> None:
    ran = line.run("doctor")
    assert ran.code == 1
    assert "cannot be reached" in ran.out
    assert "Is the stack deployed, and PublicUrl right?" in ran.out
