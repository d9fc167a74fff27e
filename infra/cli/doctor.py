"""Checks everything that a sync needs, one line each, with what to do about what is wrong."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.error import HTTPError, URLError

import boto3

from infra.cli.deployment import Deployment
from tieout.adapters.hubspot import signature as hubspot_signature
from tieout.adapters.hubspot.crm import HubSpotCrm
from tieout.adapters.quickbooks import signature as quickbooks_signature
from tieout.adapters.secrets.secrets import BadSecret, Secrets, VendorSecrets, WebhookSecrets
from tieout.domain.company import Connection
from tieout.domain.errors import SyncError
from tieout.ports import Workspace

_SECONDS = 15


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `level` is ok, warning or problem; `advice` says what to do."""

    name: str
    level: str
    found: str
    advice: str = ""


def examine(deployment: Deployment, connection: str | None) -> Iterator[Check]:
    """The checks of a deployment and of its connections, as they are made."""
    yield _guard("vendor secret", lambda: _vendor_secret(deployment))
    yield _guard("webhook secret", lambda: _webhook_secret(deployment))
    yield _guard("webhooks from HubSpot", lambda: _hubspot_webhook(deployment))
    yield _guard("webhooks from QuickBooks", lambda: _quickbooks_webhook(deployment))
    for one in deployment.connections(connection):
        yield from _connection(deployment, one)


def _connection(deployment: Deployment, connection: Connection) -> Iterator[Check]:
    workspace = deployment.workspace(connection.id)
    name = connection.id
    yield _guard(f"{name}: HubSpot account", lambda: _hubspot_account(workspace))
    yield _guard(f"{name}: HubSpot scopes", lambda: _hubspot_scopes(workspace))
    yield _guard(f"{name}: HubSpot properties", lambda: _hubspot_properties(workspace))
    yield _guard(f"{name}: QuickBooks sign-in", lambda: _tokens(deployment, connection))
    yield _guard(f"{name}: QuickBooks company", lambda: _company(workspace))
    yield _guard(f"{name}: QuickBooks sales tax", lambda: _sales_tax(workspace))
    yield _guard(f"{name}: document numbers", lambda: _numbers(workspace))
    yield _guard(f"{name}: fallback item", lambda: _fallback_item(workspace))


def _guard(name: str, look: Callable[[], Check]) -> Check:
    try:
        found = look()
    except SyncError as error:
        return Check(name, "problem", error.detail or str(error), "See the runbook for this error.")
    except BadSecret as error:
        return Check(name, "problem", str(error), "Put the secret right in Secrets Manager.")
    return Check(name, found.level, found.found, found.advice)


def _ok(found: str) -> Check:
    return Check("", "ok", found)


def _secrets(deployment: Deployment) -> Secrets:
    return Secrets(boto3.client("secretsmanager"), deployment.store.clock)


def _vendor_secret(deployment: Deployment) -> Check:
    found = _secrets(deployment).read(deployment.settings.vendor_secret, VendorSecrets)
    return _ok(f"Intuit app and {len(found.hubspot_tokens)} HubSpot token(s)")


def _webhook_secret(deployment: Deployment) -> Check:
    found = _secrets(deployment).read(deployment.intake.webhook_secret, WebhookSecrets)
    return _ok(
        f"{len(found.hubspot_client_secrets)} HubSpot secret(s), {len(found.intuit_verifier_tokens)} verifier token(s)"
    )


def _hubspot_webhook(deployment: Deployment) -> Check:
    secrets = _secrets(deployment).read(deployment.intake.webhook_secret, WebhookSecrets)
    url = f"{deployment.intake.public_url}/webhooks/hubspot"
    timestamp = str(int(deployment.store.clock.now().timestamp() * 1000))
    signed = hubspot_signature.sign(
        method="POST", url=url, body=b"[]", timestamp=timestamp, secret=secrets.hubspot_client_secrets[0]
    )
    headers = {hubspot_signature.SIGNATURE_HEADER: signed, hubspot_signature.TIMESTAMP_HEADER: timestamp}
    return _delivered(url, headers)


def _quickbooks_webhook(deployment: Deployment) -> Check:
    secrets = _secrets(deployment).read(deployment.intake.webhook_secret, WebhookSecrets)
    signed = quickbooks_signature.sign(b"[]", secrets.intuit_verifier_tokens[0])
    url = f"{deployment.intake.public_url}/webhooks/quickbooks"
    return _delivered(url, {quickbooks_signature.SIGNATURE_HEADER: signed})


