"""A HubSpot payment that a person told Tieout to leave alone: what is still told of it."""

from __future__ import annotations

from dataclasses import replace

from tieout.domain.attention import AttentionCode
from tieout.domain.money import Money
from tieout.domain.payment import SourcePayment, UnreadablePayment
from tieout.domain.planning.plan import Attend, Skip
from tieout.domain.record import BY_HAND, LeftAlone


def left_alone(
    source: SourcePayment | UnreadablePayment | None, alone: LeftAlone, *, dealt_with: bool
) -> tuple[Skip | Attend, LeftAlone]:
    """Whether the payment stays left alone, and what is remembered of it.

    Who entered a payment by hand has to enter its refund by hand, too, and so has to hear of it: money that is given
    back later than the decision needs a person, once for each rise, until one has `dealt_with` it.
    """
    if not isinstance(source, SourcePayment):
        return Skip(BY_HAND, alone.note), alone
    known, now = alone.refunded, source.refunded
    if known is None or dealt_with or known.currency != now.currency:
        return Skip(BY_HAND, alone.note), replace(alone, refunded=now)
    if now.amount <= known.amount:
        return Skip(BY_HAND, alone.note), alone
    more = Money(now.amount - known.amount, now.currency)
    told = f"The payment is left alone ({alone.note}) Since then {more} of it were given back, {now} in all."
    return Attend(AttentionCode.REFUND_OF_IGNORED, told), alone
