"""A schedule out of a recorded trace, at its own speed or another one."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from asr_loadtest.load.arrivals.process import Arrival
from asr_loadtest.load.arrivals.trace import Trace

__all__ = ["ReplayedArrivals"]


@dataclass(frozen=True, slots=True)
class ReplayedArrivals:
    """
    What a trace recorded, once; `of` makes it.

    Attributes:
        trace: The arrivals as recorded.
        speed: How much faster they come.
        at_s: When they come, in seconds from the run's zero.
    """

    trace: Trace
    speed: float
    at_s: Sequence[float]

    @classmethod
    def of(cls, trace: Trace, speed: float = 1.0) -> Self:
        """Replay *trace*; with *speed* 2, twice the rate in half the time."""
        return cls(trace, speed, array("d", (at_s / speed for at_s in trace.at_s)))

    @property
    def duration_s(self) -> float:
        """
        Seconds until one mean gap after the last arrival, so that a cut there loses none.

        A second after it, where all come at once.
        """
        gap_s = (self.at_s[-1] - self.at_s[0]) / max(len(self.at_s) - 1, 1)
        return self.at_s[-1] + (gap_s or 1.0)

    @property
    def mean_rate_rps(self) -> float:
        """Recorded arrivals per second of the replay."""
        return len(self.at_s) / self.duration_s

    def describe(self) -> str:
        """Name the file, its size, and what was done to it."""
        said = [f"replay of {self.trace.name}", f"{len(self.at_s)} arrivals"]
        if self.speed != 1.0:
            said.append(f"{self.speed:g} times as fast")
        if not self.trace.was_in_order:
            said.append("put in order")
        return ", ".join(said)

    def rate_at(self, t_s: float) -> float:
        """Give the arrivals of the whole second that holds *t_s*: a trace has no finer rate."""
        second = math.floor(t_s)
        return self.expected(second + 1) - self.expected(second)

    def instants(self) -> Iterator[Arrival]:
        """Give the arrivals one by one, in order."""
        rows = zip(self.at_s, self.trace.clips, self.trace.languages, strict=True)
        for index, (at_s, clip, language) in enumerate(rows):
            yield Arrival(index, at_s, clip, language)

    def expected(self, until_s: float) -> float:
        """Count the arrivals before *until_s*."""
        return float(bisect_left(self.at_s, until_s))
