"""Schedule: records that are due, or that a worker left behind, get their hint sent again."""

from tieout.runtime.cold_start import cold_start

with cold_start():
    from tieout.runtime.bootstrap.sweep import build
    from tieout.runtime.scheduled import run_scheduled

    handler = run_scheduled(build())
