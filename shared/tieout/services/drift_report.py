"""The drift report: what a tie-out found, as JSON for programs and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

from tieout.domain.money import Money
from tieout.domain.tie_out import Figures, Finding, Sides, TieOut
from tieout.services.reconcile import Report

_COLUMNS = ("invoice", "hubspot_id", "state", "equation", "left", "right", "currency", "reason", "quickbooks_id")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report_facts(report: Report) -> dict[str, object]:
    """The whole report as plain values; amounts are texts, so that no program reads them as binary fractions."""
    return {
        "connection": report.connection,
        "at": report.at.isoformat(),
        "ties_out": report.ties_out,
        "invoices": len(report.results),
        "not_looked_at": report.left,
        "left_alone": report.left_alone,
        "coverage": _coverage(report),
        "totals": {currency: _figures(one) for currency, one in report.totals.by_currency.items()},
        "taken": [{"invoice": one.label, "told": one.taken} for one in report.results if one.taken],
        "findings": [_finding(one, finding) for one in report.drifted for finding in one.findings],
    }


def _coverage(report: Report) -> Mapping[str, object]:
    """What the figures are of: all invoices that were asked for, or one night's part of the round."""
    part = report.coverage
    if part is None:
        return {"scope": "all"}
    return {
        "scope": "part" if len(report.results) < part.of else "all",
        "of_invoices": part.of,
        "adrift_before": part.adrift_before,
        "changed": part.changed,
        "changed_put_off": part.put_off,
        "round_began": part.round_began.isoformat() if part.round_began else None,
        "all_compared_since": part.whole_since.isoformat() if part.whole_since else None,
    }


def as_json(report: Report) -> str:
    """The report for programs."""
    return json.dumps(report_facts(report), indent=2, ensure_ascii=False) + "\n"


def as_csv(report: Report) -> str:
    """One row a finding, with a header, for a spreadsheet: no text in it can act as a formula."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    for one in report.drifted:
        for finding in one.findings:
            currency = finding.left or finding.right
            rows.writerow(
                (
                    _cell(one.label),
                    _cell(_born(one, "hubspot")),
                    one.state.value,
                    finding.equation.value,
                    _plain(finding.left),
                    _plain(finding.right),
                    currency.currency if currency else "",
                    _cell(finding.reason),
                    _cell(_born(one, "quickbooks")),
                )
            )
    return text.getvalue()


def _born(one: TieOut, system: str) -> str:
    """The invoice's id where it was born, if that is this system."""
    return one.key.origin_id if one.key.origin_system == system else ""


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(amount: Money | None) -> str:
    return f"{amount.amount:f}" if amount else ""


def _finding(one: TieOut, finding: Finding) -> Mapping[str, object]:
    currency = finding.left or finding.right
    return {
        "invoice": one.label,
        "hubspot_id": _born(one, "hubspot") or None,
        "quickbooks_id": _born(one, "quickbooks") or None,
        "state": one.state.value,
        "equation": finding.equation.value,
        "left": _plain(finding.left) or None,
        "right": _plain(finding.right) or None,
        "currency": currency.currency if currency else None,
        "reason": finding.reason,
    }


def _sides(sides: Sides) -> Mapping[str, str]:
    return {"hubspot": _plain(sides.hubspot), "quickbooks": _plain(sides.quickbooks)}


def _figures(figures: Figures) -> Mapping[str, object]:
    return {
        "billed": _sides(figures.billed),
        "received": _sides(figures.received),
        "refunded": _sides(figures.refunded),
        "credited": _plain(figures.credited),
        "open": _sides(figures.open),
    }
