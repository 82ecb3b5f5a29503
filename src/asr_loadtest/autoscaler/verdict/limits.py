"""
How far the rate policies let one move go.

A policy's base is the replicas at its period's start: as the controller has it, now minus what it
added in the period plus what it removed. Where somebody else moved them meanwhile, both readings
are allowed. So are both ends of the measurement's slack, and that what was seen only after a
silence had come a period before: what is beyond by all readings is so for certain.
Source: horizontal.go of Kubernetes 1.36, calculateScaleUpLimitWithScalingRules and its twin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, Policy, ScalingRules
from asr_loadtest.autoscaler.verdict.course import Course, Direction
from asr_loadtest.cluster.kubernetes.timeline import ReplicaChange

__all__ = ["has_rate", "step_limit"]


def has_rate(spec: HpaSpec, direction: Direction) -> bool:
    """Whether a rate is declared at all; without a behavior block there is none down."""
    return spec.behavior is not None or direction == "up"


def step_limit(course: Course, direction: Direction, before: int, at_s: float) -> int:
    """Give the replicas that a move from *before* may reach at this instant, by any reading."""
    moves = [move for move in course.moves if move.change.at_s < at_s]
    made = [move.change for move in moves]
    timely = [move.change for move in moves if not move.is_late]
    seen = [change for change in course.timeline.changes if change.at_s < at_s]
    readings = (
        _limit(course.spec, direction, before, _recent(events, at_s, slack_s))
        for events in (made, timely, seen)
        for slack_s in (0.0, course.slack_s)
    )
    return max(readings) if direction == "up" else min(readings)


class _Recent:
    """Changes by age."""

    def __init__(self, aged: Iterable[tuple[float, int]]) -> None:
        self._aged = tuple(aged)

    def base(self, now: int, period_s: float) -> int:
        """Give the replicas at the period's start."""
        return now - sum(step for age_s, step in self._aged if age_s < period_s)


def _recent(changes: Sequence[ReplicaChange], at_s: float, slack_s: float) -> _Recent:
    return _Recent((at_s - each.at_s + slack_s, each.after - each.before) for each in changes)


def _limit(spec: HpaSpec, direction: Direction, before: int, recent: _Recent) -> int:
    if spec.behavior is None:
        return max(2 * before, 4) if direction == "up" else 0
    rules = spec.behavior.up if direction == "up" else spec.behavior.down
    if rules.select == "Disabled":
        return before
    reached = [
        _reached(each, direction, recent.base(before, each.period_s)) for each in rules.policies
    ]
    return _selected(rules, direction, reached, before)


def _reached(policy: Policy, direction: Direction, base: int) -> int:
    """Give where a policy ends: percent is rounded up on the way up, and off on the way down."""
    if policy.kind == "Pods":
        return base + policy.value if direction == "up" else base - policy.value
    if direction == "up":
        return math.ceil(base * (1 + policy.value / 100))
    return math.trunc(base * (1 - policy.value / 100))


def _selected(rules: ScalingRules, direction: Direction, reached: list[int], before: int) -> int:
    """Choose the biggest change, or the smallest; none leads back."""
    farthest = max(reached) if (direction == "up") == (rules.select == "Max") else min(reached)
    return max(farthest, before) if direction == "up" else min(farthest, before)
