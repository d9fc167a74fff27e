"""Which queue the hints about an object go to."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.adapters.sqs.hints import SqsHints
from tieout.domain.hint import HintObject
from tieout.ports import Clock
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.config import StoreConfig


def hint_queues(settings: StoreConfig, aws: Aws, clock: Clock) -> SqsHints:
    """The queues of all workers."""
    return SqsHints(aws.sqs, queue_urls(settings), clock)


def queue_urls(settings: StoreConfig) -> Mapping[HintObject, str]:
    """One queue a worker: all kinds of hint that end at the same records go to the same one."""
    return {
        HintObject.HUBSPOT_INVOICE: settings.invoice_push_queue,
        HintObject.QUICKBOOKS_INVOICE: settings.invoice_push_queue,
        HintObject.HUBSPOT_PAYMENT: settings.payment_push_queue,
        HintObject.POSTED_DOCUMENT: settings.payment_push_queue,
        HintObject.QUICKBOOKS_OWN_INVOICE: settings.invoice_pull_queue,
        HintObject.MIRRORED_INVOICE: settings.invoice_pull_queue,
        HintObject.QUICKBOOKS_PAYMENT: settings.payment_pull_queue,
        HintObject.QUICKBOOKS_REFUND_RECEIPT: settings.payment_pull_queue,
        HintObject.QUICKBOOKS_CREDIT_MEMO: settings.payment_pull_queue,
        HintObject.QUICKBOOKS_SALES_RECEIPT: settings.payment_pull_queue,
        HintObject.QUICKBOOKS_PURCHASE: settings.payment_pull_queue,
    }
