"""
From pods' usage to a count of replicas, with the pods in mind whose usage is not known.

Source: GetResourceReplicas and calcPlainMetricReplicas in replica_calculator.go of Kubernetes 1.36,
which differ in their gauge alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from asr_loadtest.autoscaler.hpa.gauges import Gauge, Reading
from asr_loadtest.autoscaler.hpa.pods import PodGroups
from asr_loadtest.autoscaler.hpa.spec import Behavior

__all__ = ["is_tolerated", "weigh"]


def is_tolerated(ratio: float, rules: Behavior) -> bool:
    """Whether a ratio is so near 1 that nothing moves; both ends are."""
    return 1.0 - rules.down.tolerance <= ratio <= 1.0 + rules.up.tolerance


def weigh(
    gauge: Gauge,
    groups: PodGroups,
    used_milli: Mapping[str, int],
    current: int,
    rules: Behavior,
) -> tuple[int, Reading]:
    """
    Give the replicas that usage asks for, and the reading that the status shows.

    Args:
        gauge: Holds usage against the target.
        groups: Which pods count as what.
        used_milli: By pod; of the ready ones, and of those that are gone.
        current: How many replicas are wanted by now.
        rules: Their tolerances.

    The reading is of ready pods alone: it may show 200 % where starting pods hold all back.
    """
    reading = gauge.read(used_milli)
    dilutes = bool(groups.unready) and reading.ratio > 1
    if not dilutes and not groups.missing:
        if is_tolerated(reading.ratio, rules):
            return current, reading
        # Of the pods that count, not of those that are wanted.
        return math.ceil(reading.ratio * len(groups.ready)), reading
    weighed = dict(used_milli)
    for pod in groups.missing:
        stand_in = gauge.stand_in_milli(pod, reading.ratio)
        if stand_in is not None:
            weighed[pod] = stand_in
    if dilutes:
        weighed.update(dict.fromkeys(groups.unready, 0))
    ratio = gauge.read(weighed).ratio
    return _without_turning(reading.ratio, ratio, len(weighed), current, rules), reading


def _without_turning(first: float, ratio: float, count: int, current: int, rules: Behavior) -> int:
    """Follow the ratio of all pods, unless it leads elsewhere than that of the ready ones."""
    has_turned = first < 1 < ratio or ratio < 1 < first
    if has_turned or is_tolerated(ratio, rules):
        return current
    wish = math.ceil(ratio * count)
    is_backwards = wish > current if ratio < 1 else wish < current
    return current if is_backwards else wish