def _delivered(url: str, headers: dict[str, str]) -> Check:
    """Send a signed delivery without events, as the vendor would: it shows address, route, function and secret."""
    request = urllib.request.Request(url, b"[]", {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return _ok(f"a signed test delivery to {url} was answered {answer.status}")
    except HTTPError as refused:
        refused.close()
        return Check("", "problem", f"{url} answered {refused.code}", "Compare PublicUrl and the webhook secret.")
    except (URLError, OSError) as lost:
        return Check("", "problem", f"{url} cannot be reached: {lost}", "Is the stack deployed, and PublicUrl right?")


def _crm(workspace: Workspace) -> HubSpotCrm:
    if not isinstance(workspace.crm, HubSpotCrm):
        raise TypeError("the command line works on HubSpot")
    return workspace.crm


def _hubspot_account(workspace: Workspace) -> Check:
    account = _crm(workspace).account()
    if account.portal_id != workspace.connection.portal_id:
        return Check(
            "",
            "problem",
            f"the token is of portal {account.portal_id}, the connection of {workspace.connection.portal_id}",
            "Store the token of the right portal.",
        )
    if account.time_zone != workspace.connection.portal_time_zone:
        return Check(
            "",
            "warning",
            f"portal {account.portal_id} is in {account.time_zone}, the connection says "
            f"{workspace.connection.portal_time_zone}",
            "Connect again, so that dates follow the portal.",
        )
    return _ok(f"portal {account.portal_id}, {account.time_zone}, {account.currency}")


def _hubspot_scopes(workspace: Workspace) -> Check:
    missing = _crm(workspace).unreadable_objects()
    if missing:
        return Check(
            "", "problem", f"the token may not read {', '.join(missing)}", "Add the scopes to the HubSpot app."
        )
    return _ok("invoices and all that belongs to them can be read")


def _hubspot_properties(workspace: Workspace) -> Check:
    missing = _crm(workspace).missing_properties()
    if missing:
        return Check("", "warning", f"missing: {', '.join(missing)}", "Nothing: the first push creates them.")
    return _ok("the Tieout properties are on the invoice")


def _tokens(deployment: Deployment, connection: Connection) -> Check:
    tokens = deployment.store.tokens.load(connection.id)
    if tokens is None:
        return Check("", "problem", "QuickBooks is not connected", "Connect QuickBooks.")
    now = deployment.store.clock.now()
    ends = [end for end in (tokens.refresh_expires_at, tokens.hard_expires_at) if end is not None]
    if not ends:
        return _ok("connected")
    return _days_left(min(ends), now)


def _days_left(ends: datetime, now: datetime) -> Check:
    days = (ends - now).days
    if days < 0:
        return Check("", "problem", f"the sign-in ended on {ends:%Y-%m-%d}", "Connect QuickBooks again.")
    level = "warning" if days < 14 else "ok"
    return Check("", level, f"valid for {days} days without use", "Connect QuickBooks again." if days < 14 else "")


def _company(workspace: Workspace) -> Check:
    company = workspace.ledger.company()
    return _ok(f"{company.name}, {company.country}, {company.home_currency}, {company.time_zone}")


def _sales_tax(workspace: Workspace) -> Check:
    company = workspace.ledger.company()
    if company.automated_sales_tax or (company.uses_sales_tax and company.country != "US"):
        return Check(
            "",
            "warning",
            "QuickBooks computes tax in a form that this version does not post",
            "Such invoices become attention: tax_unsupported.",
        )
    return _ok("lines are posted without tax")


def _numbers(workspace: Workspace) -> Check:
    if workspace.ledger.company().custom_numbers:
        return _ok("HubSpot's invoice numbers are used (custom transaction numbers are on)")
    return _ok("QuickBooks numbers by itself (custom transaction numbers are off)")


def _fallback_item(workspace: Workspace) -> Check:
    item_id = workspace.settings.fallback_item_id
    if item_id is None:
        return Check("", "warning", "none", "Lines with an unknown product become attention: item_missing.")
    item = workspace.ledger.item(item_id)
    if item is None or not item.active:
        return Check("", "problem", f"item {item_id} is missing or inactive", "Choose another one in the settings.")
    return _ok(f"{item.name} (id {item.id})")


def as_json(checks: list[Check]) -> object:
    """The checks for --json."""
    return json.loads(json.dumps([check.__dict__ for check in checks]))
