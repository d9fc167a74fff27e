"""SQS batches: the only place that knows the queue's event. Each message is acknowledged or fails by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from tieout.domain.hint import BadHint, Hint
from tieout.ports import Clock, ReadMeter
from tieout.runtime.observability import count, flushed, loggable, logger
from tieout.services.outcome import Outcome, Result

# What a worker needs to finish the write it is at (three time-outs of 30 s at worst), to show the statuses, and to give
# all records back.
RESERVE = timedelta(seconds=75)
_CONNECTION_LOST = "connection_lost"

Handler = Callable[[Mapping[str, Any], Any], dict[str, list[dict[str, str]]]]
Worker = Callable[[Sequence[Hint], datetime], Sequence[Outcome]]


class Aside(Protocol):
    """Where messages go that can never be handled."""

    def bury(self, body: str, reason: str) -> None:
        """Put a message into the dead-letter queue."""
        ...


@dataclass(frozen=True, slots=True)
class _Message:
    id: str
    body: str


@dataclass(frozen=True, slots=True)
class QueueWorker:
    """What a function behind a queue is made of: who works, where messages go that nobody can work on, and what counts
    the metered reads."""

    work: Worker
    aside: Aside
    clock: Clock
    meter: ReadMeter


def run_batch(worker: QueueWorker) -> Handler:
    """A Lambda handler for an SQS event source with ReportBatchItemFailures.

    The whole batch goes to `work` at once. A message fails, to be delivered again, when its outcome is `failed` or
    when nothing is known of it; a message that is no hint is set aside at once.
    """

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
        deadline = worker.clock.now() + timedelta(milliseconds=context.get_remaining_time_in_millis()) - RESERVE
        messages = [_Message(record["messageId"], record["body"]) for record in event["Records"]]
        with flushed():
            try:
                failed = _handle(messages, worker.work, worker.aside, deadline)
            finally:
                worker.meter.flush()
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}

    return handler


def _handle(messages: Sequence[_Message], work: Worker, aside: Aside, deadline: datetime) -> list[str]:
    failed: list[str] = []
    hints: dict[str, Hint] = {}
    for message in messages:
        try:
            hints[message.id] = Hint.from_json(message.body)
        except BadHint:
            if not _set_aside(message, aside):
                failed.append(message.id)
    if not hints:
        return failed
    try:
        outcomes = work(list(hints.values()), deadline)
    except Exception as error:  # noqa: BLE001 - whatever it is, every message has to be delivered again
        logger.error("batch failed", extra={"hints": len(hints), **loggable(error)})
        count("batch_failed")
        return [*failed, *hints]
    for id_, outcome in zip(hints, outcomes, strict=True):
        _report(outcome)
        if outcome.result is Result.FAILED:
            failed.append(id_)
    return failed


def _set_aside(message: _Message, aside: Aside) -> bool:
    count("malformed_message")
    try:
        aside.bury(message.body, "not a hint")
    except Exception as error:  # noqa: BLE001 - then the queue's own redrive brings it there
        logger.error("malformed message not set aside", extra={"message_id": message.id, **loggable(error)})
        return False
    logger.error("malformed message set aside", extra={"message_id": message.id})
    return True


def _report(outcome: Outcome) -> None:
    hint = outcome.hint
    facts: dict[str, object] = {
        **outcome.context,
        "connection": hint.connection,
        "object": hint.object.value,
        "id": hint.id,
        "cause": hint.cause.value,
        "trace_id": hint.trace_id,
        "result": outcome.result.value,
        "state": outcome.state,
        "reason": outcome.reason,
        "unshown": outcome.unshown,
    }
    if outcome.error is not None:
        logger.error("record", extra={**facts, **loggable(outcome.error)})
    else:
        logger.info("record", extra=facts)
    count(f"handled_{outcome.state}" if outcome.result is Result.HANDLED else outcome.result.value)
    if _CONNECTION_LOST in (outcome.reason, outcome.unshown):
        # Nothing else tells: the records wait, nothing fails. template.yaml has an alarm on it.
        count(_CONNECTION_LOST)
