"""
Rate policies: how far one step may go.

A policy counts from the replicas at its period's start: those of now, without what was added since
and with what was removed. Source: calculateScaleUpLimitWithScalingRules and its twin in
horizontal.go of Kubernetes 1.36.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, Policy, ScalingRules

__all__ = [
    "Step",
    "Steps",
    "down_limit",
    "note_step",
    "step_limit",
    "up_limit",
    "up_limit_without_behavior",
]


@dataclass(frozen=True, slots=True)
class Step:
    """
    A change of the replicas that the autoscaler made.

    Attributes:
        at_s: When.
        change: How many were added; negative if some were removed.
    """

    at_s: float
    change: int


Steps = tuple[Step, ...]
"""What one controller did; it lives in its memory, and dies with it."""


def up_limit(rules: ScalingRules, current: int, steps: Sequence[Step], at_s: float) -> int:
    """
    Give the most replicas that a step up may reach; never fewer than there are.

    Args:
        rules: The policies for scaling up.
        current: How many replicas are wanted by now.
        steps: What was done before, up and down.
        at_s: Now.
    """
    if rules.select == "Disabled" or not rules.policies:
        return current
    ends = [_upper_end(each, _base(each, current, steps, at_s)) for each in rules.policies]
    return max(current, min(ends) if rules.select == "Min" else max(ends))


def down_limit(rules: ScalingRules, current: int, steps: Sequence[Step], at_s: float) -> int:
    """
    Give the fewest replicas that a step down may reach; never more than there are.

    Arguments as those of `up_limit`, with the policies for scaling down. The result may be
    negative: minReplicas is not its business.
    """
    if rules.select == "Disabled" or not rules.policies:
        return current
    ends = [_lower_end(each, _base(each, current, steps, at_s)) for each in rules.policies]
    return min(current, max(ends) if rules.select == "Min" else min(ends))


def up_limit_without_behavior(current: int) -> int:
    """Give the most that one step up may reach where no behavior block is declared."""
    return max(2 * current, 4)


def step_limit(
    spec: HpaSpec, current: int, steps: Sequence[Step], at_s: float, *, is_up: bool
) -> int | None:
    """
    Give how far one step may go, whatever the manifest declares; None where no rate limits it.

    Without a behavior block there is a rate up and none down. Other arguments as of `up_limit`.
    """
    if spec.behavior is None:
        return up_limit_without_behavior(current) if is_up else None
    if is_up:
        return up_limit(spec.behavior.up, current, steps, at_s)
    return down_limit(spec.behavior.down, current, steps, at_s)


def note_step(rules: ScalingRules, steps: Steps, step: Step) -> Steps:
    """
    Add a step, in the place of the last one of its direction that all policies have outlived.

    Args:
        rules: Those of the step's direction.
        steps: What was done before.
        step: What is done now.

    Others that are outlived stay, as the controller has it: a longer period of the other direction
    still counts them.
    """
    longest_s = max((each.period_s for each in rules.policies), default=0.0)
    for index in reversed(range(len(steps))):
        is_alike = (steps[index].change > 0) == (step.change > 0)
        if is_alike and step.at_s - steps[index].at_s > longest_s:
            return (*steps[:index], step, *steps[index + 1 :])
    return (*steps, step)


def _base(policy: Policy, current: int, steps: Sequence[Step], at_s: float) -> int:
    """Give the replicas at the policy's period's start."""
    return current - sum(each.change for each in steps if at_s - each.at_s < policy.period_s)


def _upper_end(policy: Policy, base: int) -> int:
    """Percent is rounded up: else one pod would never become two."""
    if policy.kind == "Pods":
        return base + policy.value
    return math.ceil(base * (1 + policy.value / 100))


def _lower_end(policy: Policy, base: int) -> int:
    """Percent is truncated: 10 % of five pods are one pod."""
    if policy.kind == "Pods":
        return base - policy.value
    return math.trunc(base * (1 - policy.value / 100))
