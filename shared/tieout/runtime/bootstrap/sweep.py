"""What functions/sweep is made of."""

from __future__ import annotations

from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.scheduled import ScheduledJob
from tieout.services.sweep import Sweep


def build() -> ScheduledJob:
    """The sweep over every connection of the store."""
    own = open_store(config.load(config.StoreConfig), Aws())
    return ScheduledJob(Sweep(own.connections, own.records, own.hints, own.clock).run, own.clock, own.meter)
