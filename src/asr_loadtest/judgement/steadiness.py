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

__all__ = ["LEAST_COMPLETED", "SIGMAS", "Backlog", "backlog_of", "carried_rps", "steady_windows"]

# Of what is offered, so much must be completed meanwhile.
LEAST_COMPLETED = 0.98
# Fewer than this show no trend.
_LEAST_WINDOWS = 6
_LEAST_OFFERED = 100
# Thirds of a steady load differ by chance and by rounding, not by a profile.
_UNSTEADY_SHARE = 0.15
# What is beyond so many standard deviations is no chance.
SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Backlog:
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


def backlog_of(tally: Tally) -> Backlog | None:
    """
    Tell how the backlog went; None where the run was too short or its load not steady.

    An empty system first fills, for about as long as a request takes; that is no growth.

    The medians of thirds are compared: two instants differ mostly by chance, and a mean counts a
    short stall as growth. How many requests are under way varies by about its square root, so
    growth within three of those is none; near its limit a queue wanders further, and may look as
    if it grew.
    """
    windows = _steady(_arriving(tally, max(tally.warm_up_s, _filled_s(tally))))
    if windows is None:
        return None
    backlogs = _backlogs(tally)[-len(windows) :]
    third = len(windows) // 3
    first, last = median(backlogs[:third]), median(backlogs[-third:])
    per_window = sum(window.offered for window in windows) / len(windows)
    growth = last - first
    completed_share = 1 - growth / ((len(windows) - third) * per_window)
    is_growing = completed_share < LEAST_COMPLETED and growth > SIGMAS * math.sqrt(first + last)
    return Backlog(completed_share, first, last, is_growing)


def steady_windows(tally: Tally) -> list[Window] | None:
    """
    Give the judged windows during which arrivals went on, if these were steady and enough.

    None where there are too few of them, or where the load went up or down by plan.
    """
    return _steady(_arriving(tally, tally.warm_up_s))


def carried_rps(tally: Tally) -> float | None:
    """
    Give the rate of good replies while arrivals went on; None without a whole window.

    What ends after the last arrival had the system to itself, and is left out.
    """
    windows = _arriving(tally, tally.warm_up_s)
    if not windows:
        return None
    return sum(window.outcomes["ok"] for window in windows) / len(windows) / tally.timeline.width_s


def _steady(windows: list[Window]) -> list[Window] | None:
    offered = [window.offered for window in windows]
    if len(windows) < _LEAST_WINDOWS or sum(offered) < _LEAST_OFFERED:
        return None
    third = len(windows) // 3
    thirds = [sum(offered[:third]), sum(offered[third : 2 * third]), sum(offered[-third:])]
    mean = fmean(thirds)
    allowed = _UNSTEADY_SHARE * mean + SIGMAS * math.sqrt(2 * mean)
    return windows if max(thirds) - min(thirds) <= allowed else None


def _arriving(tally: Tally, from_s: float = -math.inf) -> list[Window]:
    """Give the windows up to the last arrival, but for the one that it only partly fills."""
    rows = tally.timeline.rows()
    filled = [number for number, (_, window) in enumerate(rows) if window.offered]
    return [window for at_s, window in rows[: filled[-1]] if at_s >= from_s] if filled else []


def _filled_s(tally: Tally) -> float:
    """
    Tell when the system had filled: twice the mean response of the run's first third.

    Later responses may have grown with the backlog, and are no measure for it. If nothing ended in
    that time, the system never filled.
    """
    rows = tally.timeline.rows()
    early = [window.response for window in _arriving(tally)[: len(_arriving(tally)) // 3]]
    count = sum(response.count for response in early)
    if not count:
        return math.inf
    return rows[0][0] + 2 * sum(response.total for response in early) / count


def _backlogs(tally: Tally) -> list[int]:
    """Give how many requests were under way at the end of each window."""
    changes = [window.offered - window.outcomes.total() for window in _arriving(tally)]
    return list(accumulate(changes))
