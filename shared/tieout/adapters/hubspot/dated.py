"""The invoices from a date on, by search, two hundred a call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.searching import MOST, Filters, milliseconds, search_by_date
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record
from tieout.domain.dates import calendar_date
from tieout.domain.errors import Transient
from tieout.ports.dated import DatedInvoice

_DATED, _CREATED = "hs_invoice_date", "hs_createdate"
# No time zone is further ahead of UTC, so that no invoice of the first day begins earlier than this before it.
_FURTHEST_EAST = timedelta(hours=14)


def invoices_since(client: HubSpotClient, time_zone: str, day: date, most: int = MOST) -> Iterator[list[DatedInvoice]]:
    """See `DatedCrm`. `time_zone` is the portal's (IANA), `most` how many results a search gives in all.

    In the order in which they were made, because thousands may bear the date of one day, and a date can be changed
    while others are still being read. One without a date bears that of its creation, as it does when it is pushed.
    """
    begins = str(milliseconds(datetime.combine(day, time(), UTC) - _FURTHEST_EAST))

    def groups(since: int) -> Filters:
        dated = [(_DATED, "GTE", begins)]
        undated = [(_DATED, "NOT_HAS_PROPERTY"), (_CREATED, "GTE", begins)]
        # The first search is of all, however long ago they were made.
        made = [(_CREATED, "GTE", str(since))] if since else []
        return [[*dated, *made], [*undated, *made]]

    for page in search_by_date(client, "invoices", groups, 0, _CREATED, (_DATED,), most):
        found = [_dated(client, one, time_zone) for one in page]
        yield [one for one in found if one.day >= day]


def _dated(client: HubSpotClient, record: Record, time_zone: str) -> DatedInvoice:
    values = Values(record.properties)
    try:
        at = values.instant(_DATED) or values.instant(_CREATED)
    except BadValue:
        at = None
    if at is None:
        path = client.versions.objects_path("invoices/search")
        raise Transient("", {"system": "hubspot", "call": f"POST {path}", "failure": "an invoice without a date"})
    return DatedInvoice(record.id, calendar_date(at, time_zone))
