"""A wall clock that tests turn by hand, so that rate-limit windows pass without waiting."""

from __future__ import annotations

import threading

__all__ = ["ManualClock"]

_NEW_YEAR_2026_S = 1_767_225_600.0


class ManualClock:
    """
    Stands still until it is told to go on; for `GatewayOptions(clock=...)`.

    Args:
        now_s: Seconds since 1970. The default is the first second of a minute and of an hour, so
            that every window is fresh and whole.
    """

    def __init__(self, now_s: float = _NEW_YEAR_2026_S) -> None:
        self._now_s = now_s
        self._turning = threading.Lock()

    def __call__(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Let time pass; every window that ends meanwhile starts anew."""
        with self._turning:
            self._now_s += seconds
