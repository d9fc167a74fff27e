"""HTTP: a webhook of HubSpot or QuickBooks arrives, its signature is verified, and its hints go onto the queue."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.bootstrap.webhook_intake import build
    from tieout.runtime.http import run_routes

    webhooks = build()
    handler = run_routes(
        {
            ("POST", "/webhooks/hubspot"): webhooks.hubspot,
            ("POST", "/webhooks/quickbooks"): webhooks.quickbooks,
        }
    )
