"""The accounting API's routes below /v3/company/<realm>/: what each method and path does to a company."""

from collections.abc import Mapping
from typing import Any

from infra.sandbox.kernel.wire import loads
from infra.sandbox.quickbooks import cdc, operations, pdf, query, select
from infra.sandbox.quickbooks.company import Company
from infra.sandbox.quickbooks.definitions import Definition
from infra.sandbox.quickbooks.entities import BY_PATH
from infra.sandbox.quickbooks.faults import QuickBooksFaultError, fault, missing
from infra.sandbox.quickbooks.rules import currencies

VOID = "void"
Answer = dict[str, Any] | bytes


def read(company: Company, parts: list[str], options: Mapping[str, str]) -> Answer:
    """Answers a GET; bytes are a PDF. Raises the faults of the operation."""
    if parts == ["query"]:
        return run_query(company, options.get("query", ""))
    if parts == ["exchangerate"]:
        code, day = options.get("sourcecurrencycode", ""), options.get("asofdate", "")
        return {"ExchangeRate": currencies.exchange_rate(company, code, day)}
    if parts == ["cdc"]:
        return cdc.changes(company, options.get("entities", ""), options.get("changedSince", ""))
    definition = _definition(parts[0])
    if definition.kind == "singleton":
        if parts[1:] not in ([company.realm], [], ["1"]) or (definition.name == "CompanyInfo" and len(parts) == 1):
            raise fault("610", "Object Not Found : Another realm's company cannot be read.")
        return {definition.name: operations.read(company, definition, "1")}
    if len(parts) == 2:
        return {definition.name: operations.read(company, definition, parts[1])}
    if len(parts) == 3 and parts[2] == "pdf" and "pdf" in definition.operations:
        return pdf.render(definition.name, operations.read(company, definition, parts[1]))
    raise _unsupported(parts)


def run_query(company: Company, text: str) -> dict[str, Any]:
    """Answers a query statement. Raises 2020, 4000, 4001."""
    if not text.strip():
        raise missing("query")
    return {"QueryResponse": select.answer(company, query.parse(text, company.config.query_backslash))}


def write(
    company: Company, parts: list[str], options: Mapping[str, str], body: bytes, *, person: bool = False
) -> dict[str, Any]:
    """Creates, updates, deletes, voids or sends; a person may void what the API cannot. Raises the faults of that."""
    definition = _definition(parts[0])
    if len(parts) == 3 and parts[2] == "send":
        return {definition.name: operations.send(company, definition, parts[1], options.get("sendTo", ""))}
    if len(parts) != 1:
        raise _unsupported(parts)
    entity = read_object(body)
    operation, include = options.get("operation"), frozenset(filter(None, options.get("include", "").split(",")))
    if operation == "delete":
        return {definition.name: operations.delete(company, definition, entity)}
    if operation == "void" or (operation == "update" and VOID in include and definition.void_by_update):
        if not person:
            _guard_void(company, definition, operation)
        return {definition.name: operations.void(company, definition, entity)}
    if operation not in (None, "create", "update"):
        raise fault("500", f"Operation {operation} is not supported.")
    if operation == "update" and not entity.get("Id") and definition.kind != "singleton":
        raise missing("Id")
    return {definition.name: operations.save(company, definition, entity, include)}


def _guard_void(company: Company, definition: Definition, operation: str) -> None:
    """500 for a void that the API does not document for the entity, unless the setting has it everywhere."""
    documented = definition.api_voids and definition.void_by_update == (operation == "update")
    if not documented and company.config.void_by_operation == "where_documented":
        raise fault("500", f"Operation void is not supported on {definition.name}.")


def _definition(name: str) -> Definition:
    definition = BY_PATH.get(name)
    if definition is None:
        raise _unsupported([name])
    return definition


def _unsupported(parts: list[str]) -> QuickBooksFaultError:
    return fault("500", f"Operation {'/'.join(parts)} is not supported.")


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request body. Raises 500 for what is not UTF-8, 2010 for what is no object."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise fault("500", "The payload is not UTF-8.") from None
    try:
        value = loads(text)
    except ValueError as error:
        raise fault("2010", f"Property Name:{error} specified is unsupported or invalid") from None
    if not isinstance(value, dict):
        raise fault("2010", "Property Name:the request body specified is unsupported or invalid")
    return value
