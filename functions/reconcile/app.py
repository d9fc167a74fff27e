"""Schedule: every night both sides of every synced invoice are compared, and a drift report is kept."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.bootstrap.reconcile import build
    from tieout.runtime.scheduled import run_scheduled

    handler = run_scheduled(build())
