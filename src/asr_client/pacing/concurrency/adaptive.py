"""The number of requests under way that a server can use, found by what comes of it."""

from __future__ import annotations

from asr_client.pacing.concurrency.ceiling import Ceiling
from asr_client.pacing.concurrency.epoch import Answers, Epoch, Finding
from asr_client.pacing.concurrency.search import Climb, Ramp

__all__ = ["AdaptiveConcurrency"]

# Answers by which a limit is judged: so many times as many, and so many at least.
_ROUNDS = 2
_FEWEST_ANSWERS = 24
# The difference between two limits that are nearer than this cannot be seen.
_NEAR = 1.1


class AdaptiveConcurrency:
    """
    Finds the number itself; implements `Concurrency`.

    Args:
        start: Where it begins.
        least: It never goes below this.
        most: It never goes above this.
    """

    def __init__(self, start: int = 4, *, least: int = 1, most: int = 256) -> None:
        self._least, self._most = least, most
        self._limit = min(max(start, least), most)
        self._in_flight = 0
        self._answers = Answers()
        self._ceiling = Ceiling(least, most)
        self._climb: Climb | None
        self._begin_ramp()

    @property
    def limit(self) -> int:
        """So many at a time."""
        return self._limit

    def started(self, now_s: float) -> None:  # noqa: ARG002 - an answer tells how long it took
        """Count a request that begins."""
        self._in_flight += 1

    def ended(self, now_s: float, *, took_s: float, audio_s: float, refused: bool) -> None:
        """Learn from a request that is over."""
        is_full = self._in_flight >= self._limit
        self._in_flight -= 1
        if refused:
            self._ceiling.refused(self._in_flight)
            self._climb = Climb(self._ceiling.limit)
            self._begin_epoch(self._ceiling.limit)
            return
        if is_full and self._limit >= self._ceiling.limit and self._ceiling.answered():
            self._set(self._ceiling.limit)
        elif is_full and self._climb is None and self._limit < self._ramp.target:
            self._set(self._limit + 1)
        self._epoch.add(self._answers.add(now_s, took_s, audio_s))
        if self._epoch.is_over:
            self._conclude(self._epoch.finding())

    def _conclude(self, finding: Finding) -> None:
        most = self._ceiling.limit
        if self._climb is None:
            self._ramp.measured(finding, self._limit)
            if not self._ramp.is_over and self._limit < most:
                self._epoch = Epoch(self._limit, self._limit)
            else:
                self._climb = Climb(min(self._limit, self._ramp.target))
                self._begin_epoch(self._climb.limit)
            return
        self._climb.measured(finding, self._least, most)
        if self._climb.has_sped_up:
            self._begin_ramp()
        else:
            self._begin_epoch(self._climb.limit)

    def _begin_ramp(self) -> None:
        self._climb, self._ramp = None, Ramp(self._limit)
        self._epoch = Epoch(self._limit, self._limit)

    def _begin_epoch(self, limit: int) -> None:
        self._set(limit)
        length = max(_ROUNDS * self._limit, _FEWEST_ANSWERS)
        self._epoch = Epoch(self._limit, length, settling=self._in_flight)

    def _set(self, limit: int) -> None:
        # As good as at the ceiling is at the ceiling: only there it rises.
        most = self._ceiling.limit
        self._limit = most if _NEAR * limit >= most else max(self._least, limit)
