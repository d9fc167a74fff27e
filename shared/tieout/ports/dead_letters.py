"""The dead-letter queues: what the workers could not work off, to be looked at and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tieout.domain.hint import Hint


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the dead-letter queue of `queue`, hidden from others for a while. `reason` is why it was set aside,
    "" where it was only tried too often. `sent_at` (aware UTC) is when it was sent to the queue it came from. `receipt`
    is needed to delete it or to put it back."""

    queue: str
    id: str
    body: str
    reason: str
    sent_at: datetime
    receipt: str


class DeadLetterQueues(Protocol):
    """All of them, by the name of the queue that each belongs to. Every call may raise StoreUnavailable."""

    @property
    def names(self) -> Sequence[str]:
        """The queues."""
        ...

    def receive(self, queue: str) -> Sequence[Letter]:
        """Some letters that are there and not hidden; empty when there are none."""
        ...

    def send_again(self, queue: str, hint: Hint) -> None:
        """Queue a hint where its letter came from."""
        ...

    def delete(self, letter: Letter) -> None:
        """Take a letter out for good."""
        ...

    def put_back(self, letter: Letter) -> None:
        """Let others see it again at once."""
        ...
