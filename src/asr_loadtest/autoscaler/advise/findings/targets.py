"""A target held against what a pod asks for and may take: whether it can be met, and when it is."""

from __future__ import annotations

import math
from collections.abc import Iterable

from asr_loadtest.autoscaler.advise.amounts import say_cores
from asr_loadtest.autoscaler.advise.findings.resting import usage_percent
from asr_loadtest.autoscaler.advise.findings.signals import fires
from asr_loadtest.autoscaler.advise.pod_needs import PodNeeds
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.units import percent

__all__ = ["find_missing_request", "find_target_of_request", "find_unreachable_target"]

# From a pod's most to a target that is reached with room to spare.
_COMFORTABLE = 0.8


def find_target_of_request(metric: MetricSpec, needs: PodNeeds) -> Finding | None:
    """Tell that a percentage of the request fires far below what the pod may use."""
    request, limit = needs.requests.get("cpu"), needs.limits.get("cpu")
    if metric.target_type != "Utilization" or not request or not limit or limit <= request:
        return None
    cores = metric.target / 100 * request
    return Finding(
        "caveat",
        "cpu_of_request",
        f"the CPU target of {metric.target:g} % is of the request: {say_cores(cores)} a pod, which"
        f" is {percent(cores / limit)} of the {say_cores(limit)} that it may use",
        f"if pods are to be fuller, set averageUtilization of cpu up to"
        f" {100 * limit / request:g} (the limit), or requests.cpu nearer to limits.cpu",
        {"target_cores": cores, "request_cores": request, "limit_cores": limit},
    )


def find_unreachable_target(metric: MetricSpec, needs: PodNeeds, spec: HpaSpec) -> Finding | None:
    """Find a percentage that no pod can exceed, since its limit is below it."""
    request, limit = needs.requests.get(metric.name), needs.limits.get(metric.name)
    if metric.target_type != "Utilization" or not request or not limit:
        return None
    most = usage_percent(limit, request)
    if fires(most / metric.target, spec):
        return None
    return Finding(
        "warn",
        "unreachable_target",
        f"{metric.name} can be {most} % of the request at most, which is its limit; the target of"
        f" {metric.target:g} % asks for more replicas only above"
        f" {metric.target * (1 + spec.rules.up.tolerance):.4g} %",
        f"lower averageUtilization of {metric.name} in spec.metrics to"
        f" {math.floor(_COMFORTABLE * most)} or less, or raise limits.{metric.name}",
        {"most_percent": most, "target": metric.target},
    )


def find_missing_request(
    metric: MetricSpec, needs: PodNeeds, others: Iterable[MetricSpec]
) -> Finding | None:
    """
    Find a percentage of a request that a container does not make.

    Args:
        metric: Of the source Resource.
        needs: What the pod's containers say.
        others: The HPA's other metrics.
    """
    lacking = needs.without_request.get(metric.name, ())
    if metric.target_type != "Utilization" or not lacking:
        return None
    then = (
        "the others can still add replicas, and none is ever taken away"
        if tuple(others)
        else "replicas never change"
    )
    return Finding(
        "warn",
        "missing_request",
        f"{', '.join(lacking)} requests no {metric.name}, of which the HPA wants"
        f" {metric.target:g} %: the metric fails at every sync, and {then}",
        f"set resources.requests.{metric.name} on every container of the pod",
        {"containers": len(lacking), "target": metric.target},
    )
