"""What template.yaml lets people see: alarms that say what to do, a dashboard, and only metrics that really come."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.cli.main import app
from infra.local.paths import ROOT
from tests.template.stack_template import FUNCTION, QUEUE, environment, of_type, target, template
from tieout.domain.metering import READS_A_MONTH
from tieout.domain.record import SETTLED
from tieout.services.outcome import Result

ALARMS = of_type("AWS::CloudWatch::Alarm")
FUNCTIONS = sorted(of_type(FUNCTION))
OURS = template()["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
PACKAGE = ROOT / "shared/tieout"
# AWS's own metrics, by what tells one resource from the other (documentation of Lambda, SQS and HTTP APIs).
AWS = {
    ("AWS/Lambda", "FunctionName"): {"Errors", "Throttles", "Duration"},
    ("AWS/SQS", "QueueName"): {
        "NumberOfMessagesSent",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
    },
    ("AWS/ApiGateway", "ApiId"): {"4xx", "5xx", "Count"},
}
# The module whose dictionary of counts a scheduled function reports.
SCHEDULED = {
    "sweep": PACKAGE / "services/sweep.py",
    "fee_report": PACKAGE / "services/fee_reports.py",
    "reconcile": PACKAGE / "services/nightly_reconcile.py",
}


def service_of(function: str) -> str:
    return str(environment(function)["POWERTOOLS_SERVICE_NAME"])


WORKERS = {service_of(str(target(one["FunctionName"]))) for one in of_type("AWS::Lambda::EventSourceMapping").values()}


def tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def counted(path: Path) -> set[str]:
    """Names that a module of the runtime counts: literals, constants, and the keys of dictionaries it counts by."""
    calls = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "count"
    ]
    assert calls, path
    names = {one.value for call in calls for one in call.args if isinstance(one, ast.Constant)}
    constants = {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    used = {one.id for call in calls for one in call.args if isinstance(one, ast.Name)}
    return {str(name) for name in names | {constants[name] for name in used & set(constants)}}


def keys(path: Path) -> set[str]:
    """The keys of the dictionaries that a module writes out."""
    return {
        key.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    } | {
        node.slice.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    }


def emitted(service: str) -> set[str]:
    """Every metric that a function counts under its service's name."""
    if service in WORKERS:
        outcomes = {one.value for one in Result} - {Result.HANDLED.value}
        return counted(PACKAGE / "runtime/batch.py") | outcomes | {f"handled_{state}" for state in SETTLED}
    if service in SCHEDULED:
        return counted(PACKAGE / "runtime/scheduled.py") | keys(SCHEDULED[service])
    assert service == "webhook_intake"
    return counted(PACKAGE / "runtime/http.py") | keys(PACKAGE / "runtime/http.py")


def known(namespace: str, metric: str, dimension: str, value: object) -> bool:
    """Whether a metric is AWS's own of a resource of ours, or one that our function of that service counts."""
    if namespace != OURS:
        return metric in AWS.get((namespace, dimension), set())
    return dimension == "service" and metric in emitted(str(value))


def dashboard() -> dict[str, Any]:
    [properties] = of_type("AWS::CloudWatch::Dashboard").values()
    body: dict[str, Any] = json.loads(properties["DashboardBody"]["Fn::Sub"])
    return body


def graphs() -> Iterator[tuple[str, list[Any]]]:
    """Title and row of each metric of the dashboard."""
    for widget in dashboard()["widgets"]:
        for row in widget["properties"].get("metrics", []):
            yield widget["properties"]["title"], row


def shown(namespace: str, metric: str) -> set[str]:
    """What a metric is shown of."""
    return {str(row[3]) for _, row in graphs() if (row[0], row[1]) == (namespace, metric)}


def alarmed(metric: str) -> set[str | None]:
    return {target(one["Dimensions"][0]["Value"]) for one in ALARMS.values() if one["MetricName"] == metric}


def dead_letter_queues() -> set[str]:
    return {name for name in of_type(QUEUE) if name.endswith("DeadLetterQueue")}


# -- alarms


def test_somebody_is_told_of_every_dead_letter_late_queue_failure_and_throttle() -> None:
    assert alarmed("ApproximateNumberOfMessagesVisible") == dead_letter_queues()
    assert alarmed("ApproximateAgeOfOldestMessage") == set(of_type(QUEUE)) - dead_letter_queues()
    assert alarmed("Errors") == set(FUNCTIONS)
    assert alarmed("Throttles") == set(FUNCTIONS)
    assert alarmed("5xx") == {"Api"}


def test_somebody_is_told_at_four_fifths_of_the_reads_that_intuit_includes() -> None:
    alarms = [one for one in ALARMS.values() if one["MetricName"].startswith("metered_reads")]
    assert {one["MetricName"] for one in alarms} == {"metered_reads", "metered_reads_projected"}
    for alarm in alarms:
        assert alarm["Threshold"] * 5 == READS_A_MONTH * 4
        assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Maximum", "GreaterThanOrEqualToThreshold")


