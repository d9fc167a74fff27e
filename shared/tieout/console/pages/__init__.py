"""The pages, one module each. A further one is added to `PAGES`; the menu has those with a name, in this order."""

from __future__ import annotations

from tieout.console.pages import (
    attention,
    connect,
    decide,
    dry_run,
    entrance,
    fees,
    overview,
    record,
    registers,
    settings,
)
from tieout.console.routing import Page

PAGES: tuple[Page, ...] = (
    entrance.PAGE,
    overview.PAGE,
    attention.PAGE,
    registers.INVOICES,
    registers.PAYMENTS,
    fees.PAGE,
    record.PAGE,
    decide.PAGE,
    settings.PAGE,
    connect.PAGE,
    dry_run.PAGE,
)
