"""Plots over time: lines, and stacked amounts of what happened in each window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asr_loadtest.report.plots.frame import VIEW_WIDTH, Band, Frame, Limit
from asr_loadtest.report.plots.scales import (
    LOG_FROM,
    Scale,
    linear_scale,
    log_scale,
    time_label,
    time_ticks,
)
from asr_loadtest.report.plots.svg import Point, area, element, line

__all__ = ["Chart", "Series", "TimeAxis"]

_X_TICKS = 10
_LIMIT_REACH = 3.0


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """
    The axis that all plots of a run share.

    Attributes:
        start_s: Its start, in seconds since the run's zero; end_s: its end, later.
        warm_up_s: What came before this was not judged.
    """

    start_s: float
    end_s: float
    warm_up_s: float = 0.0

    def share(self, instant_s: float) -> float:
        """Give where an instant lies: 0 at the start, 1 at the end."""
        return (instant_s - self.start_s) / (self.end_s - self.start_s)

    def ticks(self) -> list[tuple[float, str]]:
        """Give the labels, and where they go."""
        ticks = time_ticks(self.start_s, self.end_s, _X_TICKS)
        return [(self.share(tick), time_label(tick, self.end_s)) for tick in ticks]

    def bands(self) -> tuple[Band, ...]:
        """Give the stretch that was not judged."""
        if self.warm_up_s <= self.start_s:
            return ()
        return (Band(0.0, min(self.share(self.warm_up_s), 1.0), "warm-up"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    One thing over time.

    Attributes:
        label: Its name in the legend.
        at_s: Start of each window, or instant of each reading, in seconds since the run's zero.
        values: One each; None where there is none.
        colour: Name of one of the page's colours.
        width_s: Length of a window; 0 for readings of an instant.
        is_dashed: Drawn so, for what was planned rather than done.
    """

    label: str
    at_s: Sequence[float]
    values: Sequence[float | None]
    colour: str
    width_s: float = 0.0
    is_dashed: bool = False

    @property
    def known(self) -> list[float]:
        """The values that there are."""
        return [value for value in self.values if value is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """
    One plot.

    Attributes:
        title: What it shows.
        axis: The run's.
        lines: Drawn in this order, the last on top.
        stack: Amounts that add up, the first at the bottom.
        labels: Gives the texts of the y axis.
        limits: Values to compare with; the axis reaches to those that are near.
        height: In pixels.
        may_be_log: Whether the y axis may be of ratios, where the values are far apart.
        full: The y axis goes at least to here, such as 1 for shares.
        is_binary: Whether the values are bytes.
    """

    title: str
    axis: TimeAxis
    lines: Sequence[Series] = ()
    stack: Sequence[Series] = ()
    labels: Callable[[Scale], Sequence[str]]
    limits: Sequence[Limit] = ()
    height: int = 190
    may_be_log: bool = False
    full: float = 0.0
    is_binary: bool = False

    @property
    def y_scale(self) -> Scale:
        """The y axis: of ratios where it may be and the values are far apart, else from zero."""
        known = [value for series in self.lines for value in series.known]
        # A limit far above everything would press the lines flat; the legend tells of it.
        reach = _LIMIT_REACH * max(known, default=0.0)
        known += [limit.value for limit in self.limits if limit.value <= reach]
        above = sorted(value for value in known if value > 0)
        if self.may_be_log and above and above[-1] > LOG_FROM * above[len(above) // 2]:
            return log_scale(above[0], above[-1])
        most = max([*known, *self._totals(), self.full], default=0.0)
        return linear_scale(most, is_binary=self.is_binary)

    def draw(self) -> str:
        """Give the plot as SVG."""
        scale = self.y_scale
        frame = Frame(
            title=self.title,
            height=self.height,
            x_ticks=self.axis.ticks(),
            y_scale=scale,
            y_labels=self.labels(scale),
            limits=self.limits,
            bands=self.axis.bands(),
        )
        return frame.draw(
            [*self._stacked(frame), *(self._line(frame, each) for each in self.lines)]
        )

    def _line(self, frame: Frame, series: Series) -> str:
        points: list[Point | None] = [
            None if value is None else (self._x(at_s + series.width_s / 2), frame.y(value))
            for at_s, value in zip(series.at_s, series.values, strict=True)
        ]
        kind = "line dashed" if series.is_dashed else "line"
        return element("path", d=line(points), class_=kind, style=f"stroke:var(--{series.colour})")

    def _stacked(self, frame: Frame) -> list[str]:
        shapes = []
        below = [0.0] * (len(self.stack[0].values) if self.stack else 0)
        for series in self.stack:
            above = [low + (value or 0.0) for low, value in zip(below, series.values, strict=True)]
            path = area(self._steps(frame, series, above), self._steps(frame, series, below))
            style = f"fill:var(--{series.colour})"
            shapes.append(element("path", d=path, class_="area", style=style))
            below = above
        return shapes

    def _steps(self, frame: Frame, series: Series, tops: Sequence[float]) -> list[Point]:
        """Keep each window's amount over its whole width: a burst of a second is no hill."""
        return [
            (self._x(instant_s), frame.y(top))
            for at_s, top in zip(series.at_s, tops, strict=True)
            for instant_s in (at_s, at_s + series.width_s)
        ]

    def _x(self, instant_s: float) -> float:
        return self.axis.share(instant_s) * VIEW_WIDTH

    def _totals(self) -> list[float]:
        columns = zip(*(series.values for series in self.stack), strict=True)
        return [sum(value or 0.0 for value in column) for column in columns]
