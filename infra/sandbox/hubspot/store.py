"""What the account holds: records, associations and property definitions, changed only through undoable steps."""

import random
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from infra.sandbox.hubspot.files import StoredFile
from infra.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType
from infra.sandbox.hubspot.property_model import Group, Property, iso
from infra.sandbox.hubspot.record import Change, Record, Version
from infra.sandbox.hubspot.schema import SCHEMAS
from infra.sandbox.kernel import SandboxClock

FIRST_ID = 44_446_244_097


class Store:
    """The account's data. Every change can be undone until `commit`, which gives the changes made since the last."""

    def __init__(self, clock: SandboxClock, seed: int) -> None:
        self._clock = clock
        self._chance = random.Random(seed)
        self._next_id = FIRST_ID
        self._undo: list[Callable[[], object]] = []
        self._changes: list[Change] = []
        self.source = "INTEGRATION"
        # What records held before the present transaction (None: nothing), for an index that lags.
        self.before: dict[tuple[str, str], dict[str, str] | None] = {}
        self.records: dict[str, dict[str, Record]] = {one.type_id: {} for one in OBJECT_TYPES}
        self.order: dict[str, list[int]] = {one.type_id: [] for one in OBJECT_TYPES}
        self.links: dict[tuple[str, str], dict[str, dict[str, set[int]]]] = {}
        self.unique: dict[tuple[str, str], dict[str, str]] = {}
        # Where the ids of merged records lead, by type id and id.
        self.led: dict[tuple[str, str], str] = {}
        self.properties: dict[str, dict[str, Property]] = {key: dict(one[0]) for key, one in SCHEMAS.items()}
        self.groups: dict[str, dict[str, Group]] = {key: dict(one[1]) for key, one in SCHEMAS.items()}
        self.invoice_number = 1000
        self.files: dict[str, StoredFile] = {}

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing: an exception takes back what was done inside. May be nested."""
        steps, changes = len(self._undo), len(self._changes)
        try:
            yield
        except BaseException:
            while len(self._undo) > steps:
                self._undo.pop()()
            del self._changes[changes:]
            raise

    def commit(self) -> list[Change]:
        """Makes the steps final and gives the changes."""
        self._undo.clear()
        self.before = {}
        changes, self._changes = self._changes, []
        return changes

    def now(self) -> datetime:
        """The sandbox's time, in whole milliseconds."""
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def did(self, undo: Callable[[], object]) -> None:
        """Notes how to take back a step."""
        self._undo.append(undo)

    def new_id(self) -> str:
        """The next record id: 11 digits, rising."""
        self._next_id += self._chance.randrange(1, 9999)
        return str(self._next_id)

    # -- records

    def insert(self, object_type: ObjectType) -> Record:
        """A new record with its system properties."""
        now = self.now()
        record = Record(object_type, self.new_id(), now, now)
        kept, order = self.records[object_type.type_id], self.order[object_type.type_id]
        kept[record.id] = record
        self.before[record.key] = None
        insort(order, int(record.id))
        self.did(lambda: order.remove(int(record.id)))
        self.did(lambda: kept.pop(record.id))
        self._changes.append(Change("object.creation", record, now, self.source))
        for name, value in (
            ("hs_object_id", record.id),
            (object_type.created, iso(now)),
            (object_type.modified, iso(now)),
            ("hs_object_source", self.source),
        ):
            record.properties[name] = value
        return record

    def find(self, type_id: str, record_id: str, *, archived: bool = False) -> Record | None:
        """The record with this id, if it is archived as asked; the id of a merged record leads to what it became."""
        record = self.records[type_id].get(record_id if archived else self.led.get((type_id, record_id), record_id))
        return record if record is not None and (record.archived is not None) == archived else None

    def put(self, record: Record, name: str, value: str | None, *, calculated: bool = False) -> bool:
        """Sets or clears one property; whether that changed anything."""
        old = record.properties.get(name)
        if old == value:
            return False
        self._note_before(record)
        source = "CALCULATED" if calculated else self.source
        versions = record.history.setdefault(name, [])
        versions.append(Version(value or "", self.now(), source))
        if value is None:
            del record.properties[name]
        else:
            record.properties[name] = value

        def undo() -> None:
            versions.pop()
            if old is None:
                record.properties.pop(name, None)
            else:
                record.properties[name] = old

        self.did(undo)
        self._index(record, name, old, value)
        self._changes.append(Change("object.propertyChange", record, self.now(), source, name, value or "", calculated))
        return True

    def _note_before(self, record: Record) -> None:
        if record.key not in self.before:
            self.before[record.key] = dict(record.properties)

    def _index(self, record: Record, name: str, old: str | None, new: str | None) -> None:
        definition = self.properties[record.type.type_id].get(name)
        if name != record.type.natural_key and not (definition and definition.unique):
            return
        index = self.unique.setdefault((record.type.type_id, name), {})
        if old is not None and index.get(old) == record.id:
            del index[old]
            self.did(lambda: index.__setitem__(old, record.id))
        if new is not None:
            index[new] = record.id
            self.did(lambda: index.pop(new, None))

    def holder(self, type_id: str, name: str, value: str) -> Record | None:
        """The live record that has a unique property's value."""
        record_id = self.unique.get((type_id, name), {}).get(value)
        return None if record_id is None else self.find(type_id, record_id)

    def touch(self, record: Record) -> None:
        """Moves the modification date forward, by at least a millisecond."""
        self._note_before(record)
        before = record.updated
        record.updated = max(self.now(), before + timedelta(milliseconds=1))
        record.properties[record.type.modified] = iso(record.updated)

        def undo() -> None:
            record.updated = before
            record.properties[record.type.modified] = iso(before)

        self.did(undo)

    def note(self, record: Record, **known: Any) -> None:
        """Sets what is known of a record besides its properties: attributes of `Record`."""
        before = {name: getattr(record, name) for name in known}

        def put(values: Mapping[str, Any]) -> None:
            for name, value in values.items():
                setattr(record, name, value)

        put(known)
        self.did(lambda: put(before))

    def archive(self, record: Record) -> None:
        """Puts a record away: no longer found, unique values free again, associations gone."""
        others = [
            (self.records[to_type][other_id], types)
            for to_type, linked in self.links.get(record.key, {}).items()
            for other_id, types in linked.items()
        ]
        parted = []
        for other, types in others:
            back = self.links[other.key][record.type.type_id][record.id]
            parted += [(other, one, two) for one, two in zip(sorted(types), sorted(back), strict=True)]
        self.note(record, parted=tuple(parted))
        for other, _ in others:
            self.unlink(record, other)
        for (type_id, name), index in self.unique.items():
            value = record.get(name)
            if type_id == record.type.type_id and value is not None and index.get(value) == record.id:
                del index[value]
                self.did(partial(index.__setitem__, value, record.id))
        self.note(record, archived=self.now())
        self._changes.append(Change("object.deletion", record, self.now(), self.source))

    def restore(self, record: Record) -> None:
        """Takes a record out of the recycle bin, with its associations to records that are there."""
        self.note(record, archived=None)
        for name, value in record.properties.items():
            self._index(record, name, None, value)
        self._changes.append(Change("object.restore", record, self.now(), self.source))
        for other, there, back in record.parted:
            if other.archived is None:
                self.link(record, other, there, back)

    def lead(self, type_id: str, former: list[str], record_id: str) -> None:
        """From now on the ids of these merged records lead to `record_id`."""
        for id_ in former:
            before = self.led.get((type_id, id_))
            self.led[type_id, id_] = record_id
            self.did(partial(self._lead_back, (type_id, id_), before))

    def _lead_back(self, key: tuple[str, str], before: str | None) -> None:
        if before is None:
            del self.led[key]
        else:
            self.led[key] = before

    # -- associations

    def linked(self, record: Record, type_id: str) -> list[Record]:
        """Live records of a type associated with this one, in the order of their ids."""
        others = self.links.get(record.key, {}).get(type_id, {})
        return [self.records[type_id][one] for one in sorted(others, key=int)]

    def link_types(self, record: Record, type_id: str) -> dict[str, set[int]]:
        """Ids of associated records of a type, with the association type ids in this direction."""
        return self.links.get(record.key, {}).get(type_id, {})

    def link(self, record: Record, other: Record, there: int, back: int) -> bool:
        """Associates two records in both directions; whether that is new."""
        new = False
        for one, two, type_id in ((record, other, there), (other, record, back)):
            kept = self.links.setdefault(one.key, {}).setdefault(two.type.type_id, {}).setdefault(two.id, set())
            if type_id in kept:
                continue
            new = True
            kept.add(type_id)
            self.did(partial(self._forget, one, two, {type_id}))
            self._changes.append(self._association(one, two, type_id, removed=False))
        return new

    def unlink(self, record: Record, other: Record, pair: tuple[int, int] | None = None) -> bool:
        """Removes the association, or one type of it (ids there and back); whether there was one."""
        gone = False
        for one, two, type_id in ((record, other, pair and pair[0]), (other, record, pair and pair[1])):
            kept = self.links.get(one.key, {}).get(two.type.type_id, {}).get(two.id, set())
            removed = set(kept) if type_id is None else kept & {type_id}
            if not removed:
                continue
            gone = True
            self._forget(one, two, removed)
            self.did(partial(self._remember, one, two, removed))
            self._changes += [self._association(one, two, each, removed=True) for each in sorted(removed)]
        return gone

    def _association(self, one: Record, two: Record, type_id: int, *, removed: bool) -> Change:
        return Change(
            "object.associationChange",
            one,
            self.now(),
            self.source,
            other=two,
            association_type=type_id,
            removed=removed,
        )

    def _forget(self, one: Record, two: Record, types: set[int]) -> None:
        others = self.links[one.key][two.type.type_id]
        others[two.id] -= types
        if not others[two.id]:
            del others[two.id]

    def _remember(self, one: Record, two: Record, types: set[int]) -> None:
        others = self.links.setdefault(one.key, {}).setdefault(two.type.type_id, {})
        others.setdefault(two.id, set()).update(types)
