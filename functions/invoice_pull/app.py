"""Queue: hints about invoices that are born in QuickBooks arrive, and HubSpot shows each of them."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.batch import run_batch
    from tieout.runtime.bootstrap.invoice_pull import build

    handler = run_batch(build())
