"""How large a request may be, as far as refusals have told."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from asr_client.contracts.recognizer import Recognizer

__all__ = ["BodyLimits", "longest_samples"]


@dataclass(frozen=True, slots=True)
class _Known:
    accepted_bytes: int = 0
    refused_bytes: int | None = None


class BodyLimits:
    """
    What was too large, and what was not, on each route; shared by a client's threads and tasks.

    Where the limit lies between the two is not tried out, for that would cost an upload each time:
    half of what was refused is taken to pass, or more if more has passed. What is newer counts:
    a limit may be raised or lowered, and the nodes of a gateway may differ.
    """

    def __init__(self) -> None:
        # Without a lock, which a forked child might inherit held: one of two replies that come at
        # the same instant may be forgotten, and the next one says it again.
        self._known: dict[str, _Known] = {}

    def refused(self, key: str, size_bytes: int) -> None:
        """Learn that a body of *size_bytes* was too large for the route *key*."""
        known = self._known.get(key, _Known())
        lowest = min(size_bytes, known.refused_bytes or size_bytes)
        accepted = known.accepted_bytes if known.accepted_bytes < size_bytes else 0
        self._known[key] = _Known(accepted, lowest)

    def accepted(self, key: str, size_bytes: int) -> None:
        """Learn that a body of *size_bytes* was not."""
        known = self._known.get(key, _Known())
        if size_bytes <= known.accepted_bytes:
            return
        known = replace(known, accepted_bytes=size_bytes)
        if known.refused_bytes is not None and size_bytes >= known.refused_bytes:
            known = replace(known, refused_bytes=None)
        self._known[key] = known

    def limit_bytes(self, key: str) -> int | None:
        """Tell what a body may have at most; None as long as none was too large."""
        known = self._known.get(key)
        if known is None or known.refused_bytes is None:
            return None
        return max(known.accepted_bytes, known.refused_bytes // 2)


def longest_samples(recognizer: Recognizer, limit_bytes: int) -> int:
    """Tell how many samples fit in a body of *limit_bytes*; 0 if not even one does."""
    # A sample takes more than a byte in every encoding, so no more than that can fit.
    return bisect_right(range(1, limit_bytes + 1), limit_bytes, key=recognizer.body_bytes)
