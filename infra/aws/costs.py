"""What a deployment costs a month, by invoices: measured counts times AWS's list prices.

`python -m infra.aws.costs` prints the tables of docs/deployment.md, `--write` puts them there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from infra.aws.counts import (
    AGAIN,
    ALONE,
    BATCHED,
    COVERED,
    FROM_HUBSPOT,
    FROM_QUICKBOOKS,
    NEW,
    SHOWN,
    STORED_BYTES,
    SWEEP,
)
from infra.local.paths import ROOT, TEMPLATE

PAGE = ROOT / "docs" / "deployment.md"
SIZES = (100, 10_000, 1_000_000)
READS_INCLUDED = 500_000

# List prices of us-east-1 in US dollars, without any free tier, as on AWS's pricing pages in November 2026.
PRICES: Mapping[str, Decimal] = {
    name: Decimal(price)
    for name, price in {
        "Lambda, arm64, a GB-second": "0.0000133334",
        "Lambda, a million requests": "0.20",
        "DynamoDB on demand, a million write units": "0.625",
        "DynamoDB on demand, a million read units": "0.125",
        "DynamoDB storage, a GB": "0.25",
        "DynamoDB point-in-time recovery, a GB": "0.20",
        "SQS, a million requests": "0.40",
        "HTTP API, a million requests": "1.00",
        "EventBridge Scheduler, a million runs": "1.00",
        "CloudWatch, a custom metric": "0.30",
        "CloudWatch, an alarm": "0.10",
        "CloudWatch, a dashboard": "3.00",
        "CloudWatch Logs, a GB taken in": "0.50",
        "KMS, a key": "1.00",
        "Secrets Manager, a secret": "0.40",
        "Secrets Manager, ten thousand reads": "0.05",
    }.items()
}
_MILLION = Decimal(1_000_000)
_HOURS, _DAYS = Decimal(730), Decimal(30)
_SWEEPS = _HOURS * 4

# How often each kind of hint comes for one invoice: it is sent once; half of the payments come from each side; each
# payment makes its invoice show it; four more say nothing new, of which one has to look to know that.
HINTS: Mapping[str, Decimal] = {
    NEW: Decimal(1),
    FROM_HUBSPOT: Decimal("0.5"),
    FROM_QUICKBOOKS: Decimal("0.5"),
    SHOWN: Decimal(1),
    AGAIN: Decimal(1),
    COVERED: Decimal(3),
}
# Requests with webhooks: five of HubSpot (made, finalised, paid, ...), three of QuickBooks (invoice, payment, invoice).
DELIVERIES = Decimal(8)
# Seconds that an answer takes, on the average; more than either vendor usually needs.
_HUBSPOT_SECONDS, _QUICKBOOKS_SECONDS, _OWN_SECONDS = Decimal("0.3"), Decimal("0.8"), Decimal("0.2")
_WORKER_GB, _INTAKE_GB, _INTAKE_SECONDS, _SWEEP_SECONDS = Decimal(1), Decimal("1.73"), Decimal("0.1"), Decimal(5)
_LONGEST_RUN = Decimal(900)
# Bytes of a log: a record's line with its metrics, a delivery's, a scheduled run's.
_RECORD_BYTES, _DELIVERY_BYTES, _RUN_BYTES = Decimal(2500), Decimal(1500), Decimal(3000)
# Each queue is asked by five pollers, three times a minute, also when it is empty (Lambda: SQS event sources).
_QUEUES, _POLLS = Decimal(4), Decimal(5 * 3 * 60)
# Metrics are charged for the hours in which they come. The sweep counts eight each hour, the fee report six, the
# tie-out six in one hour of the day; each worker four and webhook intake three while something happens.
_ALWAYS_METRICS, _NIGHTLY_METRICS, _WORKING_METRICS = Decimal(14), Decimal(6), Decimal(4 * 4 + 3)
# An invoice and its payment are two records. The sweep counts their entries in the index `by_health`: half a read unit
# for 4 kB of keys, and at most 128 units a minute (docs/adr/0024).
_RECORDS_OF_AN_INVOICE, _ENTRY_BYTES, _MOST_COUNTED = 2, 300, Decimal(128 * 60)
# Hours that one invoice keeps the metrics alive for, when little happens.
_HOURS_OF_AN_INVOICE = Decimal(4)


@dataclass(frozen=True, slots=True)
class Month:
    """What happens in a month with this many invoices, and `costs` in dollars by what is paid for."""

    invoices: int
    hubspot_calls: Decimal
    metered_reads: Decimal
    write_units: Decimal
    read_units: Decimal
    gb_seconds: Decimal
    costs: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """All of it, in dollars."""
        return sum(self.costs.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class Stack:
    """How many there are of what costs something by being there."""

    alarms: int
    dashboards: int
    keys: int
    secrets: int


def stack(template: str) -> Stack:
    """Counted in the template's text."""

    def number(kind: str) -> int:
        return len(re.findall(rf"^    Type: {kind}$", template, re.MULTILINE))

    return Stack(
        alarms=number("AWS::CloudWatch::Alarm"),
        dashboards=number("AWS::CloudWatch::Dashboard"),
        keys=number("AWS::KMS::Key"),
        secrets=number("AWS::SecretsManager::Secret"),
    )


