"""Intuit's OAuth 2.0 over HTTP: consent, tokens, revocation and the discovery document."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug import Request, Response
from werkzeug.utils import redirect

from infra.sandbox.kernel.wire import json_response, loads
from infra.sandbox.quickbooks.config import QuickBooksConfig
from infra.sandbox.quickbooks.grants import Grant, Grants, InvalidGrantError

TOKEN_PATH = "/oauth2/v1/tokens/bearer"  # noqa: S105
REVOKE_PATH = "/v2/oauth2/tokens/revoke"
AUTHORISE_PATH = "/connect/oauth2"
USER_PATH = "/v1/openid_connect/userinfo"
DISCOVERY_PATHS = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
HARD_EXPIRY_HEADER = "x-include-refresh-token-hard-expires-in"


def _refusal(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)


class OAuth:
    """The authorisation server of one sandbox."""

    def __init__(self, config: QuickBooksConfig, grants: Grants) -> None:
        self._config, self._grants = config, grants
        self._routes = {
            ("POST", TOKEN_PATH): self._tokens,
            ("POST", REVOKE_PATH): self._revoke,
            ("GET", AUTHORISE_PATH): self._authorise,
            **{("GET", path): self._discovery for path in DISCOVERY_PATHS},
        }

    def answer(self, request: Request) -> Response | None:
        """The answer to an OAuth request, None when the path is none of OAuth's."""
        path = request.path.rstrip("/")
        handler = self._routes.get((request.method, path))
        if handler is not None:
            return handler(request)
        if any(path == known for _, known in self._routes):
            return json_response({"error": "invalid_request"}, 405)
        return None

    def _client(self, request: Request) -> bool:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        try:
            id_, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme.lower() == "basic" and self._grants.client_is(id_, secret)

    def _tokens(self, request: Request) -> Response:
        if not self._client(request):
            return _refusal("invalid_client", "Client authentication failed", 401)
        form: Mapping[str, str] = request.form
        try:
            if form.get("grant_type") == "authorization_code":
                return self._given(request, *self._grants.exchange(form.get("code", ""), form.get("redirect_uri", "")))
            if form.get("grant_type") == "refresh_token":
                return self._given(request, *self._grants.refresh(form.get("refresh_token", "")))
        except InvalidGrantError as error:
            return _refusal("invalid_grant", str(error))
        return _refusal("unsupported_grant_type", "grant_type is authorization_code or refresh_token")

    def _given(self, request: Request, grant: Grant, access_token: str) -> Response:
        hard = self._grants.hard_expiry(grant)
        answer: dict[str, Any] = {
            "access_token": access_token,
            "refresh_token": grant.refresh_token,
            "token_type": "bearer",
            "expires_in": self._config.access_token_seconds,
            "x_refresh_token_expires_in": min(self._config.refresh_token_seconds, hard),
        }
        if request.headers.get(HARD_EXPIRY_HEADER, "").lower() == "true":
            answer["x_refresh_token_hard_expires_in"] = hard
        return json_response(answer)

    def _revoke(self, request: Request) -> Response:
        if not self._client(request):
            return _refusal("invalid_client", "Client authentication failed", 401)
        try:
            body = loads(request.get_data())
        except ValueError:
            body = dict(request.form)
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not self._grants.revoke(token):
            return _refusal("invalid_request", "The token is unknown or already revoked")
        return Response(status=200)

    def _authorise(self, request: Request) -> Response:
        """Consents at once, for the realm of the parameter `realmId` or the sandbox's first."""
        asked = request.args
        realm = asked.get("realmId", self._config.realm_id)
        uri = asked.get("redirect_uri", "")
        fits = asked.get("client_id") == self._config.client_id and asked.get("response_type") == "code"
        if not fits or not uri or not asked.get("state") or not asked.get("scope") or realm not in self._config.realms:
            return _refusal("invalid_request", "client_id, response_type, scope, redirect_uri and state are required")
        answer = {"code": self._grants.authorise(realm, uri), "state": asked["state"], "realmId": realm}
        return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}")

    def _discovery(self, request: Request) -> Response:
        root = request.host_url.rstrip("/")
        return json_response(
            {
                "issuer": root,
                "authorization_endpoint": root + AUTHORISE_PATH,
                "token_endpoint": root + TOKEN_PATH,
                "userinfo_endpoint": root + USER_PATH,
                "revocation_endpoint": root + REVOKE_PATH,
                "jwks_uri": f"{root}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "com.intuit.quickbooks.accounting"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )
