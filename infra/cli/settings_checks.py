"""Whether what the settings name exists, is active and fits, asked of HubSpot and QuickBooks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from infra.cli.check import Check, guard, ok, problem, warning
from infra.cli.fee_checks import examine_fees
from infra.cli.field_checks import examine_fields
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.domain.payment import Processor
from tieout.domain.settings import NOT_TAXED_US, Settings, TaxMode
from tieout.ports import Workspace

_CHOOSE = "Choose another one in the settings, or mend it in QuickBooks."
# Kinds of item that a line of an invoice cannot bear (Intuit: item).
_NOT_FOR_LINES = frozenset({"Category", "Group", "Bundle"})


def examine_settings(workspace: Workspace) -> Iterator[Check]:
    """The checks of the settings that `workspace` bears, as they are made."""
    settings = workspace.settings
    yield guard("properties in the settings", lambda: _properties(workspace))
    if settings.fallback_item_id is None:
        advice = "Lines with an unknown product become attention: item_missing."
        yield Check("fallback item", "warning", "none", advice)
    for name, ids in _items(settings).items():
        if ids:
            yield guard(name, lambda ids=ids: _item_check(workspace, ids))  # type: ignore[misc]
    yield guard("sales tax", lambda: _sales_tax(workspace))
    if settings.tax_codes or settings.untaxed_code is not None:
        yield guard("tax codes", lambda: _tax_codes(workspace))
    if settings.terms:
        yield guard("terms", lambda: _terms(workspace))
    yield from examine_fields(workspace)
    yield guard("order discounts", lambda: _discounts(workspace))
    yield guard("payments", lambda: _payments(workspace))
    yield from examine_fees(workspace)
    yield guard("closed books", lambda: _closed_books(workspace))


def hubspot(workspace: Workspace) -> HubSpotCrm:
    """The HubSpot adapter with what only the command line asks of it."""
    if not isinstance(workspace.crm, HubSpotCrm):
        raise TypeError("the command line works on HubSpot")
    return workspace.crm


def _properties(workspace: Workspace) -> Check:
    named = frozenset(one.property for one in workspace.settings.filters)
    unknown = hubspot(workspace).undefined_properties(named) if named else ()
    if unknown:
        found = f"HubSpot's invoices have no property {', '.join(unknown)}"
        return problem(found, "Name it as HubSpot does (internal name), or create it there.")
    return ok(f"{len(named)} named, all of them are there")


def _items(settings: Settings) -> dict[str, Sequence[str]]:
    """Check -> the ids that it is about."""
    return {
        "fallback item": _given(settings.fallback_item_id),
        "fee items": [*_given(settings.fee_item_id), *settings.fee_items.values()],
        "tax items": [*_given(settings.tax_item_id), *settings.tax_items.values()],
        "sales receipt item": _given(settings.sales_receipt_item_id),
    }


def _given(value: str | None) -> list[str]:
    return [] if value is None else [value]


def _item_check(workspace: Workspace, ids: Collection[str]) -> Check:
    names, wrong = [], []
    for id_ in dict.fromkeys(ids):
        item = workspace.ledger.item(id_)
        if item is None or not item.active:
            wrong.append(f"item {id_} is missing or inactive")
        elif item.type in _NOT_FOR_LINES:
            wrong.append(f"{item.name} (id {id_}) is a {item.type.lower()}")
        else:
            names.append(f"{item.name} (id {id_})")
    return problem("; ".join(wrong), _CHOOSE) if wrong else ok(", ".join(names))


def _sales_tax(workspace: Workspace) -> Check:
    """Whether the tax mode fits the company's preferences."""
    company, mode = workspace.ledger.company(), workspace.settings.tax_mode
    by_itself = company.automated_sales_tax
    match mode:
        case TaxMode.AUTOMATED if company.country != "US" or not by_itself:
            return problem(
                "mode automated, but QuickBooks does not compute sales tax by itself here",
                "Set up automated sales tax in QuickBooks, or choose another tax_mode.",
            )
        case TaxMode.CODES if by_itself:
            return problem(
                "mode codes, but QuickBooks chooses tax codes by itself here",
                "Choose automated or as_item.",
            )
        case TaxMode.CODES if not company.uses_sales_tax:
            return problem(
                "mode codes, but sales tax is not set up in QuickBooks",
                "Set up sales tax in QuickBooks, or choose another tax_mode.",
            )
        case TaxMode.AS_ITEM if (
            company.uses_sales_tax and company.country != "US" and workspace.settings.untaxed_code is None
        ):
            return problem(
                "mode as_item, but no code is set for lines without tax",
                "Set untaxed_code: QuickBooks wants a tax code on each line here.",
            )
        case TaxMode.NONE if by_itself or (company.uses_sales_tax and company.country != "US"):
            return warning(
                "mode none, but QuickBooks has sales tax set up",
                "Invoices may become attention: tax_unsupported or total_differs. Choose a tax_mode.",
            )
    return ok(f"mode {mode.value}")


