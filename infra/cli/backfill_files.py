"""A back-fill's plan as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from tieout.services.backfill import Outlook, Planned, Wish

_COLUMNS = (
    "direction",
    "what",
    "id",
    "number",
    "date",
    "customer",
    "total",
    "currency",
    "other_id",
    "reason",
    "detail",
    "changes",
)
# A cell that begins like this would be a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def save(folder: Path, connection: str, wish: Wish, outlook: Outlook) -> None:
    """Write both into `folder`, which is made when it is not there, named by connection and run."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{wish.run}-{connection}"
    text = json.dumps(outlook_facts(wish, connection, outlook), indent=2, default=str)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{name}.csv").write_text(as_csv(outlook), encoding="utf-8", newline="")


def as_csv(outlook: Outlook) -> str:
    """A line for each invoice; figures are plain, and no text is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for one in outlook.planned:
        facts = _facts(one)
        changes = "; ".join(str(change) for change in one.changes)
        writer.writerow([_cell(facts[name]) for name in _COLUMNS[:-1]] + [_cell(changes)])
    return out.getvalue()


def outlook_facts(wish: Wish, connection: str, outlook: Outlook) -> dict[str, object]:
    """The plan for --json."""
    return {
        "connection": connection,
        "run": wish.run,
        "since": wish.since.isoformat(),
        "invoices": [planned_facts(one) for one in outlook.planned],
    }


def planned_facts(one: Planned) -> dict[str, object]:
    """One invoice and what is to be done, with its fields."""
    return {
        **_facts(one),
        "changes": [{"field": each.field, "from": each.before, "to": each.after} for each in one.changes],
    }


def _facts(one: Planned) -> Mapping[str, object]:
    return {
        "direction": "to_quickbooks" if one.key.origin_system == "hubspot" else "to_hubspot",
        "what": one.step.value,
        "id": one.key.origin_id,
        "number": one.number,
        "date": one.day.isoformat() if one.day else None,
        "customer": one.customer,
        "total": str(one.total.amount) if one.total else None,
        "currency": one.total.currency if one.total else None,
        "other_id": one.far_id or None,
        "reason": one.reason,
        "detail": one.detail,
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
