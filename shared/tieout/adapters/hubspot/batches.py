"""Grouped reads of records and associations, in chunks that HubSpot takes, complete or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import NOT_FOUND, take_apart
from tieout.adapters.hubspot.wire import (
    AssociatedRecord,
    AssociationBatch,
    Associations,
    ErrorItem,
    Record,
    RecordBatch,
)
from tieout.domain.errors import Transient

RECORDS_PER_CALL = 100
_ASSOCIATIONS_PER_CALL = 1000

T = TypeVar("T")


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def is_id(text: str) -> bool:
    """Whether HubSpot could know `text` as an id; one other input makes it refuse a whole batch."""
    return text.isascii() and text.isdigit()


def sorted_ids(ids: Iterable[str]) -> list[str]:
    """Each id once, in numeric order."""
    return sorted(set(ids), key=int)


def read_records(
    client: HubSpotClient,
    object_type: str,
    ids: Collection[str],
    properties: Sequence[str],
    history: Sequence[str] = (),
) -> dict[str, Record]:
    """The records among `ids` that exist, by id; archived ones do not. Raises when any part of the read failed.

    `history` are properties of which the former values are wanted too.
    """
    found: dict[str, Record] = {}
    path = client.versions.objects_path(f"{object_type}/batch/read")
    for chunk in chunks(sorted_ids(ids), RECORDS_PER_CALL):
        body = {
            "inputs": [{"id": id_} for id_ in chunk],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        batch = client.read(path, body, RecordBatch)
        _complete(path, batch.status, batch.num_errors, batch.errors)
        found.update({record.id: record for record in batch.results if not record.archived})
    return found


def read_associations(
    client: HubSpotClient, from_type: str, to_type: str, ids: Collection[str]
) -> Mapping[str, tuple[AssociatedRecord, ...]]:
    """The records of `to_type` associated with each of `ids`, by id, every page of them, in numeric order."""
    found: dict[str, dict[str, AssociatedRecord]] = {id_: {} for id_ in ids}
    wanted: list[dict[str, str]] = [{"id": id_} for id_ in sorted_ids(ids)]
    path = client.versions.associations_path(f"{from_type}/{to_type}/batch/read")
    while wanted:
        following: list[dict[str, str]] = []
        for chunk in chunks(wanted, _ASSOCIATIONS_PER_CALL):
            batch = client.read(path, {"inputs": chunk}, AssociationBatch)
            # A record without such associations is answered as "not found" (subcategory NO_ASSOCIATIONS_FOUND).
            _complete(path, batch.status, batch.num_errors, batch.errors)
            asked = {one["id"]: one.get("after") for one in chunk}
            following += [_next_page(path, page, asked) for page in batch.results if page.after]
            for page in batch.results:
                _merge(found.setdefault(page.origin.id, {}), page)
        wanted = following
    return {id_: tuple(to[one] for one in sorted_ids(to)) for id_, to in found.items()}


def _merge(to: dict[str, AssociatedRecord], page: Associations) -> None:
    for one in page.to:
        known = to.get(one.id)
        to[one.id] = one if known is None else one.model_copy(update={"types": [*known.types, *one.types]})


def _next_page(path: str, page: Associations, asked: Mapping[str, str | None]) -> dict[str, str]:
    if not page.after or page.after == asked.get(page.origin.id):
        raise _failed(path, "the paging does not advance")
    return {"id": page.origin.id, "after": page.after}


def _complete(path: str, status: str, num_errors: int, errors: Sequence[ErrorItem]) -> None:
    """A partial answer is a failed read, unless all that is missing does not exist."""
    if status != "COMPLETE":
        raise _failed(path, "the batch is not complete")
    if num_errors and not errors:
        raise _failed(path, "errors without explanation")
    for error in errors:
        said = take_apart(error)
        if NOT_FOUND not in said.codes:
            raise _failed(path, said.category or "an error inside the batch", said.message)


def _failed(path: str, failure: str, detail: str = "") -> Transient:
    return Transient(detail, {"system": "hubspot", "call": f"POST {path}", "failure": failure})
