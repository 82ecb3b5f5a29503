"""
Whether a system keeps up with a steady load, seen from outside: by its backlog.

The backlog is what was offered and has not ended. A system that keeps up has one that goes up and
down around what it needs (by Little's law, rate x response time); past its limit, it grows by the
difference of what comes and what goes, for as long as one looks. Latency then says more about the
length of the run than about the system, and a short run passes what a long one would not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean, median

from asr_loadtest.load.tally import Tally
from asr_loadtest.load.timeline import Window

__all__ = ["LEAST_COMPLETED", "Trend", "carried_rps", "steady_windows", "trend_of"]

# Of what is offered, so much must be completed meanwhile.
LEAST_COMPLETED = 0.97
# Fewer than this show no trend.
_LEAST_WINDOWS = 6
_LEAST_OFFERED = 100
# Thirds of a steady load differ by chance and by rounding, not by a profile.
_UNSTEADY_SHARE = 0.15
_SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Trend:
    """
    How the backlog went, over the judged part of a run with a steady load.

    Attributes:
        completed_share: Of what was offered, how much ended meanwhile: 1 minus the backlog's
            growth, as a share of the offered rate.
        first: Median backlog of the first third, in requests; last: of the last.
        is_growing: Whether that is below `LEAST_COMPLETED`, and beyond chance.
    """

    completed_share: float
    first: float
    last: float
    is_growing: bool


def trend_of(tally: Tally) -> Trend | None:
    """
    Tell how the backlog went; None where the run was too short or its load not steady.

    The medians of thirds are compared: two instants differ mostly by chance, and a mean counts a
    short stall as growth. How many requests are under way varies by about its square root, so
    growth within three of those is none; near its limit a queue wanders further, and may look as
    if it grew.
    """
    windows = steady_windows(tally)
    if windows is None:
        return None
    backlogs = _backlogs(tally)[-len(windows) :]
    third = len(windows) // 3
    first, last = median(backlogs[:third]), median(backlogs[-third:])
    per_window = sum(window.offered for window in windows) / len(windows)
    growth = last - first
    completed_share = 1 - growth / ((len(windows) - third) * per_window)
    is_growing = completed_share < LEAST_COMPLETED and growth > _SIGMAS * math.sqrt(first + last)
    return Trend(completed_share, first, last, is_growing)


def steady_windows(tally: Tally) -> list[Window] | None:
    """
    Give the judged windows during which arrivals went on, if these were steady and enough.

    None where there are too few of them, or where the load went up or down by plan.
    """
    windows = [window for _, window in _judged(tally)]
    offered = [window.offered for window in windows]
    if len(windows) < _LEAST_WINDOWS or sum(offered) < _LEAST_OFFERED:
        return None
    third = len(windows) // 3
    thirds = [sum(offered[:third]), sum(offered[third : 2 * third]), sum(offered[-third:])]
    mean = fmean(thirds)
    allowed = _UNSTEADY_SHARE * mean + _SIGMAS * math.sqrt(2 * mean)
    return windows if max(thirds) - min(thirds) <= allowed else None


def carried_rps(tally: Tally) -> float | None:
    """
    Give the rate of good replies while arrivals went on; None without a whole window.

    What ends after the last arrival had the system to itself, and is left out.
    """
    windows = _judged(tally)
    if not windows:
        return None
    return sum(window.outcomes["ok"] for _, window in windows) / (
        len(windows) * tally.timeline.width_s
    )


def _arriving(tally: Tally) -> list[tuple[float, Window]]:
    """Give all windows up to the last arrival; without the one that it only partly fills."""
    rows = tally.timeline.rows()
    filled = [number for number, (_, window) in enumerate(rows) if window.offered]
    return rows[: filled[-1]] if filled else []


def _judged(tally: Tally) -> list[tuple[float, Window]]:
    return [row for row in _arriving(tally) if row[0] >= tally.warm_up_s]


def _backlogs(tally: Tally) -> list[int]:
    """Give how many requests were under way at the end of each window."""
    changes = [window.offered - window.outcomes.total() for _, window in _arriving(tally)]
    return list(accumulate(changes))
