"""Downloads the PDF of an invoice from QuickBooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli import show
from infra.cli.deployment import Deployment
from infra.cli.options import CANNOT_START, NEEDS_A_PERSON, Json, NotFound, OnlyConnection, Stack, opened
from infra.cli.selection import find
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.domain.errors import NotInLedger
from tieout.domain.record import Kind

Invoice = Annotated[
    str, typer.Argument(help="An invoice: HubSpot's id or number, or QuickBooks' id.", metavar="INVOICE")
]
Output = Annotated[Path | None, typer.Option("--output", help="The file to write; invoice-ID.pdf without it.")]


def pdf(
    context: typer.Context,
    invoice: Invoice,
    *,
    output: Output = None,
    stack: Stack = None,
    connection: OnlyConnection = None,
    json: Json = False,
) -> None:
    """Download the PDF of an invoice from QuickBooks.

    Example: tieout pdf INV-1001 --output invoice.pdf
    """
    deployment = opened(context, stack)
    where, far_id = _far_invoice(deployment, connection, invoice)
    ledger = deployment.workspace(where).ledger
    if not isinstance(ledger, QuickBooksLedger):
        raise TypeError("the command line works on QuickBooks")
    try:
        content = ledger.invoice_pdf(far_id)
    except NotInLedger:
        show.print_error(f"Invoice {far_id} was deleted in QuickBooks.")
        raise typer.Exit(NEEDS_A_PERSON) from None
    target = output or Path(f"invoice-{far_id}.pdf")
    try:
        target.write_bytes(content)
    except OSError as error:
        show.print_error(f"{target} cannot be written: {error.strerror}.")
        raise typer.Exit(CANNOT_START) from None
    if json:
        show.print_json({"file": str(target), "bytes": len(content), "quickbooks_id": far_id})
        return
    show.out.print(str(target), soft_wrap=True, highlight=False)


def _far_invoice(deployment: Deployment, connection: str | None, invoice: str) -> tuple[str, str]:
    """The connection and QuickBooks' id of an invoice. Raises NotFound."""
    records = deployment.store.records
    missing: NotFound
    try:
        key = find(deployment, connection, invoice)
    except NotFound as error:
        missing = error
    else:
        record = records.get(key)
        if record is None or record.link is None:
            raise NotFound("This invoice is not in QuickBooks yet: push it first.")
        born_there = key.origin_system == "quickbooks"
        return key.connection, key.origin_id if born_there else record.link.far_id
    for one in deployment.connections(connection):
        if records.origin_of(one.id, "quickbooks", Kind.INVOICE, invoice) is not None:
            return one.id, invoice
    raise missing
