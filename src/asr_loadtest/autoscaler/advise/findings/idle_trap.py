"""
What idle pods use already decides how many of them there are.

A resident model holds its memory whether it is asked or not. If that is near the memory target,
replicas never fall back to minReplicas; if it is above, they climb to maxReplicas without any load.
A low CPU target does the same with what an idle server computes.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.advise.amounts import say_bytes, say_cores
from asr_loadtest.autoscaler.advise.findings.resting import (
    Resting,
    largest_harmless_percent,
    resting_place,
    usage_percent,
    usage_ratio,
)
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.judgement.findings import Finding

__all__ = ["IdleUse", "find_idle_trap", "idle_use"]

_SAY = {"cpu": say_cores, "memory": say_bytes}
_GIB = 2**30
# Where the search for a better target ends: nobody lets a pod use ten times its request.
_HIGHEST_TARGET = 1000


@dataclass(frozen=True, slots=True)
class IdleUse:
    """
    What one idle pod uses of a metric's resource.

    Attributes:
        ratio: To the metric's target.
        percent: Of its request, whole; None for a target that is no percentage.
        usage: In cores or bytes; None if only the percentage is known.
    """

    ratio: float
    percent: int | None = None
    usage: float | None = None


def idle_use(metric: MetricSpec, usage: float, request: float | None) -> IdleUse | None:
    """Hold a pod's usage against a Resource metric; None if its request is needed, and unknown."""
    ratio = usage_ratio(metric, usage, request)
    if ratio is None:
        return None
    return IdleUse(ratio, usage_percent(usage, request) if request else None, usage)


def find_idle_trap(metric: MetricSpec, spec: HpaSpec, idle: IdleUse) -> Finding | None:
    """
    Say where idle pods lead by one metric; None if it lets them fall back to minReplicas.

    Args:
        metric: Of the source Resource.
        spec: Limits and tolerances.
        idle: What each pod uses.
    """
    resting = resting_place(idle.ratio, spec)
    is_switched_off = spec.rules.down.select == "Disabled" and resting.course != "climbs"
    if resting.course == "falls" or is_switched_off:
        return None
    return Finding(
        "warn",
        f"{metric.name}_trap",
        f"{_use(metric, idle)}: {_consequence(resting, spec)}",
        _cpu_remedy(spec, idle) if metric.name == "cpu" else _memory_remedy(metric, spec, idle),
        {
            "percent": idle.percent,
            "target": metric.target,
            "resting_replicas": resting.from_most,
            "resting_replicas_from_minimum": resting.from_fewest,
        },
    )


def _use(metric: MetricSpec, idle: IdleUse) -> str:
    amount = "" if idle.usage is None else _SAY[metric.name](idle.usage)
    if metric.target_type != "Utilization":
        return f"an idle pod uses {amount}, the target is {_SAY[metric.name](metric.target)}"
    share = f"{idle.percent} % of the {metric.name} that it requests"
    told = f"{amount}, {share}" if amount else share
    return f"an idle pod uses {told}; the target is {metric.target:g} %"


def _consequence(resting: Resting, spec: HpaSpec) -> str:
    if resting.course == "climbs":
        return f"without any load replicas climb to {resting.from_fewest} and stay there"
    if resting.course == "stops":
        return f"once there were more, replicas stop at {resting.from_most}, not {spec.minimum}"
    return "that is within the tolerance, so replicas stay at whatever number they once reached"


def _cpu_remedy(spec: HpaSpec, idle: IdleUse) -> str:
    if idle.percent is None:
        return "raise averageValue of cpu in spec.metrics"
    harmless = (
        target
        for target in range(idle.percent + 1, _HIGHEST_TARGET)
        if resting_place(idle.percent / target, spec).course == "falls"
    )
    enough = next(harmless, None)
    return f"raise averageUtilization of cpu in spec.metrics{f' to {enough}' if enough else ''}"


def _memory_remedy(metric: MetricSpec, spec: HpaSpec, idle: IdleUse) -> str:
    advice = (
        "take memory out of spec.metrics: what a loaded model holds is no measure of load; a queue"
        " is (deploy/kubernetes/ai-model-hpa-queue.yaml)"
    )
    harmless = largest_harmless_percent(metric.target, spec)
    if harmless is None or idle.percent is None or idle.usage is None:
        return advice
    # The percent is cut, so any request above this one gives the harmless percent or less.
    needed_gib = int(100 * idle.usage / (harmless + 1) / _GIB) + 1
    return (
        f"{advice}; or request {needed_gib} GiB (resources.requests.memory), so that it is"
        f" {harmless} % or less"
    )
