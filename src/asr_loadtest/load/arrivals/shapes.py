"""
Rate plans: how many requests per second are wanted at each instant, integrated and inverted.

    Flat  ______    Ramp    ___    Steps      __    Bursts  _   _      Diurnal   .-.
                          /                 __|            | | | |             .'   '.
                         /                __|             _| |_| |_          .'       '.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, Self

__all__ = ["Bursts", "Flat", "Ramp", "RatePlan", "Steps"]


class RatePlan(Protocol):
    """
    A rate for every instant from 0 on.

    Attributes:
        duration_s: Where it ends; None if it does not.
        mean_rps: Mean rate over its duration, or in the long run.

    `rate_at` gives requests per second; 0 before 0 and from the end on. `count_by` is the integral
    of the rate from 0. `instant_of` is its inverse: where the rate is 0 for a while, the end of
    that while, since nothing may arrive in it; infinity for counts that are not reached.
    """

    @property
    def duration_s(self) -> float | None: ...

    @property
    def mean_rps(self) -> float: ...

    def describe(self) -> str: ...

    def rate_at(self, t_s: float) -> float: ...

    def count_by(self, t_s: float) -> float: ...

    def instant_of(self, count: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Flat:
    """The same rate for ever; *rps* > 0."""

    rps: float

    @property
    def duration_s(self) -> None:
        """It does not end."""
        return

    @property
    def mean_rps(self) -> float:
        """The rate."""
        return self.rps

    def describe(self) -> str:
        """Name the rate."""
        return f"{self.rps:g} req/s"

    def rate_at(self, t_s: float) -> float:
        """Give the rate."""
        return self.rps if t_s >= 0 else 0.0

    def count_by(self, t_s: float) -> float:
        """Count r t."""
        return self.rps * max(t_s, 0.0)

    def instant_of(self, count: float) -> float:
        """Give t = n / r; not n times a rounded gap."""
        return count / self.rps


@dataclass(frozen=True, slots=True)
class Ramp:
    """
    From *start_rps* to *end_rps* in a straight line, *over_s* seconds long; then the end's rate.

    With slope s = (end - start) / over, while t < over:

        rate   r(t) = start + s t
        count  n(t) = start t + s t^2 / 2
    """

    start_rps: float
    end_rps: float
    over_s: float

    @property
    def duration_s(self) -> None:
        """It does not end."""
        return

    @property
    def mean_rps(self) -> float:
        """The rate at its end, which it holds."""
        return self.end_rps

    @property
    def _count(self) -> float:
        return (self.start_rps + self.end_rps) / 2 * self.over_s

    def describe(self) -> str:
        """Name the rates and the time between them."""
        return f"ramp from {self.start_rps:g} to {self.end_rps:g} req/s over {self.over_s:g} s"

    def rate_at(self, t_s: float) -> float:
        """Give r(t)."""
        if t_s < 0:
            return 0.0
        done = min(t_s / self.over_s, 1.0)
        return self.start_rps + (self.end_rps - self.start_rps) * done

    def count_by(self, t_s: float) -> float:
        """Count n(t): the mean of the rates at both ends, times the time between."""
        on_ramp_s = min(max(t_s, 0.0), self.over_s)
        on_ramp = (self.start_rps + self.rate_at(on_ramp_s)) / 2 * on_ramp_s
        return on_ramp + self.end_rps * max(t_s - self.over_s, 0.0)

    def instant_of(self, count: float) -> float:
        """
        Solve s t^2 / 2 + start t - n = 0.

        The root is (-start + sqrt(start^2 + 2 s n)) / s. Times (start + sqrt(...)) over itself, it
        neither cancels nor divides by s, and so holds for level and nearly level ramps as well:

            t = 2 n / (start + sqrt(start^2 + 2 s n))
        """
        beyond = count - self._count
        if beyond >= 0:
            return self.over_s + beyond / self.end_rps if self.end_rps else math.inf
        slope = (self.end_rps - self.start_rps) / self.over_s
        # Downhill to 0 the root's argument ends at 0, or just below it by rounding.
        reached_rps = math.sqrt(max(self.start_rps**2 + 2 * slope * count, 0.0))
        # 0 where a ramp that begins with 0 is asked for the very first arrival.
        both_rps = self.start_rps + reached_rps
        return 2 * count / both_rps if both_rps else 0.0


@dataclass(frozen=True, slots=True)
class Steps:
    """
    One rate after the other; `of` makes it.

    Attributes:
        rates_rps: The rate of each step; >= 0, not all 0.
        edges_s: 0 and the end of each step.
        counts: Planned arrivals up to each edge.
    """

    rates_rps: tuple[float, ...]
    edges_s: tuple[float, ...]
    counts: tuple[float, ...]

    @classmethod
    def of(cls, steps: Sequence[tuple[float, float]]) -> Self:
        """Put steps of (requests per second, seconds) one after the other."""
        edges_s = accumulate((length_s for _, length_s in steps), initial=0.0)
        counts = accumulate((rate * length_s for rate, length_s in steps), initial=0.0)
        return cls(tuple(rate for rate, _ in steps), tuple(edges_s), tuple(counts))

    @property
    def duration_s(self) -> float:
        """Where the last step ends."""
        return self.edges_s[-1]

    @property
    def mean_rps(self) -> float:
        """Mean over all steps."""
        return self.counts[-1] / self.edges_s[-1]

    def describe(self) -> str:
        """Name the rates."""
        shown = " ".join(f"{rate:g}" for rate in self.rates_rps[:8])
        more = " ..." if len(self.rates_rps) > 8 else ""  # noqa: PLR2004 - as above
        return f"steps of {shown}{more} req/s over {self.duration_s:g} s"

    def rate_at(self, t_s: float) -> float:
        """Give the rate of the step that holds *t_s*; an edge is in the step that it begins."""
        if not 0 <= t_s < self.duration_s:
            return 0.0
        return self.rates_rps[bisect_right(self.edges_s, t_s) - 1]

    def count_by(self, t_s: float) -> float:
        """Count whole steps, and the rate times what has passed of the one that holds *t_s*."""
        if t_s >= self.duration_s:
            return self.counts[-1]
        step = bisect_right(self.edges_s, max(t_s, 0.0)) - 1
        return self.counts[step] + self.rates_rps[step] * (max(t_s, 0.0) - self.edges_s[step])

    def instant_of(self, count: float) -> float:
        """
        Find the step with counts[step] <= n < counts[step + 1], and divide by its rate.

        That rate is not 0: a step without arrivals begins and ends with the same count.
        """
        if count >= self.counts[-1]:
            return math.inf
        step = bisect_right(self.counts, count) - 1
        return self.edges_s[step] + (count - self.counts[step]) / self.rates_rps[step]


@dataclass(frozen=True, slots=True)
class Bursts:
    """
    Two steps, for ever in turn; `of` makes it.

    Attributes:
        cycle: One burst, and the pause after it.
    """

    cycle: Steps

    @classmethod
    def of(cls, on_rps: float, on_s: float, off_rps: float, off_s: float) -> Self:
        """Let *on_rps* come for *on_s*, then *off_rps* for *off_s*."""
        return cls(Steps.of([(on_rps, on_s), (off_rps, off_s)]))

    @property
    def duration_s(self) -> None:
        """It does not end."""
        return

    @property
    def mean_rps(self) -> float:
        """Mean over a cycle."""
        return self.cycle.mean_rps

    def describe(self) -> str:
        """Name both rates and both times."""
        (on_rps, off_rps), (_, on_s, end_s) = self.cycle.rates_rps, self.cycle.edges_s
        return f"bursts of {on_rps:g} req/s for {on_s:g} s, then {off_rps:g} for {end_s - on_s:g} s"

    def rate_at(self, t_s: float) -> float:
        """Give the rate at that place of the cycle."""
        return self.cycle.rate_at(t_s % self.cycle.duration_s) if t_s >= 0 else 0.0

    def count_by(self, t_s: float) -> float:
        """Count whole cycles, and what the one that holds *t_s* has had of its own."""
        cycles, into_s = divmod(max(t_s, 0.0), self.cycle.duration_s)
        return cycles * self.cycle.counts[-1] + self.cycle.count_by(into_s)

    def instant_of(self, count: float) -> float:
        """Go whole cycles, then into one: the remainder is below a cycle's count, so it is met."""
        cycles, rest = divmod(count, self.cycle.counts[-1])
        return cycles * self.cycle.duration_s + self.cycle.instant_of(rest)
