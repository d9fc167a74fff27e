"""What template.yaml promises: nothing is lost, nothing is open, nothing runs away."""

import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.paths import ROOT, TEMPLATE
from tests.template.stack_template import (
    FUNCTION,
    QUEUE,
    ROLE,
    environment,
    granted,
    mentioned,
    of_type,
    role_of,
    statements,
    target,
    template,
)
from tieout.adapters.dynamodb.keys import record_partition
from tieout.domain.record import Kind, RecordKey
from tieout.runtime import config
from tieout.runtime.batch import RESERVE
from tieout.services.claims import LEASE

FUNCTIONS = sorted(of_type(FUNCTION))
EVENT_SOURCES = of_type("AWS::Lambda::EventSourceMapping")
# What each function reads from its environment.
CONFIGURATION: dict[str, type[config.TableConfig]] = {
    "WebhookIntakeFunction": config.IntakeConfig,
    "InvoicePushFunction": config.WorkerConfig,
    "PaymentPushFunction": config.WorkerConfig,
    "PaymentPullFunction": config.WorkerConfig,
    "InvoicePullFunction": config.WorkerConfig,
    "SweepFunction": config.VendorConfig,
    "ReconcileFunction": config.ReportConfig,
    "FeeReportFunction": config.BookingConfig,
    "ConsoleFunction": config.ConsoleConfig,
}
# What a function that is told of a resource does with it.
USES = {
    "AWS::SQS::Queue": {"sqs:SendMessage", "sqs:GetQueueAttributes"},
    "AWS::SecretsManager::Secret": {"secretsmanager:GetSecretValue"},
    "AWS::DynamoDB::Table": {"dynamodb:GetItem"},
    "AWS::S3::Bucket": {"s3:PutObject"},
}
# Reads figures and changes nothing; AWS knows no resource for it that a policy could name.
WITHOUT_RESOURCE = {"cloudwatch:GetMetricData"}


def dead_letter_queues() -> set[str]:
    redriven = {target(queue["RedrivePolicy"]["deadLetterTargetArn"]) for queue in redriving().values()}
    failed = {
        target(of_type(FUNCTION)[name]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"])
        for name in FUNCTIONS
        if "EventInvokeConfig" in of_type(FUNCTION)[name]
    }
    return {name for name in redriven | failed if name is not None}


def redriving() -> dict[str, Any]:
    return {name: queue for name, queue in of_type(QUEUE).items() if "RedrivePolicy" in queue}


def test_the_linter_finds_nothing() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(TEMPLATE)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, "")


def test_there_are_no_yaml_aliases_which_cloudformation_does_not_read() -> None:
    tokens = list(yaml.scan(TEMPLATE.read_text()))
    assert not [token for token in tokens if isinstance(token, yaml.AliasToken | yaml.AnchorToken)]


def test_every_parameter_is_described_has_a_default_and_is_used() -> None:
    used = set(mentioned({key: template()[key] for key in ("Conditions", "Globals", "Resources", "Outputs")}))
    for name, parameter in template()["Parameters"].items():
        assert len(parameter["Description"]) > 10, name
        assert "Default" in parameter, name
        assert name in used, name
        limits = {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)
        assert limits, f"{name} takes anything"


def test_every_function_runs_on_arm_with_the_shared_layer_and_nothing_of_its_own() -> None:
    common = template()["Globals"]["Function"]
    assert common["Architectures"] == ["arm64"]
    assert [target(layer) for layer in common["Layers"]] == ["SharedLayer"]
    layer = of_type("AWS::Serverless::LayerVersion")["SharedLayer"]
    assert layer["CompatibleRuntimes"] == [common["Runtime"]]
    assert layer["CompatibleArchitectures"] == common["Architectures"]
    for name in FUNCTIONS:
        assert not {"Runtime", "Architectures", "Layers", "Handler"} & set(of_type(FUNCTION)[name]), name
        assert "Tracing" not in of_type(FUNCTION)[name] | common


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_exactly_what_it_reads(function: str) -> None:
    told = {name for name in environment(function) if name.startswith("TIEOUT_")}
    assert told == {f"TIEOUT_{name.upper()}" for name in CONFIGURATION[function].model_fields}
    assert {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"} < set(
        environment(function)
    )


