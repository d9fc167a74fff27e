"""What changed in HubSpot: a search by date of modification, and a listing of what is in the recycle bin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.payments import PAYMENTS
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record, RecordPage
from tieout.domain.errors import Transient
from tieout.ports.payments import ChangedRecord, ChangePage, Feed

_OBJECTS: Mapping[Feed, str] = {Feed.INVOICES: "invoices", Feed.PAYMENTS: PAYMENTS}
_MODIFIED = "hs_lastmodifieddate"
# The most of one page of a search and of a listing, and of all pages of a search (HubSpot: search guide).
_SEARCHED, _LISTED, _MOST = 200, 100, 10_000
# Of invoices, `hs_invoice_source`.
_DATA_SYNC = "data_sync"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def changed(client: HubSpotClient, feed: Feed, since: datetime, after: str | None) -> ChangePage:
    """See `CrmChanges.changed`. `next` holds the time that the search began at, in milliseconds, and its own cursor."""
    began, _, cursor = (after or str((since - _EPOCH) // _MILLISECOND)).partition(":")
    body: dict[str, object] = {
        "filterGroups": [{"filters": [{"propertyName": _MODIFIED, "operator": "GTE", "value": began}]}],
        "sorts": [{"propertyName": _MODIFIED, "direction": "ASCENDING"}],
        "properties": [_MODIFIED],
        "limit": _SEARCHED,
        **({"after": cursor} if cursor else {}),
    }
    path = client.versions.objects_path(f"{_OBJECTS[feed]}/search")
    page = client.search(path, body, RecordPage)
    changes = tuple(_changed(path, one, one.properties.get(_MODIFIED), one.updated_at) for one in page.results)
    return ChangePage(changes, _following(path, page.after, began, changes))


def _following(path: str, after: str | None, began: str, changes: tuple[ChangedRecord, ...]) -> str | None:
    """A page begins at the time of the last one's end instead of its position: what changes meanwhile moves to the end
    of the search, and positions counted from its beginning would pass others over."""
    if after is None:
        return None
    last = str((changes[-1].modified_at - _EPOCH) // _MILLISECOND) if changes else began
    if last != began:
        return last
    # Of more changes at one instant than a page holds, positions have to count.
    if after.isdigit() and int(after) + _SEARCHED > _MOST:
        raise _failed(path, "more records changed at one instant than a search gives")
    return f"{began}:{after}"


def archived(client: HubSpotClient, feed: Feed, after: str | None) -> ChangePage:
    """See `CrmChanges.archived`. The time is that of the deletion, which the search does not know of."""
    asked = {"limit": str(_LISTED), "archived": "true", **({"after": after} if after else {})}
    path = client.versions.objects_path(_OBJECTS[feed])
    page = client.get(f"{path}?{urlencode(asked)}", RecordPage)
    deleted = tuple(_changed(path, one, one.archived_at, one.updated_at) for one in page.results)
    return ChangePage(deleted, page.after)


def last_of_data_sync(client: HubSpotClient, since: datetime) -> datetime | None:
    """When an invoice that HubSpot's own data sync brought was changed last, None when none was since then. One
    search."""
    filters = [
        {"propertyName": "hs_invoice_source", "operator": "EQ", "value": _DATA_SYNC},
        {"propertyName": _MODIFIED, "operator": "GTE", "value": str((since - _EPOCH) // _MILLISECOND)},
    ]
    body = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": _MODIFIED, "direction": "DESCENDING"}],
        "properties": [_MODIFIED],
        "limit": 1,
    }
    path = client.versions.objects_path("invoices/search")
    page = client.search(path, body, RecordPage)
    times = (_changed(path, one, one.properties.get(_MODIFIED), one.updated_at).modified_at for one in page.results)
    return next(times, None)


def _changed(path: str, record: Record, *times: str | None) -> ChangedRecord:
    try:
        for text in times:
            at = Values({_MODIFIED: text}).instant(_MODIFIED)
            if at is not None:
                return ChangedRecord(record.id, at)
    except BadValue:
        pass
    raise _failed(path, "a record without a time")


def _failed(path: str, failure: str) -> Transient:
    return Transient("", {"system": "hubspot", "call": path, "failure": failure})
