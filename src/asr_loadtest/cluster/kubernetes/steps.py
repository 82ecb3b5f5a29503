"""Values that hold until the next: replicas over time, and how long they lasted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Steps"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Steps(Generic[T]):
    """
    A value over time, from one change to the next.

    Attributes:
        points: When it changed, in order, and to what; equal neighbours are joined.
    """

    points: tuple[tuple[float, T], ...] = ()

    @classmethod
    def of(cls, seen: Iterable[tuple[float, T]]) -> Steps[T]:
        """Make it of what was seen, in order; of what repeats, the first counts."""
        kept: list[tuple[float, T]] = []
        for at_s, value in seen:
            if not kept or kept[-1][1] != value:
                kept.append((at_s, value))
        return cls(tuple(kept))

    def at(self, at_s: float) -> T | None:
        """Give the value at an instant; None before the first."""
        index = bisect_right(self.points, at_s, key=lambda point: point[0])
        return self.points[index - 1][1] if index else None

    def spans(self, until_s: float) -> Iterator[tuple[float, float, T]]:
        """Give each value with its beginning and end."""
        ends = [*(at_s for at_s, _ in self.points[1:]), until_s][: len(self.points)]
        for (from_s, value), end_s in zip(self.points, ends, strict=True):
            if end_s > from_s:
                yield from_s, min(end_s, until_s), value
