"""minReplicas and maxReplicas: no move beyond them, and what is beyond comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from asr_loadtest.autoscaler.verdict.inferred.course import Course, Look, Move
from asr_loadtest.autoscaler.verdict.inferred.syncs import SYNC_S
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.values import RuleVerdict

__all__ = ["judge_bound"]

Bound = Literal["min", "max"]

_CORRECTED_WITHIN_S = 2 * SYNC_S + 5
"""What somebody puts beyond a bound comes back at the next look, which is 15 s away at most."""

_PRESSED = {"min": "TooFewReplicas", "max": "TooManyReplicas"}


def judge_bound(course: Course, bound: Bound) -> RuleVerdict:
    """
    Hold all replica counts against a bound.

    Held means that there was pressure: more was wanted at the maximum, the autoscaler itself came
    down to the minimum, or brought back what was beyond.
    """
    name, limit = f"{bound}_replicas", _limit(course, bound)
    broken = [*_moved_beyond(course, bound, limit), *_left_beyond(course, bound, limit)]
    if broken:
        side = "above maxReplicas" if bound == "max" else "below minReplicas"
        return RuleVerdict(
            name, "broken", f"there were replicas {side}, which is {limit}", tuple(broken)
        )
    pressed = [*_corrections(course, bound), *_pressure(course, bound, limit)]
    if pressed:
        side = "above" if bound == "max" else "below"
        words = f"the autoscaler moved nothing {side} {limit}, though it was pressed"
        return RuleVerdict(name, "held", words, tuple(pressed))
    words = f"nothing pressed against {limit}"
    more = f"more than {several(limit, 'replica')}"
    needs = f"a load that ends with {more}, until all steps down are made"
    if bound == "max":
        needs = f"load for {more}, until all of them are there, and 31 s longer"
    return RuleVerdict(name, "not_exercised", words, needs=needs)


def _limit(course: Course, bound: Bound) -> int:
    return course.spec.maximum if bound == "max" else course.spec.minimum


def _is_beyond(replicas: int, bound: Bound, limit: int) -> bool:
    return replicas > limit if bound == "max" else replicas < limit


def _moved_beyond(course: Course, bound: Bound, limit: int) -> Iterator[str]:
    for move in course.moves:
        if course.covers(move) and _is_beyond(move.change.after, bound, limit):
            yield f"the autoscaler moved {move}"


def _left_beyond(course: Course, bound: Bound, limit: int) -> Iterator[str]:
    """Find what was not brought back; at 0 scaling is disabled, and unheard looks prove nothing."""
    for from_s, to_s, replicas in course.timeline.replicas.spans(course.until_s):
        starts_s = max(from_s, course.from_s)
        is_long = to_s - starts_s > _CORRECTED_WITHIN_S
        is_left = is_long and replicas and _is_beyond(replicas, bound, limit)
        if is_left and _is_at_work(course, starts_s, to_s):
            yield f"{replicas} replicas from {starts_s:.1f} s on, for {to_s - starts_s:.0f} s"


def _is_at_work(course: Course, from_s: float, to_s: float) -> bool:
    """Whether the HPA was heard all along, and able to scale as far as it said."""
    silences = (
        span
        for resource in ("horizontalpodautoscalers", "deployments")
        for span in course.timeline.unheard(resource)
    )
    if any(a < to_s and b > from_s for a, b in silences):
        return False
    able = course.timeline.condition("AbleToScale")
    known = [value for a, b, value in able.spans(course.until_s) if a < to_s and b > from_s]
    return bool(known) and all(status == "True" for status, _ in known)


def _corrections(course: Course, bound: Bound) -> Iterator[str]:
    direction = "down" if bound == "max" else "up"
    for move in course.moves:
        if move.is_correction and move.direction == direction and course.covers(move):
            yield f"the autoscaler brought back {move}"


def _pressure(course: Course, bound: Bound, limit: int) -> Iterator[str]:
    """Tell of the first time that more was wanted, and of steps that ended at the bound."""
    for look in course.judged_looks():
        if look.sync.status.current == limit and (words := _pressed(look, bound, limit)):
            yield f"{words} at {look.at_s:.1f} s"
            break
    if bound == "min":
        yield from (f"came down to it: {move}" for move in _arrivals(course, limit))


def _pressed(look: Look, bound: Bound, limit: int) -> str:
    limited = look.sync.status.conditions.get("ScalingLimited")
    if limited is not None and limited.reason == _PRESSED[bound]:
        return f"the controller said {limited.reason}"
    if look.wants("up" if bound == "max" else "down", limit):
        return "more was wanted" if bound == "max" else "less was wanted"
    return ""


def _arrivals(course: Course, limit: int) -> list[Move]:
    """Give moves down to the minimum, after which there were looks that might have gone on."""
    return [
        move
        for move in course.judged("down")
        if move.change.after == limit and course.until_s - move.change.at_s > 2 * SYNC_S
    ]
