"""`tieout pdf`: the PDF of an invoice as a file, and what it says when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.builders_world import World
from tests.support.cli_world import CommandLine, wide


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def line(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    wide(monkeypatch)
    return CommandLine(world, capsys)


@pytest.mark.parametrize("by", ["id", "number", "quickbooks"])
def test_the_pdf_is_written_to_a_file(line: CommandLine, world: World, tmp_path: Path, by: str) -> None:
    invoice = world.invoice()
    link = world.sync(invoice).link
    assert link is not None
    named = {"id": invoice, "number": world.number(invoice), "quickbooks": link.far_id}[by]
    target = tmp_path / "one.pdf"
    ran = line.run("pdf", named, "--output", str(target))
    assert (ran.code, ran.out, ran.err) == (0, str(target), "")
    assert target.read_bytes().startswith(b"%PDF")
    assert world.meter.counted > 0


def test_without_a_name_the_file_is_called_by_quickbooks_id(
    line: CommandLine, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    link = world.sync(invoice := world.invoice()).link
    assert link is not None
    assert line.run("pdf", invoice).out == f"invoice-{link.far_id}.pdf"
    assert (tmp_path / f"invoice-{link.far_id}.pdf").exists()


def test_an_invoice_that_is_not_in_quickbooks_has_none(line: CommandLine, world: World, tmp_path: Path) -> None:
    ran = line.run("pdf", world.invoice(), "--output", str(tmp_path / "one.pdf"))
    assert (ran.code, "not in QuickBooks yet" in ran.err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_an_unknown_invoice_is_an_error(line: CommandLine) -> None:
    ran = line.run("pdf", "INV-9999")
    assert (ran.code, "no invoice" in ran.err) == (2, True)


def test_a_deleted_invoice_needs_a_person(line: CommandLine, world: World, tmp_path: Path) -> None:
    invoice = world.invoice()
    world.sync(invoice)
    [row] = world.booked()
    world.unbook(row)
    ran = line.run("pdf", invoice, "--output", str(tmp_path / "one.pdf"))
    assert (ran.code, "deleted in QuickBooks" in ran.err) == (1, True)


def test_a_file_that_cannot_be_written_is_said(line: CommandLine, world: World, tmp_path: Path) -> None:
    invoice = world.invoice()
    world.sync(invoice)
    ran = line.run("pdf", invoice, "--output", str(tmp_path / "nowhere" / "one.pdf"))
    assert (ran.code, "cannot be written" in ran.err) == (2, True)


def test_an_error_names_no_customer(line: CommandLine, world: World) -> None:
    invoice = world.invoice(company=world.company("Secret Customer"))
    world.sync(invoice)
    world.fault("status_500", method="GET", path="/pdf$", times=5)
    ran = line.run("pdf", invoice)
    assert ran.code == 1
    assert "Secret" not in ran.out + ran.err
