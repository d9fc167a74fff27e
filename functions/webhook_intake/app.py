"""HTTP: a webhook of HubSpot or QuickBooks arrives, its signature is verified, and its hints go onto the queue."""

from aws_lambda_powertools.event_handler import Response

from tieout.runtime import bootstrap

webhooks = bootstrap.webhook_intake()


@webhooks.api.app.post("/webhooks/hubspot")
def hubspot() -> Response[str]:
    """HubSpot, signature version 3."""
    return webhooks.api.receive(webhooks.hubspot, "hubspot")


@webhooks.api.app.post("/webhooks/quickbooks")
def quickbooks() -> Response[str]:
    """QuickBooks, CloudEvents and the older form."""
    return webhooks.api.receive(webhooks.quickbooks, "quickbooks")


handler = webhooks.api.handler()
