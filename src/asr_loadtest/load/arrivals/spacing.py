"""
How arrivals scatter about their plan, told for a plan of one arrival a second.

    even       |    |    |    |    |    |    |     a metronome: what no crowd does
    Poisson    |  | |       |   ||     |   |       people who know nothing of each other
    gamma      |||         | ||         |  |||     shape < 1: they come in clusters
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Protocol

__all__ = ["EvenSpacing", "GammaSpacing", "PoissonSpacing", "Spacing"]


class Spacing(Protocol):
    """
    A law of the gaps between arrivals.

    `positions` makes ascending numbers without end, gaps 1 on average, so that n of them are
    expected below n. `describe` names the law.
    """

    def describe(self) -> str: ...

    def positions(self, source: Random) -> Iterator[float]: ...


@dataclass(frozen=True, slots=True)
class EvenSpacing:
    """All gaps alike, the first arrival at once."""

    def describe(self) -> str:
        """Name the law."""
        return "constant"

    def positions(self, source: Random) -> Iterator[float]:  # noqa: ARG002 - nothing is drawn
        """Count; whole numbers, so that no error adds up over days."""
        return map(float, itertools.count())


@dataclass(frozen=True, slots=True)
class PoissonSpacing:
    """Gaps of exponential length: what comes is independent of what came."""

    def describe(self) -> str:
        """Name the law."""
        return "Poisson"

    def positions(self, source: Random) -> Iterator[float]:
        """
        Add up exponential gaps.

        P(gap > x) = exp(-x), so gap = -log(U) with U uniform in (0, 1]. Made from random() alone,
        whose values Python promises to keep in all versions.
        """
        position = 0.0
        while True:
            position -= math.log(1.0 - source.random())
            yield position


@dataclass(frozen=True, slots=True)
class GammaSpacing:
    """
    Gaps of gamma length: from clusters (shape < 1) over Poisson (shape 1) to nearly even.

    Attributes:
        shape: > 0. Deviation over mean of the gaps is 1 / sqrt(shape): 2 with shape 0.25.
    """

    shape: float

    def describe(self) -> str:
        """Name the law and its shape."""
        return f"gamma (shape {self.shape:g})"

    def positions(self, source: Random) -> Iterator[float]:
        """
        Add up gamma gaps, the first one seen by somebody who comes in the midst of it.

        A whole gap at the start would make it special: with clusters, more than the plan would
        arrive at first. Who comes at random finds long gaps more likely, in proportion to their
        length x: x f(x) is the density of shape + 1; and is anywhere in it: hence U times it. With
        that, n are expected below n for every n, not just for large ones.
        """
        scale = 1.0 / self.shape
        position = source.random() * source.gammavariate(self.shape + 1.0, scale)
        while True:
            yield position
            position += source.gammavariate(self.shape, scale)
