"""
A distribution from its fastest to its slowest, with room for the slow ones.

The x axis is of shares, stretched so that each further nine takes as much room as the one before:
half, 90 %, 99 %, 99.9 %. What a mean hides, and what a p99 only touches, is on its right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asr_loadtest.report.plots.frame import Frame, Limit
from asr_loadtest.report.plots.scales import LOG_FROM, Scale, linear_scale, log_scale
from asr_loadtest.report.plots.svg import Point, element, line

__all__ = ["Curve", "CurveLine"]

_TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)


@dataclass(frozen=True, slots=True)
class CurveLine:
    """
    One distribution.

    Attributes:
        label: Its name in the legend.
        points: (share, value) with rising shares; the share 1 is the largest value.
        colour: Name of one of the page's colours.
        is_dashed: Drawn so, to show what lies under it.
    """

    label: str
    points: Sequence[tuple[float, float]]
    colour: str
    is_dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """
    One plot of distributions.

    Attributes:
        title: What it shows.
        lines: What is compared; at least one, each with a point.
        labels: Gives the texts of the y axis.
        limits: Values to compare with.
        height: In pixels.
    """

    title: str
    lines: Sequence[CurveLine]
    labels: Callable[[Scale], Sequence[str]]
    limits: Sequence[Limit] = ()
    height: int = 220

    def draw(self) -> str:
        """Give the plot as SVG."""
        frame = Frame(
            title=self.title,
            height=self.height,
            x_ticks=self._ticks(),
            y_scale=(scale := self._y_scale()),
            y_labels=self.labels(scale),
            limits=self.limits,
        )
        return frame.draw([self._line(frame, each) for each in self.lines])

    def _line(self, frame: Frame, each: CurveLine) -> str:
        points: list[Point | None] = [
            (frame.x(self._place(share)), frame.y(value)) for share, value in each.points
        ]
        kind = "line dashed" if each.is_dashed else "line"
        return element("path", d=line(points), class_=kind, style=f"stroke:var(--{each.colour})")

    def _y_scale(self) -> Scale:
        values = sorted(value for each in self.lines for _, value in each.points if value > 0)
        values = sorted([*values, *(limit.value for limit in self.limits)])
        if values and values[-1] > LOG_FROM * values[0]:
            return log_scale(values[0], values[-1])
        return linear_scale(values[-1] if values else 0.0)

    @property
    def _nines(self) -> float:
        """How far the axis reaches: half a nine beyond the last share that is not the maximum."""
        shares = [share for each in self.lines for share, _ in each.points if share < 1]
        return -math.log10(1 - max([0.9, *shares])) + 0.5

    def _place(self, share: float) -> float:
        return 1.0 if share >= 1 else -math.log10(1 - share) / self._nines

    def _ticks(self) -> list[tuple[float, str]]:
        known = [tick for tick in _TICKS if self._place(tick) <= 1 - 0.3 / self._nines]
        labels = [(self._place(tick), f"{tick * 100:g} %" if tick else "fastest") for tick in known]
        return [*labels, (1.0, "slowest")]
