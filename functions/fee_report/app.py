"""Schedule: every hour the fees of each connection whose local day closed are reported, and booked by the policy."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.bootstrap.fee_report import build
    from tieout.runtime.scheduled import run_scheduled

    handler = run_scheduled(build())
