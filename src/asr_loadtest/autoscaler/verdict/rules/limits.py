"""
How far the rate policies let one move go.

A policy's base is the replicas at its period's start: as the controller has it, now minus what it
added in the period plus what it removed. Where somebody else moved them meanwhile, both readings
are allowed. So are both ends of the measurement's slack, and that what was seen only after a
silence had come a period before: what is beyond by all readings is so for certain.
The arithmetic is the controller's own, in `hpa.rates`.
"""

from __future__ import annotations

from collections.abc import Sequence

from asr_loadtest.autoscaler.hpa import rates
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.verdict.inferred.course import Course, Direction
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
    # What came before the spec was changed may be forgotten: its periods were others.
    recent = [change for change in seen if change.at_s >= course.tenure.from_s]
    readings = (
        rates.step_limit(
            course.spec, before, _steps(events, slack_s), at_s, is_up=direction == "up"
        )
        for events in (made, timely, seen, recent)
        for slack_s in (0.0, course.slack_s)
    )
    limits = [each or 0 for each in readings]  # none: all may go at once
    return max(limits) if direction == "up" else min(limits)


def _steps(changes: Sequence[ReplicaChange], slack_s: float) -> rates.Steps:
    """Give them as the controller would have noted them; the older for the slack's sake."""
    return tuple(rates.Step(each.at_s - slack_s, each.after - each.before) for each in changes)
