"""
What is around every plot: grid, axes with their labels, limits, and shaded stretches.

The drawing is as wide as the page lets it be: what is drawn lies in an inner view box that is
stretched, while lines keep their width and text its size. So one SVG serves a desk, a phone and
paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asr_loadtest.report.plots.scales import Scale
from asr_loadtest.report.plots.svg import element, label, number

__all__ = ["VIEW_WIDTH", "Band", "Frame", "Limit"]

# The inner view box's width, and the precision that goes with one decimal of it.
VIEW_WIDTH = 1000
# Room for half of a line's width where it runs along an edge.
_MARGIN = 2
# A label in the middle of its tick would stick out from here on.
_AT_THE_EDGE = 0.985


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that the reader compares with: a line across the plot, and its name."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the x axis, as shares of it, that is set apart, and why."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """
    A plot without its contents.

    Attributes:
        title: What the plot shows, for those who cannot see it.
        height: In pixels, without the labels of the x axis.
        x_ticks: Labels of the x axis: share of it, and text.
        y_scale: The y axis, and y_labels: a text for each of its ticks.
        limits: Values to compare with; those outside the axis are not drawn.
        bands: Stretches set apart.
    """

    title: str
    height: int
    x_ticks: Sequence[tuple[float, str]]
    y_scale: Scale
    y_labels: Sequence[str]
    limits: Sequence[Limit] = ()
    bands: Sequence[Band] = field(default=())

    def x(self, share: float) -> float:
        """Give the view box's x for a share of the axis."""
        return share * VIEW_WIDTH

    def y(self, value: float) -> float:
        """Give the view box's y, which is pixels, for a value."""
        return (1 - self.y_scale.place(value)) * self.height

    def draw(self, contents: Sequence[str]) -> str:
        """Put *contents*, drawn with `x` and `y`, between the grid and the limits."""
        stretched = element(
            "svg",
            *contents,
            viewBox=f"0 {-_MARGIN} {VIEW_WIDTH} {self.height + 2 * _MARGIN}",
            y=-_MARGIN,
            width="100%",
            height=self.height + 2 * _MARGIN,
            preserveAspectRatio="none",
        )
        return element(
            "svg",
            *self._bands(),
            *self._grid(),
            stretched,
            *self._x_labels(),
            *self._limits(),
            class_="plot",
            width="100%",
            height=self.height,
            role="img",
            aria_label=self.title,
        )

    def _grid(self) -> list[str]:
        low = self.height
        parts = [element("line", x1="0", x2="100%", y1=low, y2=low, class_="axis")]
        for value, words in zip(self.y_scale.ticks, self.y_labels, strict=True):
            y = number(self.y(value))
            if value != self.y_scale.low:
                parts.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
            parts.append(label(words, x="-8", y=y, dy="0.32em", class_="y"))
        return parts

    def _x_labels(self) -> list[str]:
        parts = []
        for place, (share, words) in enumerate(self.x_ticks):
            x = _percent(share)
            # A phone has room for every second one.
            kind = "x" if place % 2 == 0 else "x second"
            kind += " last" if share > _AT_THE_EDGE else ""
            low = self.height
            parts.append(element("line", x1=x, x2=x, y1=low, y2=low + 4, class_=f"axis {kind}"))
            parts.append(label(words, x=x, y=low + 18, class_=kind))
        return parts

    def _limits(self) -> list[str]:
        parts = []
        for limit in self.limits:
            if self.y_scale.low <= limit.value <= self.y_scale.high:
                y = self.y(limit.value)
                at = {"y1": number(y), "y2": number(y)}
                parts.append(element("line", x1="0", x2="100%", class_="limit", **at))
                parts.append(label(limit.label, x="100%", y=number(y - 5), class_="limit"))
        return parts

    def _bands(self) -> list[str]:
        parts = []
        for band in self.bands:
            x, width = _percent(band.start), _percent(band.end - band.start)
            shade = {"x": x, "y": "0", "width": width, "height": self.height}
            parts.append(element("rect", class_="band", **shade))
            parts.append(label(band.label, x=x, y="12", dx="4", class_="band"))
        return parts


def _percent(share: float) -> str:
    return f"{round(share * 100, 2):g}%"
