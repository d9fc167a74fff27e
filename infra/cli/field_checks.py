"""The checks of pairs of fields: what is switched on in QuickBooks, what HubSpot has and of which type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from infra.cli.check import Check, guard, ok, problem, warning
from infra.cli.deployment import Deployment
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.hubspot.properties import Described
from tieout.adapters.quickbooks.ledger import QuickBooksLedger
from tieout.domain.field_pairs import (
    NATIVE_FIELDS,
    FieldPair,
    NativeField,
    called,
    with_definitions,
)
from tieout.ports import Workspace
from tieout.services.carrying import REFUSED

_SHIPPING = NATIVE_FIELDS - {NativeField.PURCHASE_ORDER}
_SWITCH_ON = "Switch it on for sales forms: QuickBooks drops what it does not know."
_CREATE = "Name it as HubSpot does (internal name), or have it created: tieout doctor --create-properties."
_DAYS, _TEXTS = frozenset({"date", "datetime"}), frozenset({"string"})
_RECENT = timedelta(days=30)


def examine_fields(workspace: Workspace) -> Iterator[Check]:
    """Both ends of every pair."""
    if workspace.settings.pairs:
        yield guard("fields in QuickBooks", lambda: _in_quickbooks(workspace))
        yield guard("fields in HubSpot", lambda: _in_hubspot(workspace))


def examine_carried(deployment: Deployment, workspace: Workspace) -> Iterator[Check]:
    """Whether HubSpot took the values that came from QuickBooks."""
    if any(pair.to_hubspot for pair in workspace.settings.pairs):
        yield guard("fields from QuickBooks", lambda: _carried(deployment, workspace))


def create_properties(workspace: Workspace) -> Check:
    """Create Tieout's properties and those of the pairs that the portal lacks."""
    crm = _hubspot(workspace)
    made = [*crm.ensure_properties(), *_create(crm, workspace.settings.pairs)]
    return ok(f"created in HubSpot: {', '.join(made)}" if made else "nothing to create in HubSpot")


def _create(crm: HubSpotCrm, pairs: tuple[FieldPair, ...]) -> tuple[str, ...]:
    missing = set(crm.undefined_properties([pair.hubspot for pair in pairs])) if pairs else set()
    wanted = {pair.hubspot: pair.quickbooks == NativeField.SHIPPING_DATE for pair in pairs if pair.hubspot in missing}
    # Such names are HubSpot's own to give.
    return crm.create_fields({name: of_days for name, of_days in wanted.items() if not name.startswith("hs_")})


def _in_quickbooks(workspace: Workspace) -> Check:
    """QuickBooks drops a custom field that is not switched on without a word, so it has to be asked before."""
    pairs, company = workspace.settings.pairs, workspace.ledger.company()
    names: Mapping[str, str] = company.custom_fields
    if any(pair.quickbooks not in NATIVE_FIELDS and pair.quickbooks not in names for pair in pairs):
        # Preferences tell of classic fields only; an invoice shows all that it has.
        names = {**(_quickbooks(workspace).custom_field_names() or {}), **names}
    found = {pair.hubspot: pair.quickbooks for pair in with_definitions(pairs, company.custom_fields)}
    missing = [
        f"{called(pair.quickbooks)} (for {pair.hubspot})"
        for pair in pairs
        if pair.quickbooks not in NATIVE_FIELDS and found.get(pair.hubspot, "") not in names
    ]
    if missing:
        return problem(f"not switched on in QuickBooks: {', '.join(missing)}", _SWITCH_ON)
    shipping = [called(pair.quickbooks) for pair in pairs if pair.quickbooks in _SHIPPING]
    if shipping and not company.allow_shipping:
        told = f"shipping is switched off on QuickBooks' sales forms ({', '.join(shipping)})"
        return warning(told, "Switch shipping on for sales forms: without it QuickBooks may drop these fields.")
    advice = (
        "Intuit does not say whether invoices show a purchase order number of their own: look at the first one."
        if any(pair.quickbooks == NativeField.PURCHASE_ORDER for pair in pairs)
        else ""
    )
    sides = (f"{pair.hubspot}: {names.get(found[pair.hubspot], called(pair.quickbooks))}" for pair in pairs)
    return Check("", "ok", ", ".join(sides), advice)


def _in_hubspot(workspace: Workspace) -> Check:
    pairs = workspace.settings.pairs
    there = _hubspot(workspace).described([pair.hubspot for pair in pairs])
    missing = [pair.hubspot for pair in pairs if pair.hubspot not in there]
    if missing:
        return problem(f"HubSpot's invoices have no property {', '.join(missing)}", _CREATE)
    wrong = [told for pair in pairs if (told := _unfit(pair, there[pair.hubspot]))]
    if wrong:
        return problem("; ".join(wrong), "Choose another property, or another direction for the pair.")
    chosen = [pair.hubspot for pair in pairs if pair.to_hubspot and there[pair.hubspot].type == "enumeration"]
    if chosen:
        told = f"{', '.join(chosen)} takes its own options only"
        return warning(told, "Another value of QuickBooks is refused by HubSpot; a text property takes all.")
    return ok(f"{len(pairs)} named, all of them are there and fit")


def _unfit(pair: FieldPair, property_: Described) -> str:
    """Why values cannot go between the two, "" when they can: QuickBooks' fields are texts and one date."""
    if pair.to_hubspot and property_.read_only:
        return f"{pair.hubspot} cannot be written in HubSpot"
    of_days = pair.quickbooks == NativeField.SHIPPING_DATE
    kind = property_.type
    if of_days and kind not in _DAYS | _TEXTS:
        return f"{pair.hubspot} is a {kind}, {called(pair.quickbooks)} a date"
    if not of_days and pair.to_hubspot and kind not in {*_TEXTS, "enumeration"}:
        return f"{pair.hubspot} is a {kind}, {called(pair.quickbooks)} a text"
    return ""


def _carried(deployment: Deployment, workspace: Workspace) -> Check:
    refused = deployment.store.notices.load(workspace.connection.id, REFUSED)
    if refused is not None and deployment.store.clock.now() < refused.at + _RECENT:
        found = f"HubSpot refused a value of QuickBooks ({refused.at:%Y-%m-%d}: {refused.detail})"
        return warning(found, "Put right what HubSpot says, then retry the invoice.")
    return ok("HubSpot took what came from QuickBooks")


def _hubspot(workspace: Workspace) -> HubSpotCrm:
    if not isinstance(workspace.crm, HubSpotCrm):
        raise TypeError("the command line works on HubSpot")
    return workspace.crm


def _quickbooks(workspace: Workspace) -> QuickBooksLedger:
    if not isinstance(workspace.ledger, QuickBooksLedger):
        raise TypeError("the command line works on QuickBooks")
    return workspace.ledger
