"""What a cold start loads: only what the function needs, because every import is paid for before the first answer."""

from __future__ import annotations

import pytest

from tests.benchmarks.fresh import FUNCTIONS, run
from tests.support.lambda_runtime import ROOT

_LOADED = "import json, sys\nimport app\nprint(json.dumps(sorted(sys.modules)))"
_VENDORS_CALLED = {
    "httpx",
    "tieout.adapters.http",
    "tieout.adapters.hubspot.client",
    "tieout.adapters.quickbooks.client",
}
_PUSH = {"tieout.services.push_invoices", "tieout.adapters.dynamodb.limiter", "tieout.adapters.dynamodb.tokens"}
_RECORDS = {"tieout.adapters.dynamodb.records", "tieout.adapters.dynamodb.document"}
_WEBHOOKS = {"tieout.runtime.http", "tieout.adapters.hubspot.webhooks", "tieout.adapters.quickbooks.webhooks"}
# boto3 and the event handler are libraries at hand that cost more than what they would do here.
_NOBODY = {"boto3", "s3transfer", "aws_lambda_powertools.event_handler"}
_UNNEEDED = {
    "webhook_intake": _VENDORS_CALLED | _PUSH | _RECORDS,
    "invoice_push": _WEBHOOKS,
    "payment_push": _WEBHOOKS | {"tieout.services.push_invoices", "tieout.services.assess"},
    "invoice_pull": _WEBHOOKS | {"tieout.services.push_invoices", "tieout.services.push_payments"},
    "payment_pull": _WEBHOOKS | {"tieout.services.push_invoices", "tieout.services.push_payments"},
    "fee_report": _WEBHOOKS | {"tieout.services.worker", "tieout.services.push_invoices", "tieout.services.sweep"},
    "console": _WEBHOOKS | {"tieout.services.push_invoices", "tieout.services.sweep", "babel.messages"},
    "reconcile": _WEBHOOKS | {"tieout.services.worker", "tieout.services.push_invoices", "tieout.services.sweep"},
    "sweep": _WEBHOOKS | {"tieout.services.worker", "tieout.services.push_invoices", "tieout.services.push_payments"},
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_loads_nothing_that_it_does_not_need(function: str) -> None:
    loaded = set(run(_LOADED, function))
    assert "tieout.runtime.config" in loaded
    assert loaded & (_UNNEEDED[function] | _NOBODY) == set()


def test_every_function_is_measured_and_has_its_list() -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    assert folders == set(FUNCTIONS) == set(_UNNEEDED)
