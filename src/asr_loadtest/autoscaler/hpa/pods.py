"""
Which pods count: ready ones, unready ones, those without a sample, and those that are ignored.

Source: groupPods in replica_calculator.go of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.autoscaler.hpa.flags import ControllerFlags
from asr_loadtest.autoscaler.hpa.inputs import PodInput
from asr_loadtest.autoscaler.hpa.samples import Sample

__all__ = ["PodGroups", "group_pods"]

Group = Literal["ready", "unready", "missing", "ignored"]


@dataclass(frozen=True, slots=True)
class PodGroups:
    """
    The pods by what they count as.

    Attributes:
        ready: Their usage counts. For any metric but CPU a running pod is one, ready or not.
        unready: Left out; where that would scale up, counted with no usage at all.
        missing: Without a sample: counted as what keeps replicas from moving.
        ignored: Going away, or failed.
    """

    ready: tuple[str, ...]
    unready: tuple[str, ...]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


def group_pods(
    pods: Sequence[PodInput],
    samples: Mapping[str, Sample],
    resource: str,
    at_s: float,
    flags: ControllerFlags,
) -> PodGroups:
    """
    Sort pods into the four groups.

    Args:
        pods: Those that the selector finds.
        samples: By pod.
        resource: Its name, or "" for a metric that is no resource; "cpu" asks for readiness.
        at_s: Now.
        flags: How long a start may take.
    """
    groups: dict[Group, list[str]] = {"ready": [], "unready": [], "missing": [], "ignored": []}
    for pod in pods:
        groups[_group(pod, samples.get(pod.name), resource, at_s, flags)].append(pod.name)
    return PodGroups(**{name: tuple(members) for name, members in groups.items()})


def _group(
    pod: PodInput, sample: Sample | None, resource: str, at_s: float, flags: ControllerFlags
) -> Group:
    if pod.is_deleting or pod.phase == "Failed":
        return "ignored"
    if pod.phase == "Pending":
        return "unready"
    if sample is None:
        return "missing"
    if resource == "cpu" and _is_starting(pod, sample, at_s, flags):
        return "unready"
    return "ready"


def _is_starting(pod: PodInput, sample: Sample, at_s: float, flags: ControllerFlags) -> bool:
    """
    Whether a pod's CPU is that of its start.

    In its first minutes it must be ready, and the whole sample taken since; later only a pod that
    never was ready is left out.
    """
    if pod.started_s is None or pod.is_ready is None:
        return True
    if pod.started_s + flags.cpu_initialization_s > at_s:
        return not pod.is_ready or sample.sampled_s < pod.ready_changed_s + sample.window_s
    was_never_ready = pod.started_s + flags.initial_readiness_delay_s > pod.ready_changed_s
    return not pod.is_ready and was_never_ready
