"""Checks everything that a sync needs, one line each, with what to do about what is wrong."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from urllib.error import HTTPError, URLError

from infra.cli.check import Check, add_scopes, guard, ok, problem, warning
from infra.cli.crm_checks import examine_crm
from infra.cli.deployment import Deployment
from infra.cli.field_checks import create_properties, examine_carried
from infra.cli.settings_checks import examine_settings, hubspot
from tieout.adapters.hubspot import signature as hubspot_signature
from tieout.adapters.quickbooks import signature as quickbooks_signature
from tieout.domain.attention import ATTENTION, AttentionCode
from tieout.domain.company import Connection
from tieout.domain.scopes import read_scopes
from tieout.ports import Workspace
from tieout.services.watching import SIGN_IN_ENDS_SOON, sign_in_ends

_SECONDS = 15


def examine(deployment: Deployment, connection: str | None, *, create: bool = False) -> Iterator[Check]:
    """The checks of a deployment and of its connections, as they are made; with `create` the properties that HubSpot
    lacks are created before."""
    yield guard("vendor secret", lambda: _vendor_secret(deployment))
    yield guard("webhook secret", lambda: _webhook_secret(deployment))
    yield guard("webhooks from HubSpot", lambda: _hubspot_webhook(deployment))
    yield guard("webhooks from QuickBooks", lambda: _quickbooks_webhook(deployment))
    for one in deployment.connections(connection):
        yield from _connection(deployment, one, create=create)


def _connection(deployment: Deployment, connection: Connection, *, create: bool) -> Iterator[Check]:
    workspace = deployment.workspace(connection.id)
    name = connection.id
    yield guard(f"{name}: HubSpot account", lambda: _hubspot_account(workspace))
    yield guard(f"{name}: HubSpot scopes", lambda: _hubspot_scopes(workspace))
    if create:
        yield guard(f"{name}: properties to create", lambda: create_properties(workspace))
    yield guard(f"{name}: HubSpot properties", lambda: _hubspot_properties(workspace))
    yield guard(f"{name}: payments in HubSpot", lambda: _recording(deployment, workspace))
    yield guard(f"{name}: QuickBooks sign-in", lambda: _tokens(deployment, connection))
    yield guard(f"{name}: QuickBooks company", lambda: _company(workspace))
    yield guard(f"{name}: document numbers", lambda: _numbers(workspace))
    beside = (*examine_crm(deployment, workspace), *examine_carried(deployment, workspace))
    for check in (*beside, *examine_settings(workspace)):
        yield replace(check, name=f"{name}: {check.name}")


def _vendor_secret(deployment: Deployment) -> Check:
    found = deployment.vendor_secret()
    return ok(f"Intuit app and {len(found.hubspot_tokens)} HubSpot token(s)")


def _webhook_secret(deployment: Deployment) -> Check:
    found = deployment.webhook_secret()
    return ok(
        f"{len(found.hubspot_client_secrets)} HubSpot secret(s), {len(found.intuit_verifier_tokens)} verifier token(s)"
    )


def _hubspot_webhook(deployment: Deployment) -> Check:
    url = f"{deployment.public_url}/webhooks/hubspot"
    timestamp = str(int(deployment.store.clock.now().timestamp() * 1000))
    secret = deployment.webhook_secret().hubspot_client_secrets[0]
    signed = hubspot_signature.sign(method="POST", url=url, body=b"[]", timestamp=timestamp, secret=secret)
    headers = {hubspot_signature.SIGNATURE_HEADER: signed, hubspot_signature.TIMESTAMP_HEADER: timestamp}
    return _delivered(url, headers)


def _quickbooks_webhook(deployment: Deployment) -> Check:
    signed = quickbooks_signature.sign(b"[]", deployment.webhook_secret().intuit_verifier_tokens[0])
    url = f"{deployment.public_url}/webhooks/quickbooks"
    return _delivered(url, {quickbooks_signature.SIGNATURE_HEADER: signed})


def _delivered(url: str, headers: dict[str, str]) -> Check:
    """Send a signed delivery without events, as the vendor would: it shows address, route, function and secret."""
    request = urllib.request.Request(url, b"[]", {"Content-Type": "application/json", **headers}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return ok(f"a signed test delivery to {url} was answered {answer.status}")
    except HTTPError as refused:
        refused.close()
        return problem(f"{url} answered {refused.code}", "Compare PublicUrl and the webhook secret.")
    except (URLError, OSError) as lost:
        return problem(f"{url} cannot be reached: {lost}", "Is the stack deployed, and PublicUrl right?")


def _hubspot_account(workspace: Workspace) -> Check:
    account = hubspot(workspace).account()
    if account.portal_id != workspace.connection.portal_id:
        return problem(
            f"the token is of portal {account.portal_id}, the connection of {workspace.connection.portal_id}",
            "Store the token of the right portal.",
        )
    if account.time_zone != workspace.connection.portal_time_zone:
        return warning(
            f"portal {account.portal_id} is in {account.time_zone}, the connection says "
            f"{workspace.connection.portal_time_zone}",
            "Connect again, so that dates follow the portal.",
        )
    return ok(f"portal {account.portal_id}, {account.time_zone}, {account.currency}")


def _hubspot_scopes(workspace: Workspace) -> Check:
    payments = workspace.settings.push_payments or workspace.settings.pull_payments
    missing = hubspot(workspace).unreadable_objects(payments=payments)
    if missing:
        return problem(f"the token may not read {', '.join(missing)}", add_scopes(read_scopes(missing)))
    return ok(f"invoices{', payments' if payments else ''} and all that belongs to them can be read")


def _hubspot_properties(workspace: Workspace) -> Check:
    missing = hubspot(workspace).missing_properties()
    if missing:
        return warning(f"missing: {', '.join(missing)}", "Nothing: the first push creates them.")
    return ok("the Tieout properties are on the invoice")


def _recording(deployment: Deployment, workspace: Workspace) -> Check:
    """Said once for the connection, instead of with every payment."""
    if not (workspace.settings.pull_payments and workspace.settings.record_payments_in_hubspot):
        return ok("QuickBooks payments are not recorded in HubSpot, by setting")
    refusal = recording_refusal(deployment, workspace.connection.id)
    if refusal is None:
        return ok("HubSpot has refused no payment that was recorded")
    return warning(refusal, ATTENTION[AttentionCode.RECORDING_REFUSED].next_step)


def recording_refusal(deployment: Deployment, connection: str) -> str | None:
    """What a person is told while HubSpot takes no recorded payments; None when it takes them."""
    notice = deployment.store.notices.load(connection, AttentionCode.RECORDING_REFUSED)
    if notice is None:
        return None
    return f"{ATTENTION[AttentionCode.RECORDING_REFUSED].summary} ({notice.at:%Y-%m-%d}: {notice.detail})"


def _tokens(deployment: Deployment, connection: Connection) -> Check:
    if connection.paused:
        found = "somebody disconnected it: its records wait, and nothing is swept, compared or reported"
        return problem(found, f"Go on with `tieout connect quickbooks --connection {connection.id}`.")
    tokens = deployment.store.tokens.load(connection.id)
    if tokens is None:
        return problem("QuickBooks is not connected", "Connect QuickBooks.")
    now = deployment.store.clock.now()
    ends = sign_in_ends(tokens)
    return ok("connected") if ends is None else _days_left(ends, now)


def _days_left(ends: datetime, now: datetime) -> Check:
    days = (ends - now).days
    if days < 0:
        return problem(f"the sign-in ended on {ends:%Y-%m-%d}", "Connect QuickBooks again.")
    soon = ends - now < SIGN_IN_ENDS_SOON
    advice = "Connect QuickBooks again." if soon else ""
    return Check("", "warning" if soon else "ok", f"valid for {days} days without use", advice)


def _company(workspace: Workspace) -> Check:
    company = workspace.ledger.company()
    return ok(f"{company.name}, {company.country}, {company.home_currency}, {company.time_zone}")


def _numbers(workspace: Workspace) -> Check:
    if workspace.ledger.company().custom_numbers:
        return ok("HubSpot's invoice numbers are used (custom transaction numbers are on)")
    return ok("QuickBooks numbers by itself (custom transaction numbers are off)")
