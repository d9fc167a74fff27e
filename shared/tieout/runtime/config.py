"""The environment as typed values: the only place that reads it. A missing or bad variable stops the cold start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_PREFIX = "TIEOUT_"


class BadConfiguration(RuntimeError):
    """The environment is not as template.yaml sets it; the text names the variables, never their values."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class TableConfig(_Config):
    """What every function needs: the table."""

    table: str = Field(min_length=1)


class StoreConfig(TableConfig):
    """What queues hints: the queues of the workers, too."""

    invoice_push_queue: str = Field(min_length=1)
    payment_push_queue: str = Field(min_length=1)
    payment_pull_queue: str = Field(min_length=1)
    invoice_pull_queue: str = Field(min_length=1)


class IntakeConfig(StoreConfig):
    """webhook_intake. `public_url`: scheme and host that the vendors call."""

    public_url: str = Field(pattern=r"^https?://[^/\s]+$")
    webhook_secret: str = Field(min_length=1)


class AccessConfig(TableConfig):
    """What calls the vendors. URLs are scheme and host."""

    hubspot_url: str = Field(pattern=r"^https?://[^/\s]+$")
    qbo_url: str = Field(pattern=r"^https?://[^/\s]+$")
    intuit_oauth_url: str = Field(pattern=r"^https?://[^/\s]+$")
    qbo_app_url: str = Field(pattern=r"^https?://[^/\s]+$")
    vendor_secret: str = Field(min_length=1)


class ConnectConfig(AccessConfig):
    """What connects portals and companies. URLs are scheme and host: where a browser goes to consent, and where Intuit
    takes tokens back."""

    intuit_authorise_url: str = Field(pattern=r"^https?://[^/\s]+$")
    intuit_revoke_url: str = Field(pattern=r"^https?://[^/\s]+$")


class VendorConfig(StoreConfig, AccessConfig):
    """What calls the vendors and queues hints."""


class ReportConfig(AccessConfig):
    """What reads both sides and keeps reports. `report_bucket`: the S3 bucket for them."""

    report_bucket: str = Field(min_length=1)


class BookingConfig(VendorConfig, ReportConfig):
    """What keeps reports and books what they say. `vendor_timeout_seconds` is as of a worker."""

    vendor_timeout_seconds: int = Field(ge=1, le=900)


class WorkerConfig(VendorConfig):
    """What works behind a queue. `vendor_timeout_seconds`: how long a vendor may still carry out a request that got no
    answer. `dead_letter_queue`: where messages go that are no hints."""

    vendor_timeout_seconds: int = Field(ge=1, le=900)
    dead_letter_queue: str = Field(min_length=1)


class ConsoleConfig(VendorConfig, ConnectConfig, ReportConfig):
    """console. `public_url`: scheme and host that people open. `vendor_timeout_seconds` is as of a worker. The
    dead-letter queues are those of the workers."""

    invoice_push_dead_letter_queue: str = Field(min_length=1)
    payment_push_dead_letter_queue: str = Field(min_length=1)
    payment_pull_dead_letter_queue: str = Field(min_length=1)
    invoice_pull_dead_letter_queue: str = Field(min_length=1)

    public_url: str = Field(pattern=r"^https?://[^/\s]+$")
    console_secret: str = Field(min_length=1)
    vendor_timeout_seconds: int = Field(ge=1, le=900)


_C = TypeVar("_C", bound=_Config)


def load(kind: type[_C], environment: Mapping[str, str] | None = None) -> _C:
    """The configuration of `kind` from the environment (or the mapping given instead of it)."""
    raw = os.environ if environment is None else environment
    values = {name.removeprefix(_PREFIX).lower(): value for name, value in raw.items() if name.startswith(_PREFIX)}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        names = sorted({f"{_PREFIX}{str(item['loc'][0]).upper()}" for item in error.errors()})
        raise BadConfiguration(f"missing or bad environment variables: {', '.join(names)}") from None
