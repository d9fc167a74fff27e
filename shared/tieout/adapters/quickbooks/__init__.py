"""QuickBooks Online over HTTP: the `Ledger` port, the token refresh, and what arrives by webhook."""
