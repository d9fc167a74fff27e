"""Change data capture: what changed or was deleted since a moment, of several entities in one answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from infra.sandbox.quickbooks import operations
from infra.sandbox.quickbooks.company import Company, Entity
from infra.sandbox.quickbooks.definitions import Definition
from infra.sandbox.quickbooks.entities import BY_PATH
from infra.sandbox.quickbooks.faults import fault, missing

EXCLUDED = frozenset({"taxcode", "taxrate", "taxagency", "journalcode", "timeactivity"})


def changes(company: Company, entities: str, since: str) -> dict[str, Any]:
    """The CDCResponse: one element an entity, in the order asked, with `{}` for one without changes.

    Deleted transactions come as stubs with status Deleted. What is beyond the limit is left out without a word; the
    last element tells in `totalCount` how many objects the answer has. Raises 2020, and 500 for an entity that is not
    covered or a moment too long ago.
    """
    names = [name.strip() for name in entities.split(",") if name.strip()]
    absent = [name for name, given in (("entities", names), ("changedSince", since)) if not given]
    if absent:
        raise missing(*absent)
    definitions = [_covered(name) for name in dict.fromkeys(names)]
    moment = _moment(company, since)
    most = room = company.config.cdc_most
    elements: list[dict[str, Any]] = []
    shown = 0
    for definition in definitions:
        found = [
            one if one.get("status") == "Deleted" else operations.view(company, definition, one)
            for one in _changed(company, definition, moment)[:room]
        ]
        shown += len(found)
        if company.config.cdc_limit == "in_all":
            room = most - shown
        elements.append({definition.name: found, "startPosition": 1, "maxResults": len(found)} if found else {})
    filled = [element for element in elements if element]
    if filled:
        filled[-1]["totalCount"] = shown
    return {"CDCResponse": [{"QueryResponse": elements}]}


def _covered(name: str) -> Definition:
    definition = BY_PATH.get(name.lower())
    if definition is None or name.lower() in EXCLUDED:
        raise fault("500", f"Operation cdc on entity {name} is not supported.")
    return definition


def _moment(company: Company, since: str) -> datetime:
    """The moment asked for; a `+` of its offset that was not encoded has become a space."""
    try:
        moment = datetime.fromisoformat(since.strip().replace(" ", "+"))
    except ValueError:
        raise fault("2010", f"Property Name:changedSince is not a dateTime: {since}", "changedSince") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=company.zone)
    oldest = company.now().astimezone(UTC) - timedelta(days=company.config.cdc_days)
    if moment < oldest and company.config.cdc_too_old == "fault_500":
        raise fault(
            "500", f"Operation cdc with changedSince date {since} which is older than fixed days is not supported."
        )
    return max(moment, oldest)


def _changed(company: Company, definition: Definition, since: datetime) -> list[Entity]:
    """The latest change first; what is alive as it is stored."""
    deleted = [
        {"domain": "QBO", "status": "Deleted", "Id": holder.id, "MetaData": {"LastUpdatedTime": at}}
        for holder, at in company.gone.items()
        if holder.entity == definition.name
    ]
    dated = [
        (datetime.fromisoformat(one["MetaData"]["LastUpdatedTime"]), one)
        for one in (*company.all(definition.name), *deleted)
    ]
    inclusive = company.config.cdc_includes_moment
    recent = [(at, one) for at, one in dated if at > since or (inclusive and at == since)]
    return [one for _, one in sorted(recent, key=lambda pair: pair[0], reverse=True)]
