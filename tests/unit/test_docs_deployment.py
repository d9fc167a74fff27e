"""The deployment page keeps up with the stack: its outputs, functions, events and commands exist."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from infra.aws import kept
from tests.template.stack_template import FUNCTION, environment, of_type, template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
EVENTS = sorted(path.name for path in (ROOT / "tests/events").glob("*.json"))
CODE = re.findall(r"^ {4,}(\S.*)$", PAGE, re.MULTILINE)


def table(heading: str) -> list[tuple[str, str]]:
    """The first two columns of the table under a heading."""
    rows = PAGE.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [(cells[1], cells[2]) for cells in (row.split("|") for row in rows)]


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_output_on_the_page_exists() -> None:
    outputs = {name for first, _ in table("output") for name in named(first)}
    assert {"HubSpotWebhookUrl", "QuickBooksWebhookUrl", "ConsoleUrl", "DashboardUrl", "TableName"} <= outputs
    assert outputs <= set(template()["Outputs"])
    assert set(re.findall(r"output `(\w+)`", PAGE)) <= set(template()["Outputs"])


def test_every_event_is_told_a_function_for() -> None:
    patterns = {pattern: set(named(second)) for first, second in table("events") for pattern in named(first)}
    assert patterns
    assert [event for event in EVENTS if not any(fnmatch(event, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(event, pattern) for event in EVENTS)] == []
    assert {name for functions in patterns.values() for name in functions} <= set(of_type(FUNCTION))


def test_every_local_invocation_names_a_function_and_an_event() -> None:
    invoked = re.findall(r"sam local invoke (\w+) --event (\S+)", PAGE)
    assert len(invoked) >= 3
    for function, event in invoked:
        assert function in of_type(FUNCTION)
        assert (ROOT / event).is_file()


def test_the_command_that_attaches_what_was_kept_takes_what_the_page_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [line] = [one for one in CODE if "infra.aws.kept" in one]
    options = re.findall(r"(--\w+) ", line)
    assert kept.main([part for option in options for part in (option, "x")], tmp_path) == 0
    written = [Path(path).name for path in capsys.readouterr().out.split()]
    assert [name for name in written if f"file://.aws-sam/{name}" not in PAGE] == []


def test_the_runbook_names_the_log_and_the_service_of_every_function() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    [services] = re.findall(r"^\| `service` \| (.*) \|$", runbook, re.MULTILINE)
    names = {str(environment(function)["POWERTOOLS_SERVICE_NAME"]) for function in of_type(FUNCTION)}
    assert set(named(services)) == names
    logs = runbook.split("Log groups:", 1)[1].split("\n\n", 1)[0]
    assert {name.replace("_", "-") for name in names} == {one.rpartition(">")[2].strip("-") for one in named(logs)[:-1]}


def test_each_secret_is_shown_in_the_form_in_which_the_template_makes_it() -> None:
    for secret in ("WebhookSecret", "VendorSecret"):
        keys = re.findall(r'"(\w+)":', of_type("AWS::SecretsManager::Secret")[secret]["SecretString"])
        assert any(all(f'"{key}":' in line for key in keys) for line in CODE), secret
