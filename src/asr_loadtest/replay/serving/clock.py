"""The recording's time: it begins with the first watch and runs as fast as asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

__all__ = ["ReplayClock"]


class ReplayClock:
    """
    Real time to seconds of the recording, and back.

    Args:
        speed: Seconds of the recording per real second; above 0.
        from_s: Where in the recording it begins.
        now_s: The real clock; must never go back.
    """

    def __init__(
        self, speed: float, from_s: float = 0.0, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.speed = speed
        self._from_s = from_s
        self._now_s = now_s
        self._lock = Lock()
        self._started_s: float | None = None
        self._started: datetime | None = None

    @property
    def started(self) -> datetime:
        """The time of day of the recording's second 0; until it runs, as if it began now."""
        return self._started or self._as_if_begun_now()

    def start(self) -> None:
        """Let it run; nothing happens if it does."""
        with self._lock:
            if self._started_s is None:
                self._started_s = self._now_s() - self._from_s / self.speed
                self._started = self._as_if_begun_now()

    def at_s(self) -> float:
        """Tell where in the recording we are, also beyond its end."""
        if self._started_s is None:
            return self._from_s
        return (self._now_s() - self._started_s) * self.speed

    def wait_s(self, at_s: float) -> float:
        """Tell how many real seconds are left until *at_s*; 0 if it is past."""
        return max(0.0, (at_s - self.at_s()) / self.speed)

    def _as_if_begun_now(self) -> datetime:
        return datetime.fromtimestamp(time.time() - self._from_s / self.speed, tz=UTC)
