"""Queue: hints about QuickBooks payments, credits and refunds arrive, and HubSpot is told of each payment."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.batch import run_batch
    from tieout.runtime.bootstrap.payment_pull import build

    handler = run_batch(build())
