"""The command about what payment processors charged: fees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from infra.cli import fee_books, show
from infra.cli.options import FINE, NEEDS_A_PERSON, Json, OnlyConnection, Stack, opened
from tieout.domain.fee import Period
from tieout.domain.planning.fees import Charged, Composition, Total
from tieout.ports import Clock, Workspace
from tieout.services.book_fees import Booked
from tieout.services.check_clearing import check_clearing
from tieout.services.fee_documents import COMPOSITIONS, PROCESSORS, FeeDocument, as_csv, booked_amount, facts, told_as
from tieout.services.fee_entries import entries_of
from tieout.services.fee_page import as_html
from tieout.services.report_fees import fee_document

Month = Annotated[str | None, typer.Option("--month", help="A month, as 2026-10.", metavar="MONTH")]
Day = Annotated[str | None, typer.Option("--day", help="A day, as 2026-10-03.", metavar="DAY")]
From = Annotated[str | None, typer.Option("--from", help="First day of any period, with --to.", metavar="DAY")]
To = Annotated[str | None, typer.Option("--to", help="Its last day.", metavar="DAY")]
Files = Annotated[Path | None, typer.Option("--save", help="Also save the page and the CSV here.", metavar="FOLDER")]
Book = Annotated[bool, typer.Option("--book", help="Book the fees in QuickBooks, by the setting fee_booking.")]
Check = Annotated[bool, typer.Option("--check", help="Prove the clearing accounts from the books.")]

_BAR, _MOST_DAYS = 40, 366


def fees(
    context: typer.Context,
    *,
    month: Month = None,
    day: Day = None,
    first: From = None,
    last: To = None,
    save: Files = None,
    book: Book = False,
    check: Check = False,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Show what payment processors charged in a month, on a day or in any period, in the company's time zone.

    Without any of them it is last month. Changes nothing on either side, unless --book is given: that books the
    fees once, however often it is repeated. --check proves that each clearing account is payments - refunds - fees -
    payouts, and lists what is left. Exit code 0 when every fee is known and as usual, everything was booked and proven,
    1 when something needs a person, 2 when it cannot start.

    Example: tieout fees --month 2026-10
    """
    if sum((bool(month), bool(day), bool(first or last))) > 1:
        raise typer.BadParameter("--month or --day or --from and --to, not both")
    if bool(first) is not bool(last):
        raise typer.BadParameter("--from and --to go together")
    if first and book:
        raise typer.BadParameter("fees are booked by day or month: --book goes with --month or --day")
    deployment = opened(context, stack)
    documents, told_all, fine = [], [], True
    for one in deployment.connections(connection):
        workspace = deployment.workspace(one.id)
        period = _between(first, last) if first and last else _period(month, day, workspace, deployment.store.clock)
        with _progress(one.id, shown=not json) as told:
            document = fee_document(workspace, period, deployment.store.clock.now(), told)
        more: dict[str, object] = {}
        booked: Sequence[Booked] | None = None
        if book:
            booked = fee_books.book(deployment, workspace, document.report)
            more["booking"], fine = fee_books.booked_facts(booked), fine and fee_books.all_booked(booked)
        entries = entries_of(deployment.store.records, workspace, document.report)
        document = replace(document, booked=entries)
        documents.append(document)
        if save is not None:
            _save(save, document)
        if not json:
            print_fees(document)
            if booked is not None:
                fee_books.print_booked(booked)
        if check:
            proofs = check_clearing(workspace)
            more["clearing"] = fee_books.proof_facts(proofs)
            fine = fine and bool(proofs) and all(proof.holds for proof in proofs)
            if not json:
                fee_books.print_proofs(proofs)
        told_all.append({**facts(document), **more})
    if json:
        show.print_json({"connections": told_all})
    raise typer.Exit(FINE if fine and all(map(_fine, documents)) else NEEDS_A_PERSON)


def _period(month: str | None, day: str | None, workspace: Workspace, clock: Clock) -> Period:
    text = month or day
    if text is None:
        today = clock.now().astimezone(ZoneInfo(workspace.ledger.company().time_zone)).date()
        return Period.month(today.replace(day=1) - timedelta(days=1))
    try:
        period = Period.parse(text)
    except ValueError as error:
        told = str(error) if "as 2026" in str(error) else f"{text} is no day"
        raise typer.BadParameter(told, param_hint="--month or --day") from None
    if period.is_day is not (day is not None):
        raise typer.BadParameter(f"{text}: --month takes a month, --day a day")
    return period


