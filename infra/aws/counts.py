"""What one hint costs, as `tests/benchmarks/unit_costs.py` measures it, rounded up; `make bench` fails beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Count:
    """Calls of HubSpot, QuickBooks reads that Intuit meters, QuickBooks writes, and DynamoDB's units, a hint."""

    hubspot: Decimal
    reads: Decimal
    writes: Decimal
    write_units: Decimal
    read_units: Decimal


def _count(*figures: str) -> Count:
    return Count(*map(Decimal, figures))


NEW, AGAIN, COVERED = "a new invoice", "another look, unchanged", "a hint that is covered"
FROM_HUBSPOT, FROM_QUICKBOOKS, SHOWN = (
    "a HubSpot payment",
    "a QuickBooks payment",
    "an invoice shows what was paid",
)
# Each hint by itself, as where little happens.
ALONE: Mapping[str, Count] = {
    NEW: _count("11", "2", "1", "52", "6"),
    AGAIN: _count("10", "0", "0", "10", "4"),
    COVERED: _count("0", "0", "0", "0", "4"),
    FROM_HUBSPOT: _count("2", "3", "1", "54", "8"),
    FROM_QUICKBOOKS: _count("1", "3", "0", "50", "12"),
    SHOWN: _count("11", "4", "0", "18", "10"),
}
# Thirty at a time, as where so much happens that hints wait for a worker.
BATCHED: Mapping[str, Count] = {
    NEW: _count("0.4", "0.1", "1", "48", "3"),
    AGAIN: _count("0.4", "0.1", "0", "10", "2"),
    COVERED: _count("0", "0", "0", "0", "2"),
    FROM_HUBSPOT: _count("0.1", "0.1", "1", "48", "4"),
    FROM_QUICKBOOKS: _count("1", "0.1", "0", "48", "8"),
    SHOWN: _count("0.4", "0.1", "0", "12", "5"),
}
# One run of the sweep for one connection.
SWEEP = _count("2", "1", "0", "12", "24")
# What an invoice and its payment take in the table, their trail included.
STORED_BYTES = 4500
