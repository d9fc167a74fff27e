"""What functions/payment_pull is made of."""

from __future__ import annotations

from datetime import timedelta

from tieout.adapters.sqs.dead_letters import DeadLetters
from tieout.ports import Workspaces
from tieout.runtime import config
from tieout.runtime.batch import QueueWorker
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.bootstrap.store import Store, open_store
from tieout.runtime.bootstrap.vendors import new_token, open_workspaces
from tieout.services.claims import Claims
from tieout.services.mirroring import MirrorWriter
from tieout.services.pull_payments import PullPayments


def build() -> QueueWorker:
    """The worker behind the payment_pull queue."""
    settings, aws = config.load(config.WorkerConfig), Aws()
    own = open_store(settings, aws)
    wait = timedelta(seconds=settings.vendor_timeout_seconds)
    service = pull_service(open_workspaces(settings, aws, own), own, wait)
    return QueueWorker(service.pull, DeadLetters(aws.sqs, settings.dead_letter_queue), own.clock, own.meter)


def pull_service(opened: Workspaces, own: Store, vendor_timeout: timedelta) -> PullPayments:
    """The pull of payments over these workspaces and this store."""
    held = Claims(own.records, own.hints, own.clock, new_token)
    return PullPayments(opened, held, MirrorWriter(held, vendor_timeout), own.notices, vendor_timeout)
