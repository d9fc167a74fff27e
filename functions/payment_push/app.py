"""Queue: hints about HubSpot payments arrive, and each payment and its refunds are brought to QuickBooks."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.batch import run_batch
    from tieout.runtime.bootstrap.payment_push import build

    handler = run_batch(build())
