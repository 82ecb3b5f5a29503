"""
Slopes that a few wild points cannot bend.

Theil and Sen: the median of the slopes between all pairs of points; its interval from Kendall's
rank correlation (Sen, JASA 63, 1968, section 6).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from asr_loadtest.load.histogram import Z_95

__all__ = ["SHORTEST_MEMORY_S", "Trend", "robust_trend"]

SHORTEST_MEMORY_S = 60.0
"""In less time, memory that fills is a process that has not settled."""

# With fewer, the interval is a guess; with more, their pairs take long and tell no more.
_FEWEST_POINTS = 6
_MOST_POINTS = 120


@dataclass(frozen=True, slots=True)
class Trend:
    """
    How something grew with time; y is whatever the points' second number was.

    Attributes:
        slope_per_s: The median of the slopes between all pairs of points, in y per second.
        low_per_s: With 95 % confidence it is between this
        high_per_s: and this, for points that are independent of each other. Neighbours in a queue
            are not, and the interval is then too narrow: look at `change`, too.
        mean: The mean of y.
        span_s: Seconds from the first point to the last.
        points: How many there were.
    """

    slope_per_s: float
    low_per_s: float
    high_per_s: float
    mean: float
    span_s: float
    points: int

    @property
    def rises(self) -> bool:
        """Whether it grew, beyond chance."""
        return self.low_per_s > 0

    @property
    def falls(self) -> bool:
        """Whether it shrank, beyond chance."""
        return self.high_per_s < 0

    @property
    def change(self) -> float:
        """How much y grew over all of the time, by the slope."""
        return self.slope_per_s * self.span_s


def robust_trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """
    Fit a line; None with fewer than six points, or all at one time.

    Args:
        points: Time in seconds and y, in any order.
    """
    ordered = _thinned(sorted(points))
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in itertools.combinations(ordered, 2)
        if later[0] > earlier[0]
    )
    if len(ordered) < _FEWEST_POINTS or not slopes:
        return None
    low, high = _interval(slopes, len(ordered))
    return Trend(
        slope_per_s=median(slopes),
        low_per_s=low,
        high_per_s=high,
        mean=fmean(y for _, y in points),
        span_s=max(at for at, _ in points) - min(at for at, _ in points),
        points=len(points),
    )


def _interval(slopes: list[float], points: int) -> tuple[float, float]:
    """Take the ranks between which the true slope lies; ties are left in, which widens it."""
    spread = Z_95 * math.sqrt(points * (points - 1) * (2 * points + 5) / 18)
    low = max(math.floor((len(slopes) - spread) / 2) - 1, 0)
    high = min(math.ceil((len(slopes) + spread) / 2), len(slopes) - 1)
    return slopes[low], slopes[high]


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Put neighbours together, as their mean, until there are few enough."""
    size = math.ceil(len(points) / _MOST_POINTS)
    if size <= 1:
        return points
    groups = [points[first : first + size] for first in range(0, len(points), size)]
    return [(fmean(at for at, _ in group), fmean(y for _, y in group)) for group in groups]