def month(invoices: int, of: Stack) -> Month:
    """A month with one connection, at the end of its first year, so that twelve months of records are stored."""
    counts = BATCHED if invoices > SIZES[1] else ALONE
    number = Decimal(invoices)
    hints = number * sum(HINTS.values())
    deliveries = number * DELIVERIES

    def each(what: str) -> Decimal:
        of_hints = sum((HINTS[name] * getattr(counts[name], what) for name in HINTS), Decimal(0))
        of_sweeps: Decimal = getattr(SWEEP, what)
        return number * of_hints + _SWEEPS * of_sweeps

    compared = _compared(number)
    hubspot, writes = each("hubspot"), each("writes")
    # A tie-out asks for a hundred invoices at a time, with about four queries.
    reads = each("reads") + compared * Decimal("0.04")
    # A read in the table for each delivery and each compared record; and what is counted every hour for the console.
    counted = min(_HOURS * _MOST_COUNTED, _HOURS * number * 12 * _RECORDS_OF_AN_INVOICE * _ENTRY_BYTES / 8192)
    read_units = each("read_units") + deliveries + compared + counted
    write_units = each("write_units")
    vendors = hubspot * _HUBSPOT_SECONDS + (reads + writes) * _QUICKBOOKS_SECONDS
    own = hints * _OWN_SECONDS + (_SWEEPS + _HOURS) * _SWEEP_SECONDS + _DAYS * min(_LONGEST_RUN, compared / _DAYS / 20)
    gb_seconds = (vendors + own) * _WORKER_GB + deliveries * _INTAKE_SECONDS * _INTAKE_GB
    runs = _SWEEPS + _HOURS + _DAYS
    invocations = deliveries + hints / (30 if counts is BATCHED else 1) + runs
    stored = number * 12 * STORED_BYTES / Decimal(1024**3)
    logged = (hints * _RECORD_BYTES + deliveries * _DELIVERY_BYTES + runs * _RUN_BYTES) / Decimal(1024**3)
    # Sent, received and deleted; and asked for in vain.
    requests = 3 * hints + _QUEUES * _POLLS * _HOURS
    busy = min(_HOURS, number * _HOURS_OF_AN_INVOICE) / _HOURS
    metrics = _ALWAYS_METRICS + _NIGHTLY_METRICS * _DAYS / _HOURS + _WORKING_METRICS * busy
    secret_reads = min(hints + deliveries, 5 * _HOURS * 12) + runs
    price = PRICES
    costs = {
        "Lambda": gb_seconds * price["Lambda, arm64, a GB-second"]
        + invocations / _MILLION * price["Lambda, a million requests"],
        "DynamoDB requests": write_units / _MILLION * price["DynamoDB on demand, a million write units"]
        + read_units / _MILLION * price["DynamoDB on demand, a million read units"],
        "DynamoDB storage and recovery": stored
        * (price["DynamoDB storage, a GB"] + price["DynamoDB point-in-time recovery, a GB"]),
        "SQS": requests / _MILLION * price["SQS, a million requests"],
        "HTTP API and schedules": deliveries / _MILLION * price["HTTP API, a million requests"]
        + runs / _MILLION * price["EventBridge Scheduler, a million runs"],
        "Logs": logged * price["CloudWatch Logs, a GB taken in"],
        "Metrics": metrics * price["CloudWatch, a custom metric"],
        "Alarms and dashboard": of.alarms * price["CloudWatch, an alarm"]
        + of.dashboards * price["CloudWatch, a dashboard"],
        "Key and secrets": of.keys * price["KMS, a key"]
        + of.secrets * price["Secrets Manager, a secret"]
        + secret_reads / 10_000 * price["Secrets Manager, ten thousand reads"],
    }
    return Month(invoices, hubspot, reads, write_units, read_units, gb_seconds, costs)


