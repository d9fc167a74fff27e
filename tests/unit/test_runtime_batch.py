"""SQS batches: each message acknowledged or failed by itself, and nothing of a customer in the logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.builders import NOW, a_hint
from tests.support.builders_logs import Written, written
from tests.support.builders_world import World
from tests.support.memory import VirtualClock
from tests.support.memory_sweep import MemoryReadMeter
from tieout.domain.errors import Transient
from tieout.domain.hint import Cause, Hint
from tieout.runtime.batch import QueueWorker, run_batch
from tieout.services.outcome import Outcome, Result


@dataclass
class Context:
    """What a handler uses of Lambda's context."""

    aws_request_id: str = "request-1"
    remaining: int = 120_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


@dataclass
class Aside:
    """A dead-letter queue, that may refuse."""

    refuses: bool = False
    buried: list[tuple[str, str]] = field(default_factory=list)

    def bury(self, body: str, reason: str) -> None:
        if self.refuses:
            raise Transient(context={"queue": "dead letters"})
        self.buried.append((body, reason))


@dataclass
class Worker:
    """A service that answers by the hint's id: its result, or an exception for a bug."""

    results: dict[str, str] = field(default_factory=dict)
    raises: Exception | None = None
    got: list[Hint] = field(default_factory=list)
    deadline: datetime | None = None

    def __call__(self, hints: Sequence[Hint], deadline: datetime) -> Sequence[Outcome]:
        self.got, self.deadline = list(hints), deadline
        if self.raises:
            raise self.raises
        return [self._outcome(hint) for hint in hints]

    def _outcome(self, hint: Hint) -> Outcome:
        result = Result(self.results.get(hint.id, "handled"))
        error = ValueError("Anna Muster") if result is Result.FAILED else None
        return Outcome(hint, result, "synced" if result is Result.HANDLED else "", "", error)


def event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]}


def run(worker: Worker, *bodies: str, aside: Aside | None = None) -> tuple[list[str], Written]:
    clock = VirtualClock(NOW)
    handler = run_batch(QueueWorker(worker, aside or Aside(), clock, MemoryReadMeter(clock)))
    with written() as found:
        answer = handler(event(*bodies), Context())
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]], found


def message(id_: str, **changes: Any) -> str:
    return a_hint(id_, **changes).to_json()


def test_the_whole_batch_goes_to_the_worker_at_once_with_time_to_spare() -> None:
    worker = Worker()
    failed, found = run(worker, message("1"), message("2"))
    assert failed == []
    assert worker.got == [a_hint("1"), a_hint("2")]
    assert worker.deadline == NOW + timedelta(seconds=45)
    assert found.counts == {"handled_synced": 2}


@pytest.mark.parametrize("result", sorted(set(Result) - {Result.FAILED}))
def test_every_result_but_failed_acknowledges_the_message(result: str) -> None:
    failed, found = run(Worker({"1": result}), message("1"))
    assert failed == []
    assert list(found.counts) == ["handled_synced" if result == "handled" else result]
    [line] = found.lines
    assert (line["message"], line["level"], line["result"]) == ("record", "INFO", result)


def test_a_failed_record_fails_its_own_message_alone() -> None:
    failed, found = run(Worker({"2": "failed"}), message("1"), message("2"), message("3"))
    assert failed == ["m1"]
    assert found.counts == {"handled_synced": 2, "failed": 1}
    [line] = [line for line in found.lines if line["level"] == "ERROR"]
    assert (line["error"], line["id"], line["trace_id"]) == ("ValueError", "2", "trace")
    assert "Anna" not in found.text


def test_a_message_that_is_no_hint_is_set_aside_and_the_others_are_worked_on() -> None:
    aside, worker = Aside(), Worker()
    failed, found = run(worker, "{", message("1"), "", aside=aside)
    assert failed == []
    assert aside.buried == [("{", "not a hint"), ("", "not a hint")]
    assert worker.got == [a_hint("1")]
    assert found.counts["malformed_message"] == 2


def test_a_message_of_nested_brackets_is_set_aside_like_any_other() -> None:
    aside = Aside()
    failed, _ = run(Worker(), "[" * 100_000, message("1"), aside=aside)
    assert failed == []
    assert len(aside.buried) == 1


