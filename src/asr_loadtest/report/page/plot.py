"""What one plot over time shows: values, drawn by plots.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asr_loadtest.report.plots.frame import Limit
from asr_loadtest.report.wording import FigureUnit

__all__ = ["Line", "Plot"]


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a plot: its legend, where it is in the document, its colour."""

    label: str
    path: str
    colour: str
    is_dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """
    What one plot shows.

    Attributes:
        title: What it is about.
        about: What a reader may wonder.
        unit: Of its values.
        lines: Drawn in this order, the last on top; or
        stack: what adds up, the first at the bottom.
        limits: Values to compare with.
        may_be_log: Whether its axis may be of ratios.
        full: Its axis goes at least to here.
        is_half: Whether it goes beside another one where there is room.
    """

    title: str
    about: str = ""
    unit: FigureUnit
    lines: Sequence[Line] = ()
    stack: Sequence[Line] = ()
    limits: Sequence[Limit] = field(default=())
    may_be_log: bool = False
    full: float = 0.0
    is_half: bool = False
