"""
Arrivals by plan: a rate for each instant, and how arrivals scatter about it.

Any spacing follows any plan by bending time. A spacing gives positions u0 <= u1 <= ... of one
arrival a second on average; a plan gives count_by(t), the arrivals that it wants before t. The
arrival at position u comes when count_by reaches u:

    at = count_by^-1(u)

    count  u2 |- - - - - - - - - - - - - -,-'     few where the curve is flat,
           u1 |- - - - - - - - - - -,-'   |       many where it is steep;
           u0 |- - -_,-----------'  |     |       with u of a Poisson process this is
              +--'--|---------------|-----|--> t  the Poisson process of rate count_by'
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from asr_loadtest.load.arrivals.shapes import RatePlan
from asr_loadtest.load.arrivals.spacing import Spacing

__all__ = ["Arrival", "Arrivals", "PlannedArrivals"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    One request that is meant to start.

    Attributes:
        index: Its place in the whole schedule, from 0.
        at_s: When, in seconds since the run's zero; >= 0.
        clip: Name of the recording to send; None: whoever sends chooses.
        language: Its language; None: whoever sends chooses.
    """

    index: int
    at_s: float
    clip: str | None = None
    language: str | None = None


class Arrivals(Protocol):
    """
    A schedule: the same instants whenever, wherever and however often it is asked.

    Attributes:
        duration_s: All arrivals come before this; None if they never end.
        mean_rate_rps: Planned arrivals per second over the duration, or in the long run.

    `describe` says what it is, as "Poisson, 20 req/s". `rate_at` is the planned rate at an instant,
    in requests per second. `instants` makes the arrivals one by one, in order, indices from 0
    without gaps. `expected` is the planned number of those before an instant.
    """

    @property
    def duration_s(self) -> float | None: ...

    @property
    def mean_rate_rps(self) -> float: ...

    def describe(self) -> str: ...

    def rate_at(self, t_s: float) -> float: ...

    def instants(self) -> Iterator[Arrival]: ...

    def expected(self, until_s: float) -> float: ...


@dataclass(frozen=True, slots=True)
class PlannedArrivals:
    """
    Arrivals that follow a plan.

    Attributes:
        plan: The rate at each instant.
        spacing: How they scatter about it.
        seed: Equal seeds give equal arrivals.
    """

    plan: RatePlan
    spacing: Spacing
    seed: int

    @property
    def duration_s(self) -> float | None:
        """Seconds until the plan ends; None if it does not."""
        return self.plan.duration_s

    @property
    def mean_rate_rps(self) -> float:
        """Planned arrivals per second, in the long run if the plan does not end."""
        return self.plan.mean_rps

    def describe(self) -> str:
        """Name the spacing and the plan."""
        return f"{self.spacing.describe()}, {self.plan.describe()}"

    def rate_at(self, t_s: float) -> float:
        """Give the planned rate in requests per second; 0 outside of the plan."""
        return self.plan.rate_at(t_s)

    def instants(self) -> Iterator[Arrival]:
        """Make the arrivals one by one, in order."""
        end_s = math.inf if self.plan.duration_s is None else self.plan.duration_s
        last_s = 0.0
        # Not for secrets: the same seed must give the same load.
        source = random.Random(self.seed)  # noqa: S311
        for index, position in enumerate(self.spacing.positions(source)):
            # Rounding must not swap two that are almost at once.
            last_s = max(last_s, self.plan.instant_of(position))
            if last_s >= end_s:
                return
            yield Arrival(index, last_s)

    def expected(self, until_s: float) -> float:
        """
        Give the mean number of arrivals before *until_s*, over all seeds.

        Even spacing has no chance in it: it gives this number, rounded up.
        """
        return self.plan.count_by(until_s)
