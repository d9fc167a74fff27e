"""Writing Tieout's properties onto HubSpot records in batches: one that is refused does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tieout.adapters.hubspot.batches import RECORDS_PER_CALL, chunks, is_id, sorted_ids
from tieout.adapters.hubspot.client import HubSpotClient
from tieout.adapters.hubspot.faults import OPTION_MISSING, PROPERTY_MISSING, Refused, take_apart
from tieout.adapters.hubspot.properties import ensure_properties
from tieout.adapters.hubspot.wire import RecordBatch
from tieout.domain.errors import OutcomeUnknown, Transient

_NO_PROPERTY = frozenset({PROPERTY_MISSING, OPTION_MISSING})
_NO_ID = "This is no HubSpot id."
_NOT_CONFIRMED = "HubSpot did not confirm this update."

Values = Mapping[str, Mapping[str, str]]
"""What to write: by record id, texts by property name; an empty text clears a property."""


class PropertyWriter:
    """Writes properties of one object type for one portal; used for one call. `ensure` creates those that the portal
    lacks."""

    def __init__(
        self,
        client: HubSpotClient,
        object_type: str = "invoices",
        ensure: Callable[[HubSpotClient], object] = ensure_properties,
    ) -> None:
        self._client = client
        self._path = client.versions.objects_path(f"{object_type}/batch/update")
        self._ensure_in = ensure
        self._ensured = False

    def write(self, values: Values) -> dict[str, str]:
        """Returns the ids that were refused, with HubSpot's message. Writing the same again does no harm, so an
        unknown outcome is Transient here."""
        refused = {id_: _NO_ID for id_ in values if not is_id(id_)}
        for chunk in chunks(sorted_ids(values.keys() - refused.keys()), RECORDS_PER_CALL):
            try:
                refused |= self._write(chunk, values)
            except OutcomeUnknown as error:
                raise Transient(error.detail, error.context) from error
        return refused

    def _write(self, ids: Sequence[str], values: Values) -> dict[str, str]:
        if not ids:
            return {}
        # The trace id comes back in the error of a single record (HubSpot: multi-status answers).
        inputs = [{"id": id_, "objectWriteTraceId": id_, "properties": dict(values[id_])} for id_ in ids]
        body = {"inputs": inputs}
        try:
            batch = self._client.write(self._path, body, RecordBatch)
        except Refused as refusal:
            return self._around(refusal, ids, values)
        return self._left_out(batch, ids, values)

    def _around(self, refusal: Refused, ids: Sequence[str], values: Values) -> dict[str, str]:
        """The whole batch was refused: repair what it lacked, or write the others without the cause."""
        if refusal.codes & _NO_PROPERTY:
            if self._ensured:
                raise refusal
            self._ensure()
            return self._write(ids, values)
        if refusal.status not in (400, 404, 409):
            raise refusal
        named = [id_ for id_ in ids if id_ in refusal.ids]
        if len(ids) == 1 or (named and len(named) == len(ids)):
            return dict.fromkeys(ids, refusal.detail)
        if named:
            others = [id_ for id_ in ids if id_ not in refusal.ids]
            return dict.fromkeys(named, refusal.detail) | self._write(others, values)
        half = len(ids) // 2
        return self._write(ids[:half], values) | self._write(ids[half:], values)

    def _left_out(self, batch: RecordBatch, ids: Sequence[str], values: Values) -> dict[str, str]:
        """The ids that a partial answer does not confirm."""
        written = {record.id for record in batch.results}
        left = [id_ for id_ in ids if id_ not in written]
        errors = [take_apart(error) for error in batch.errors]
        if left and not self._ensured and any(error.codes & _NO_PROPERTY for error in errors):
            self._ensure()
            return self._write(left, values)
        messages = {id_: error.message for error in errors for id_ in error.ids}
        # An error that names no record explains those that nobody explains.
        default = next((error.message for error in errors if not error.ids), _NOT_CONFIRMED)
        return {id_: messages.get(id_, default) for id_ in left}

    def _ensure(self) -> None:
        self._ensure_in(self._client)
        self._ensured = True
