"""Who says how many requests may be under way, and the simplest who does."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Concurrency", "FixedConcurrency"]


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
