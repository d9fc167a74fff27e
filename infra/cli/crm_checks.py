"""The checks of what Tieout does with HubSpot's deals and files, and of what HubSpot does with QuickBooks by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra.cli.check import Check, add_scopes, guard, ok, problem, warning
from infra.cli.deployment import Deployment
from infra.cli.settings_checks import hubspot
from tieout.adapters.hubspot.properties import KEY
from tieout.domain import scopes
from tieout.domain.settings import DealMode, PdfTarget
from tieout.ports import Workspace
from tieout.services.deal_figures import DEAL_REFUSED
from tieout.services.deals import AMBIGUOUS
from tieout.services.on_deals import REFUSED
from tieout.services.pdfs import ONE_REFUSED as PDF_OF_ONE_REFUSED
from tieout.services.pdfs import REFUSED as PDF_REFUSED

# For how long it is told that several deals came into question, and how far back invoices of the data sync count.
_RECENT = timedelta(days=30)


def examine_crm(deployment: Deployment, workspace: Workspace) -> Iterator[Check]:
    """Deals and PDFs when they are used, and the data sync."""
    if workspace.settings.deals is not DealMode.OFF:
        yield guard("deals", lambda: _deals(deployment, workspace))
    if workspace.settings.pdf is not PdfTarget.OFF:
        yield guard("PDFs", lambda: _pdfs(deployment, workspace))
    if workspace.settings.pull_invoices:
        yield guard("invoices from QuickBooks", lambda: _mirrors(workspace))
    yield guard("HubSpot's own data sync", lambda: _data_sync(workspace, deployment.store.clock.now()))


def _deals(deployment: Deployment, workspace: Workspace) -> Check:
    crm, settings, connection = hubspot(workspace), workspace.settings, workspace.connection.id
    if not crm.may_read("deals"):
        return problem("the token may not read deals", add_scopes(scopes.DEALS))
    missing = crm.missing_deal_properties(settings.deal_order_property)
    if settings.deal_order_property in missing:
        found = f"HubSpot's deals have no property {settings.deal_order_property}"
        return problem(found, "Name it as HubSpot does (internal name) in deal_order_property, or create it there.")
    refused = deployment.store.notices.load(connection, REFUSED)
    if refused is not None:
        found = f"invoices could not be shown on deals ({refused.at:%Y-%m-%d}: {refused.detail})"
        return warning(found, "Put right what HubSpot says; Tieout tries again each hour, and at once after a retry.")
    one = deployment.store.notices.load(connection, DEAL_REFUSED)
    if one and deployment.store.clock.now() < one.at + _RECENT:
        found = f"HubSpot refused to change a deal ({one.at:%Y-%m-%d}: {one.detail})"
        return warning(found, "Put right what HubSpot says of the deal: its invoice's next change shows there again.")
    several = deployment.store.notices.load(connection, AMBIGUOUS)
    if settings.tell_ambiguous_deals and several and deployment.store.clock.now() < several.at + _RECENT:
        found = f"an invoice was left without a deal ({several.at:%Y-%m-%d}: {several.detail})"
        return warning(found, "Associate the invoice with its deal in HubSpot: Tieout does not choose among several.")
    if missing:
        return warning(f"missing on deals: {', '.join(missing)}", "Nothing: the first invoice of a deal creates them.")
    return ok("deals show their latest invoice")


def _mirrors(workspace: Workspace) -> Check:
    """What may be written is known only once something is; what may be read can be tried."""
    crm = hubspot(workspace)
    if not crm.may_read("products"):
        found = "the token may not read products, so that no invoice can be shown in HubSpot"
        return problem(found, add_scopes(scopes.MIRRORS))
    if KEY in crm.undefined_properties([KEY]):
        return warning(f"missing on invoices: {KEY}", "Nothing: the first invoice from QuickBooks creates it.")
    return ok(f"shown in HubSpot; this needs the scopes {', '.join(scopes.MIRRORS)}")


def _pdfs(deployment: Deployment, workspace: Workspace) -> Check:
    crm = hubspot(workspace)
    if not crm.may_read_files():
        return problem("the token may not use files", add_scopes(scopes.PDFS))
    if not crm.may_read("notes"):
        return problem("the token may not read notes", add_scopes(scopes.PDFS))
    if workspace.settings.pdf is PdfTarget.DEAL and not crm.may_read("deals"):
        return problem("the token may not read deals", add_scopes(scopes.DEAL_PDFS))
    notices, connection = deployment.store.notices, workspace.connection.id
    one = notices.load(connection, PDF_OF_ONE_REFUSED)
    recent = one if one and deployment.store.clock.now() < one.at + _RECENT else None
    refused = notices.load(connection, PDF_REFUSED) or recent
    if refused is not None:
        found = f"a PDF could not be attached ({refused.at:%Y-%m-%d}: {refused.detail})"
        return warning(found, "Put right what is said; Tieout tries again each hour, and at once after a retry.")
    return ok(f"the PDF of an invoice is attached to its {workspace.settings.pdf.value}")


def _data_sync(workspace: Workspace, now: datetime) -> Check:
    """Beside Tieout, HubSpot's own sync of invoices would bring each invoice of QuickBooks a second time."""
    found = hubspot(workspace).last_of_data_sync(now - _RECENT)
    if found is None:
        return ok("it has changed no invoice in the last 30 days")
    what = f"it is active for invoices: it brought or changed one on {found:%Y-%m-%d}"
    advice = (
        "Switch the invoice sync of HubSpot's QuickBooks Online app off, so that one system alone keeps the invoices. "
        "Until then Tieout leaves those that it brought alone (skip_data_sync_invoices)."
    )
    if workspace.settings.skip_data_sync_invoices:
        return warning(what, advice)
    doubled = f"{what}, and skip_data_sync_invoices is off, so that they would go to QuickBooks again"
    return problem(doubled, "Switch skip_data_sync_invoices on, and HubSpot's own invoice sync off.")
