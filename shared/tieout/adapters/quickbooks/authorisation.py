"""Intuit's OAuth as a person goes through it: the address to consent at, the first tokens, and their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from tieout.adapters.http import decode_json, nothing_sent, retry_after
from tieout.adapters.quickbooks.auth import HARD_EXPIRY, TOKEN_PATH, oauth_error, read_tokens
from tieout.adapters.quickbooks.client import MINOR_VERSION
from tieout.adapters.quickbooks.faults import THROTTLE_SECONDS
from tieout.adapters.quickbooks.wire import Node, Unreadable, encode
from tieout.domain.errors import ConnectionLost, OutcomeUnknown, RateLimited, SyncError, Transient
from tieout.ports import Clock, TokenSet
from tieout.ports.connecting import CodeRefused, TokenRefused

AUTHORISE_PATH = "/connect/oauth2"
REVOKE_PATH = "/v2/oauth2/tokens/revoke"
# Intuit has no scope that only reads.
SCOPE = "com.intuit.quickbooks.accounting"
_OUR_FAULT = frozenset({"invalid_client", "unauthorized_client"})
_SAFE_TID = 80


@dataclass(frozen=True, slots=True)
class IntuitAuthorisation:
    """Fulfils `ports.connecting.Authorisation`.

    `tokens`, `revocation` and `api` are httpx clients of three of Intuit's hosts; `authorise_url` is scheme and host of
    the fourth, which only a browser calls. `credentials` gives the app's client id and secret.
    """

    authorise_url: str
    tokens: httpx.Client
    revocation: httpx.Client
    api: httpx.Client
    credentials: Callable[[], tuple[str, str]]
    clock: Clock

    def url(self, state: str, redirect_uri: str) -> str:
        """Where a person signs in and consents."""
        asked = {
            "client_id": self.credentials()[0],
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self.authorise_url}{AUTHORISE_PATH}?{urlencode(asked)}"

    def exchange(self, code: str, redirect_uri: str) -> TokenSet:
        """The first tokens. One try only: a code that comes twice makes Intuit revoke what it gave for it."""
        asked_at = self.clock.now()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        headers = {"Accept": "application/json", HARD_EXPIRY: "true"}
        response = self._send(
            "exchange", lambda: self.tokens.post(TOKEN_PATH, auth=self.credentials(), data=form, headers=headers)
        )
        if response.status_code == 200:
            found = read_tokens(response, asked_at)
            if found is None:
                raise OutcomeUnknown(context=_facts("unreadable tokens", response))
            return found
        raise self._refusal("exchange", response)

    def company_name(self, realm_id: str, access_token: str) -> str:
        """The company that the token opens, in one metered read."""
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        path = f"/v3/company/{realm_id}/companyinfo/{realm_id}"
        parameters = {"minorversion": MINOR_VERSION}
        try:
            response = self.api.get(path, params=parameters, headers=headers)
        except httpx.RequestError as error:
            raise Transient(context=_facts(type(error).__name__)) from None
        if response.status_code in (401, 403):
            raise TokenRefused(f"QuickBooks answered {response.status_code}")
        if response.status_code != 200:
            raise self._later("company", response)
        try:
            info = Node.of(decode_json(response)).node("CompanyInfo")
            return info.optional_text("CompanyName") or info.optional_text("LegalName") or ""
        except (Unreadable, ValueError):
            raise Transient(context=_facts("unreadable company", response)) from None

    def revoke(self, tokens: TokenSet) -> bool:
        """End the authorisation by its refresh token. A second call does no harm."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        body = encode({"token": tokens.refresh_token})
        try:
            response = self.revocation.post(REVOKE_PATH, auth=self.credentials(), content=body, headers=headers)
        except httpx.RequestError as error:
            # Whether it was carried out or not: the next try tells.
            raise Transient(context=_facts(type(error).__name__)) from None
        if response.status_code == 200:
            return True
        if response.status_code == 400 and oauth_error(response) not in _OUR_FAULT:
            return False
        raise self._refusal("revoke", response)

    def _send(self, operation: str, call: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            return call()
        except httpx.RequestError as error:
            facts = _facts(f"{operation}: {type(error).__name__}")
            raise (Transient if nothing_sent(error) else OutcomeUnknown)(context=facts) from None

    def _refusal(self, operation: str, response: httpx.Response) -> Exception:
        error = oauth_error(response)
        if error in _OUR_FAULT or response.status_code == 401:
            facts = _facts(f"{operation}: {error or 'refused'}", response)
            return ConnectionLost("Intuit does not know the app's client id and secret.", facts)
        if error is not None and response.status_code == 400:
            return CodeRefused(error)
        if operation == "exchange" and response.status_code >= 500:
            return OutcomeUnknown(context=_facts("token service failed", response))
        return self._later(operation, response)

    @staticmethod
    def _later(operation: str, response: httpx.Response) -> SyncError:
        facts = _facts(operation, response)
        if response.status_code == 429:
            wait = retry_after(response)
            return RateLimited(context=facts, retry_after=THROTTLE_SECONDS if wait is None else wait)
        return Transient(context=facts)


def _facts(why: str, response: httpx.Response | None = None) -> Mapping[str, str]:
    facts = {"system": "quickbooks", "says": why}
    if response is not None:
        facts |= {"status": str(response.status_code), "intuit_tid": response.headers.get("intuit_tid", "")[:_SAFE_TID]}
    return facts
