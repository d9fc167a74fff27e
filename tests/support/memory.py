"""The ports of the store, the queue, the limiter and the clock, played in memory with exactly their semantics."""

from __future__ import annotations

import bisect
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from tieout.adapters.dynamodb.errors import BadPageToken, UnknownConnection
from tieout.domain.company import Connection
from tieout.domain.errors import RateLimited, Transient
from tieout.domain.hint import Hint
from tieout.domain.record import RecordKey, State, SyncRecord
from tieout.domain.settings import Settings
from tieout.domain.settings_document import parse_settings
from tieout.ports import AuditEntry, LinkTaken, RecordChanged, RecordPage, TokenSet, UnreadableRecord
from tieout.ports.connecting import PairedElsewhere

_FAR = {"hubspot": "quickbooks", "quickbooks": "hubspot"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_LONGEST_WAIT = 5.0
_LONGEST_DELAY = 900


class VirtualClock:
    """Time that moves only when somebody sleeps or advances it."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(max(seconds, 0.0))

    def advance(self, seconds: float) -> datetime:
        """Let time pass; answers the new time."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now


class MemoryRecords:
    """Records in a dictionary. Iterating gives all of them, in the order of their keys. Those of `unreadable` were
    written by a version that comes later."""

    def __init__(self) -> None:
        self.unreadable: set[RecordKey] = set()
        self._records: dict[RecordKey, SyncRecord] = {}
        self._holders: dict[tuple[str, str, str, str], RecordKey] = {}
        self._trail: dict[RecordKey, list[tuple[datetime, int, AuditEntry]]] = defaultdict(list)
        self._lock = threading.RLock()

    def __iter__(self) -> Iterator[SyncRecord]:
        with self._lock:
            return iter(sorted(self._records.values(), key=lambda record: str(record.key)))

    def get(self, key: RecordKey) -> SyncRecord | None:
        if key in self.unreadable:
            raise UnreadableRecord(key)
        with self._lock:
            return self._records.get(key)

    def get_many(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, SyncRecord]:
        for key in keys:
            if key in self.unreadable:
                raise UnreadableRecord(key)
        with self._lock:
            return {key: self._records[key] for key in keys if key in self._records}

    def put(self, record: SyncRecord, audit: AuditEntry | None = None) -> SyncRecord:
        with self._lock:
            current = self._records.get(record.key)
            expected = (0, record.rehints) if current is None else (current.version, current.rehints)
            if (record.version, record.rehints) != expected:
                raise RecordChanged(current)
            key = record.key
            places = [(key.connection, _FAR[key.origin_system], *document) for document in record.far_documents]
            for place in places:
                holder = self._holders.get(place, key)
                if holder != key:
                    raise LinkTaken(str(holder))
            self._holders.update(dict.fromkeys(places, key))
            stored = replace(record, version=record.version + 1)
            self._records[record.key] = stored
            if audit is not None:
                bisect.insort(
                    self._trail[record.key], (audit.at, stored.version, audit), key=lambda line: (line[0], line[1])
                )
            return stored

    def rehint(self, key: RecordKey, lease_owner: str) -> bool:
        with self._lock:
            current = self._records.get(key)
            if current is None or current.lease_owner != lease_owner:
                return False
            self._records[key] = replace(current, rehints=current.rehints + 1)
            return True

    def origin_of(self, connection: str, system: str, kind: str, far_id: str) -> RecordKey | None:
        with self._lock:
            return self._holders.get((connection, system, str(kind), far_id))

    def origins_of(
        self, connection: str, system: str, documents: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], RecordKey]:
        found = {(kind, id_): self.origin_of(connection, system, kind, id_) for kind, id_ in documents}
        return {place: key for place, key in found.items() if key is not None}

    def due(
        self, connection: str, now: datetime, limit: int = 100, *, after: datetime | None = None
    ) -> Sequence[RecordKey]:
        with self._lock:
            waking = [
                (wake_at, str(record.key), record)
                for record in self._records.values()
                if record.key.connection == connection and (wake_at := record.wake_at()) is not None and wake_at <= now
                if after is None or wake_at > after
            ]
        return [record.key for _, _, record in sorted(waking, key=lambda entry: entry[:2])[:limit]]

    def in_state(self, connection: str, state: State, limit: int = 100, after: str | None = None) -> RecordPage:
        with self._lock:
            found = [
                record
                for record in self._records.values()
                if record.key.connection == connection and record.state is state
            ]
        found.sort(key=_position, reverse=True)
        if after is not None:
            if "|" not in after:
                raise BadPageToken("not the beginning of a page")
            found = [record for record in found if "|".join(_position(record)) < after]
        page = tuple(found[:limit])
        return self.page(page, "|".join(_position(page[-1])) if len(found) > limit else None)

    def page(self, listed: Iterable[SyncRecord], following: str | None) -> RecordPage:
        """A page of a listing."""
        all_ = tuple(listed)
        readable = tuple(one for one in all_ if one.key not in self.unreadable)
        return RecordPage(readable, following, tuple(one.key for one in all_ if one.key in self.unreadable))

    def lines(self) -> list[tuple[RecordKey, AuditEntry]]:
        """Every audit line with its record."""
        with self._lock:
            return [(key, entry) for key, trail in self._trail.items() for _, _, entry in trail]

    def trail(self, key: RecordKey, limit: int = 50) -> Sequence[AuditEntry]:
        with self._lock:
            return [entry for _, _, entry in reversed(self._trail[key])][:limit]


