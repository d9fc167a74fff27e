"""Dead-letter queues in memory, which hide what was received, and may die at any step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from tieout.domain.errors import StoreUnavailable
from tieout.domain.hint import Hint
from tieout.ports.dead_letters import Letter

NAMES = ("invoice_push", "payment_push", "payment_pull", "invoice_pull")


class MemoryLetters:
    """`sent` are the hints that were queued again. `dies` names the next operation that fails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Hint]] = []
        self.dies = ""
        self._letters: dict[str, list[Letter]] = defaultdict(list)
        self._hidden: set[str] = set()
        self._ids = count(1)

    @property
    def names(self) -> Sequence[str]:
        return NAMES

    def bury(self, queue: str, body: str, reason: str = "") -> None:
        """A message ends here."""
        id_ = f"m{next(self._ids)}"
        self._letters[queue].append(Letter(queue, id_, body, reason, datetime(2026, 3, 2, tzinfo=UTC), f"r-{id_}"))

    def left(self, queue: str = "invoice_push") -> list[str]:
        """The bodies that are still there, hidden ones too."""
        return [one.body for one in self._letters[queue]]

    def time_passes(self) -> None:
        """What was hidden is visible again."""
        self._hidden.clear()

    def receive(self, queue: str) -> Sequence[Letter]:
        self._may_die("receive")
        found = [one for one in self._letters[queue] if one.id not in self._hidden][:2]
        self._hidden.update(one.id for one in found)
        return found

    def send_again(self, queue: str, hint: Hint) -> None:
        self._may_die("send_again")
        self.sent.append((queue, hint))

    def delete(self, letter: Letter) -> None:
        self._may_die("delete")
        self._letters[letter.queue] = [one for one in self._letters[letter.queue] if one.id != letter.id]

    def put_back(self, letter: Letter) -> None:
        self._may_die("put_back")
        self._hidden.discard(letter.id)

    def _may_die(self, operation: str) -> None:
        if self.dies == operation:
            self.dies = ""
            raise StoreUnavailable(context={"system": "sqs"})
