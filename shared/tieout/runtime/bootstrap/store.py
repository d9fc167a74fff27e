"""Our own state in DynamoDB and SQS, for functions that deal with records."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.adapters.clock import SystemClock
from tieout.adapters.dynamodb.connections import DynamoConnections
from tieout.adapters.dynamodb.cursors import DynamoCursors
from tieout.adapters.dynamodb.meter import DynamoReadMeter
from tieout.adapters.dynamodb.notices import DynamoNotices
from tieout.adapters.dynamodb.records import DynamoRecords
from tieout.adapters.sqs.hints import SqsHints
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.queues import hint_queues
from tieout.runtime.config import StoreConfig, TableConfig


@dataclass(frozen=True, slots=True)
class Tables:
    """The state in the table, and the clock that everything over it shares."""

    clock: SystemClock
    connections: DynamoConnections
    records: DynamoRecords
    cursors: DynamoCursors
    meter: DynamoReadMeter
    notices: DynamoNotices


@dataclass(frozen=True, slots=True)
class Store(Tables):
    """The state with the queues."""

    hints: SqsHints


def open_tables(settings: TableConfig, aws: Aws) -> Tables:
    """The table that the environment names."""
    clock = SystemClock()
    return Tables(
        clock,
        DynamoConnections(aws.dynamodb, settings.table, clock),
        DynamoRecords(aws.dynamodb, settings.table, clock),
        DynamoCursors(aws.dynamodb, settings.table),
        DynamoReadMeter(aws.dynamodb, settings.table, clock),
        DynamoNotices(aws.dynamodb, settings.table),
    )


def open_store(settings: StoreConfig, aws: Aws) -> Store:
    """The store that the environment names."""
    own = open_tables(settings, aws)
    hints = hint_queues(settings, aws, own.clock)
    return Store(own.clock, own.connections, own.records, own.cursors, own.meter, own.notices, hints)
