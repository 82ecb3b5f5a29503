"""
Where replicas come to rest when every pod uses the same, whatever their number.

So it is with memory that a loaded model holds, and with what an idle pod computes. The ratio to the
target is then the same at every size, and the controller's rules lead to a size that they no longer
change. Rates and windows say when that is reached, not where it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.autoscaler.hpa.gauges import AverageGauge
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.autoscaler.hpa.weighing import is_tolerated
from asr_loadtest.cluster.kubernetes.quantity import milli

__all__ = ["Resting", "largest_harmless_percent", "resting_place", "usage_percent", "usage_ratio"]

Course = Literal["falls", "stops", "stays", "climbs"]


@dataclass(frozen=True, slots=True)
class Resting:
    """
    Where replicas come to rest.

    Attributes:
        from_most: Replicas in the end if all of maxReplicas were there before.
        from_fewest: Replicas in the end if only minReplicas were.
        course: "falls" back to minReplicas; "stops" above it; "stays" where the replicas are, in
            the tolerated zone; "climbs" to maxReplicas, from wherever.
    """

    from_most: int
    from_fewest: int
    course: Course


def usage_percent(usage: float, request: float) -> int:
    """Give the whole percent that the controller sees of a pod's cores or bytes; it is cut."""
    return milli(usage) * 100 // milli(request)


def usage_ratio(metric: MetricSpec, usage: float, request: float | None) -> float | None:
    """Give the ratio to the target of a Resource metric; None if its request is not known."""
    if metric.target_type != "Utilization":
        return AverageGauge(milli(metric.target)).read({"": milli(usage)}).ratio
    return usage_percent(usage, request) / metric.target if request else None


def resting_place(ratio: float, spec: HpaSpec) -> Resting:
    """
    Say where one metric alone leads.

    Args:
        ratio: Of what is measured to the target, the same at every size.
        spec: Limits and tolerances.
    """
    fewest = max(spec.minimum, 1)
    from_most = _settled(ratio, spec, spec.maximum)
    from_fewest = _settled(ratio, spec, fewest)
    if from_fewest > fewest:
        course: Course = "climbs"
    elif from_most <= fewest:
        course = "falls"
    else:
        course = "stays" if is_tolerated(ratio, spec.rules) else "stops"
    return Resting(from_most, from_fewest, course)


def largest_harmless_percent(target: float, spec: HpaSpec) -> int | None:
    """Give the highest whole percent with which replicas fall back to minReplicas, if any does."""
    harmless = [
        percent
        for percent in range(math.ceil(target))
        if resting_place(percent / target, spec).course == "falls"
    ]
    return max(harmless, default=None)


def _settled(ratio: float, spec: HpaSpec, replicas: int) -> int:
    """Follow the wishes until they wish for what is there; they never turn back on their way."""
    while (wish := _wish(ratio, spec, replicas)) != replicas:
        replicas = wish
    return replicas


def _wish(ratio: float, spec: HpaSpec, replicas: int) -> int:
    if is_tolerated(ratio, spec.rules):
        return replicas
    wish = min(max(math.ceil(ratio * replicas), spec.minimum), spec.maximum)
    rules = spec.rules.up if wish > replicas else spec.rules.down
    return replicas if rules.select == "Disabled" else wish
