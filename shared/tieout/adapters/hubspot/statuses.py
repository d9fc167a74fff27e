"""What a HubSpot invoice shows of its sync and of its payments, as texts of Tieout's properties."""

from __future__ import annotations

from collections.abc import Mapping

from tieout.adapters.hubspot.properties import (
    BALANCE,
    CREDITED,
    LAST_PAYMENT_DATE,
    LAST_PAYMENT_LINK,
    LINK,
    MESSAGE,
    NUMBER,
    PAID,
    REFUNDED,
    STATUS,
)
from tieout.domain.money import Money
from tieout.domain.payment import PaymentFacts
from tieout.domain.status import ShownStatus

_MESSAGE_LENGTH = 1000
_ELLIPSIS = "…"


def shorten(text: str, length: int = _MESSAGE_LENGTH) -> str:
    """`text` in at most `length` characters, cut between words where there is one."""
    if len(text) <= length:
        return text
    cut = text[: length - len(_ELLIPSIS)]
    if not text[len(cut)].isspace() and any(map(str.isspace, cut)):
        cut = cut[: max(at for at, character in enumerate(cut) if character.isspace())]
    return cut.rstrip() + _ELLIPSIS


def status_properties(status: ShownStatus) -> Mapping[str, str]:
    """The sync status, with the payment facts where there are some."""
    facts = _fact_properties(status.facts) if status.facts else {}
    return {
        STATUS: status.status.value,
        MESSAGE: shorten(status.message),
        NUMBER: status.number,
        LINK: status.url,
        **facts,
    }


def _fact_properties(facts: PaymentFacts) -> Mapping[str, str]:
    """The payment facts: amounts in major units without their currency, which is the invoice's."""
    return {
        PAID: _amount(facts.paid),
        CREDITED: _amount(facts.credited),
        BALANCE: _amount(facts.balance),
        REFUNDED: _amount(facts.refunded),
        LAST_PAYMENT_DATE: facts.last_payment_day.isoformat() if facts.last_payment_day else "",
        LAST_PAYMENT_LINK: facts.url or "",
    }


def _amount(money: Money | None) -> str:
    return "" if money is None else format(money.amount, "f")