def test_when_it_cannot_be_set_aside_the_message_fails_and_the_queue_brings_it_there() -> None:
    worker = Worker()
    failed, found = run(worker, "hush", message("1"), aside=Aside(refuses=True))
    assert failed == ["m0"]
    assert worker.got == [a_hint("1")]
    assert "hush" not in found.text
    assert "malformed message not set aside" in found.text


def test_a_batch_of_malformed_messages_does_not_bother_the_worker() -> None:
    worker = Worker(raises=AssertionError())
    assert run(worker, "x", "y")[0] == []
    assert worker.got == []


def test_when_the_worker_breaks_every_message_fails_and_the_log_says_where() -> None:
    failed, found = run(Worker(raises=KeyError("anna@example.test")), message("1"), message("2"), "x")
    assert failed == ["m0", "m1"]
    assert found.counts == {"malformed_message": 1, "batch_failed": 1}
    [line] = [line for line in found.lines if line["message"] == "batch failed"]
    assert (line["error"], line["hints"]) == ("KeyError", 2)
    assert "test_runtime_batch.py:" in line["where"]
    assert "anna" not in found.text


def test_the_same_message_twice_is_reported_twice() -> None:
    failed, found = run(Worker({"1": "failed"}), message("1"), message("1"))
    assert failed == ["m0", "m1"]
    assert found.counts == {"failed": 2}


def test_the_line_of_a_record_holds_what_is_needed_to_follow_it() -> None:
    _, found = run(Worker(), message("1", cause=Cause.DUE))
    [line] = found.lines
    assert {name: line[name] for name in ("connection", "object", "id", "cause", "trace_id", "state")} == {
        "connection": "c1", "object": "hubspot.invoice", "id": "1", "cause": "due", "trace_id": "trace",
        "state": "synced",
    }  # fmt: skip


# -- the real worker with customers whose data must not appear

POISON = "Zebra Quagga"
FAULTS: list[dict[str, Any]] = [
    {},
    {"kind": "fault_400", "method": "POST", "path": "/invoice$", "code": "6000", "detail": f"No {POISON}"},
    {"kind": "fault_400", "method": "POST", "path": "/customer$", "code": "6000", "detail": f"No {POISON}"},
    {"kind": "status_500", "path": "/query$"},
    {"kind": "status_401", "path": ""},
    {"kind": "timeout_after", "method": "POST", "path": "/invoice$"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.get('kind')}{fault.get('path', '')}")
def test_nothing_of_a_customer_is_logged_whatever_happens(fault: dict[str, Any]) -> None:
    world = World()
    if fault:
        world.quickbooks.faults.add(fault)
    contact = world.contact(POISON, POISON, "zebra.quagga@poison.test")
    id_ = world.invoice(company=world.company(POISON), contact=contact, hs_comments=f"For {POISON}", price="77.77")
    with written() as found:
        run_batch(QueueWorker(world.service.push, Aside(), world.clock, world.meter))(
            event(world.hint(id_).to_json()), Context()
        )
    assert found.lines
    for word in ("zebra", "quagga", "poison.test", "77.77", "233.31", world.number(id_).lower()):
        assert word not in found.text.lower()


def test_a_bug_whose_text_quotes_a_customer_is_logged_by_its_kind_and_place() -> None:
    world = World()
    id_ = world.invoice(company=world.company(POISON))

    def broken(*_: Any) -> Any:
        raise RuntimeError(POISON)

    setattr(world.crm, "invoices", broken)  # noqa: B010 - a bug in the adapter
    with written() as found:
        answer = run_batch(QueueWorker(world.service.push, Aside(), world.clock, world.meter))(
            event(world.hint(id_).to_json()), Context()
        )
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert POISON not in found.text
    [line] = found.lines
    assert (line["error"], line["level"]) == ("RuntimeError", "ERROR")


def test_every_line_is_one_json_object() -> None:
    _, found = run(Worker({"1": "failed"}), message("1"), "x")
    assert all(isinstance(json.loads(line), dict) for line in found.text.splitlines())
