"""Which worker's queue a hint goes to."""

from tieout.domain.hint import HintObject
from tieout.runtime.bootstrap.queues import queue_urls
from tieout.runtime.config import StoreConfig

CONFIG = StoreConfig(
    table="t",
    invoice_push_queue="invoice push",
    payment_push_queue="payment push",
    payment_pull_queue="payment pull",
    invoice_pull_queue="invoice pull",
)


def test_every_kind_of_hint_has_a_queue_and_every_queue_a_kind_of_hint() -> None:
    urls = queue_urls(CONFIG)
    assert set(urls) == set(HintObject)
    assert set(urls.values()) == {"invoice push", "payment push", "payment pull", "invoice pull"}


def test_what_was_posted_for_a_payment_is_looked_at_by_the_worker_that_posts() -> None:
    urls = queue_urls(CONFIG)
    assert urls[HintObject.POSTED_DOCUMENT] == urls[HintObject.HUBSPOT_PAYMENT] == "payment push"
    assert urls[HintObject.QUICKBOOKS_INVOICE] == urls[HintObject.HUBSPOT_INVOICE] == "invoice push"
