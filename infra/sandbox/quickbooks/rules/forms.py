"""What a company has on its sales forms beside the sale: custom fields, and how the goods are shipped."""

from collections.abc import Mapping
from typing import Any

from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Draft
from infra.sandbox.quickbooks.faults import fault

CLASSIC_CUSTOM_FIELDS = 3
SALES_FORMS = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"})
_SHIPPING = ("ShipMethodRef", "TrackingNum", "ShipDate")


def labels(company: Company) -> dict[str, str]:
    """The custom fields that are switched on: name by definition id, at most three."""
    groups = company.preference("SalesFormsPrefs", "CustomField") or []
    told = {one["Name"].partition(".")[2]: one for group in groups for one in group["CustomField"]}
    return {
        str(id_): told[f"SalesCustomName{id_}"]["StringValue"]
        for id_ in range(1, CLASSIC_CUSTOM_FIELDS + 1)
        if told.get(f"UseSalesCustom{id_}", {}).get("BooleanValue") and f"SalesCustomName{id_}" in told
    }


def custom_fields(draft: Draft) -> None:
    """The company's text fields, at most three, filled or not; whatever else is sent is dropped in silence."""
    longest = draft.company.config.custom_field_max
    given: dict[str, str] = {
        field.get("DefinitionId", ""): field["StringValue"]
        for field in draft.entity.get("CustomField", [])
        if "StringValue" in field
    }
    shown: list[dict[str, Any]] = []
    for id_, label in labels(draft.company).items():
        entry: dict[str, Any] = {"DefinitionId": id_, "Name": label, "Type": "StringType"}
        value = given.get(id_)
        if value is not None:
            _check_length(value, longest, "CustomField")
            entry["StringValue"] = value
        shown.append(entry)
    draft.entity["CustomField"] = shown


def shown_fields(company: Company, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The custom fields that a stored form shows: those that are switched on now, filled or not."""
    stored = {one["DefinitionId"]: one for one in form.get("CustomField", [])}
    return [
        {"Type": "StringType", **stored.get(id_, {}), "DefinitionId": id_, "Name": label}
        for id_, label in labels(company).items()
    ]


def shipping(draft: Draft) -> None:
    """How the goods go out. A shipping method is a text in the form of a reference (Intuit: invoice); what becomes of
    these fields where shipping is switched off is UNSURE, and so are their lengths. Raises 2050, 2500."""
    entity, config = draft.entity, draft.company.config
    if not draft.company.preference("SalesFormsPrefs", "AllowShipping") and config.shipping_when_off == "dropped":
        for name in _SHIPPING:
            entity.pop(name, None)
        return
    _check_length(entity.get("TrackingNum", ""), config.shipping_text_max, "TrackingNum")
    method = entity.get("ShipMethodRef")
    if method is None:
        return
    _check_length(method["value"], config.shipping_text_max, "ShipMethodRef")
    if config.shipping_methods and method["value"] not in config.shipping_methods:
        raise fault("2500", "Invalid Reference Id : ShipMethod element id not found", "ShipMethodRef")
    entity["ShipMethodRef"] = {**method, "name": method.get("name", method["value"])}


def _check_length(text: str, longest: int, field: str) -> None:
    if len(text) > longest:
        raise fault("2050", f"Min:0 Max:{longest} supported. Supplied length:{len(text)}", field)
