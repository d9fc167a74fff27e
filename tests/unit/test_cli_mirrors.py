"""The command line about invoices that are born in QuickBooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.attention import AttentionCode
from tieout.domain.hint import Cause, HintObject
from tieout.domain.record import Kind, RecordKey, State


@pytest.fixture
def world() -> MirrorWorld:
    return MirrorWorld()


@pytest.fixture
def line(world: MirrorWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(world, capsys)


def test_an_invoice_of_quickbooks_is_shown_by_its_number_its_mirror_and_its_own_id(
    line: CommandLine, world: MirrorWorld
) -> None:
    row = world.billed(DocNumber="QB-31")
    world.show(row)
    for name in ("QB-31", world.shown_id(row), f"qbo-invoice:{row['Id']}"):
        told = line.run("show", name, "--json").json
        assert (told["quickbooks_id"], told["invoice_id"]) == (row["Id"], world.shown_id(row)), name


def test_a_retry_reaches_the_worker_of_mirrors(line: CommandLine, world: MirrorWorld) -> None:
    row = world.billed(DocNumber="QB-31")
    world.show(row)
    world.edit(world.shown_id(row), hs_number="HS-1")
    world.show(row, Cause.RETRY)
    world.hints.pop_due(limit=100)
    assert line.run("retry", "QB-31").code == 0
    [hint] = world.hints.pop_due(limit=100)
    assert (hint.object, hint.id, hint.cause) == (HintObject.QUICKBOOKS_OWN_INVOICE, row["Id"], Cause.RETRY)


def test_doctor_names_the_scopes_of_mirrors_and_what_is_missing(line: CommandLine, world: MirrorWorld) -> None:
    assert "tieout_quickbooks_key" in _check(line)["found"]
    world.show(world.billed())
    assert _check(line)["level"] == "ok"
    allowed = frozenset(s for s in world.hubspot.config.tokens["pat-na1-sandbox"] if ".products." not in s)
    allowed -= {"e-commerce"}
    world.hubspot.config = replace(world.hubspot.config, tokens={"pat-na1-sandbox": allowed})
    found = _check(line)
    assert (found["level"], "crm.objects.products.read" in found["advice"]) == ("problem", True)
    world.settings(pull_invoices=False)
    assert _check(line) == {}


def _check(line: CommandLine) -> dict[str, str]:
    found: list[dict[str, str]] = line.run("doctor", "--json").json
    return next((one for one in found if one["name"].endswith("invoices from QuickBooks")), {})


def test_a_plan_is_a_diff_and_changes_nothing(line: CommandLine, world: MirrorWorld) -> None:
    world.settings(unknown_in_hubspot="create")
    row = world.billed(DocNumber="QB-31", BillEmail={"Address": "new@globex.test"}, customer=world.customer("Newcomer"))
    before = len(world.hubspot.traffic.exchanges)
    for name in (f"qbo-invoice:{row['Id']}", "QB-31"):
        ran = line.run("plan", name)
        assert ran.code == 0
        assert "QB-31" in ran.out
        assert "create" in ran.out
        assert "360.00 USD" in ran.out
    told = line.run("plan", "QB-31", "--json").json
    assert (told["action"], told["quickbooks_id"]) == ("create", row["Id"])
    assert {"field": "number", "from": "", "to": "QB-31"} in told["changes"]
    reads = ("/read", "/search")
    assert all(one.method == "GET" or one.url.endswith(reads) for one in world.hubspot.traffic.exchanges[before:])
    assert world.records.get(RecordKey("c1", Kind.INVOICE, "quickbooks", row["Id"])) is None
    world.show(row)
    world.bookkeeper.change("Invoice", world.row(row), CustomerMemo={"value": "News"})
    told = line.run("plan", "QB-31", "--json").json
    assert (told["action"], told["changes"]) == ("update", [{"field": "memo", "from": "", "to": "News"}])
    world.bookkeeper.delete("Invoice", world.row(row))
    told = line.run("plan", f"qbo-invoice:{row['Id']}", "--json").json
    assert (told["action"], told["reason"]) == ("attention", "deleted_in_quickbooks")


@pytest.mark.parametrize("command", ["push", "pull"])
def test_push_and_pull_show_an_invoice_of_quickbooks_now(line: CommandLine, world: MirrorWorld, command: str) -> None:
    row = world.billed(DocNumber="QB-31")
    ran = line.run(command, "QB-31")
    assert ran.code == 0
    assert world.mirror(row).state is State.SYNCED
    assert len(world.invoices_there()) == 1
    world.edit(world.shown_id(row), hs_number="HS-1")
    assert line.run(command, f"qbo-invoice:{row['Id']}").code == 1
    assert world.mirror(row).reason == AttentionCode.EDITED_IN_HUBSPOT


def test_pull_looks_at_quickbooks_for_an_invoice_of_hubspot(line: CommandLine, world: MirrorWorld) -> None:
    id_ = world.synced()
    far_id = world.far_id(id_)
    world.bookkeeper.change("Invoice", world.row({"Id": far_id}), CustomerMemo={"value": "Changed here"})
    assert line.run("pull", id_).code == 1
    assert world.record(id_).reason == AttentionCode.EDITED_IN_QUICKBOOKS
    other = world.invoice()
    refused = line.run("pull", other)
    assert (refused.code, "does not stand in QuickBooks" in refused.err) == (2, True)


def test_an_invoice_that_tieout_posted_is_looked_at_with_its_own(line: CommandLine, world: MirrorWorld) -> None:
    id_ = world.synced()
    told = line.run("push", f"qbo-invoice:{world.far_id(id_)}", "--json").json
    assert told["invoice_id"] == id_
    assert [
        one for one in world.records if one.key.origin_system == "quickbooks" and one.key.kind is Kind.INVOICE
    ] == []


def test_an_unknown_name_says_so(line: CommandLine) -> None:
    assert line.run("plan", "qbo-invoice:9999").code == 2
    assert line.run("plan", "QB-99").code == 2


def test_of_two_invoices_with_one_number_none_is_chosen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch)
    world = MirrorWorld(warn_duplicate_numbers=False)
    for _ in range(2):
        world.billed(DocNumber="QB-7")
    refused = CommandLine(world, capsys).run("plan", "QB-7")
    assert (refused.code, "qbo-invoice:ID" in refused.err) == (2, True)
