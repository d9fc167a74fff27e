"""The throttle: so many requests a second and a minute for each realm, by the sandbox clock."""

from collections import deque
from datetime import datetime, timedelta


class Throttle:
    """Counts the requests of one realm in sliding windows; refused ones do not count.

    A window is how many requests (None: any number) in how many seconds, the longest last.
    """

    def __init__(self, *windows: tuple[int | None, int]) -> None:
        self._windows = [(most, timedelta(seconds=seconds)) for most, seconds in windows if most is not None]
        self._times: deque[datetime] = deque()

    def admits(self, now: datetime) -> bool:
        """Whether a request at this moment is within the limits."""
        if not self._windows:
            return True
        oldest = now - self._windows[-1][1]
        while self._times and self._times[0] <= oldest:
            self._times.popleft()
        if any(self._since(now - span) >= most for most, span in self._windows):
            return False
        self._times.append(now)
        return True

    def _since(self, start: datetime) -> int:
        count = 0
        for moment in reversed(self._times):
            if moment <= start:
                break
            count += 1
        return count
