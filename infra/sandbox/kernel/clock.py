"""The sandbox's own time: real time with an offset for servers, or a clock that stands still until it is advanced."""

import threading
import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Gives the time (UTC) to everything in a sandbox: timestamps, rate limits, token expiry, webhook retries.

    Without `start` the clock runs with the machine's clock plus whatever was advanced. With `start` (aware) it is
    virtual: it moves by `advance` alone.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("a virtual clock starts at an aware datetime")
        self._start = None if start is None else start.astimezone(UTC)
        self._offset = timedelta()
        self._lock = threading.Lock()

    @property
    def virtual(self) -> bool:
        """Whether time passes only by `advance`."""
        return self._start is not None

    def now(self) -> datetime:
        """The current time, UTC."""
        return (self._start or datetime.now(UTC)) + self._offset

    def epoch_ms(self) -> int:
        """The current time in whole milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def advance(self, seconds: float) -> None:
        """Moves the time forward; time never goes back (`ValueError`)."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            self._offset += timedelta(seconds=seconds)

    def pause(self, seconds: float) -> None:
        """Lets `seconds` pass: by sleeping, or by advancing when the clock is virtual."""
        if self.virtual:
            self.advance(seconds)
        else:
            time.sleep(seconds)
