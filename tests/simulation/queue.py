"""A standard SQS queue as AWS describes it: at least once, in any order, with a visibility time-out and a DLQ."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.simulation.stage import Clock
from tieout.domain.errors import Transient
from tieout.domain.hint import Hint

# As in the template.
VISIBILITY = timedelta(seconds=720)
MOST_RECEIVES = 5
BATCH = 10


@dataclass(slots=True)
class Message:
    """One message; it is received when `visible_at` has come."""

    id: int
    body: str
    visible_at: datetime
    receives: int = 0


class Queue:
    """Fulfils `ports.Hints` on one side and feeds the workers on the other.

    `unreliable` is the probability of each: a second copy of a message, a deletion that does not take, a send that is
    refused, a hint that stays behind for some seconds.
    """

    def __init__(self, clock: Clock, chance: random.Random, tell: Callable[[str], None]) -> None:
        self.unreliable = 0.0
        self.dead: list[Message] = []
        self.messages: list[Message] = []
        self._clock = clock
        self._chance = chance
        self._tell = tell
        self._count = 0

    def send(self, hints: Sequence[Hint], delay: float = 0) -> None:
        """See `ports.Hints.send`; a refused call may have queued a part."""
        if not 0 <= delay <= 900:
            raise ValueError("SQS delays by 0 to 900 seconds")
        if not hints:
            return
        if self._happens():
            self._put(hints[: self._chance.randrange(len(hints))], delay)
            self._tell("the queue refuses a send")
            raise Transient(context={"system": "sqs"})
        self._put(hints, delay)

    def receive(self) -> list[Message]:
        """1 to 10 of the visible messages; they are invisible until deleted or timed out."""
        now = self._clock.time
        visible = [message for message in self.messages if message.visible_at <= now]
        batch = []
        for message in self._chance.sample(visible, min(len(visible), self._chance.randint(1, BATCH))):
            if message.receives >= MOST_RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
                continue
            message.receives += 1
            message.visible_at = now + VISIBILITY
            batch.append(message)
        return batch

    def delete(self, messages: Sequence[Message]) -> None:
        """What was handled; now and then a deletion does not take, as at-least-once delivery allows."""
        for message in messages:
            if message.receives == 1 and self._happens():
                continue
            if message in self.messages:
                self.messages.remove(message)

    def next_visible(self) -> datetime | None:
        """When the next message can be received."""
        return min((message.visible_at for message in self.messages), default=None)

    def _put(self, hints: Sequence[Hint], delay: float) -> None:
        for hint in hints:
            for _ in range(2 if self._happens() else 1):
                late = self._chance.uniform(0, 40) if self._happens() else self._chance.random() / 4
                self._count += 1
                visible_at = self._clock.time + timedelta(seconds=delay + late)
                self.messages.append(Message(self._count, hint.to_json(), visible_at))

    def _happens(self) -> bool:
        return self.unreliable > 0 and self._chance.random() < self.unreliable
