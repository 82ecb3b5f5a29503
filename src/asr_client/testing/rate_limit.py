"""
Kong's rate limiter: fixed windows of the wall clock, counted after the decision.

All callers of a window are let in again at the same instant, when the next one begins. Since
counting comes after deciding, requests that are decided at the same time overshoot the limit.
Source: rate-limiting plugin of Kong 3.9.1, policy "local", as recorded.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

__all__ = ["WINDOWS_S", "Standing", "WindowCounts", "standing"]

WINDOWS_S = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a consumer stands when one more request comes.

    Attributes:
        exceeded: Whether the request is one too many.
        limits: Requests allowed, by window.
        remaining: Requests left after this one, by window.
        reset_s: Whole seconds until the binding window ends: the one with the least left, and of
            equals the longest.
        binding: That window.
    """

    exceeded: bool
    limits: Mapping[str, int]
    remaining: Mapping[str, int]
    reset_s: int
    binding: str

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Give the headers that tell the client, in Kong's spelling."""
        reset = str(self.reset_s)
        return (
            ("RateLimit-Remaining", str(self.remaining[self.binding])),
            ("RateLimit-Reset", reset),
            *((("Retry-After", reset),) if self.exceeded else ()),
            *((f"X-RateLimit-Limit-{w.title()}", str(n)) for w, n in self.limits.items()),
            ("RateLimit-Limit", str(self.limits[self.binding])),
            *((f"X-RateLimit-Remaining-{w.title()}", str(n)) for w, n in self.remaining.items()),
        )


def standing(limits: Mapping[str, int], used: Mapping[str, int], now_s: float) -> Standing:
    """
    Decide about one more request.

    Args:
        limits: Requests allowed, by window; at least one window.
        used: Requests counted so far, by window.
        now_s: Seconds since 1970.
    """
    exceeded = any(used[window] >= limit for window, limit in limits.items())
    cost = 0 if exceeded else 1  # a refused request costs nothing
    remaining = {window: max(0, limit - used[window] - cost) for window, limit in limits.items()}
    binding = min(limits, key=lambda window: (remaining[window], -WINDOWS_S[window]))
    length_s = WINDOWS_S[binding]
    reset_s = max(1, length_s - floor(now_s - _start_s(binding, now_s)))
    return Standing(exceeded, dict(limits), remaining, reset_s, binding)


class WindowCounts:
    """What each consumer has used of the windows; safe to use from any thread."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}  # -> start of window, requests
        self._counting = threading.Lock()

    def used(self, consumer: str, now_s: float) -> dict[str, int]:
        """Give the requests counted in the windows that hold *now_s*."""
        with self._counting:
            return {window: self._used(consumer, window, now_s) for window in WINDOWS_S}

    def count(self, consumer: str, now_s: float) -> None:
        """Count one request, decided at *now_s*."""
        with self._counting:
            for window in WINDOWS_S:
                used = self._used(consumer, window, now_s)
                self._counts[consumer, window] = (_start_s(window, now_s), used + 1)

    def _used(self, consumer: str, window: str, now_s: float) -> int:
        start_s, requests = self._counts.get((consumer, window), (0, 0))
        return requests if start_s == _start_s(window, now_s) else 0


def _start_s(window: str, now_s: float) -> int:
    return floor(now_s / WINDOWS_S[window]) * WINDOWS_S[window]
