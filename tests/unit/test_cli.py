"""The `tieout` command over a deployment in this process: what it prints, how it ends, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from infra.sandbox.hubspot.object_types import find_type
from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause
from tieout.domain.record import BY_HAND, State
from tieout.ports.notices import Notice
from tieout.services.deals import AMBIGUOUS, DEAL_REFUSED
from tieout.services.on_deals import REFUSED
from tieout.services.pdfs import REFUSED as PDF_REFUSED

COMMANDS = (
    ("doctor",),
    ("status",),
    ("plan",),
    ("push",),
    ("retry",),
    ("resolve",),
    ("ignore",),
    ("settings", "show"),
    ("settings", "check"),
    ("settings", "apply"),
    ("settings", "history"),
)


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A terminal in front of a fresh world."""
    wide(monkeypatch)
    return CommandLine(World(), capsys)


@pytest.fixture
def world(line: CommandLine) -> World:
    """What the terminal stands in front of."""
    return line.world


def unknown_product(world: World) -> str:
    """An invoice that needs a person, because QuickBooks does not have its product."""
    id_ = world.invoice(product="Drone")
    assert world.sync(id_).state is State.ATTENTION
    return id_


def retried(world: World) -> list[str]:
    """The invoices that a person queued."""
    return [hint.id for hint in world.hints.queued if hint.cause is Cause.RETRY]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(line: CommandLine, command: tuple[str, ...]) -> None:
    ran = line.run(*command, "--help")
    assert ran.code == 0
    assert f"Example: tieout {' '.join(command)}" in ran.out
    assert "--stack" in ran.out
    assert "--connection" in ran.out


def test_the_stack_that_is_named_is_opened(line: CommandLine) -> None:
    line.run("status")
    line.run("status", "--stack", "tieout")
    assert line.stacks == [None, "tieout"]


def test_a_deployment_that_is_not_there_is_one_line_on_standard_error(line: CommandLine) -> None:
    ran = line.run("status", "--stack", "nowhere")
    assert (ran.code, ran.out, ran.err) == (2, "", "error stack nowhere cannot be reached")


def test_a_connection_that_is_not_there_is_one_line_on_standard_error(line: CommandLine) -> None:
    ran = line.run("status", "--connection", "c9")
    assert (ran.code, ran.out, ran.err) == (2, "", "error There is no connection 'c9'.")


# -- status


def test_status_counts_states_and_says_what_needs_a_person(line: CommandLine, world: World) -> None:
    world.sync(world.invoice())
    needy = unknown_product(world)
    ran = line.run("status")
    assert ran.code == 1
    assert "synced" in ran.out
    assert world.number(needy) in ran.out
    assert "item_missing" in ran.out
    facts = line.run("status", "--json").json
    [connection] = facts["connections"]
    assert (connection["states"]["synced"], connection["states"]["attention"]) == (1, 1)
    assert [one["invoice_id"] for one in connection["needs_a_person"]] == [needy]
    assert facts["queues"] == {"invoice push": 0, "dead letters": 0}


def test_status_is_fine_while_nothing_needs_a_person(line: CommandLine, world: World) -> None:
    world.sync(world.invoice())
    assert line.run("status").code == 0


def test_a_dead_letter_needs_a_person(line: CommandLine) -> None:
    line.queues = {"invoice push": 0, "dead letters": 1}
    assert line.run("status").code == 1


def test_status_shows_the_metered_reads_of_the_month_and_the_last_complete_sweep(
    line: CommandLine, world: World
) -> None:
    assert line.run("status", "--json").json["connections"][0]["last_complete_sweep"] is None
    world.sweep()
    world.meter.flush()
    facts = line.run("status", "--json").json
    [connection] = facts["connections"]
    assert connection["last_complete_sweep"] == str(world.clock.now())
    assert facts["metered_reads"] == connection["metered_reads"]
    assert facts["metered_reads"]["so_far"] == 1
    assert facts["metered_reads"]["projected"] > 1
    assert facts["metered_reads"]["included"] == 500_000
    out = line.run("status").out
    assert "500,000 included" in out
    assert f"{world.clock.now():%Y-%m-%d %H:%M:%S} UTC" in out


