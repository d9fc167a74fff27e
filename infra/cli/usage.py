"""What `status` says of the sweep and of the reads that Intuit meters."""

from __future__ import annotations

from collections.abc import Sequence

from infra.cli import show
from infra.cli.deployment import Store
from tieout.domain.metering import READS_A_MONTH, Usage
from tieout.services.watching import reads_of, swept_at


def reads_facts(reads: Usage) -> dict[str, object]:
    """For --json."""
    return {"so_far": reads.so_far, "projected": reads.projected, "included": READS_A_MONTH}


def print_usage(store: Store, connections: Sequence[str]) -> None:
    """A line for each connection, and one for the deployment, which Intuit's limit is about."""
    rows = []
    for connection in (*connections, None):
        reads, swept = reads_of(store, connection), swept_at(store, connection) if connection else None
        at = f"{swept:%Y-%m-%d %H:%M:%S} UTC" if swept else "never" if connection else ""
        rows.append((connection or "all connections", f"{reads.so_far:,}", f"{reads.projected:,}", at))
    columns = ("connection", "reads so far", "heading for", "last complete sweep")
    show.table(f"Metered reads of QuickBooks this month, {READS_A_MONTH:,} included", columns, rows)
