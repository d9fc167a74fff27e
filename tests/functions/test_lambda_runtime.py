"""How a function starts, fails and is stopped under the official runtime client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functions.cloud import OF_AWS, Cloud, event
from tests.support.lambda_runtime import Definition, definition, function
from tieout.runtime.config import (
    BookingConfig,
    IntakeConfig,
    ReportConfig,
    TableConfig,
    VendorConfig,
    WorkerConfig,
    load,
)

KINDS: dict[str, type[TableConfig]] = {
    "WebhookIntakeFunction": IntakeConfig,
    "InvoicePushFunction": WorkerConfig,
    "PaymentPushFunction": WorkerConfig,
    "PaymentPullFunction": WorkerConfig,
    "InvoicePullFunction": WorkerConfig,
    "SweepFunction": VendorConfig,
    "ReconcileFunction": ReportConfig,
    "FeeReportFunction": BookingConfig,
}
FUNCTIONS = tuple(KINDS)


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_a_cold_start_makes_no_call(cloud: Cloud, logical_id: str) -> None:
    before = len(cloud.operations)
    with cloud.running(logical_id) as started:
        answer = started.invoke({"hello": "world"}, timeout=20)
    assert answer.error is not None or answer.payload is not None
    assert "Unable to import" not in str(answer.error)
    # What a schedule runs needs no event: it looks whose turn it is, and has no time left to begin.
    looks = ["DynamoDB_20120810.Query", "DynamoDB_20120810.GetItem"]
    expected = looks if logical_id in ("SweepFunction", "ReconcileFunction", "FeeReportFunction") else []
    assert [name for name in cloud.operations[before:] if name not in expected] == []


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_a_function_does_not_start_without_one_of_its_variables_and_names_it(cloud: Cloud, logical_id: str) -> None:
    name = [name for name in definition(logical_id).variables if name.startswith("TIEOUT_")][-1]
    with cloud.running(logical_id, without=name) as started:
        answer = started.invoke({}, timeout=20)
    assert answer.error is not None
    assert answer.error["errorType"] == "BadConfiguration"
    assert answer.error["errorMessage"] == f"missing or bad environment variables: {name}"


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_the_template_names_every_variable_that_a_function_needs_and_no_other(cloud: Cloud, logical_id: str) -> None:
    kind, environment = KINDS[logical_id], cloud.environment(logical_id)
    load(kind, environment)
    ours = {name for name in environment if name.startswith("TIEOUT_")}
    assert ours == {f"TIEOUT_{name.upper()}" for name in kind.model_fields}


def handler(folder: Path, source: str) -> Definition:
    (folder / "app.py").write_text(source, encoding="utf-8")
    return Definition(folder, "app.handler", 3, 128, {})


def test_an_exception_is_reported_with_type_message_and_trace(tmp_path: Path) -> None:
    with function(handler(tmp_path, "def handler(e, c):\n    raise KeyError('x')"), OF_AWS) as started:
        answer = started.invoke({}, timeout=20)
        assert answer.error is not None
        assert (answer.error["errorType"], answer.error["errorMessage"]) == ("KeyError", "'x'")
        assert "app.py" in "".join(answer.error["stackTrace"])
        assert started.invoke({}, timeout=20).error is not None


def test_an_import_that_fails_is_an_error_of_the_start(tmp_path: Path) -> None:
    with function(handler(tmp_path, "import no_such_module"), OF_AWS) as started:
        answer = started.invoke({}, timeout=20)
    assert answer.error is not None
    assert answer.error["errorType"] == "Runtime.ImportModuleError"


def test_an_answer_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    with function(handler(tmp_path, "def handler(e, c):\n    return {1, 2}"), OF_AWS) as started:
        answer = started.invoke({}, timeout=20)
    assert answer.error is not None
    assert answer.error["errorType"] == "Runtime.MarshalError"


def test_a_function_that_takes_too_long_is_killed_and_starts_anew(tmp_path: Path) -> None:
    source = "import time\ndef handler(e, c):\n    time.sleep(e['s'])\n    return c.get_remaining_time_in_millis() > 0"
    with function(handler(tmp_path, source), OF_AWS) as started:
        assert started.invoke({"s": 0}).payload is True
        answer = started.invoke({"s": 60}, timeout=0.3)
        assert answer.error is not None
        assert answer.error["errorType"] == "Sandbox.Timedout"
        assert "Task timed out after 0.30 seconds" in answer.error["errorMessage"]
        assert started.invoke({"s": 0}).payload is True


def test_a_function_sees_only_the_environment_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_LEAK", "hush")
    source = "import os\ndef handler(e, c):\n    return sorted(os.environ)"
    with function(handler(tmp_path, source), {**OF_AWS, "TIEOUT_TABLE": "t"}) as started:
        names = started.invoke({}).payload
    assert "TIEOUT_LEAK" not in names
    assert {name for name in names if not name.startswith(("AWS_", "LAMBDA_", "PYTHON", "LC_", "_", "TZ"))} <= {
        "TIEOUT_TABLE", "LD_LIBRARY_PATH", "PATH", "LANG",
    }  # fmt: skip


def test_events_that_need_no_signature_can_be_invoked_as_they_are() -> None:
    assert event("schedule")["source"] == "aws.scheduler"
    assert all(record["eventSource"] == "aws:sqs" for record in event("sqs_one_hint")["Records"])
