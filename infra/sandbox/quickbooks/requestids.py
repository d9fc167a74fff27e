"""Request ids: the same id again gets the original answer, and no second operation (Intuit: RequestID)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.sandbox.quickbooks.config import QuickBooksConfig
from infra.sandbox.quickbooks.faults import fault

LONGEST = 50
LONGEST_OF_BATCH = 36


@dataclass(frozen=True)
class Answer:
    """What was answered, byte for byte."""

    status: int
    body: str
    at: datetime
    fingerprint: str


def fingerprint(path: str, options: str, body: bytes) -> str:
    """What makes two requests the same request."""
    return hashlib.sha256(b"\n".join((path.encode(), options.encode(), body))).hexdigest()


class RequestIds:
    """The answers of one realm, by request id."""

    def __init__(self, config: QuickBooksConfig) -> None:
        self._config = config
        self._answers: dict[str, Answer] = {}

    def earlier(self, id_: str, mark: str, now: datetime, *, in_flight: bool, longest: int = LONGEST) -> Answer | None:
        """The answer to repeat, None for a new id.

        Raises 2130 for an id that is too long, 600 for one that is in use by another request or still under way.
        """
        if not id_ or len(id_) > longest:
            raise fault("2130", f"Request Id has an invalid format; at most {longest} characters are supported.")
        if in_flight and self._config.requestid_in_flight == "fault_600":
            raise fault("600", f"Request Id {id_} is already being processed.")
        known = self._answers.get(id_)
        retention = self._config.requestid_retention_seconds
        if known is None or (retention is not None and now - known.at >= timedelta(seconds=retention)):
            return None
        if known.fingerprint != mark and self._config.requestid_other_body == "fault_600":
            raise fault("600", f"Request Id {id_} was already used by another request.")
        return known

    def keep(self, id_: str, answer: Answer) -> None:
        """Remembers an answer; a fault only where faults are replayed."""
        if answer.status == 200 or self._config.requestid_replays_faults:
            self._answers[id_] = answer

    def ids(self) -> list[str]:
        """All ids that were used."""
        return list(self._answers)
