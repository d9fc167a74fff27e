"""Looking HubSpot records up by what QuickBooks knows of them: names, e-mail addresses, SKUs, invoice numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from tieout.adapters.hubspot.batches import chunks
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import Refused
from tieout.adapters.hubspot.values import BadValue, Values
from tieout.adapters.hubspot.wire import Record, RecordBatch, RecordPage
from tieout.domain.customer import Candidate
from tieout.domain.errors import OutcomeUnknown, Transient
from tieout.domain.mirrored_invoice import SyncedInvoice
from tieout.domain.money import Money

# The most values that one filter holds is not documented; a page of a search holds 200 records (HubSpot: search).
_VALUES, _PAGE = 50, 200
_NATIVE = "data_sync"
# As many as a person reads; the longest query that HubSpot takes (HubSpot: search).
_MOST_FOUND, _LONGEST_QUERY = 25, 3000


def named(client: HubSpotClient, kind: str, name: str, values: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Ids by the value of a text property, to the letter; a value that no record bears is absent."""
    found: dict[str, set[str]] = defaultdict(set)
    wanted = {value.strip() for value in values} - {""}
    for record in _search(client, kind, name, sorted(wanted), [name]):
        value = (record.properties.get(name) or "").strip()
        if value in wanted:
            found[value].add(record.id)
    return {value: tuple(sorted(ids)) for value, ids in found.items()}


def only_ones(client: HubSpotClient, kind: str, name: str, values: Collection[str]) -> dict[str, str]:
    """Ids by the value of a text property, of those values that exactly one record bears, to the letter."""
    return {value: ids[0] for value, ids in named(client, kind, name, values).items() if len(ids) == 1}


def contacts_by_email(client: HubSpotClient, emails: Collection[str]) -> dict[str, str]:
    """Ids by lower-case e-mail, which HubSpot holds once."""
    wanted = {email.strip().lower() for email in emails} - {""}
    pairs = [
        ((record.properties.get("email") or "").lower(), record.id)
        for record in _search(client, "contacts", "email", sorted(wanted), ["email"])
    ]
    return {email: id_ for email, id_ in pairs if email in wanted}


def search(client: HubSpotClient, kind: str, text: str, detail: str) -> list[Candidate]:
    """Some records that HubSpot's own search finds by `text` (HubSpot: search), with the property `detail`."""
    body = {"query": text[:_LONGEST_QUERY], "properties": ["name", detail], "limit": _MOST_FOUND}
    page = client.search(client.versions.objects_path(f"{kind}/search"), body, RecordPage)
    return [
        Candidate(record.id, record.properties.get("name") or "", record.properties.get(detail) or "")
        for record in page.results
    ]


def synced_invoices(client: HubSpotClient, numbers: Collection[str]) -> dict[str, tuple[SyncedInvoice, ...]]:
    """The invoices of HubSpot's own data sync with these numbers; one whose total makes no sense has none."""
    found: dict[str, list[SyncedInvoice]] = defaultdict(list)
    properties = ["hs_number", "hs_invoice_source", "hs_currency", "hs_amount_billed"]
    for record in _search(client, "invoices", "hs_number", sorted(set(numbers)), properties):
        number = record.properties.get("hs_number") or ""
        if number in numbers and record.properties.get("hs_invoice_source") == _NATIVE:
            found[number].append(SyncedInvoice(record.id, number, _total(record)))
    return {number: tuple(ones) for number, ones in found.items()}


def _total(record: Record) -> Money | None:
    values = Values(record.properties)
    try:
        amount, currency = values.decimal("hs_amount_billed"), values.currency("hs_currency")
    except BadValue:
        return None
    return None if amount is None or currency is None else Money(amount, currency)


def create_contact(client: HubSpotClient, email: str, name: str) -> str:
    """See `MirrorCrm.create_contact`."""
    given, _, family = name.partition(" ")
    said = {"email": email, "firstname": given, "lastname": family}
    body = {"properties": {key: text for key, text in said.items() if text}}
    try:
        return client.write(client.versions.objects_path("contacts"), body, Record).id
    except OutcomeUnknown as lost:
        raise Transient(lost.detail, lost.context) from lost
    except Refused as refusal:
        # The search, which found none, lags behind what HubSpot holds.
        there = _contact_held(client, email) if refusal.status == 409 else None
        if there is None:
            raise
        return there


def _contact_held(client: HubSpotClient, email: str) -> str | None:
    """The contact with this e-mail, without the search's lag."""
    path = client.versions.objects_path("contacts/batch/read")
    body = {"inputs": [{"id": email}], "idProperty": "email", "properties": ["email"]}
    found = client.read(path, body, RecordBatch).results
    return next((one.id for one in found if not one.archived), None)


def _search(
    client: HubSpotClient, kind: str, name: str, values: Sequence[str], properties: Sequence[str]
) -> Iterator[Record]:
    path = client.versions.objects_path(f"{kind}/search")
    for chunk in chunks(values, _VALUES):
        after: str | None = None
        while True:
            # HubSpot wants the values of IN in lower case for texts, and ignores case where it compares.
            values_ = [value.lower() for value in chunk]
            body: dict[str, object] = {
                "filterGroups": [{"filters": [{"propertyName": name, "operator": "IN", "values": values_}]}],
                "properties": list(properties),
                "limit": _PAGE,
                **({"after": after} if after else {}),
            }
            page = client.search(path, body, RecordPage)
            yield from page.results
            after = page.after
            if after is None:
                break
