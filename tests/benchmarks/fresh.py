"""Python code in a fresh process, where AWS would run a function: its folder, its path, exactly its environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.support.lambda_runtime import ROOT, Definition, definition
from tests.support.signing import PUBLIC_URL

FUNCTIONS = {
    "webhook_intake": "WebhookIntakeFunction",
    "invoice_push": "InvoicePushFunction",
    "payment_push": "PaymentPushFunction",
    "payment_pull": "PaymentPullFunction",
    "invoice_pull": "InvoicePullFunction",
    "sweep": "SweepFunction",
    "reconcile": "ReconcileFunction",
    "fee_report": "FeeReportFunction",
    "console": "ConsoleFunction",
}
_URL = "https://vendor.example.test"
# What the template refers to and AWS fills in; nobody is called.
_VALUES = {
    "TIEOUT_TABLE": "tieout-bench",
    "TIEOUT_INVOICE_PUSH_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/invoice-push",
    "TIEOUT_PAYMENT_PUSH_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/payment-push",
    "TIEOUT_PAYMENT_PULL_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/payment-pull",
    "TIEOUT_INVOICE_PULL_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/invoice-pull",
    "TIEOUT_DEAD_LETTER_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
    "TIEOUT_PUBLIC_URL": PUBLIC_URL,
    "TIEOUT_REPORT_BUCKET": "reports",
    "TIEOUT_WEBHOOK_SECRET": "webhook-secret",
    "TIEOUT_VENDOR_SECRET": "vendor-secret",
    "TIEOUT_CONSOLE_SECRET": "console-secret",
    "TIEOUT_HUBSPOT_URL": _URL,
    "TIEOUT_QBO_URL": _URL,
    "TIEOUT_INTUIT_OAUTH_URL": _URL,
    "TIEOUT_INTUIT_AUTHORISE_URL": _URL,
    "TIEOUT_INTUIT_REVOKE_URL": _URL,
    "TIEOUT_QBO_APP_URL": _URL,
    "TIEOUT_VENDOR_TIMEOUT_SECONDS": "150",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
_OF_AWS = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def run(code: str, function: str, *arguments: str, path: str = "", environment: Mapping[str, str] | None = None) -> Any:
    """What `code` prints as JSON, run as `function` (a folder of functions/); `path` comes after the function's own.

    Without an `environment` it is one in which nobody can be called.
    """
    what = _definition(function)
    variables = {name: _VALUES.get(name, str(text)) for name, text in what.variables.items()}
    python_path = ":".join(filter(None, [str(what.code), str(ROOT / "shared"), path]))
    answer = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=what.code,
        env={**(environment or {**_OF_AWS, **variables}), "PYTHONPATH": python_path},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"{function}: {answer.stderr}")
    return json.loads(answer.stdout)


@cache
def _definition(function: str) -> Definition:
    return definition(FUNCTIONS[function])