def _tax_codes(workspace: Workspace) -> Check:
    settings, codes = workspace.settings, {code.id: code for code in workspace.ledger.tax_codes()}
    wrong = [
        f"tax code {id_} of group {group} is missing or inactive"
        for group, id_ in settings.tax_codes.items()
        if id_ not in codes or not codes[id_].active
    ]
    untaxed = settings.untaxed_code
    if untaxed is not None and not (untaxed == NOT_TAXED_US and workspace.ledger.company().country == "US"):
        code = codes.get(untaxed)
        if code is None or not code.active:
            wrong.append(f"untaxed_code {untaxed} is missing or inactive")
    if wrong:
        return problem("; ".join(wrong), _CHOOSE)
    return ok(", ".join(f"{group}: {codes[id_].name}" for group, id_ in settings.tax_codes.items()) or "untaxed only")


def _terms(workspace: Workspace) -> Check:
    known = {term.id: term for term in workspace.ledger.terms()}
    wrong, odd = [], []
    for days, id_ in workspace.settings.terms.items():
        term = known.get(id_)
        if term is None or not term.active:
            wrong.append(f"terms {id_} for {days} days are missing or inactive")
        elif term.due_days != days:
            due = "on a day of the month" if term.due_days is None else f"after {term.due_days} days"
            odd.append(f"{term.name} (id {id_}) for {days} days are due {due}")
    if wrong:
        return problem("; ".join(wrong), _CHOOSE)
    if odd:
        return warning("; ".join(odd), "The due date stays HubSpot's; only the name of the terms misleads.")
    return ok(", ".join(f"{days} days: {known[id_].name}" for days, id_ in workspace.settings.terms.items()))


def _discounts(workspace: Workspace) -> Check:
    if workspace.ledger.company().allow_discount:
        return ok("discounts are switched on for sales forms")
    return warning(
        "discounts are switched off in QuickBooks",
        "Invoices with an order discount need attention.",
    )


def _payments(workspace: Workspace) -> Check:
    """Whether the money of every processor has its account, and whether somebody else may post it, too."""
    settings = workspace.settings
    if not settings.push_payments:
        return ok("sending them to QuickBooks is switched off")
    processors = (Processor.HUBSPOT.value, Processor.STRIPE.value)
    named = {name.partition(":")[0] for name in settings.deposit_accounts}
    missing = [one for one in processors if one not in named]
    if missing:
        advice = "Payments of a processor without an account need attention: deposit_account_missing."
        return warning(f"deposit_accounts names none for {', '.join(missing)}", advice)
    if not settings.recognise_workflow_documents:
        advice = (
            "Where HubSpot's workflow actions “create paid invoice” or “create paid sales receipt” still run, switch "
            "recognise_workflow_documents on."
        )
        return Check("", "ok", "each processor has its account", advice)
    return ok("each processor has its account; documents of HubSpot's workflows are recognised")


def _closed_books(workspace: Workspace) -> Check:
    closed = workspace.ledger.company().books_closed_through
    what = workspace.settings.closed_period.value
    return ok(f"closed through {closed}; new invoices dated then: {what}" if closed else "QuickBooks names no date")
