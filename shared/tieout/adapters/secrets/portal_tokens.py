"""The HubSpot tokens in the vendor secret, by portal: read, stored and removed without touching what else is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from tieout.adapters.aws import answering
from tieout.adapters.secrets.secrets import BadSecret
from tieout.domain.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_TOKENS = "hubspot_tokens"
_ATTEMPTS = 3


class PortalTokens:
    """Fulfils `ports.connecting.PortalTokens` on the secret `secret_id`. Every method reads it anew.

    Secrets Manager knows no condition on a write, so a change is read again: one that another change took away at the
    same moment is made again.
    """

    def __init__(self, client: Callable[[], SecretsManagerClient], secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id

    def token(self, portal_id: str) -> str | None:
        """The stored token of a portal. Raises BadSecret."""
        found = self._tokens(self._read()).get(portal_id)
        return found if isinstance(found, str) and found else None

    def keep(self, portal_id: str, token: str) -> None:
        """Store it in place of an earlier one."""
        for _ in range(_ATTEMPTS):
            if self.token(portal_id) == token:
                return
            self._change(portal_id, token)
        if self.token(portal_id) != token:
            raise StoreUnavailable(context={"system": "secretsmanager", "says": "contended"})

    def forget(self, portal_id: str) -> bool:
        """Remove it; False when there was none."""
        if self.token(portal_id) is None:
            return False
        for _ in range(_ATTEMPTS):
            self._change(portal_id, None)
            if self.token(portal_id) is None:
                return True
        raise StoreUnavailable(context={"system": "secretsmanager", "says": "contended"})

    def _change(self, portal_id: str, token: str | None) -> None:
        secret = self._read()
        tokens = dict(self._tokens(secret))
        if token is None:
            tokens.pop(portal_id, None)
        else:
            tokens[portal_id] = token
        text = json.dumps({**secret, _TOKENS: tokens})
        with answering("secretsmanager", "put_secret_value", mistakes=True):
            self._client().put_secret_value(SecretId=self._secret_id, SecretString=text)

    def _read(self) -> dict[str, object]:
        with answering("secretsmanager", "get_secret_value"):
            text = self._client().get_secret_value(SecretId=self._secret_id)["SecretString"]
        try:
            secret = json.loads(text)
        except ValueError:
            secret = None
        # Not within the handler: what could not be read would end in a traceback.
        if not isinstance(secret, dict):
            raise self._bad("the whole secret: is not a JSON object")
        return secret

    def _tokens(self, secret: dict[str, object]) -> dict[str, object]:
        found = secret.get(_TOKENS, {})
        if not isinstance(found, dict):
            raise self._bad(f"{_TOKENS}: has the wrong type")
        return found

    def _bad(self, told: str) -> BadSecret:
        return BadSecret(f"secret {self._secret_id}: {told}", {"system": "secretsmanager", "says": told})
