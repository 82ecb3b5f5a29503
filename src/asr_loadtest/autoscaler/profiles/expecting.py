"""When how many replicas are to be expected: ranges, out of what all rehearsals came to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from asr_loadtest.autoscaler.profiles.rehearsal import Change, Rehearsal

__all__ = ["Expected", "expect"]

# Rehearsals try the controller's first look every 3 s: no range is known better than that.
_GRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Expected:
    """
    So many replicas, for the first time on a way up or down.

    Attributes:
        replicas: So many or more on the way up, so many or fewer on the way down.
        is_up: Which way.
        earliest_s: No sooner than this, by the clock from the start.
        latest_s: No later than this; None: perhaps not at all.
    """

    replicas: int
    is_up: bool
    earliest_s: float
    latest_s: float | None


def expect(courses: Sequence[Rehearsal], cut_s: float, speed: float) -> tuple[Expected, ...]:
    """
    Give what is to be expected within a run.

    Args:
        courses: The rehearsals, in the cluster's seconds.
        cut_s: Where the run ends, by the clock.
        speed: How many seconds of the cluster pass in one.
    """
    ways = [_ways(course.changes) for course in courses]
    # The way with the fewest stops has those that the rules lead to; on others there may be more.
    longest = max(map(len, ways), default=0)
    found: list[Expected] = []
    for number in range(longest):
        stops = min((each[number] for each in ways if len(each) > number), key=len)
        for stop in stops:
            instants = [_reached_s(each, number, stop) for each in ways]
            known = [each for each in instants if each is not None]
            earliest_s = _GRAIN_S * math.floor(min(known) / _GRAIN_S) / speed
            latest_s = _GRAIN_S * math.ceil(max(known) / _GRAIN_S) / speed
            is_certain = len(known) == len(instants) and latest_s <= cut_s
            if earliest_s < cut_s:
                latest = latest_s if is_certain else None
                found.append(Expected(stop.after, stop.is_up, earliest_s, latest))
    return tuple(found)


def _ways(changes: Sequence[Change]) -> list[list[Change]]:
    """Cut a course where it turns."""
    return [list(way) for _, way in groupby(changes, key=lambda each: each.is_up)]


def _reached_s(ways: list[list[Change]], number: int, stop: Change) -> float | None:
    """Give when a course is at a stop, or beyond, on the same way of its own."""
    if len(ways) <= number or ways[number][0].is_up != stop.is_up:
        return None
    for change in ways[number]:
        if change.after == stop.after or (change.after > stop.after) == stop.is_up:
            return change.at_s
    return None
