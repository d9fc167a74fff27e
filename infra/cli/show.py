"""How things look in a terminal, and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from infra.cli.check import Check
from tieout.domain.attention import ATTENTION
from tieout.domain.conflict import Conflict
from tieout.domain.errors import NeedsAttention, SyncError
from tieout.domain.invoice import InvoiceContent, SourceInvoice
from tieout.domain.payment import Document
from tieout.domain.planning.plan import Adopt, Attend, Create, Gone, Nothing, Plan, Skip, Update, Void
from tieout.domain.record import Kind, State, SyncRecord
from tieout.domain.settings_changes import SettingChange
from tieout.domain.status import explain
from tieout.ports import Ledger

out = Console()
err = Console(stderr=True)
# An amount, with its currency or not, a count or a rate.
_FIGURE = re.compile(r"[+-]?[\d,]+(\.\d+)?(%| [A-Z]{3})?")
_ANY_WIDTH = 10_000
_LEVELS = {"ok": "green", "warning": "yellow", "problem": "red"}

COLOURS = {
    State.SYNCED: "green",
    State.SYNCED_WITH_VARIANCE: "green",
    State.VOIDED: "green",
    State.IGNORED: "dim",
    State.ATTENTION: "bold red",
    State.DELETED_IN_LEDGER: "bold red",
}


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    out.print_json(json.dumps(value, default=str))


def print_error(text: str) -> None:
    """One line on standard error."""
    err.print(Text.assemble(("error", "red"), " ", text), highlight=False, soft_wrap=True)


def print_check(check: Check) -> None:
    """A line for one check, and one for what to do about it."""
    line = Text.assemble("  ", (f"{check.level:<8}", _LEVELS[check.level]), f"{check.name}: {check.found}")
    out.print(line, highlight=False)
    if check.advice:
        out.print(Text(f"          {check.advice}", style="italic"), highlight=False)


def print_record(record: SyncRecord) -> None:
    """What became of a record."""
    link = record.link
    line = Text.assemble((record.label or record.key.origin_id, "bold"), ": ", state_text(record.state))
    if link:
        where = "HubSpot" if link.mirror or record.key.origin_system == "quickbooks" else "QuickBooks"
        total = link.mirror.sent.total if link.mirror else link.total
        line.append(f", {where} invoice {link.number or ''} (id {link.far_id}), {total}")
    out.print(line)
    if text := explain(record):
        out.print(Text(f"  {text}"), highlight=False)
    if record.reason in ATTENTION:
        out.print(f"  code: {record.reason}", highlight=False)
    if record.conflict is not None:
        _print_conflict(record.conflict)


def _print_conflict(conflict: Conflict) -> None:
    """Both values of what differs, and which side can be taken."""
    rows = [(one.field, Text(one.hubspot), Text(one.quickbooks)) for one in conflict.differences]
    table("Both values", ("field", "HubSpot has", "QuickBooks has"), rows)
    if conflict.sides:
        commands = " or ".join(f"--take {side}" for side in conflict.sides)
        out.print(f"  tieout resolve INVOICE {commands}", highlight=False)
    if conflict.refusal:
        out.print(Text(f"  {conflict.refusal}"), highlight=False)


def print_changes(changes: Sequence[SettingChange]) -> None:
    """Settings as a diff, old and new beside each other."""
    rows = [
        (f"{change.name}: {part}" if part else change.name, Text(before, style="red"), Text(after, style="green"))
        for change in changes
        for part, before, after in change.lines
    ]
    table("Settings", ("setting", "was", "becomes"), rows)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """A table with figures to the right, or its title with "none" when there is nothing in it.

    A few rows that are too wide for the terminal stand beside each other instead, so that no figure is broken in two.
    """
    if not rows:
        out.print(f"{title}: none")
        return
    out.print(Text(title, style="bold"))
    drawn = _drawn(columns, rows, {at for at in range(len(columns)) if _figures(row[at] for row in rows)})
    least = Measurement.get(out, out.options.update(max_width=_ANY_WIDTH), drawn).minimum
    if len(rows) < len(columns) and least > out.width:
        turned = [(name, *(row[at] for row in rows)) for at, name in enumerate(columns)]
        drawn = _drawn([str(cell) for cell in turned[0]], turned[1:], set(range(1, len(rows) + 1)))
    out.print(drawn)


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[str | Text]], right: Collection[int]) -> Table:
    drawn = Table()
    for at, name in enumerate(columns):
        drawn.add_column(name, overflow="fold", justify="right" if at in right else "left")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def _figures(cells: Iterable[str | Text]) -> bool:
    told = [text for cell in cells if (text := str(cell))]
    return bool(told) and all(map(_FIGURE.fullmatch, told))


def state_text(state: State) -> Text:
    """A state in its colour, in words."""
    return Text(state.value.replace("_", " "), style=COLOURS.get(state, "yellow"))


DOCUMENT_COLUMNS = ("document", "id", "amount", "date", "state", "link")


def documents(record: SyncRecord, ledger: Ledger) -> list[dict[str, str | None]]:
    """What a payment made on the far side, in the order in which it was posted, by `DOCUMENT_COLUMNS`."""
    return [
        {
            "document": one.sent.document.value.replace("_", " "),
            "id": one.far_id,
            "amount": str(one.sent.amount),
            "date": one.sent.day.isoformat(),
            "state": "taken back" if one.voided else "posted",
            "link": None
            if one.sent.document is Document.HUBSPOT_PAYMENT
            else ledger.document_url(one.sent.document, one.far_id) or None,
        }
        for one in record.postings
    ]


def record_facts(record: SyncRecord) -> dict[str, object]:
    """A record for --json."""
    link = record.link
    far_id = link.far_id if link else None
    mirrored = record.key.kind is Kind.INVOICE and record.key.origin_system == "quickbooks"
    in_hubspot, in_quickbooks = (far_id, record.key.origin_id) if mirrored else (record.key.origin_id, far_id)
    invoice = {"invoice_id": in_hubspot} if record.key.kind is Kind.INVOICE else {}
    return {
        "connection": record.key.connection,
        "kind": record.key.kind.value,
        "origin": record.key.origin_system,
        "id": record.key.origin_id,
        **invoice,
        "number": record.label,
        "state": record.state.value,
        "reason": record.reason,
        "explanation": explain(record),
        **conflict_facts(record.conflict),
        "due_at": record.due_at,
        "quickbooks_id": in_quickbooks,
        "quickbooks_number": link.number if link else None,
        "total": str(link.total) if link and link.total else None,
        "updated_at": record.updated_at,
    }


def conflict_facts(conflict: Conflict | None) -> dict[str, object]:
    """Both values for --json, nothing where there is nothing to choose from."""
    if conflict is None:
        return {}
    values = [
        {"field": one.field, "hubspot": one.hubspot, "quickbooks": one.quickbooks} for one in conflict.differences
    ]
    return {"values": values, "take": [side.value for side in conflict.sides], "not_taken_because": conflict.refusal}


def plan_facts(plan: Plan | Exception) -> dict[str, object]:
    """A plan for --json: `action` and what it would do."""
    match plan:
        case Create():
            return {"action": "create", "invoice": content_facts(plan.content)}
        case Update():
            return {
                "action": "update",
                "quickbooks_id": plan.present.id,
                "changes": [{"field": one.field, "from": one.before, "to": one.after} for one in plan.changes],
            }
        case Void():
            return {"action": "void", "quickbooks_id": plan.present.id}
        case Skip():
            return {"action": "skip", "reason": plan.reason, "detail": plan.detail}
        case Attend():
            facts = {"action": "attention", "code": plan.code.value, "detail": plan.detail}
            return {**facts, **conflict_facts(plan.conflict)}
        case Adopt() | Nothing():
            return {"action": "nothing"}
        case Gone():
            return {"action": "attention", "code": "deleted_in_quickbooks", "detail": ""}
        case NeedsAttention():
            return {"action": "attention", "code": plan.code.value, "detail": plan.detail}
        case SyncError():
            return {"action": "wait", "reason": str(plan), "detail": plan.detail}
        case Exception():
            raise plan


def content_facts(content: InvoiceContent) -> Mapping[str, object]:
    """What would stand in QuickBooks, for --json."""
    return {
        "customer_id": content.customer_id,
        "number": content.number,
        "invoice_date": content.invoice_date,
        "due_date": content.due_date,
        "email": content.email,
        "memo": content.memo,
        "total": str(content.total),
        "billed": str(content.billed) if content.billed else None,
        "discount": content.discount,
        "exchange_rate": content.exchange_rate,
        "terms_id": content.terms_id,
        "tax_code": content.tax_code,
        "custom_fields": dict(content.custom_fields),
        "lines": [
            {
                "item_id": line.item_id,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "amount": line.amount,
                "tax_code": line.tax_code,
            }
            for line in content.lines
        ],
    }


def print_plan(source: object, plan: Plan | Exception) -> None:
    """A plan as a readable diff."""
    facts = plan_facts(plan)
    name = source.number or source.id if isinstance(source, SourceInvoice) else "Invoice"
    out.print(f"[bold]{name}[/bold]: [bold]{facts['action']}[/bold]", highlight=False)
    match plan:
        case Create():
            _print_new(plan.content)
        case Update():
            rows = [(one.field, Text(one.before, style="red"), Text(one.after, style="green")) for one in plan.changes]
            table(f"QuickBooks invoice {plan.present.id}", ("field", "QuickBooks has", "becomes"), rows)
        case _:
            for key in ("reason", "code", "detail", "quickbooks_id"):
                if facts.get(key):
                    out.print(f"  {key}: {facts[key]}", highlight=False)


def _print_new(content: InvoiceContent) -> None:
    for name, value in (
        ("customer", content.customer_id),
        ("number", content.number or "(QuickBooks numbers it)"),
        ("date", content.invoice_date),
        ("due", content.due_date),
        ("e-mail", content.email),
        ("memo", content.memo),
        ("terms", content.terms_id),
        ("tax code", content.tax_code),
        ("exchange rate", content.exchange_rate),
        *((f"custom field {id_}", text) for id_, text in content.custom_fields),
        ("discount", f"{content.discount:,}" if content.discount else None),
    ):
        if value:
            out.print(Text.assemble("  ", ("+", "green"), f" {name}: {value}"), highlight=False)
    rows = [
        (
            Text(line.description or ""),
            line.item_id,
            f"{line.quantity}",
            f"{line.unit_price}",
            line.tax_code or "",
            f"{line.amount:,}",
        )
        for line in content.lines
    ]
    table(f"Lines, total {content.total}", ("text", "item", "quantity", "price", "tax", "amount"), rows)