def _position(record: SyncRecord) -> tuple[str, str]:
    return (record.updated_at or _EPOCH).astimezone(UTC).isoformat(timespec="microseconds"), str(record.key)


@dataclass(frozen=True, slots=True)
class _Applied:
    version: int
    document: Mapping[str, object]
    by: str
    at: datetime


class MemoryConnections:
    """Connections and their settings in dictionaries."""

    def __init__(self, *connections: Connection) -> None:
        self._connections: dict[str, Connection] = {}
        self._history: dict[str, list[_Applied]] = defaultdict(list)
        self._lock = threading.RLock()
        for connection in connections:
            self.add_connection(connection)

    def get(self, connection: str) -> Connection | None:
        with self._lock:
            return self._connections.get(connection)

    def all(self) -> Iterable[Connection]:
        with self._lock:
            return [self._connections[id_] for id_ in sorted(self._connections)]

    def by_portal(self, portal_id: str) -> Connection | None:
        return next((one for one in self.all() if one.portal_id == portal_id), None)

    def by_realm(self, realm_id: str) -> Connection | None:
        return next((one for one in self.all() if one.realm_id == realm_id), None)

    def settings(self, connection: str) -> Settings:
        with self._lock:
            history = self._history.get(connection)
            return parse_settings(history[-1].document) if history else Settings()

    def add_connection(self, connection: Connection) -> None:
        with self._lock:
            connection = replace(connection, paused=False)
            for one in self._connections.values():
                same = (
                    one.id == connection.id,
                    one.portal_id == connection.portal_id,
                    one.realm_id == connection.realm_id,
                )
                if any(same) and not all(same):
                    raise PairedElsewhere(one.id)
            self._connections[connection.id] = connection

    def pause(self, connection: str) -> None:
        with self._lock:
            if connection not in self._connections:
                raise UnknownConnection(connection)
            self._connections[connection] = replace(self._connections[connection], paused=True)

    def apply_settings(self, connection: str, document: Mapping[str, object], by: str, at: datetime) -> Settings:
        settings = parse_settings(document)
        with self._lock:
            if connection not in self._connections:
                raise UnknownConnection(connection)
            history = self._history[connection]
            history.append(_Applied(len(history) + 1, dict(document), by, at))
        return settings

    def settings_history(self, connection: str, limit: int = 50) -> Sequence[_Applied]:
        with self._lock:
            return list(reversed(self._history.get(connection, [])))[:limit]


