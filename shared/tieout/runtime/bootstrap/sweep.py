"""What functions/sweep is made of."""

from __future__ import annotations

from tieout.adapters.dynamodb.health import DynamoHealthBook
from tieout.adapters.dynamodb.registers import DynamoRegisters
from tieout.runtime import config
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import open_store
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.runtime.scheduled import ScheduledJob
from tieout.services.health import HealthCounts
from tieout.services.sweep import Sweep


def build() -> ScheduledJob:
    """The sweep over every connection of the store."""
    settings, aws = config.load(config.VendorConfig), Aws()
    own = open_store(settings, aws)
    opened = open_workspaces(settings, aws, own)
    registers = DynamoRegisters(aws.dynamodb, settings.table, own.records)
    health = HealthCounts(registers, DynamoHealthBook(aws.dynamodb, settings.table), own.cursors, own.clock)
    sweep = Sweep(own.connections, opened, own.records, own.cursors, own.hints, own.clock, own.meter, health)
    return ScheduledJob(sweep.run, own.clock, own.meter)