def _compared(invoices: Decimal) -> Decimal:
    """Invoices that the tie-outs of a month compare: what changed, at most 5,000 a night, and a 28th of a year's, at
    least 1,000 of those there are."""
    there = invoices * 12
    return _DAYS * (min(Decimal(5000), invoices / _DAYS) + min(there, max(Decimal(1000), there / 28)))


def tables(months: Sequence[Month]) -> str:
    """Both tables of the page, in Markdown."""
    heading = ["invoices a month", *(f"{one.invoices:,}" for one in months)]
    counts = [
        ["HubSpot calls", *(_whole(one.hubspot_calls) for one in months)],
        [f"reads that Intuit meters ({READS_INCLUDED:,} are free)", *(_whole(one.metered_reads) for one in months)],
        ["DynamoDB write units", *(_whole(one.write_units) for one in months)],
        ["DynamoDB read units", *(_whole(one.read_units) for one in months)],
        ["Lambda, GB-seconds", *(_whole(one.gb_seconds) for one in months)],
    ]
    costs = [[name, *(_dollars(one.costs[name]) for one in months)] for name in months[0].costs]
    costs.append(["**together, a month**", *(f"**{_dollars(one.total)}**" for one in months)])
    costs.append(["an invoice", *(f"${one.total / one.invoices:,.4f}" for one in months)])
    return "\n\n".join(_markdown([heading, *rows]) for rows in (counts, costs))


def prices() -> str:
    """The list prices, in Markdown."""
    return _markdown([["what", "US dollars"], *([name, f"{price.normalize():f}"] for name, price in PRICES.items())])


def _markdown(rows: Iterable[Sequence[str]]) -> str:
    head, *body = rows
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def _whole(value: Decimal) -> str:
    return f"{value.quantize(Decimal(1), ROUND_HALF_UP):,}"


def _dollars(value: Decimal) -> str:
    return f"${value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def shown() -> Mapping[str, str]:
    """What the page shows between the marks of each name."""
    of = stack(TEMPLATE.read_text(encoding="utf-8"))
    return {"costs": tables([month(size, of) for size in SIZES]), "prices": prices()}


def written(page: str, parts: Mapping[str, str]) -> str:
    """The page with what stands between its marks replaced."""
    for name, text in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page has no {begin} ... {end}")
        page = f"{before}{begin}\n{text}\n{end}{after}"
    return page


def main(arguments: Sequence[str], page: Path = PAGE) -> int:
    """Exit code 0."""
    parts = shown()
    if "--write" in arguments:
        page.write_text(written(page.read_text(encoding="utf-8"), parts), encoding="utf-8")
    else:
        sys.stdout.write("\n\n".join(parts.values()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
