"""The payments of a period with their fees, by search: two hundred a call, everything needed in the answer itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from tieout.adapters.hubspot.batches import RECORDS_PER_CALL, chunks, read_records
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.payments import PAYMENTS, PROPERTIES, REFUNDED, Found, understand
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record, RecordPage
from tieout.domain.errors import Transient

# The most of one page of a search, and of all its pages (HubSpot: search guide).
SEARCHED, MOST = 200, 10_000
_INITIATED, _MODIFIED = "hs_initiated_date", "hs_lastmodifieddate"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Filters = Sequence[Sequence[tuple[str, str, str]]]
"""Groups of which one has to hold, each of filters that all have to: property, operator, value."""


def initiated_between(
    client: HubSpotClient, start: datetime, end: datetime, account_currency: Callable[[], str], most: int = MOST
) -> Iterator[list[Found]]:
    """The payments initiated from `start` until before `end`, oldest first, a page at a time; see `PaymentCrm`.

    `most` is how many results a search gives in all; what follows is another search from the last one's date.
    """
    before = ("LT", str(_milliseconds(end)))
    currency = cache(account_currency)

    def groups(since: int) -> Filters:
        return [[(_INITIATED, "GTE", str(since)), (_INITIATED, *before)]]

    for page in _search(client, groups, _milliseconds(start), _INITIATED, PROPERTIES, most):
        yield [understand(one, (), {}, currency) for one in page]


def refunded_since(
    client: HubSpotClient, start: datetime, account_currency: Callable[[], str], most: int = MOST
) -> Iterator[list[Found]]:
    """The payments changed since `start` of which something was given back, with the history of it, up to a hundred at
    a time; see `PaymentCrm`."""
    currency = cache(account_currency)

    def groups(since: int) -> Filters:
        # Whether HubSpot shows what was given back as a negative amount is not documented.
        changed = (_MODIFIED, "GTE", str(since))
        return [[changed, (REFUNDED, "GT", "0")], [changed, (REFUNDED, "LT", "0")]]

    pages = _search(client, groups, _milliseconds(start), _MODIFIED, (_MODIFIED,), most)
    for ids in chunks((one.id for page in pages for one in page), RECORDS_PER_CALL):
        found = read_records(client, PAYMENTS, ids, PROPERTIES, (REFUNDED,))
        yield [understand(one, (), {}, currency) for one in found.values()]


def _search(
    client: HubSpotClient,
    groups: Callable[[int], Filters],
    since: int,
    sort: str,
    properties: Sequence[str],
    most: int,
) -> Iterator[list[Record]]:
    """Every record that passes `groups`, each once, in the order of the date `sort`."""
    path = client.versions.objects_path(f"{PAYMENTS}/search")
    after: str | None = None
    seen: Mapping[str, None] = {}
    while True:
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": name, "operator": how, "value": value} for name, how, value in group]}
                for group in groups(since)
            ],
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
                raise _failed(path, "more payments at one instant than a search gives")
            since, after = last, None


def _at(path: str, record: Record, name: str) -> int:
    try:
        at = Values(record.properties).instant(name)
    except BadValue:
        at = None
    if at is None:
        raise _failed(path, "a payment without a date")
    return _milliseconds(at)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _failed(path: str, failure: str) -> Transient:
    return Transient("", {"system": "hubspot", "call": f"POST {path}", "failure": failure})
