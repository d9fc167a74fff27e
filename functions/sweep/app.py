"""Schedule: records that are due, or that a worker left behind, get their hint sent again."""

from tieout.runtime import bootstrap
from tieout.runtime.scheduled import run_scheduled

handler = run_scheduled(bootstrap.sweep().wake, "records_woken")