def test_every_environment_variable_is_documented() -> None:
    text = (ROOT / "docs" / "local-stack.md").read_text()
    assert [name for function in FUNCTIONS for name in environment(function) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_function_is_told_of_it_may_use(function: str) -> None:
    kinds = {name: one["Type"] for name, one in template()["Resources"].items()}
    for variable, value in environment(function).items():
        for name in mentioned(value):
            if kinds.get(name) in USES:
                granted_here = {action for action, one in granted(role_of(function)) if one == name}
                assert USES[kinds[name]] & granted_here, f"{variable}: {name}"


def test_no_policy_has_a_wildcard() -> None:
    for role in of_type(ROLE):
        for statement in statements(role):
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                assert "*" not in action, f"{role}: {action}"
            if set(statement["Action"]) <= WITHOUT_RESOURCE:
                continue
            for resource in statement["Resource"]:
                assert list(mentioned(resource)), f"{role} may use {resource}"
                # Objects of a bucket have no other name than the bucket's with what follows.
                named = str(resource).replace("${ReportBucket.Arn}/*", "")
                assert "*" not in named, f"{role} may use {resource}"


def test_the_tables_key_serves_through_dynamodb_only() -> None:
    for role in of_type(ROLE):
        for statement in statements(role):
            if any(action.startswith("kms:") for action in statement["Action"]):
                assert list(statement["Condition"]["StringEquals"]) == ["kms:ViaService"], role


def test_intake_sees_the_pairing_of_companies_and_nothing_else_in_the_table() -> None:
    [table] = [one for one in statements("WebhookIntakeRole") if target(one["Resource"][0]) == "Table"]
    assert table["Action"] == ["dynamodb:GetItem"]
    assert table["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["PORTAL#*", "REALM#*"]}}
    assert ("secretsmanager:GetSecretValue", "VendorSecret") not in granted("WebhookIntakeRole")


def test_only_the_console_can_read_what_signs_its_cookies() -> None:
    readers = {role for role in of_type(ROLE) if ("secretsmanager:GetSecretValue", "ConsoleSecret") in granted(role)}
    assert readers == {"ConsoleRole"}
    # What proves that a webhook is genuine is no business of a page.
    assert ("secretsmanager:GetSecretValue", "WebhookSecret") not in granted("ConsoleRole")


def test_the_sweep_changes_no_record() -> None:
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    [writes] = [one for one in statements("SweepRole") if writing & set(one["Action"])]
    patterns = writes["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    record = record_partition(RecordKey("acme", Kind.INVOICE, "hubspot", "1001"))
    assert not any(fnmatch(record, pattern) for pattern in patterns)
    for key in ("C#acme#CURSOR", "C#acme#READS", "READS", "C#acme#LIMIT#quickbooks", "C#acme#TOKENS"):
        assert any(fnmatch(key, pattern) for pattern in patterns), key


def test_the_tie_out_changes_no_record_and_queues_nothing_but_its_failures() -> None:
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    [writes] = [one for one in statements("ReconcileRole") if writing & set(one["Action"])]
    patterns = writes["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    record = record_partition(RecordKey("acme", Kind.INVOICE, "hubspot", "1001"))
    assert not any(fnmatch(record, pattern) for pattern in patterns)
    for key in ("C#acme#READS", "READS", "C#acme#LIMIT#quickbooks", "C#acme#TOKENS", "C#acme#TIEOUT"):
        assert any(fnmatch(key, pattern) for pattern in patterns), key
    # What the sweep has followed is not the tie-out's to move.
    assert not any(fnmatch("C#acme#CURSOR", pattern) for pattern in patterns)
    assert {what for action, what in granted("ReconcileRole") if action == "sqs:SendMessage"} == {
        "ReconcileDeadLetterQueue"
    }


def test_reports_are_private_encrypted_kept_and_outlive_the_stack() -> None:
    bucket = of_type("AWS::S3::Bucket")["ReportBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    [rule] = bucket["LifecycleConfiguration"]["Rules"]
    assert target(rule["ExpirationInDays"]) == "ReportRetentionDays"
    resource = template()["Resources"]["ReportBucket"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_reports_travel_encrypted_only() -> None:
    [policy] = of_type("AWS::S3::BucketPolicy").values()
    [deny] = policy["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert len(deny["Resource"]) == 2
    assert template()["Parameters"]["ReportsOverTls"]["Default"] == "yes"


def test_every_role_serves_one_function() -> None:
    roles = [role_of(function) for function in FUNCTIONS]
    assert len(set(roles)) == len(roles)


def test_every_queue_redrives_or_is_where_others_redrive_to() -> None:
    assert set(of_type(QUEUE)) == set(redriving()) | dead_letter_queues()
    for name, queue in redriving().items():
        assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5, name
        assert target(queue["RedrivePolicy"]["deadLetterTargetArn"]) in of_type(QUEUE)


def test_dead_letters_of_workers_are_kept_for_as_long_as_sqs_keeps_anything() -> None:
    targets = [target(queue["RedrivePolicy"]["deadLetterTargetArn"]) for queue in redriving().values()]
    of_workers = {name for name in targets if name}
    for name in of_workers:
        assert of_type(QUEUE)[name]["MessageRetentionPeriod"] == 14 * 86400, name
    # Of a schedule they only say that a run failed, and the next run makes up for it: a cause that lasts must not pile
    # them up for a person to clear away.
    notes = dead_letter_queues() - of_workers
    assert notes == {"SweepDeadLetterQueue", "FeeReportDeadLetterQueue", "ReconcileDeadLetterQueue"}
    assert all(of_type(QUEUE)[name]["MessageRetentionPeriod"] <= 2 * 86400 for name in notes)
    assert of_type(QUEUE)["SweepDeadLetterQueue"]["MessageRetentionPeriod"] <= 6 * 3600


def test_every_queue_is_encrypted() -> None:
    assert [name for name, queue in of_type(QUEUE).items() if queue.get("SqsManagedSseEnabled") is not True] == []


def test_every_queue_is_worked_off_in_batches_whose_failures_are_told_one_by_one() -> None:
    assert {target(source["EventSourceArn"]) for source in EVENT_SOURCES.values()} == set(redriving())
    for name, source in EVENT_SOURCES.items():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        # SQS gives more than ten only when the mapping waits.
        assert source["MaximumBatchingWindowInSeconds"] >= 1 or source["BatchSize"] <= 10, name


def test_a_message_stays_hidden_for_six_times_the_functions_time_out() -> None:
    for source in EVENT_SOURCES.values():
        queue, function = target(source["EventSourceArn"]), target(source["FunctionName"])
        assert queue is not None
        assert function is not None
        visible, timeout = of_type(QUEUE)[queue]["VisibilityTimeout"], of_type(FUNCTION)[function]["Timeout"]
        assert visible >= 6 * timeout
        # A worker that dies holds its records longer than it can live, and no longer than its message stays hidden.
        assert timeout < LEASE.total_seconds() < visible
        assert RESERVE.total_seconds() < timeout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_concurrency_of_a_function_is_bounded(function: str) -> None:
    bounds = [
        s["ScalingConfig"]["MaximumConcurrency"]
        for s in EVENT_SOURCES.values()
        if target(s["FunctionName"]) == function
    ]
    bounds += [of_type(FUNCTION)[function].get("ReservedConcurrentExecutions")]
    assert any(bounds)


def test_what_a_worker_receives_it_may_receive_and_delete() -> None:
    for source in EVENT_SOURCES.values():
        queue, function = target(source["EventSourceArn"]), target(source["FunctionName"])
        assert queue is not None
        assert function is not None
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            assert (f"sqs:{action}", queue) in granted(role_of(function))


def test_what_fails_outside_a_queue_is_set_aside_by_a_role_that_may() -> None:
    for function in FUNCTIONS:
        aside = of_type(FUNCTION)[function].get("EventInvokeConfig", {}).get("DestinationConfig")
        if aside is not None:
            queue = target(aside["OnFailure"]["Destination"])
            assert ("sqs:SendMessage", queue) in granted(role_of(function))
    for name, schedule in of_type("AWS::Scheduler::Schedule").items():
        role, queue = target(schedule["Target"]["RoleArn"]), target(schedule["Target"]["DeadLetterConfig"]["Arn"])
        assert role is not None
        assert ("sqs:SendMessage", queue) in granted(role), name
        assert ("lambda:InvokeFunction", target(schedule["Target"]["Arn"])) in granted(role), name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_to_a_group_of_its_own_that_forgets(function: str) -> None:
    properties = of_type(FUNCTION)[function]
    group = target(properties["LoggingConfig"]["LogGroup"])
    assert group is not None
    logs = of_type("AWS::Logs::LogGroup")[group]
    assert target(logs["RetentionInDays"]) == "LogRetentionDays"
    assert logs["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{properties['FunctionName']['Fn::Sub']}"}
    assert {("logs:CreateLogStream", group), ("logs:PutLogEvents", group)} <= granted(role_of(function))


def test_every_log_group_forgets() -> None:
    assert all("RetentionInDays" in group for group in of_type("AWS::Logs::LogGroup").values())


def test_the_table_is_recoverable_encrypted_with_its_own_key_and_outlives_the_stack() -> None:
    [table] = of_type("AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert target(table["SSESpecification"]["KMSMasterKeyId"]) == "TableKey"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert of_type("AWS::KMS::Key")["TableKey"]["EnableKeyRotation"] is True
    for name in ("Table", "TableKey"):
        resource = template()["Resources"][name]
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_api_is_throttled_logged_and_open_for_webhooks_and_the_console_only() -> None:
    assert {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()} == {
        "POST /webhooks/hubspot",
        "POST /webhooks/quickbooks",
        "GET /console",
        "GET /console/{proxy+}",
        "POST /console/{proxy+}",
    }
    [stage] = of_type("AWS::ApiGatewayV2::Stage").values()
    assert {"ThrottlingBurstLimit", "ThrottlingRateLimit"} <= set(stage["DefaultRouteSettings"])
    assert target(stage["AccessLogSettings"]["DestinationArn"]) == "ApiLogGroup"


def test_no_secret_value_is_in_the_template() -> None:
    secrets = of_type("AWS::SecretsManager::Secret")
    made = secrets["ConsoleSecret"]["GenerateSecretString"]
    assert (made["GenerateStringKey"], made["SecretStringTemplate"]) == ("signing_key", "{}")
    assert made["PasswordLength"] >= 64
    assert "SecretString" not in secrets["ConsoleSecret"]
    assert secrets["WebhookSecret"]["SecretString"] == '{"hubspot_client_secrets": [], "intuit_verifier_tokens": []}'
    assert secrets["VendorSecret"]["SecretString"] == (
        '{"intuit_client_id": "", "intuit_client_secret": "", "hubspot_tokens": {}}'
    )
