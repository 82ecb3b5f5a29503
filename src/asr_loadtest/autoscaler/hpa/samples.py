"""
Usage and requests by pod, as the controller adds them up over containers.

Source: metrics/client.go and calculateRequests in replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.inputs import Inputs, PodInput, PodUsage
from asr_loadtest.autoscaler.hpa.spec import MetricSpec

__all__ = ["MetricFailedError", "Sample", "requests_by_pod", "samples_by_pod"]


class MetricFailedError(Exception):
    """A metric from which no count of replicas can be told; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One pod's value of one metric.

    Attributes:
        milli: In thousandths.
        sampled_s, window_s: The end and the length of the time that it covers.
    """

    milli: int
    sampled_s: float = 0.0
    window_s: float = 0.0


def samples_by_pod(metric: MetricSpec, inputs: Inputs) -> dict[str, Sample]:
    """
    Give the samples of a metric that pods have; those of pods that are gone are among them.

    Raises:
        MetricFailedError: If the API failed, has no sample at all, or lacks the container.
    """
    if metric.source == "Pods":
        if not inputs.pod_values.get(metric.name):
            raise MetricFailedError(f"unable to get metric {metric.name}")
        return {pod: Sample(milli) for pod, milli in inputs.pod_values[metric.name].items()}
    if not inputs.usage:
        failed = "the resource metrics API failed"
        empty = "no metrics returned from resource metrics API"
        reason = failed if inputs.usage is None else empty
        raise MetricFailedError(f"unable to get metrics for resource {metric.name}: {reason}")
    found = {each.pod: _sample(each, metric) for each in inputs.usage}
    return {pod: sample for pod, sample in found.items() if sample is not None}


def requests_by_pod(metric: MetricSpec, pods: Sequence[PodInput]) -> dict[str, int]:
    """
    Give what each pod requests, in thousandths; those that are going away are no exception.

    Raises:
        MetricFailedError: If one container has no such request.
    """
    return {pod.name: _request(pod, metric) for pod in pods}


def _sample(seen: PodUsage, metric: MetricSpec) -> Sample | None:
    """Add a pod's containers up; one that lacks the resource makes the pod lack it."""
    if metric.container and metric.container not in seen.usage:
        raise MetricFailedError(
            f"container {metric.container} not present in metrics for pod {seen.pod}"
        )
    used = [amounts.get(metric.name) for amounts in _counted(seen.usage, metric).values()]
    known = [each for each in used if each is not None]
    if not used or len(known) < len(used):
        return None
    return Sample(sum(known), seen.sampled_s, seen.window_s)


def _request(pod: PodInput, metric: MetricSpec) -> int:
    total = 0
    for container, amounts in _counted(pod.requests, metric).items():
        if metric.name not in amounts:
            raise MetricFailedError(
                f"missing request for {metric.name} in container {container} of Pod {pod.name}"
            )
        total += amounts[metric.name]
    return total


def _counted(
    containers: Mapping[str, Mapping[str, int]], metric: MetricSpec
) -> Mapping[str, Mapping[str, int]]:
    """Keep the containers that count: all of them, or the one of a ContainerResource."""
    if not metric.container:
        return containers
    return {name: amounts for name, amounts in containers.items() if name == metric.container}
