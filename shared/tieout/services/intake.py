"""Webhook delivery -> hints on the queue; nothing is acknowledged before all of it is queued."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.domain.company import Connection
from tieout.domain.errors import Malformed
from tieout.domain.hint import Cause, Hint
from tieout.ports import Delivery, Hints, Webhooks

# HubSpot sends about 1 MB at most; Intuit names no limit but calls 2 MB a common one.
MAX_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """How many events were queued, how many were of accounts that are not ours, and how many of objects that are not
    followed. `hints` counts the messages: several events of one record make one."""

    queued: int
    hints: int
    foreign: int
    unfollowed: int


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes the deliveries of both vendors."""

    hints: Hints

    def receive(self, webhooks: Webhooks, delivery: Delivery, trace_id: str) -> Received:
        """Queue a hint for each record that a delivery names.

        Raises Malformed for what the vendor did not sign or nobody can read: then nothing is queued. Raises Transient
        when not all was queued; the vendor then sends the whole delivery again, which does no harm. Events of accounts
        that are not ours are only counted: refusing them would make the vendor hold back the others.
        """
        if len(delivery.body) > MAX_BODY_BYTES:
            raise Malformed(context={"reason": "body_too_large"})
        try:
            notices = webhooks.read(delivery)
        except Malformed:
            if not webhooks.refresh():
                raise
            notices = webhooks.read(delivery)
        connections: dict[str, Connection | None] = {}
        newest: dict[tuple[str, str, str], Hint] = {}
        queued = foreign = unfollowed = 0
        for notice in notices:
            if notice.object is None:
                unfollowed += 1
                continue
            if notice.account not in connections:
                connections[notice.account] = webhooks.connection(notice.account)
            connection = connections[notice.account]
            if connection is None:
                foreign += 1
                continue
            queued += 1
            hint = Hint(connection.id, notice.object, notice.id, notice.occurred_at, Cause.WEBHOOK, trace_id)
            slot = (hint.connection, hint.object, hint.id)
            if slot not in newest or newest[slot].occurred_at < hint.occurred_at:
                newest[slot] = hint
        if newest:
            self.hints.send(list(newest.values()))
        return Received(queued, len(newest), foreign, unfollowed)
