"""The direction in which invoices and payments go, as one setting each in place of two switches."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tieout.domain.settings import Settings


class Way(StrEnum):
    """Which way documents go: those of HubSpot to QuickBooks, those of QuickBooks to HubSpot."""

    BOTH = "both"
    TO_QUICKBOOKS = "to_quickbooks"
    TO_HUBSPOT = "to_hubspot"
    OFF = "off"


SWITCHES: Mapping[str, tuple[str, str]] = {
    "invoices": ("push_invoices", "pull_invoices"),
    "payments": ("push_payments", "pull_payments"),
}
"""The settings that a direction stands for: to QuickBooks, to HubSpot."""
_ON: Mapping[Way, tuple[bool, bool]] = {
    Way.BOTH: (True, True),
    Way.TO_QUICKBOOKS: (True, False),
    Way.TO_HUBSPOT: (False, True),
    Way.OFF: (False, False),
}


def ways(settings: Settings) -> dict[str, Way]:
    """The direction of invoices and that of payments."""
    named = {on: way for way, on in _ON.items()}
    return {name: named[getattr(settings, push), getattr(settings, pull)] for name, (push, pull) in SWITCHES.items()}


def spread(document: Mapping[str, object]) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """The document with switches in place of its directions, and what is wrong with those, as (setting, reason). A
    switch that says the same may stand beside its direction."""
    plain, problems = {name: value for name, value in document.items() if name not in SWITCHES}, []
    for name, switches in SWITCHES.items():
        if name not in document:
            continue
        try:
            on = _ON[Way(str(document[name]))]
        except ValueError:
            problems.append((name, f"one of {', '.join(Way)}"))
            continue
        against = [switch for switch, value in zip(switches, on, strict=True) if document.get(switch, value) != value]
        if against:
            problems.append((name, f"{document[name]}, and {' and '.join(against)} say otherwise; leave them out"))
        plain |= dict(zip(switches, on, strict=True))
    return plain, problems
