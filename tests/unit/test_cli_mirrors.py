"""The command line about invoices that are born in QuickBooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.builders_mirror_world import MirrorWorld
from tests.support.cli_world import CommandLine, wide
from tieout.domain.hint import Cause, HintObject


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
