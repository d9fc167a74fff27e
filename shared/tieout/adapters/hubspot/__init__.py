"""HubSpot over HTTP: the `Crm` port, webhook signatures and webhook bodies."""
