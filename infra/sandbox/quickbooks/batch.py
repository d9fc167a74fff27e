"""Batches: several operations in one request, one after the other, each of which succeeds or fails alone."""

from collections.abc import Mapping
from typing import Any

from infra.sandbox.kernel.wire import dumps
from infra.sandbox.quickbooks import api
from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.entities import DEFINITIONS
from infra.sandbox.quickbooks.faults import QuickBooksFaultError, fault, missing

MOST_ITEMS = 30
LONGEST_BID = 10
OPERATIONS = frozenset({"create", "update", "delete", "void"})


def answer(company: Company, body: Mapping[str, Any], *, named: bool, person: bool) -> dict[str, Any]:
    """The BatchItemResponse with an entity, a QueryResponse or a Fault for each item, in the order asked.

    `named`: the batch has a request id, for which each bId must be short. Raises 2020, 1040 and 2130 for the whole.
    """
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not items:
        raise missing("BatchItemRequest")
    if len(items) > MOST_ITEMS:
        raise fault("1040", f"A batch has at most {MOST_ITEMS} items. Supplied number:{len(items)}")
    answers = [_item(company, item if isinstance(item, dict) else {}, named=named, person=person) for item in items]
    return {"BatchItemResponse": answers}


def counted(body: Mapping[str, Any]) -> tuple[int, int]:
    """How many queries and how many writes a batch holds."""
    items = body["BatchItemRequest"]
    queries = sum(isinstance(item, dict) and "Query" in item for item in items)
    return queries, len(items) - queries


def _item(company: Company, item: Mapping[str, Any], *, named: bool, person: bool) -> dict[str, Any]:
    name = item.get("bId")
    label = {"bId": name} if isinstance(name, str) else {}
    try:
        if not label:
            raise missing("bId")
        if named and len(label["bId"]) > LONGEST_BID:
            raise fault("2130", f"bId has an invalid format; at most {LONGEST_BID} characters are supported.")
        return {**label, **_carried_out(company, item, person=person)}
    except QuickBooksFaultError as error:
        return {**label, "Fault": error.body()}


def _carried_out(company: Company, item: Mapping[str, Any], *, person: bool) -> dict[str, Any]:
    if "Query" in item:
        return api.run_query(company, str(item["Query"]))
    kinds = [key for key in item if key in DEFINITIONS and isinstance(item[key], dict)]
    operation = str(item.get("operation", ""))
    if len(kinds) != 1 or operation not in OPERATIONS:
        raise fault("500", f"Operation {operation} is not supported in a batch item.")
    [kind] = kinds
    options = {} if operation == "create" else {"operation": operation}
    if "optionsData" in item:
        options["include"] = str(item["optionsData"])
    if operation == "create" and item[kind].get("Id"):
        raise fault("2010", "Property Name:Id specified is unsupported or invalid", "Id")
    return api.write(company, [kind.lower()], _void_form(kind, options), dumps(item[kind]).encode(), person=person)


def _void_form(kind: str, options: dict[str, str]) -> dict[str, str]:
    """In a batch every void is an update with the option void."""
    asked = options.get("operation") == "update" and options.get("include") == api.VOID
    return {"operation": "void"} if asked and not DEFINITIONS[kind].void_by_update else options
