"""Which queue the hints about an object go to."""

from __future__ import annotations

from tieout.adapters.sqs.hints import SqsHints
from tieout.domain.hint import HintObject
from tieout.ports import Clock
from tieout.runtime.bootstrap.aws import Aws
from tieout.runtime.config import StoreConfig


def hint_queues(settings: StoreConfig, aws: Aws, clock: Clock) -> SqsHints:
    """Both kinds of hint end at the same record, so one queue and one worker deal with them."""
    return SqsHints(aws.sqs, dict.fromkeys(HintObject, settings.invoice_push_queue), clock)
