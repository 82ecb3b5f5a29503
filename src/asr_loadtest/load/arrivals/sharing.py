"""A schedule cut short, or split over workers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from asr_loadtest.load.arrivals.process import Arrival, Arrivals
from asr_loadtest.load.arrivals.values import seconds

__all__ = ["LimitedArrivals", "limit", "share_of"]


def share_of(arrivals: Arrivals, worker: int, workers: int) -> Iterator[Arrival]:
    """
    Give the arrivals that fall to one of several workers: each *workers*-th one.

    Each worker makes the whole schedule and drops what is not its own, which costs a microsecond
    an arrival; so however many there are, together they offer exactly the same load.

    Args:
        arrivals: The whole schedule, made with the same seed everywhere.
        worker: Whose share, 0..workers - 1.
        workers: How many there are, >= 1.
    """
    if not 0 <= worker < workers:
        raise ValueError(f"there is no worker {worker} of {workers}, counted from 0")
    return (each for each in arrivals.instants() if each.index % workers == worker)


def limit(arrivals: Arrivals, duration_s: float) -> Arrivals:
    """
    Cut a schedule: arrivals at *duration_s* or later do not come.

    Raises:
        ConfigError: If *duration_s* is no positive, finite number.
    """
    duration_s = seconds("duration_s", duration_s)
    if arrivals.duration_s is not None and arrivals.duration_s <= duration_s:
        return arrivals
    return LimitedArrivals(arrivals, duration_s)


@dataclass(frozen=True, slots=True)
class LimitedArrivals:
    """Those of *arrivals* that come before *duration_s*."""

    arrivals: Arrivals
    duration_s: float

    @property
    def mean_rate_rps(self) -> float:
        """Planned arrivals per second, up to the cut."""
        return self.expected(self.duration_s) / self.duration_s

    def describe(self) -> str:
        """Say what they are; how long is told elsewhere."""
        return self.arrivals.describe()

    def rate_at(self, t_s: float) -> float:
        """Give the planned rate; 0 from the cut on."""
        return self.arrivals.rate_at(t_s) if t_s < self.duration_s else 0.0

    def instants(self) -> Iterator[Arrival]:
        """Make the arrivals one by one, in order."""
        return itertools.takewhile(
            lambda each: each.at_s < self.duration_s, self.arrivals.instants()
        )

    def expected(self, until_s: float) -> float:
        """Give the planned number of arrivals before *until_s*."""
        return self.arrivals.expected(min(until_s, self.duration_s))
