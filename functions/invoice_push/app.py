"""Queue: hints about HubSpot invoices arrive, and each invoice is brought to QuickBooks."""

from tieout.runtime import bootstrap
from tieout.runtime.batch import run_batch

worker = bootstrap.invoice_push()
handler = run_batch(worker.service.push, worker.aside, worker.clock)