def test_every_alarm_reaches_the_topic_and_the_topic_a_person_when_one_is_named() -> None:
    for name, alarm in ALARMS.items():
        assert [target(action) for action in alarm["AlarmActions"]] == ["AlarmTopic"], name
        assert alarm["TreatMissingData"] == "notBreaching", name
    [subscription] = of_type("AWS::SNS::Subscription").values()
    assert (target(subscription["TopicArn"]), target(subscription["Endpoint"])) == ("AlarmTopic", "AlarmEmail")
    assert template()["Resources"]["AlarmSubscription"]["Condition"] == "HasAlarmEmail"


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_says_what_happened_what_to_do_and_where_it_is_explained(name: str) -> None:
    said = re.fullmatch(r"(\S.{20,}\.) Next: (.{20,})\. Runbook: (\w+)\.", ALARMS[name]["AlarmDescription"])
    assert said is not None
    assert said[3] == name
    # CloudWatch takes no more.
    assert len(ALARMS[name]["AlarmDescription"]) <= 1024


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_names_commands_that_exist(name: str) -> None:
    commands = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback is not None}
    commands |= {str(group.name) for group in app.registered_groups}
    assert set(re.findall(r"\btieout ([a-z-]+)", ALARMS[name]["AlarmDescription"])) <= commands


# -- what is measured


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_watches_a_metric_that_really_comes(name: str) -> None:
    alarm = ALARMS[name]
    [dimension] = alarm["Dimensions"]
    assert known(alarm["Namespace"], alarm["MetricName"], dimension["Name"], dimension["Value"])


def test_a_metric_that_nothing_counts_would_be_noticed() -> None:
    assert known(OURS, "connection_lost", "service", "sweep")
    assert not known(OURS, "connection_lots", "service", "sweep")
    assert not known(OURS, "metered_reads", "service", "invoice_push")
    assert not known("AWS/Lambda", "Error", "FunctionName", "x")
    assert not known("AWS/SQS", "Errors", "QueueName", "x")


def test_every_graph_of_the_dashboard_has_metrics_that_really_come() -> None:
    rows = list(graphs())
    assert rows
    for title, row in rows:
        namespace, metric, dimension, value = row[:4]
        assert known(namespace, metric, dimension, value), f"{title}: {row}"
        assert set(row[4]) <= {"label", "stat", "yAxis"}, f"{title}: {row}"


# -- the dashboard


def test_the_dashboard_names_resources_that_exist() -> None:
    [properties] = of_type("AWS::CloudWatch::Dashboard").values()
    named = set(re.findall(r"\$\{([\w:]+)", properties["DashboardBody"]["Fn::Sub"]))
    assert named - {"AWS::Region"} <= set(template()["Resources"])


def test_the_dashboard_shows_every_alarm() -> None:
    [alarms] = [one["properties"]["alarms"] for one in dashboard()["widgets"] if one["type"] == "alarm"]
    assert sorted(alarms) == sorted(f"${{{name}.Arn}}" for name in ALARMS)
    # As many as one widget takes.
    assert len(alarms) <= 100


def test_the_dashboard_shows_every_function_queue_and_dead_letter_queue() -> None:
    for metric in ("Errors", "Throttles", "Duration"):
        assert shown("AWS/Lambda", metric) == {f"${{{name}}}" for name in FUNCTIONS}
    queues = {f"${{{name}.QueueName}}" for name in of_type(QUEUE)}
    dead = {f"${{{name}.QueueName}}" for name in dead_letter_queues()}
    assert shown("AWS/SQS", "ApproximateNumberOfMessagesVisible") == dead
    assert shown("AWS/SQS", "ApproximateAgeOfOldestMessage") == queues - dead
    assert shown("AWS/SQS", "NumberOfMessagesSent") == queues - dead


def test_the_dashboard_shows_what_became_of_records_and_where_people_are_needed() -> None:
    for state in SETTLED:
        assert shown(OURS, f"handled_{state}") == WORKERS
    assert shown(OURS, "connection_lost") == WORKERS | set(SCHEDULED)
    for metric in ("events_queued", "sweep_behind_minutes", "invoices_adrift", "fees_ambiguous"):
        assert shown(OURS, metric), metric


def test_the_dashboard_shows_metered_reads_beside_the_alarm_and_the_limit() -> None:
    [widget] = [
        one["properties"]
        for one in dashboard()["widgets"]
        if [row[1] for row in one["properties"].get("metrics", [])][:1] == ["metered_reads"]
    ]
    lines = [line["value"] for line in widget["annotations"]["horizontal"]]
    assert lines == [READS_A_MONTH * 4 // 5, READS_A_MONTH]


def test_the_widgets_of_the_dashboard_stand_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for one in dashboard()["widgets"]:
        assert one["x"] + one["width"] <= 24
        cells = {
            (x, y) for x in range(one["x"], one["x"] + one["width"]) for y in range(one["y"], one["y"] + one["height"])
        }
        assert not cells & taken, one["properties"]["title"]
        taken |= cells


def test_two_stacks_of_one_name_in_two_regions_have_a_dashboard_each() -> None:
    [properties] = of_type("AWS::CloudWatch::Dashboard").values()
    assert properties["DashboardName"] == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}