class MemoryTokens:
    """Tokens and refresh leases in dictionaries."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._tokens: dict[str, TokenSet] = {}
        self._versions: dict[str, int] = {}
        self._leases: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.RLock()

    def load(self, connection: str) -> TokenSet | None:
        with self._lock:
            return self._tokens.get(connection)

    def save(self, connection: str, tokens: TokenSet) -> bool:
        with self._lock:
            if tokens.version != self._versions.get(connection, 0) + 1:
                return False
            self._tokens[connection], self._versions[connection] = tokens, tokens.version
            return True

    def replace(self, connection: str, tokens: TokenSet) -> None:
        with self._lock:
            self._versions[connection] = version = self._versions.get(connection, 0) + 1
            self._tokens[connection] = replace(tokens, version=version)

    def remove(self, connection: str) -> None:
        with self._lock:
            self._tokens.pop(connection, None)
            self._versions[connection] = self._versions.get(connection, 0) + 1

    def acquire_refresh(self, connection: str, owner: str, until: datetime) -> bool:
        with self._lock:
            held = self._leases.get(connection)
            if held is not None and held[0] != owner and self._clock.now() < held[1]:
                return False
            self._leases[connection] = (owner, until)
            return True

    def release_refresh(self, connection: str, owner: str) -> None:
        with self._lock:
            held = self._leases.get(connection)
            if held is not None and held[0] == owner:
                del self._leases[connection]


class MemoryLimiter:
    """No limit, unless told to refuse or paused. `permits` counts what was granted by (connection, system)."""

    def __init__(self, clock: VirtualClock) -> None:
        self.permits: Counter[tuple[str, str]] = Counter()
        self._clock = clock
        self._closed_until: dict[tuple[str, str], datetime] = {}
        self._lock = threading.RLock()

    def refuse(self, connection: str, system: str, retry_after: float) -> None:
        """Every permit is refused until `retry_after` seconds have passed."""
        self.pause(connection, system, retry_after)

    def permit(self, connection: str, system: str) -> None:
        with self._lock:
            until = self._closed_until.get((connection, system))
            wait = (until - self._clock.now()).total_seconds() if until else 0.0
            if wait > _LONGEST_WAIT:
                raise RateLimited("the limiter was told to refuse", {"system": system}, wait)
            self._clock.sleep(wait)
            self.permits[connection, system] += 1

    def pause(self, connection: str, system: str, seconds: float) -> None:
        with self._lock:
            until = self._clock.now() + timedelta(seconds=seconds)
            held = self._closed_until.get((connection, system))
            self._closed_until[connection, system] = max(until, held) if held else until


class MemoryHints:
    """A queue: hints with the time from which they may be received, in the order in which they were sent."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._queue: list[tuple[datetime, int, Hint]] = []
        self._sequence = count()
        self._refusals = 0
        self._lock = threading.RLock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._queue)

    @property
    def queued(self) -> list[Hint]:
        """What is queued, the earliest due first."""
        with self._lock:
            return [hint for _, _, hint in self._queue]

    @property
    def next_due(self) -> datetime | None:
        """When the earliest hint may be received."""
        with self._lock:
            return self._queue[0][0] if self._queue else None

    def refuse_next(self, times: int = 1) -> None:
        """The next sends raise Transient and queue nothing."""
        with self._lock:
            self._refusals = times

    def send(self, hints: Sequence[Hint], delay: float = 0) -> None:
        if not 0 <= delay <= _LONGEST_DELAY:
            raise ValueError("a delay is between 0 and 900 seconds")
        with self._lock:
            if hints and self._refusals:
                self._refusals -= 1
                raise Transient("the queue was told to refuse")
            due = self._clock.now() + timedelta(seconds=delay)
            for hint in hints:
                bisect.insort(self._queue, (due, next(self._sequence), hint), key=lambda entry: entry[:2])

    def pop_due(self, now: datetime | None = None, limit: int | None = None) -> list[Hint]:
        """Take the hints that are due at `now` (by default the clock's), at most `limit`."""
        return self.pop_due_if(lambda _: True, now, limit)

    def pop_due_if(
        self, wanted: Callable[[Hint], bool], now: datetime | None = None, limit: int | None = None
    ) -> list[Hint]:
        """As `pop_due`, and leave those that are not `wanted`."""
        at = self._clock.now() if now is None else now
        with self._lock:
            taken: list[Hint] = []
            kept: list[tuple[datetime, int, Hint]] = []
            for entry in self._queue:
                take = entry[0] <= at and (limit is None or len(taken) < limit) and wanted(entry[2])
                if take:
                    taken.append(entry[2])
                else:
                    kept.append(entry)
            self._queue = kept
            return taken