def _between(first: str, last: str) -> Period:
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        raise typer.BadParameter("--from and --to take a day as 2026-10-03") from None
    if not period.first <= period.last <= period.first + timedelta(days=_MOST_DAYS - 1):
        raise typer.BadParameter(f"--to is not before --from, and at most {_MOST_DAYS} days in all")
    return period


def _fine(document: FeeDocument) -> bool:
    report = document.report
    return not (report.findings or report.payments.unreadable or report.composition is Composition.AMBIGUOUS)


@contextmanager
def _progress(connection: str, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where a terminal is; it leaves nothing behind. How many there are HubSpot tells last."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} payments"))
    with Progress(*columns, TimeElapsedColumn(), console=show.err, transient=True, disable=not shown) as bar:
        task = bar.add_task(f"Reading {connection}", total=None)
        yield lambda read: bar.update(task, completed=read)


def _save(folder: Path, document: FeeDocument) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"fees-{document.connection}-{document.report.payments.period}"
    (folder / f"{name}.html").write_text(as_html(document), encoding="utf-8")
    (folder / f"{name}.csv").write_text(as_csv(document.report), encoding="utf-8", newline="")


def print_fees(document: FeeDocument) -> None:
    """The sums by processor and currency, a bar a day, what is to be looked at, and what stands in the books."""
    report = document.report
    title = f"Fees of {report.payments.period}, connection {document.connection}"
    columns = ("processor", "", "payments", "gross", "processing", "platform", "refunds", "net", "rate")
    show.table(title, columns, [_row(one) for one in report.totals])
    for currency in sorted({one.currency for one in report.totals}):
        _print_bars(document, currency)
    entries = [
        (
            PROCESSORS[processor],
            told_as(entry),
            entry.posting.sent.reference or entry.posting.far_id,
            f"{entry.posting.sent.day}",
            f"{booked_amount(entry)}",
        )
        for (processor, _), booked in document.booked.items()
        for entry in booked.entries
    ]
    entries += [
        (PROCESSORS[processor], booked.problem, "", "", currency)
        for (processor, currency), booked in document.booked.items()
        if booked.problem
    ]
    if entries:
        show.table("Booked in QuickBooks", ("processor", "entry", "number", "date", "amount"), entries)
    rows = [
        (f"{one.line.day}", one.line.payment_id, one.oddity.value.replace("_", " "), one.detail)
        for one in report.findings
    ]
    rows += [("", one.payment_id, "cannot be read", one.reason) for one in report.payments.unreadable]
    if rows:
        show.table("To look at", ("date", "payment", "finding", "figures"), rows)
    style = "bold red" if report.composition is Composition.AMBIGUOUS else "dim"
    show.out.print(Text(COMPOSITIONS[report.composition], style=style))


def _row(one: Total) -> Sequence[str]:
    return (
        PROCESSORS[one.processor],
        one.currency,
        f"{one.payments:,}" + (f" ({one.missing} without fee)" if one.missing else ""),
        f"{one.gross.amount:,}",
        f"{one.fees.processing.amount:,}",
        f"{one.fees.platform.amount:,}",
        f"{one.refunds.amount:,}",
        f"{one.net.amount:,}",
        "" if one.rate is None else f"{one.rate:.2%}",
    )


def _print_bars(document: FeeDocument, currency: str) -> None:
    """A bar a day, of all fees in one currency."""
    days = {
        day: sum((one.fees for one in totals if one.currency == currency), Charged.nothing(currency)).total
        for day, totals in document.report.by_day().items()
    }
    highest = max((one.amount for one in days.values()), default=Decimal(0))
    if document.report.payments.period.is_day or highest <= 0:
        return
    show.out.print(f"Fees by day, {currency}", style="bold")
    for day, fee in ((day, fee) for day, fee in days.items() if fee.amount):
        length = int(max(fee.amount, Decimal(0)) * _BAR / highest)
        show.out.print(Text.assemble(f"  {day[-2:]} ", ("█" * length, "cyan"), f" {fee.amount:,}"), highlight=False)
