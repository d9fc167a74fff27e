"""What functions/payment_push is made of."""

from __future__ import annotations

from datetime import timedelta

from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.ports import Workspaces
from tieout.runtime import config
from tieout.runtime.batch import QueueWorker
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Store, open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.services.assess_payments import PaymentAssessor
from tieout.services.claims import Claims
from tieout.services.customers import Customers
from tieout.services.posting import PostingWriter
from tieout.services.push_payments import PushPayments


def build() -> QueueWorker:
    """The worker behind the payment_push queue."""
    settings, aws = config.load(config.WorkerConfig), Aws()
    own = open_store(settings, aws)
    wait = timedelta(seconds=settings.vendor_timeout_seconds)
    service = push_service(open_workspaces(settings, aws, own), own, wait)
    return QueueWorker(service.push, DeadLetters(aws.sqs, settings.dead_letter_queue), own.clock, own.meter)


def push_service(opened: Workspaces, own: Store, vendor_timeout: timedelta) -> PushPayments:
    """The push of payments over these workspaces and this store."""
    held = Claims(own.records, own.hints, own.clock, new_token)
    assessor = PaymentAssessor(own.records, Customers(held, vendor_timeout))
    return PushPayments(opened, held, assessor, PostingWriter(held, vendor_timeout), vendor_timeout)
