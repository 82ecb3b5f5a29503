"""
How many requests may be under way at a time, so that a server is kept busy and no queue is grown.

The flow of many recordings calls this from one place; nothing here waits, and no clock is read.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["AdaptiveConcurrency", "Concurrency", "FixedConcurrency"]


class Concurrency(Protocol):
    """Who says how many requests may be under way."""

    @property
    def limit(self) -> int:
        """So many at a time, at least 1; it may have changed after each `ended`."""
        ...

    def started(self, now_s: float) -> None:
        """Count a request that begins."""
        ...

    def ended(self, now_s: float, *, took_s: float, audio_s: float, refused: bool) -> None:
        """
        Learn from a request that is over.

        Args:
            now_s: Monotonic seconds.
            took_s: How long it was with the server; waiting for its own turn not counted.
            audio_s: Seconds of audio in it.
            refused: Whether the server had no room for it (429 or 503).
        """
        ...


class FixedConcurrency:
    """Always the same number; implements `Concurrency`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def started(self, now_s: float) -> None:
        """Nothing is learned."""

    def ended(self, now_s: float, *, took_s: float, audio_s: float, refused: bool) -> None:
        """Nothing is learned."""


class AdaptiveConcurrency:
    """
    Finds the number itself; implements `Concurrency`.

    Args:
        start: Where it begins.
        least: It never goes below this.
        most: It never goes above this.
    """

    def __init__(self, start: int = 4, *, least: int = 1, most: int = 256) -> None:
        self.limit = min(max(start, least), most)
        self._least = least
        self._most = most
        self._in_flight = 0

    def started(self, now_s: float) -> None:
        """Count a request that begins."""
        self._in_flight += 1

    def ended(self, now_s: float, *, took_s: float, audio_s: float, refused: bool) -> None:
        """Grow by one where the limit was reached, shrink by a third at a refusal."""
        was_full = self._in_flight >= self.limit
        self._in_flight -= 1
        if refused:
            self.limit = max(self._least, self.limit * 2 // 3)
        elif was_full and self.limit < 2 * 8:
            self.limit = min(self._most, self.limit + 1)
