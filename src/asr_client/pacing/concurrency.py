"""
How many requests may be under way at a time, so that a server is kept busy and no queue is grown.

With one more under way a server does more, until it has its hands full; from there on all of them
only wait longer. That latency grows does not tell which: in a server that makes batches both grow
together. So this goes by throughput, in four rules:

1. Ramp. Each answer makes room for one more, which doubles the limit from round to round, as long
   as that brings a quarter more throughput. Then it settles at three times what the server
   does in the time of a quick answer.
2. Climb. Now and then it tries a neighbour, 1.4 times as many or as few, and moves there if that
   is better: more if twice as many would bring 9 % more throughput, fewer if they bring less.
3. Latency. If answers take half as long again as usual at the same limit, capacity has gone: the
   limit shrinks in proportion. If they are as much quicker, it has come: another ramp.
4. Refusals. Each is one too many: the limit is what is left under way. After a while it tries one
   more, then two, four; each time that is refused, it waits twice as long for the next.

Nothing is learned while fewer are under way than may be: then recordings come too slowly, or a
rate limit holds.

    concurrency_epoch.py    what a stretch of answers shows: throughput, latency
    concurrency_search.py   ramp and climb            concurrency_ceiling.py   refusals

The flow of many recordings calls this from one place; nothing here waits, and no clock is read.
"""

from __future__ import annotations

from typing import Protocol

from asr_client.pacing.concurrency_ceiling import Ceiling
from asr_client.pacing.concurrency_epoch import Answers, Epoch, Finding
from asr_client.pacing.concurrency_search import Climb, Ramp

__all__ = ["AdaptiveConcurrency", "Concurrency", "FixedConcurrency"]

# Answers by which a limit is judged: so many times as many, and so many at least.
_ROUNDS = 2
_FEWEST_ANSWERS = 24
# The difference between two limits that are nearer than this cannot be seen.
_NEAR = 1.1


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
        elif is_full and self._climb is None and self._ramp.grows:
            self._set(self._limit + 1)
        self._epoch.add(self._answers.add(now_s, took_s, audio_s))
        if self._epoch.is_over:
            self._conclude(self._epoch.finding())

    def _conclude(self, finding: Finding) -> None:
        most = self._ceiling.limit
        if self._climb is None:
            limit = self._ramp.measured(finding, self._limit, most)
            if not self._ramp.is_over:
                self._begin_epoch(limit)
                return
            self._climb = Climb(limit)
        self._climb.measured(finding, self._least, most)
        if self._climb.has_sped_up:
            self._begin_ramp()
        else:
            self._begin_epoch(self._climb.limit)

    def _begin_ramp(self) -> None:
        self._climb, self._ramp = None, Ramp()
        self._begin_epoch(self._limit)

    def _begin_epoch(self, limit: int) -> None:
        self._set(limit)
        if self._climb is None and self._ramp.grows:
            self._epoch = Epoch(self._limit, self._limit)
        else:
            length = max(_ROUNDS * self._limit, _FEWEST_ANSWERS)
            self._epoch = Epoch(self._limit, length, settling=self._in_flight)

    def _set(self, limit: int) -> None:
        # As good as at the ceiling is at the ceiling: only there it rises.
        most = self._ceiling.limit
        self._limit = most if _NEAR * limit >= most else max(self._least, limit)
