"""What functions/invoice_push is made of."""

from __future__ import annotations

from datetime import timedelta

from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.ports import Workspaces
from tieout.runtime import config
from tieout.runtime.batch import QueueWorker
from tieout.runtime.bootstrap.assessor import assessor, claims
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Store, open_store
from tieout.runtime.bootstrap.vendors import open_workspaces
from tieout.services.carrying import CarryFields
from tieout.services.deals import Deals
from tieout.services.on_deals import OnDeals, of_pushed
from tieout.services.pdfs import Pdfs, pdf_of_pushed
from tieout.services.push_invoices import PushInvoices
from tieout.services.writing import Writer


def build() -> QueueWorker:
    """The worker behind the invoice_push queue."""
    settings, aws = config.load(config.WorkerConfig), Aws()
    own = open_store(settings, aws)
    wait = timedelta(seconds=settings.vendor_timeout_seconds)
    service = push_service(open_workspaces(settings, aws, own), own, wait)
    return QueueWorker(service.push, DeadLetters(aws.sqs, settings.dead_letter_queue), own.clock, own.meter)


def push_service(opened: Workspaces, own: Store, vendor_timeout: timedelta) -> PushInvoices:
    """The push of invoices over these workspaces and this store."""
    held = claims(own)
    beside = (
        CarryFields(held, own.notices),
        OnDeals(Deals(held, own.notices), of_pushed),
        Pdfs(held, own.notices, pdf_of_pushed),
    )
    writer = Writer(held, vendor_timeout)
    return PushInvoices(opened, held, assessor(own, vendor_timeout), writer, vendor_timeout, beside)
