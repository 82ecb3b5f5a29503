"""How fast replicas can become more: what the HPA's policies allow, and what a new pod takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from asr_loadtest.autoscaler.hpa.rates import up_limit, up_limit_without_behavior
from asr_loadtest.autoscaler.hpa.spec import HpaSpec

__all__ = [
    "DETECTION_S",
    "largest_step",
    "pause_s",
    "policy_rate_per_min",
    "reaction_s",
    "steps_to_maximum",
]

DETECTION_S = 30.0
"""From a change of load to a sync that sees it: metrics and syncs come every 15 s each."""


def largest_step(spec: HpaSpec, replicas: int) -> int:
    """Give the size that one period allows from *replicas* on, maxReplicas at most."""
    if spec.behavior is None:
        allowed = up_limit_without_behavior(replicas)
    else:
        allowed = up_limit(spec.rules.up, replicas, (), 0.0)
    return min(allowed, spec.maximum)


def steps_to_maximum(spec: HpaSpec) -> list[tuple[int, int]]:
    """Give the largest steps from minReplicas to maxReplicas, each from and to."""
    return list(_steps(spec))


def policy_rate_per_min(spec: HpaSpec) -> float:
    """Give how many replicas the policies add in a minute, from minReplicas on."""
    rules, replicas = spec.rules.up, max(spec.minimum, 1)
    if rules.select == "Disabled":
        return 0.0
    added = [
        up_limit(replace(rules, policies=(each,)), replicas, (), 0.0) - replicas
        for each in rules.policies
    ]
    rates = [60 * n / each.period_s for n, each in zip(added, rules.policies, strict=True)]
    return (min if rules.select == "Min" else max)(rates, default=math.inf)


def pause_s(spec: HpaSpec) -> float:
    """Give how long two steps up lie apart at most, if nothing but the rules holds them."""
    rules = spec.rules.up
    return max([rules.window_s, *(policy.period_s for policy in rules.policies)])


def reaction_s(spec: HpaSpec, start_s: float) -> float:
    """
    Give how long a burst may wait for the first pod that was made for it.

    Args:
        spec: Its window for scaling up.
        start_s: From a pod's creation to its readiness.
    """
    return DETECTION_S + spec.rules.up.window_s + start_s


def _steps(spec: HpaSpec) -> Iterator[tuple[int, int]]:
    replicas = max(spec.minimum, 1)
    while (after := largest_step(spec, replicas)) > replicas:
        yield replicas, after
        replicas = after
