"""Searches that give everything: HubSpot ends one after 10,000 results, so another goes on from the last one's date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record, RecordPage
from tieout.domain.errors import Transient

# The most of one page of a search, and of all its pages (HubSpot: search guide).
SEARCHED, MOST = 200, 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Filters = Sequence[Sequence[tuple[str, ...]]]
"""Groups of which one has to hold, each of filters that all have to: property, operator and, for most, a value."""


def search_by_date(
    client: HubSpotClient,
    object_type: str,
    groups: Callable[[int], Filters],
    since: int,
    sort: str,
    properties: Sequence[str],
    most: int = MOST,
) -> Iterator[list[Record]]:
    """Every record that passes `groups`, each once, in the order of the date `sort`, a page at a time.

    `groups` gives the filters for records from a time on (in milliseconds), first `since`. `most` is how many results
    a search gives in all; what follows is another search from the last one's date.
    """
    path = client.versions.objects_path(f"{object_type}/search")
    after: str | None = None
    seen: Mapping[str, None] = {}
    while True:
        body = {
            "filterGroups": [{"filters": [_filter(*one) for one in group]} for group in groups(since)],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(dict.fromkeys((*properties, sort))),
            "limit": SEARCHED,
            **({"after": after} if after else {}),
        }
        page = client.search(path, body, RecordPage)
        yield [one for one in page.results if one.id not in seen]
        # Only a search that begins anew, or records that change meanwhile, bring one twice.
        seen = dict.fromkeys((*seen, *(one.id for one in page.results)))
        if page.after is None:
            return
        after = page.after
        if not after.isdigit() or int(after) + SEARCHED > most:
            last = _at(path, page.results[-1], sort) if page.results else since
            if last <= since:
                raise _failed(path, "more records at one instant than a search gives")
            since, after = last, None


def milliseconds(at: datetime) -> int:
    """An aware time as searches compare it."""
    return (at - _EPOCH) // _MILLISECOND


def _filter(name: str, operator: str, *value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, **({"value": value[0]} if value else {})}


def _at(path: str, record: Record, name: str) -> int:
    try:
        at = Values(record.properties).instant(name)
    except BadValue:
        at = None
    if at is None:
        raise _failed(path, "a record without a date")
    return milliseconds(at)


def _failed(path: str, failure: str) -> Transient:
    return Transient("", {"system": "hubspot", "call": f"POST {path}", "failure": failure})
