"""The environment: each missing or bad variable is named, and no value is ever shown."""

import pytest

from tieout.runtime.config import (
    BadConfiguration,
    BookingConfig,
    IntakeConfig,
    ReportConfig,
    StoreConfig,
    TableConfig,
    VendorConfig,
    WorkerConfig,
    load,
)

GOOD = {
    "TIEOUT_TABLE": "tieout",
    "TIEOUT_INVOICE_PUSH_QUEUE": "https://sqs.test/1/push",
    "TIEOUT_PAYMENT_PUSH_QUEUE": "https://sqs.test/1/payment-push",
    "TIEOUT_PAYMENT_PULL_QUEUE": "https://sqs.test/1/payment-pull",
    "TIEOUT_INVOICE_PULL_QUEUE": "https://sqs.test/1/invoice-pull",
    "TIEOUT_DEAD_LETTER_QUEUE": "https://sqs.test/1/dlq",
    "TIEOUT_REPORT_BUCKET": "reports",
    "TIEOUT_PUBLIC_URL": "https://hooks.example.test",
    "TIEOUT_WEBHOOK_SECRET": "arn:webhook",
    "TIEOUT_VENDOR_SECRET": "arn:vendor",
    "TIEOUT_HUBSPOT_URL": "https://api.hubapi.com",
    "TIEOUT_QBO_URL": "https://quickbooks.api.intuit.com",
    "TIEOUT_INTUIT_OAUTH_URL": "http://127.0.0.1:9000",
    "TIEOUT_QBO_APP_URL": "https://app.qbo.intuit.com",
    "TIEOUT_VENDOR_TIMEOUT_SECONDS": "120",
}
KINDS = (StoreConfig, IntakeConfig, VendorConfig, ReportConfig, BookingConfig, WorkerConfig)
Kind = type[TableConfig]


def variables(kind: Kind) -> list[str]:
    return [f"TIEOUT_{name.upper()}" for name in kind.model_fields]


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_environment_is_taken_and_what_is_not_ours_is_left_alone(kind: Kind) -> None:
    config = load(kind, {**GOOD, "PATH": "/bin", "TIEOUT_OTHER": "x"})
    assert config.table == "tieout"
    assert set(variables(kind)) <= set(GOOD)


def test_the_time_out_is_a_number() -> None:
    assert load(WorkerConfig, GOOD).vendor_timeout_seconds == 120


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in variables(kind)])
def test_a_missing_variable_is_named(kind: Kind, name: str) -> None:
    with pytest.raises(BadConfiguration) as raised:
        load(kind, {other: value for other, value in GOOD.items() if other != name})
    assert str(raised.value) == f"missing or bad environment variables: {name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in GOOD),
        ("TIEOUT_PUBLIC_URL", "https://hooks.example.test/path"),
        ("TIEOUT_PUBLIC_URL", "hush://hooks"),
        ("TIEOUT_HUBSPOT_URL", "api.hubapi.com"),
        ("TIEOUT_QBO_URL", "https://hush hush"),
        ("TIEOUT_VENDOR_TIMEOUT_SECONDS", "0"),
        ("TIEOUT_VENDOR_TIMEOUT_SECONDS", "901"),
        ("TIEOUT_VENDOR_TIMEOUT_SECONDS", "hush"),
    ],
)
def test_a_bad_value_is_named_by_its_variable_and_never_shown(name: str, value: str) -> None:
    kind = next(kind for kind in (WorkerConfig, IntakeConfig, ReportConfig) if name in variables(kind))
    with pytest.raises(BadConfiguration) as raised:
        load(kind, {**GOOD, name: value})
    assert str(raised.value) == f"missing or bad environment variables: {name}"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_all_missing_variables_are_named_at_once_and_the_others_are_not_shown() -> None:
    with pytest.raises(BadConfiguration) as raised:
        load(WorkerConfig, {"TIEOUT_TABLE": "hush"})
    assert all(name in str(raised.value) for name in variables(WorkerConfig) if name != "TIEOUT_TABLE")
    assert "hush" not in str(raised.value)


def test_without_a_mapping_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert load(IntakeConfig).public_url == "https://hooks.example.test"
