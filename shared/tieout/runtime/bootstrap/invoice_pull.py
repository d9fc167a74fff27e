"""What functions/invoice_pull is made of."""

from __future__ import annotations

from datetime import timedelta

from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.ports import Workspaces
from tieout.runtime import config
from tieout.runtime.batch import QueueWorker
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Store, open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.services.beside_mirrors import of_mirrored, pdf_of_mirrored
from tieout.services.carrying import CarryFields
from tieout.services.claims import Claims
from tieout.services.deals import Deals
from tieout.services.on_deals import OnDeals
from tieout.services.pdfs import Pdfs
from tieout.services.pull_invoices import PullInvoices
from tieout.services.showing_invoices import MirroredInvoiceWriter


def build() -> QueueWorker:
    """The worker behind the invoice_pull queue."""
    settings, aws = config.load(config.WorkerConfig), Aws()
    own = open_store(settings, aws)
    wait = timedelta(seconds=settings.vendor_timeout_seconds)
    service = pull_service(open_workspaces(settings, aws, own), own, wait)
    return QueueWorker(service.pull, DeadLetters(aws.sqs, settings.dead_letter_queue), own.clock, own.meter)


def pull_service(opened: Workspaces, own: Store, vendor_timeout: timedelta) -> PullInvoices:
    """The pull of invoices over these workspaces and this store."""
    held = Claims(own.records, own.hints, own.clock, new_token)
    beside = (
        CarryFields(held, own.notices),
        OnDeals(Deals(held, own.notices), of_mirrored),
        Pdfs(held, own.notices, pdf_of_mirrored),
    )
    return PullInvoices(opened, held, MirroredInvoiceWriter(held, vendor_timeout), vendor_timeout, beside)
