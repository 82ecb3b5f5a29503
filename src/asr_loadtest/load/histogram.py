"""
Durations, counted in buckets whose width is a fixed share of their value.

Every quantile is within 1 % of the sample that has this rank, whatever the range; two histograms
add up to exactly the histogram of all samples; and a million samples need no more memory than a
thousand. Source: DDSketch (Masson, Rim, Lee; VLDB 2019), with buckets that never collapse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["RELATIVE_ERROR", "Z_95", "Histogram", "Interval"]

RELATIVE_ERROR = 0.01

# A bucket spans [g**(i-1), g**i]; its middle, 2 g**i / (g + 1), is within 1 % of both ends.
_GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GROWTH = math.log(_GROWTH)
# Shorter than a nanosecond is nothing, and has no logarithm.
_LEAST = 1e-9
_LOG_LEAST = math.log(_LEAST)
_SHARED: dict[int, int] = {}
# 95 % of a normal distribution lie within so many standard deviations.
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies with 95 % confidence; an end is None where the samples do not tell."""

    low: float | None
    high: float | None


@dataclass(slots=True)
class Histogram:
    """
    Counts of positive values; zero and less count as a nanosecond.

    Attributes:
        count: Values so far.
        total: Their sum.
        least: The smallest, exactly; infinite without values.
        most: The largest, exactly; minus infinite without values.
        buckets: How many fell into each bucket, by its number.
    """

    count: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, value: float) -> None:
        """Count one value."""
        self.count += 1
        self.total += value
        # Called a dozen times for each request: what is rare must not cost the rest.
        if not self.least <= value <= self.most:
            self.least, self.most = min(self.least, value), max(self.most, value)
        log = math.log(value) if value > _LEAST else _LOG_LEAST
        bucket = math.ceil(log / _LOG_GROWTH)
        if bucket in self.buckets:
            self.buckets[bucket] += 1
        else:
            # One number object for all histograms: a timeline has a thousand of them.
            self.buckets[_SHARED.setdefault(bucket, bucket)] = 1

    def merge(self, other: Histogram) -> None:
        """Count all values of another one, too."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Count *values*."""
        histogram = cls()
        for value in values:
            histogram.add(value)
        return histogram

    @property
    def mean(self) -> float | None:
        """The mean, exactly; None without values."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """
        Give the value below which a share of all lies, within 1 %; None without values.

        Args:
            share: 0..1; 0.99 is the 99th percentile, by the nearest-rank definition.
        """
        if not self.count:
            return None
        return self._at_rank(max(1, math.ceil(share * self.count)))

    def interval(self, share: float) -> Interval:
        """
        Tell where the quantile of the process lies with 95 % confidence, given these samples.

        From order statistics: how many of n samples fall below the true quantile is binomial, so
        its bounds are ranks. Assumes independent samples; in a queue that is near its limit they
        are not, and the interval is too narrow.
        """
        spread = Z_95 * math.sqrt(self.count * share * (1 - share))
        low, high = math.floor(self.count * share - spread), math.ceil(self.count * share + spread)
        return Interval(
            self._at_rank(low) if 1 <= low <= self.count else None,
            self._at_rank(high) if 1 <= high <= self.count else None,
        )

    def _at_rank(self, rank: int) -> float:
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                middle = 2 * _GROWTH**bucket / (_GROWTH + 1)
                return min(max(middle, self.least), self.most)
        return self.most

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON and MessagePack can carry; `from_fields` reads it."""
        return {
            "count": self.count,
            "total": self.total,
            "least": self.least if self.count else None,
            "most": self.most if self.count else None,
            "buckets": {str(bucket): count for bucket, count in sorted(self.buckets.items())},
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        if not fields["count"]:
            return cls()
        buckets = {int(bucket): int(count) for bucket, count in fields["buckets"].items()}
        return cls(fields["count"], fields["total"], fields["least"], fields["most"], buckets)
