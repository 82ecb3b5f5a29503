"""
How many replicas the controller wanted at a look, before windows and rates: from outside, bounds.

The status has each metric's whole percent, which is what the controller reckons with; how many pods
it counted is only bounded. Source: replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, MetricSpec
from asr_loadtest.autoscaler.hpa.weighing import is_tolerated
from asr_loadtest.autoscaler.verdict.inferred.pod_counts import PodCount, count_pods
from asr_loadtest.autoscaler.verdict.inferred.syncs import Sync
from asr_loadtest.cluster.kubernetes.sightings import MetricStatus
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["Proposal", "Wish", "wish_at"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What one metric asked for.

    Attributes:
        lowest, highest: Bounds, in replicas.
        ratio: Of its value to its target.
    """

    lowest: int
    highest: int
    ratio: float


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What all metrics asked for together: the highest of them.

    Attributes:
        lowest, highest: Bounds, in replicas; neither limited nor stabilized.
        proposals: By metric, in the order of the spec's; None of one that failed.
        is_recorded: Whether the controller certainly noted it in its history.
    """

    lowest: int
    highest: int
    proposals: tuple[Proposal | None, ...]
    is_recorded: bool = True


def wish_at(timeline: ClusterTimeline, spec: HpaSpec, sync: Sync, slack_s: float) -> Wish | None:
    """
    Give the bounds of what was wanted; None where no wish came about.

    Args:
        timeline: What was seen.
        spec: What the HPA declares.
        sync: The look.
        slack_s: How well instants are known.
    """

    def count(resource: str) -> PodCount:
        return count_pods(timeline, resource, sync.at_s, slack_s)

    status = sync.status
    is_outside = not spec.minimum <= status.current <= spec.maximum
    if is_outside or status.current == 0 or len(status.metrics) != len(spec.metrics):
        return None
    proposals = tuple(
        _proposal(spec.rules, metric, value, status.current, count)
        for metric, value in zip(spec.metrics, status.metrics, strict=True)
    )
    return _highest(proposals, status.current)


def _highest(proposals: tuple[Proposal | None, ...], current: int) -> Wish | None:
    known = [each for each in proposals if each is not None]
    if not known:
        return None
    lowest = max(each.lowest for each in known)
    highest = max(each.highest for each in known)
    if len(known) == len(proposals):
        return Wish(lowest, highest, proposals)
    if highest < current:  # With a metric missing nothing goes down.
        return None
    return Wish(max(lowest, current), highest, proposals, is_recorded=lowest >= current)


def _proposal(
    rules: Behavior,
    metric: MetricSpec,
    value: MetricStatus,
    current: int,
    count_pods_of: Callable[[str], PodCount],
) -> Proposal | None:
    measured = value.utilization if metric.target_type == "Utilization" else value.average
    if not value.is_known or measured is None or not metric.target:
        return None
    ratio = measured / metric.target
    if is_tolerated(ratio, rules):
        return Proposal(current, current, ratio)
    count = count_pods_of(metric.name)
    if metric.source == "Resource" and count.is_certain and count.least:
        exact = math.ceil(ratio * count.least)
        return Proposal(exact, exact, ratio)
    lowest = min(current, _least(metric, ratio, count, current))
    if metric.source == "Resource" and ratio < 1 and count.has_all_samples and count.most:
        return Proposal(lowest, math.ceil(ratio * count.most), ratio)
    return Proposal(lowest, max(current, _most(metric, measured, count, current)), ratio)


def _least(metric: MetricSpec, ratio: float, count: PodCount, current: int) -> int:
    """Give the least that may be asked for."""
    if metric.source in {"Object", "External"}:  # They know no pods: all that are ready count.
        return math.ceil(ratio * (count.ready if metric.target_type == "Value" else count.present))
    if ratio > 1 and count.present >= current:
        return current  # Pods that are not counted weigh it down, never below.
    return math.ceil(ratio * count.least)


def _most(metric: MetricSpec, measured: float, count: PodCount, current: int) -> int:
    """Give the most that may be asked for; what the percent was truncated by included."""
    whole = measured + 1 if metric.target_type == "Utilization" else measured
    return math.ceil(whole / metric.target * (count.most or current))