def test_what_a_command_reads_is_counted(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    line.run("plan", id_)
    reads = line.run("status", "--json").json["metered_reads"]["so_far"]
    assert reads == world.meter.counted > 0


def test_status_shows_what_waits_and_until_when(line: CommandLine, world: World) -> None:
    world.fault("status_500", times=10)
    id_ = world.invoice()
    assert world.sync(id_).state is State.VERIFYING
    ran = line.run("status", "--json")
    [waiting] = ran.json["connections"][0]["waiting"]
    assert ran.code == 0
    assert (waiting["invoice_id"], waiting["reason"]) == (id_, "outcome_unknown")
    assert waiting["due_at"]


# -- plan and push


def test_plan_shows_what_would_be_created_and_writes_nothing(line: CommandLine, world: World) -> None:
    id_ = world.invoice(price="120.00")
    ran = line.run("plan", world.number(id_))
    assert ran.code == 0
    assert f"{world.number(id_)}: create" in ran.out
    assert "total 360.00 USD" in ran.out
    assert line.run("plan", id_, "--json").json["action"] == "create"
    assert (world.booked(), list(world.records)) == ([], [])


def test_plan_shows_discount_terms_and_custom_fields(line: CommandLine, world: World) -> None:
    world.settings(terms={"30": "3"}, purchase_order_field="1")
    id_ = world.invoice(price="100", status="draft", hs_purchase_order_number="[PO-17]")
    world.create("discounts", to={id_: 412}, hs_label="Loyal", hs_type="PERCENT", hs_value="5", hs_duration="ONCE")
    world.edit(id_, hs_invoice_status="open")
    said = line.run("plan", id_).out
    assert "terms: 3" in said
    assert "custom field 1: [PO-17]" in said
    assert "discount: 15.00" in said
    facts = line.run("plan", id_, "--json").json["invoice"]
    assert (facts["total"], facts["billed"], facts["discount"]) == ("285.00 USD", "285.00 USD", "15.00")
    assert (facts["terms_id"], facts["custom_fields"]) == ("3", {"1": "[PO-17]"})


def test_plan_shows_an_update_as_old_and_new(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    world.edit(id_, hs_due_date="2026-05-01T00:00:00Z")
    ran = line.run("plan", id_, "--json")
    assert ran.json["changes"] == [{"field": "due date", "from": "2026-03-31", "to": "2026-05-01"}]
    assert "due date" in line.run("plan", id_).out


def test_push_writes_and_says_what_became_of_it(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    ran = line.run("push", world.number(id_))
    assert ran.code == 0
    assert f"{world.number(id_)}: synced, QuickBooks invoice" in ran.out
    [booked] = world.booked()
    assert line.run("push", id_, "--json").json["quickbooks_id"] == booked["Id"]
    assert len(world.booked()) == 1


def test_push_of_what_cannot_be_posted_ends_with_one_and_the_code(line: CommandLine, world: World) -> None:
    ran = line.run("push", world.invoice(product="Drone"))
    assert ran.code == 1
    assert "code: item_missing" in ran.out


def test_an_unknown_number_is_not_found(line: CommandLine) -> None:
    ran = line.run("push", "INV-9999")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error HubSpot has no invoice with the id or number 'INV-9999'."


def test_a_lost_connection_is_named_on_standard_error(line: CommandLine, world: World) -> None:
    world.hubspot_fault("status_500", "/crm", times=50)
    ran = line.run("plan", "INV-1001")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error ")


# -- retry, resolve, ignore


@pytest.mark.parametrize("command", ["retry", "resolve", "ignore"])
def test_invoices_are_named_in_exactly_one_way(line: CommandLine, command: str) -> None:
    for arguments in ((), ("INV-1", "--all"), ("--all", "--code", "item_missing")):
        ran = line.run(command, *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "one of the three" in ran.err


@pytest.mark.parametrize("command", ["retry", "resolve", "ignore"])
def test_retry_resolve_and_ignore_act_on_one_on_a_code_or_on_all(line: CommandLine, world: World, command: str) -> None:
    drone, other = unknown_product(world), unknown_product(world)
    fee = world.invoice(status="draft")
    world.create("fees", to={fee: 414}, hs_label="Rush", hs_type="FIXED", hs_value="5")
    world.edit(fee, hs_invoice_status="open")
    assert world.sync(fee).reason == "fee_unsupported"

    def acted_on(*arguments: str) -> set[str]:
        said = line.run(command, *arguments, "--json").json
        return {one["invoice_id"] for one in said["ignored"]} if command == "ignore" else set(said["queued"])

    assert acted_on(world.number(drone)) == {drone}
    assert acted_on("--code", "fee_unsupported") == {fee}
    left = {other} if command == "ignore" else {drone, other, fee}
    assert acted_on("--all") == left


def test_an_unknown_code_is_refused_with_those_that_there_are(line: CommandLine) -> None:
    ran = line.run("retry", "--code", "nonsense")
    assert ran.code == 2
    assert "item_missing" in ran.err


def test_retry_queues_one_several_a_code_or_all(line: CommandLine, world: World) -> None:
    first, second = unknown_product(world), unknown_product(world)
    fine, gone = world.invoice(), world.invoice()
    world.sync(gone)
    world.unbook(world.booked()[0])
    assert world.sync(gone, Cause.RETRY).reason == "deleted_in_quickbooks"
    world.sync(fine)

    def queued(*arguments: str) -> set[str]:
        world.hints.pop_due()
        ran = line.run("retry", *arguments, "--json")
        assert ran.code == 0
        sent = retried(world)
        assert sorted(sent) == sorted(ran.json["queued"])
        return set(sent)

    assert queued(fine) == {fine}
    assert queued(first, world.number(second), first) == {first, second}
    assert queued("--code", "item_missing") == {first, second}
    assert queued("--code", "deleted_in_quickbooks") == {gone}
    assert queued("--code", "duplicate_number") == set()
    assert queued("--all") == {first, second, gone}


def test_an_invoice_deleted_in_hubspot_is_found_by_its_number(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    number = world.number(id_)
    world.delete(id_)
    assert world.sync(id_).reason == "deleted_in_hubspot"
    assert line.run("retry", number, "--json").json["queued"] == [id_]


def test_ignore_leaves_several_alone_with_a_note(line: CommandLine, world: World) -> None:
    first, second = unknown_product(world), unknown_product(world)
    ran = line.run("ignore", first, second, "--note", "Entered by hand")
    assert ran.code == 0
    assert "Ignored 2 record(s)." in ran.out
    assert {(world.record(id_).reason, world.record(id_).detail) for id_ in (first, second)} == {
        (BY_HAND, "Entered by hand")
    }
    world.sync(first)
    assert world.record(first).state is State.IGNORED


def test_ignore_takes_a_whole_code(line: CommandLine, world: World) -> None:
    first, second = unknown_product(world), unknown_product(world)
    ran = line.run("ignore", "--code", "item_missing", "--json")
    assert {one["invoice_id"] for one in ran.json["ignored"]} == {first, second}


def test_what_a_worker_holds_is_said_and_does_not_stop_the_others(line: CommandLine, world: World) -> None:
    first, second = unknown_product(world), unknown_product(world)
    world.claims.take(world.record(first).key, world.hint(first, Cause.RETRY))
    ran = line.run("ignore", first, second)
    assert ran.code == 1
    assert ran.err.startswith(f"error {first}: Tieout is working on this record just now")
    assert world.record(second).reason == BY_HAND


def test_resolve_is_kept_in_the_trail_and_has_the_invoice_looked_at(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-06-01")
    world.edit(id_, hs_due_date="2026-05-01T00:00:00Z")
    assert world.sync(id_).reason == "edited_in_quickbooks"
    world.rebook(row, DueDate="2026-05-01")
    world.hints.pop_due()
    ran = line.run("resolve", "--code", "edited_in_quickbooks", "--note", "Agreed by phone")
    assert ran.code == 0
    latest = world.records.trail(world.record(id_).key, 1)[0]
    assert latest.action == "resolved invoice"
    assert latest.facts == {"code": "edited_in_quickbooks", "note": "Agreed by phone"}
    assert world.record(id_).state is State.ATTENTION
    world.push(*world.hints.pop_due())
    assert world.record(id_).state is State.SYNCED


def test_resolving_what_still_differs_brings_it_back_and_overwrites_nothing(line: CommandLine, world: World) -> None:
    id_ = world.invoice()
    world.sync(id_)
    [row] = world.booked()
    world.rebook(row, DueDate="2026-06-01")
    world.edit(id_, hs_due_date="2026-05-01T00:00:00Z")
    world.sync(id_)
    line.run("resolve", id_)
    world.push(*world.hints.pop_due())
    assert world.record(id_).reason == "edited_in_quickbooks"
    assert world.row(row)["DueDate"] == "2026-06-01"


def test_what_needs_no_person_cannot_be_resolved(line: CommandLine, world: World) -> None:
    fine, needy = world.invoice(), unknown_product(world)
    world.sync(fine)
    world.hints.pop_due()
    ran = line.run("resolve", fine, needy, "--json")
    assert ran.code == 1
    assert ran.err == f"error {fine}: This record does not need a person."
    assert ran.json["queued"] == [needy]
    assert retried(world) == [needy]


# -- doctor


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
