"""
How many replicas the controller wanted at a look, before windows and rates: from outside, bounds.

The status has each metric's whole percent, which is what the controller reckons with; how many pods
it counted is only bounded. Source: replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.autoscaler.verdict.pod_counts import PodCount, count_pods
from asr_loadtest.autoscaler.verdict.syncs import Sync
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


def wish_at(timeline: ClusterTimeline, spec: HpaSpec, sync: Sync) -> Wish | None:
    """Give the bounds of what was wanted; None where no wish came about."""
    status = sync.status
    is_outside = not spec.minimum <= status.current <= spec.maximum
    if is_outside or status.current == 0 or len(status.metrics) != len(spec.metrics):
        return None
    proposals = tuple(
        _proposal(timeline, spec, metric, value, sync)
        for metric, value in zip(spec.metrics, status.metrics, strict=True)
    )
    known = [each for each in proposals if each is not None]
    if not known:
        return None
    lowest = max(each.lowest for each in known)
    highest = max(each.highest for each in known)
    if len(known) == len(proposals):
        return Wish(lowest, highest, proposals)
    if highest < status.current:  # With a metric missing nothing goes down.
        return None
    is_recorded = lowest >= status.current
    return Wish(max(lowest, status.current), highest, proposals, is_recorded)


def _proposal(
    timeline: ClusterTimeline, spec: HpaSpec, metric: MetricSpec, value: MetricStatus, sync: Sync
) -> Proposal | None:
    measured = value.utilization if metric.target_type == "Utilization" else value.average
    if not value.is_known or measured is None or not metric.target:
        return None
    ratio, current = measured / metric.target, sync.status.current
    rules = spec.rules
    if 1 - rules.down.tolerance <= ratio <= 1 + rules.up.tolerance:
        return Proposal(current, current, ratio)
    count = count_pods(timeline, metric.name, sync.at_s)
    if metric.source == "Resource" and count.is_certain and count.least:
        exact = math.ceil(ratio * count.least)
        return Proposal(exact, exact, ratio)
    lowest = min(current, math.ceil(ratio * count.least))
    if ratio < 1 and metric.source == "Resource" and count.has_all_samples and count.most:
        return Proposal(lowest, math.ceil(ratio * count.most), ratio)
    if ratio > 1 and metric.source == "Resource" and count.present >= current:
        lowest = current  # Pods that are not counted weigh it down, never below.
    return Proposal(lowest, max(current, _most(metric, measured, count, current)), ratio)


def _most(metric: MetricSpec, measured: float, count: PodCount, current: int) -> int:
    """Give the most that may be asked for; what the percent was truncated by included."""
    whole = measured + 1 if metric.target_type == "Utilization" else measured
    return math.ceil(whole / metric.target * (count.most or current))
