"""Reads the secrets that people put into Secrets Manager, validated, and kept in memory for five minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieout.adapters.aws import answering
from tieout.domain.errors import ConnectionLost
from tieout.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_KEPT = timedelta(minutes=5)
# Forged requests must not buy a call to Secrets Manager each.
_BETWEEN_REFRESHES = timedelta(seconds=10)

_Text = Annotated[str, Field(min_length=1)]
# Two while a rotation is under way: what is signed with the old one still counts.
_OneOrTwo = Annotated[list[_Text], Field(min_length=1, max_length=2, repr=False)]


class BadSecret(ConnectionLost):
    """A secret that is missing fields or has them in another form: everything waits until a person puts it right. Text
    and context name fields and never values."""

    def __str__(self) -> str:
        return self.detail


class WebhookSecrets(BaseModel):
    """What proves that a webhook comes from the vendor."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, defer_build=True)

    hubspot_client_secrets: _OneOrTwo
    intuit_verifier_tokens: _OneOrTwo


class VendorSecrets(BaseModel):
    """What opens the vendors' APIs. `hubspot_tokens` are by portal id."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, defer_build=True)

    intuit_client_id: _Text
    intuit_client_secret: Annotated[_Text, Field(repr=False)]
    hubspot_tokens: Annotated[dict[_Text, _Text], Field(repr=False)]


class ConsoleSecrets(BaseModel):
    """What signs the console's cookies; AWS made it with the stack."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    signing_key: Annotated[str, Field(min_length=32, repr=False)]


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    read_at: datetime


class Secrets:
    """Secrets by id (name or ARN). Safe for threads. `client` gives the client when a secret is first read, because a
    batch of duplicates reads none."""

    def __init__(self, client: Callable[[], SecretsManagerClient], clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def read(self, secret_id: str, model: type[M]) -> M:
        """The JSON secret `secret_id` as `model`; raises BadSecret that names the fields to put right."""
        try:
            return model.model_validate_json(self._text(secret_id))
        except ValidationError as error:
            problems = sorted({f"{_path(one['loc'])}: {_problem(one['type'])}" for one in error.errors()})
        # Outside the handler, because the error that pydantic raised shows the values.
        told = "; ".join(problems)
        raise BadSecret(f"secret {secret_id}: {told}", {"system": "secretsmanager", "says": told})

    def refresh(self, secret_id: str) -> bool:
        """Forget what is kept, so that the next read sees a rotation, and say whether that is worth another try.

        False when it was read within the last ten seconds.
        """
        with self._lock:
            kept = self._kept.get(secret_id)
            if kept is None or self._clock.now() - kept.read_at < _BETWEEN_REFRESHES:
                return False
            del self._kept[secret_id]
            return True

    def _text(self, secret_id: str) -> str:
        with self._lock:
            now = self._clock.now()
            kept = self._kept.get(secret_id)
            if kept is None or now - kept.read_at >= _KEPT:
                with answering("secretsmanager", "get_secret_value"):
                    kept = _Kept(self._client().get_secret_value(SecretId=secret_id)["SecretString"], now)
                self._kept[secret_id] = kept
            return kept.text


def _path(location: tuple[int | str, ...]) -> str:
    # A key of `hubspot_tokens` is a portal id, but somebody may have put a token in its place.
    return str(location[0]) if location else "the whole secret"


_PROBLEMS = {
    "missing": "is missing",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "too_long": "has more than two entries",
    "json_invalid": "is not JSON",
}


def _problem(kind: str) -> str:
    return _PROBLEMS.get(kind, "has the wrong type")
