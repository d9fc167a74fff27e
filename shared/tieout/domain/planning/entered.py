"""Money that somebody entered in the ledger by hand, before its invoice was adopted: it must not be counted twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tieout.domain.attention import AttentionCode
from tieout.domain.payment import Document, LedgerPayment, SourcePayment
from tieout.domain.planning.payment_plan import PaymentCase
from tieout.domain.planning.plan import Attend
from tieout.domain.planning.standing import seen
from tieout.domain.posting import Posting, PostingContent

_INVOICE = "Invoice"


def entered_by_hand(source: SourcePayment, case: PaymentCase, day: date, reference: str | None) -> Posting | None:
    """The one unmarked payment that is this one: of the same amount and date, all of it applied to its adopted
    invoices. It counts as posted for the HubSpot payment, as it stands, in a closed period, too. `day` and `reference`
    are those that it would be posted with."""
    adopted = {one.far_id for one in case.billings if one.adopted}
    same = [
        one
        for one in case.twins or ()
        if isinstance(one, LedgerPayment)
        and not one.voided
        and (one.day, one.total) == (day, source.amount)
        and not one.unapplied.amount
        and {(part.type, part.far_id in adopted) for part in one.allocations} == {(_INVOICE, True)}
    ]
    if len(same) != 1:
        return None
    [present] = same
    sent = PostingContent(
        document=Document.PAYMENT,
        amount=source.amount,
        day=day,
        customer_id=present.customer_id,
        allocations=present.allocations,
        account_id=present.deposit_account_id,
        method_id=present.method_id,
        reference=reference,
        invoice_ids=source.invoice_ids,
    )
    return seen(Posting(present.id, sent, entered=True), present)


def paid_there(case: PaymentCase, content: PostingContent) -> Attend | None:
    """Why a payment of an adopted invoice is not posted: what is open there is less, so that it was probably paid."""
    applied = sum((one.amount.amount for one in content.allocations), Decimal(0))
    if applied == content.amount.amount:
        return None
    named = ", ".join(one.label for one in case.billings if one.adopted)
    detail = f"The payment is over {content.amount}; of {named}, entered in QuickBooks by hand, less is open there."
    return Attend(AttentionCode.POSSIBLE_DUPLICATE, detail)
