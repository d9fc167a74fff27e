"""One cloud for each module of tests, and one warm environment for each of its functions."""

from collections.abc import Iterator

import pytest

from tests.functions.cloud import Cloud, cloud
from tests.support.lambda_runtime import Function


@pytest.fixture(scope="module", name="cloud")
def the_cloud() -> Iterator[Cloud]:
    with cloud() as found:
        yield found


@pytest.fixture(scope="module")
def intake(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("WebhookIntakeFunction") as started:
        yield started


@pytest.fixture(scope="module")
def push(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("InvoicePushFunction") as started:
        yield started


@pytest.fixture(scope="module")
def reconcile(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("ReconcileFunction") as started:
        yield started


@pytest.fixture(scope="module")
def fee_report(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("FeeReportFunction") as started:
        yield started


@pytest.fixture(scope="module")
def console(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("ConsoleFunction") as started:
        yield started


@pytest.fixture(scope="module")
def sweep(cloud: Cloud) -> Iterator[Function]:
    with cloud.running("SweepFunction") as started:
        yield started
