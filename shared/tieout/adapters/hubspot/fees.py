"""The payments of a period with their fees, by search: two hundred a call, everything needed in the answer itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache

from tieout.adapters.hubspot.batches import RECORDS_PER_CALL, chunks, read_records
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.payments import PAYMENTS, PROPERTIES, REFUNDED, Found, understand
from tieout.adapters.hubspot.searching import MOST, Filters, milliseconds, search_by_date

_INITIATED, _MODIFIED = "hs_initiated_date", "hs_lastmodifieddate"


def initiated_between(
    client: HubSpotClient, start: datetime, end: datetime, account_currency: Callable[[], str], most: int = MOST
) -> Iterator[list[Found]]:
    """The payments initiated from `start` until before `end`, oldest first, a page at a time; see `PaymentCrm`.

    `most` is how many results a search gives in all; what follows is another search from the last one's date.
    """
    before = ("LT", str(milliseconds(end)))
    currency = cache(account_currency)

    def groups(since: int) -> Filters:
        return [[(_INITIATED, "GTE", str(since)), (_INITIATED, *before)]]

    for page in search_by_date(client, PAYMENTS, groups, milliseconds(start), _INITIATED, PROPERTIES, most):
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

    pages = search_by_date(client, PAYMENTS, groups, milliseconds(start), _MODIFIED, (_MODIFIED,), most)
    for ids in chunks((one.id for page in pages for one in page), RECORDS_PER_CALL):
        found = read_records(client, PAYMENTS, ids, PROPERTIES, (REFUNDED,))
        yield [understand(one, (), {}, currency) for one in found.values()]
