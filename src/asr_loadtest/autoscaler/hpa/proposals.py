"""
What each metric asks for, and what all of them together.

Source: computeReplicasForMetrics in horizontal.go, and replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.gauges import AverageGauge, Gauge, UtilizationGauge
from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.pods import group_pods
from asr_loadtest.autoscaler.hpa.samples import MetricFailedError, requests_by_pod, samples_by_pod
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.autoscaler.hpa.weighing import is_tolerated, weigh
from asr_loadtest.cluster.kubernetes.quantity import milli

__all__ = ["Proposal", "Recommendation", "propose", "recommend"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What one metric asks for.

    Attributes:
        metric: Which.
        replicas: How many; None if it failed.
        utilization: Whole percent of the requests, as the status shows it: of ready pods alone.
        value_milli: Average per pod, or the value of a Value target, in thousandths.
        failure: Why there is no count.
    """

    metric: MetricSpec
    replicas: int | None
    utilization: int | None = None
    value_milli: int | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """
    What all metrics ask for together: the most that one of them does.

    Attributes:
        replicas: How many, neither stabilized nor limited; None if nothing may move.
        by: The metric that asks for so many, as the controller writes it.
        proposals: In the order of the spec's metrics.
    """

    replicas: int | None
    by: str
    proposals: tuple[Proposal, ...]

    @property
    def failed(self) -> Proposal | None:
        """The first metric that failed."""
        return next((each for each in self.proposals if each.replicas is None), None)


def recommend(spec: HpaSpec, inputs: Inputs, current: int, at_s: float) -> Recommendation:
    """
    Ask every metric, and take the highest count.

    Where one of several fails the others may still scale up, or keep what is there; down only all
    of them together can.

    Args:
        spec: What is declared.
        inputs: What is served.
        current: How many replicas are wanted by now.
        at_s: Now.
    """
    proposals = tuple(propose(spec, metric, inputs, current, at_s) for metric in spec.metrics)
    highest = _highest(proposals)
    has_failed = any(each.replicas is None for each in proposals)
    if highest is None or highest.replicas is None or (has_failed and highest.replicas < current):
        return Recommendation(None, "", proposals)
    return Recommendation(highest.replicas, _named(highest.metric), proposals)


def propose(
    spec: HpaSpec, metric: MetricSpec, inputs: Inputs, current: int, at_s: float
) -> Proposal:
    """
    Ask one metric; arguments as those of `recommend`.

    What went wrong is told in the proposal: nothing is raised.
    """
    try:
        if metric.source not in {"Object", "External"}:
            return _of_pods(spec, metric, inputs, current, at_s)
        if metric.name not in inputs.values:
            raise MetricFailedError(f"unable to get metric {metric.name}")
        if metric.target_type == "AverageValue":
            return _of_value_per_pod(spec, metric, inputs, current)
        return _of_value(spec, metric, inputs, current)
    except MetricFailedError as error:
        return Proposal(metric, None, failure=str(error))


def _highest(proposals: Sequence[Proposal]) -> Proposal | None:
    """Give the first of those that ask for most."""
    known = [each for each in proposals if each.replicas is not None]
    return max(known, key=lambda each: each.replicas or 0, default=None)


def _of_pods(
    spec: HpaSpec, metric: MetricSpec, inputs: Inputs, current: int, at_s: float
) -> Proposal:
    """Resource, ContainerResource and Pods: what pods use, weighed."""
    samples = samples_by_pod(metric, inputs)
    if not inputs.pods:
        raise MetricFailedError("no pods returned by selector while calculating replica count")
    resource = "" if metric.source == "Pods" else metric.name
    groups = group_pods(inputs.pods, samples, resource, at_s, spec.flags)
    left_out = {*groups.ignored, *groups.unready}
    used = {pod: sample.milli for pod, sample in samples.items() if pod not in left_out}
    if not used:
        raise MetricFailedError("did not receive metrics for targeted pods")
    gauge = _gauge(metric, inputs)
    replicas, reading = weigh(gauge, groups, used, current, spec.rules)
    return Proposal(metric, replicas, reading.utilization, reading.average_milli)


def _gauge(metric: MetricSpec, inputs: Inputs) -> Gauge:
    if metric.target_type == "Utilization":
        return UtilizationGauge(int(metric.target), requests_by_pod(metric, inputs.pods))
    return AverageGauge(milli(metric.target))


def _of_value(spec: HpaSpec, metric: MetricSpec, inputs: Inputs, current: int) -> Proposal:
    """Object and External against a Value: the ratio, times the pods that are ready."""
    value = inputs.values[metric.name]
    ratio = value / milli(metric.target)
    if current == 0:  # With minReplicas 0: from none to as many as the ratio says.
        return Proposal(metric, math.ceil(ratio), value_milli=value)
    if is_tolerated(ratio, spec.rules):
        return Proposal(metric, current, value_milli=value)
    if not inputs.pods:
        raise MetricFailedError("unable to calculate ready pods: no pods returned by selector")
    ready = sum(pod.phase == "Running" and pod.is_ready is True for pod in inputs.pods)
    return Proposal(metric, math.ceil(ratio * ready), value_milli=value)


def _of_value_per_pod(spec: HpaSpec, metric: MetricSpec, inputs: Inputs, current: int) -> Proposal:
    """Object and External against an AverageValue: the value, shared among the pods that exist."""
    value, target = inputs.values[metric.name], milli(metric.target)
    existing = current if inputs.existing is None else inputs.existing
    if existing == 0:
        return Proposal(metric, math.ceil(value / target))
    average = math.ceil(value / existing)
    if is_tolerated(value / (target * existing), spec.rules):
        return Proposal(metric, existing, value_milli=average)
    return Proposal(metric, math.ceil(value / target), value_milli=average)


def _named(metric: MetricSpec) -> str:
    """Give a metric's name as the controller's log and events have it, without selectors."""
    if metric.source in {"Pods", "Object", "External"}:
        return f"{metric.source.lower()} metric {metric.name}"
    if metric.target_type == "AverageValue":
        return f"{metric.name} resource"
    kind = "container resource" if metric.source == "ContainerResource" else "resource"
    return f"{metric.name} {kind} utilization (percentage of request)"
