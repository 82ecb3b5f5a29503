"""
From what is recommended to what is done: windows, then rates, then bounds.

Source: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors and what they call, in
horizontal.go of Kubernetes 1.36.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.memory import Memory
from asr_loadtest.autoscaler.hpa.rates import Steps, down_limit, up_limit, up_limit_without_behavior
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.hpa.windows import stabilize

__all__ = ["Settled", "settle"]

_FREE = "DesiredWithinRange"


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What a recommendation comes to.

    Attributes:
        replicas: How many there are to be.
        stabilized: How many the windows let through.
        waiting: Reason of AbleToScale: ReadyForNewScale, or the window that holds back.
        limited_by: Reason of ScalingLimited: the rate or bound that did, or DesiredWithinRange.
    """

    replicas: int
    stabilized: int
    waiting: str
    limited_by: str


def settle(spec: HpaSpec, memory: Memory, at_s: float, current: int, wish: int) -> Settled:
    """
    Decide about a recommendation.

    Args:
        spec: Whose windows, rates and bounds.
        memory: What was recommended and done before.
        at_s: Now.
        current: How many replicas are wanted by now, within the bounds.
        wish: What is recommended.
    """
    stabilized = stabilize(spec, memory.history, at_s, current, wish)
    if spec.behavior is None:
        replicas, limited_by = _limited_without_behavior(spec, current, stabilized)
    else:
        replicas, limited_by = _limited(spec, memory.steps, at_s, current, stabilized)
    waiting = "ReadyForNewScale"
    if stabilized != wish:
        # It names the direction of the wish; without a behavior block only down has a window.
        is_up = spec.behavior is not None and wish >= current
        waiting = "ScaleUpStabilized" if is_up else "ScaleDownStabilized"
    return Settled(replicas, stabilized, waiting, limited_by)


def _limited(spec: HpaSpec, steps: Steps, at_s: float, current: int, wish: int) -> tuple[int, str]:
    if wish > current:
        return _at_most(wish, up_limit(spec.rules.up, current, steps, at_s), spec.maximum)
    if wish < current:
        return _at_least(wish, down_limit(spec.rules.down, current, steps, at_s), spec.minimum)
    return wish, _FREE


def _limited_without_behavior(spec: HpaSpec, current: int, wish: int) -> tuple[int, str]:
    if wish < spec.minimum:
        return spec.minimum, "TooFewReplicas"
    return _at_most(wish, up_limit_without_behavior(current), spec.maximum)


def _at_most(wish: int, limit: int, maximum: int) -> tuple[int, str]:
    if wish <= min(limit, maximum):
        return wish, _FREE
    return (limit, "ScaleUpLimit") if limit < maximum else (maximum, "TooManyReplicas")


def _at_least(wish: int, limit: int, minimum: int) -> tuple[int, str]:
    if wish >= max(limit, minimum):
        return wish, _FREE
    return (limit, "ScaleDownLimit") if limit > minimum else (minimum, "TooFewReplicas")
