"""A dry run: what a push would do with one real invoice, before anything was ever written. It ends the first steps."""

from __future__ import annotations

from tieout.console.desk import Desk
from tieout.console.language import message
from tieout.console.links import card_url
from tieout.console.plan_told import plan_told
from tieout.console.routing import Page, shows
from tieout.console.visit import Visit
from tieout.console.web import Reply
from tieout.domain.errors import NeedsAttention, SyncError
from tieout.domain.record import Kind
from tieout.ports import Crm
from tieout.services.preview import Preview, preview

_NOT_FOUND = message("HubSpot has no invoice with this number or id.")
_FROM_QUICKBOOKS = message("This invoice was born in QuickBooks, so nothing would be pushed.")
_LONGEST = 60


def dry_run(desk: Desk, visit: Visit) -> Reply:
    """The page: a field for the invoice, and what would be done with it. Writes nothing."""
    named = visit.request.query.one("invoice")[:_LONGEST]
    if not named:
        return _page(visit, named)
    workspace = desk.workspace(visit.here.id)
    try:
        id_ = _find(workspace.crm, named)
        if id_ is None:
            return _page(visit, named, visit.say(_NOT_FOUND))
        if desk.records.origin_of(visit.here.id, "hubspot", Kind.INVOICE, id_) is not None:
            return _page(visit, named, visit.say(_FROM_QUICKBOOKS))
        found = preview(workspace, desk.records, desk.assessor, id_, visit.trace_id)
    except NeedsAttention as several:
        return _page(visit, named, several.detail)
    except SyncError as error:
        return visit.draw("dry_run.html", status=424, named=named, wrong="", plan=plan_told(visit, error), card="")
    return _page(visit, named, found=found)


def _find(crm: Crm, named: str) -> str | None:
    if named.isdigit() and crm.invoices([named]):
        return named
    return crm.invoice_id_by_number(named)


def _page(visit: Visit, named: str, wrong: str = "", found: Preview | None = None) -> Reply:
    return visit.draw(
        "dry_run.html",
        status=422 if wrong else 200,
        named=named,
        wrong=wrong,
        plan=plan_told(visit, found.plan) if found else None,
        card=card_url(visit, found.record.key) if found and found.record else "",
    )


PAGE = Page("dry_run", (shows("/dry-run", dry_run),))
