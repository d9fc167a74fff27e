"""What people are told of a connection at a glance: by `tieout status` and by the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tieout.domain.attention import AttentionCode
from tieout.domain.metering import Usage, usage
from tieout.ports import Clock, Cursors, ReadMeter, Records, Tokens, TokenSet
from tieout.ports.notices import Notice, Notices
from tieout.ports.queues import QueueDepth
from tieout.ports.sweeping import SWEPT

# The sweep runs every quarter of an hour; a run or two may be late or cut short. The alarm rings at the same time.
SWEEP_IS_LATE = timedelta(hours=2)
SIGN_IN_ENDS_SOON = timedelta(days=14)


class Watchable(Protocol):
    """The stores that are looked at."""

    @property
    def clock(self) -> Clock: ...
    @property
    def records(self) -> Records: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def meter(self) -> ReadMeter: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def notices(self) -> Notices: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """`swept_at` is when the last complete sweep began. `connected`: QuickBooks' tokens are there and have not ended;
    `ends` is when they do, unless they are used before (None: not told). `refusal`: HubSpot takes no recorded payments.
    `overdue` is how long the oldest record that is due has been so, zero when none is."""

    swept_at: datetime | None
    reads: Usage
    connected: bool
    ends: datetime | None
    refusal: Notice | None
    overdue: timedelta


def watch(store: Watchable, connection: str) -> Watched:
    """How a connection is now. A handful of reads by key."""
    now, tokens = store.clock.now(), store.tokens.load(connection)
    ends = sign_in_ends(tokens) if tokens is not None else None
    return Watched(
        swept_at=swept_at(store, connection),
        reads=reads_of(store, connection),
        connected=tokens is not None and (ends is None or now < ends),
        ends=ends,
        refusal=store.notices.load(connection, AttentionCode.RECORDING_REFUSED),
        overdue=_overdue(store.records, connection, now),
    )


def reads_of(store: Watchable, connection: str | None) -> Usage:
    """This month's metered reads of a connection, or with None of all."""
    now = store.clock.now()
    return usage(store.meter.reads(connection, now.date()), now)


def swept_at(store: Watchable, connection: str) -> datetime | None:
    """When the connection's last complete sweep began."""
    return store.cursors.load(connection, SWEPT)


def sign_in_ends(tokens: TokenSet) -> datetime | None:
    """When QuickBooks has to be connected again unless the tokens are used before; None when Intuit did not say."""
    return min((end for end in (tokens.refresh_expires_at, tokens.hard_expires_at) if end is not None), default=None)


def lag(depths: Sequence[QueueDepth]) -> timedelta | None:
    """The age of the oldest hint; None when something waits and nobody told for how long."""
    ages = [one.oldest for one in depths if one.waiting]
    known = [age for age in ages if age is not None]
    return max(known) if known else None if ages else timedelta()


def _overdue(records: Records, connection: str, now: datetime) -> timedelta:
    for key in records.due(connection, now, 1):
        record = records.get(key)
        wake_at = record.wake_at() if record is not None else None
        # The listing lags behind a little.
        return max(timedelta(), now - wake_at) if wake_at is not None else timedelta()
    return timedelta()
