"""The `tieout` command over a deployment in this process: what it prints, how it ends, and what it leaves behind."""

from __future__ import annotations

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause
from tieout.domain.record import BY_HAND, State

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
