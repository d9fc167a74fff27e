"""Queue: hints about HubSpot invoices arrive, and each invoice is brought to QuickBooks."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.batch import run_batch
    from tieout.runtime.bootstrap.invoice_push import build

    handler = run_batch(build())
