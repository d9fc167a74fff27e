"""How many calls HubSpot allows, by the sandbox clock: ten seconds, a day of the account's time zone, and search."""

from collections import deque
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from infra.sandbox.hubspot.config import HubSpotConfig, Limits
from infra.sandbox.hubspot.errors import rate_limited

_WINDOW = timedelta(seconds=10)
_SECOND = timedelta(seconds=1)


class RateLimiter:
    """Counts the calls of one app in one account. Refused calls are not counted (UNSURE at HubSpot)."""

    def __init__(self, config: HubSpotConfig) -> None:
        self._limits: Limits = config.limits
        self._zone = ZoneInfo(config.time_zone)
        self._calls: deque[datetime] = deque()
        self._searches: deque[datetime] = deque()
        self._day: date | None = None
        self._today = 0

    def admit(self, now: datetime, request_id: str, *, search: bool) -> None:
        """Counts one call. Raises 429 with the policy that is exhausted, the longest first."""
        day = now.astimezone(self._zone).date()
        if day != self._day:
            self._day, self._today = day, 0
        _forget(self._calls, now - _WINDOW)
        _forget(self._searches, now - _SECOND)
        limits = self._limits
        for count, limit, policy in (
            (self._today, limits.daily, "DAILY"),
            (len(self._calls), limits.per_ten_seconds, "TEN_SECONDLY_ROLLING"),
            (len(self._searches) if search else 0, limits.search_per_second, "SECONDLY"),
        ):
            if limit is not None and count >= limit:
                raise rate_limited(policy, request_id)
        self._today += 1
        self._calls.append(now)
        if search:
            self._searches.append(now)

    def headers(self) -> dict[str, str]:
        """The headers that tell how much is left; search answers carry none."""
        limits = self._limits
        shown: dict[str, str] = {}
        if limits.daily is not None:
            shown["X-HubSpot-RateLimit-Daily"] = str(limits.daily)
            shown["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(limits.daily - self._today, 0))
        if limits.per_ten_seconds is not None:
            shown["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
            shown["X-HubSpot-RateLimit-Max"] = str(limits.per_ten_seconds)
            shown["X-HubSpot-RateLimit-Remaining"] = str(max(limits.per_ten_seconds - len(self._calls), 0))
        return shown

    def retry_after(self, now: datetime) -> int:
        """Whole seconds until the ten-second window has room."""
        return max(1, int((self._calls[0] + _WINDOW - now).total_seconds() + 1)) if self._calls else 1


def _forget(calls: deque[datetime], before: datetime) -> None:
    while calls and calls[0] <= before:
        calls.popleft()
