"""What a route takes at once (thin for now)."""

from __future__ import annotations

from asr_client.contracts.recognizer import Recognizer

__all__ = ["BodyLimits", "longest_samples"]


class BodyLimits:
    """Remembers what was refused."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}

    def refused(self, key: str, size_bytes: int) -> None:
        """So many bytes were too many."""
        self._limits[key] = min(size_bytes - 1, self._limits.get(key, size_bytes))

    def limit_bytes(self, key: str) -> int | None:
        """So many may pass."""
        return self._limits.get(key)


def longest_samples(recognizer: Recognizer, limit_bytes: int) -> int:
    """How many samples fit."""
    low, high = 0, limit_bytes
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if recognizer.body_bytes(middle) <= limit_bytes else (low, middle - 1)
        )
    return low
