"""What a watched cluster's pods used over a stretch of time."""

from __future__ import annotations

import math
from statistics import fmean

from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["sample_of_timeline"]


def sample_of_timeline(
    timeline: ClusterTimeline, from_s: float = -math.inf, until_s: float = math.inf
) -> Sample:
    """
    Average what the metrics API told of the pods, and take what they ask for.

    Args:
        timeline: Of one target's pods.
        from_s: Seconds on its axis; what was told before is left out,
        until_s: and what after.
    """
    told = [each.pods for each in timeline.usage if from_s <= each.at_s <= until_s and each.pods]
    pods = [pod for of_pods in told for pod in of_pods.values()]
    requests = [each.requests for each in timeline.deployment if each.requests]
    request = requests[-1] if requests else {}
    return Sample(
        source="the watched cluster",
        replicas=max((len(of_pods) for of_pods in told), default=None),
        cpu_cores=_mean([pod["cpu"] for pod in pods if "cpu" in pod]),
        memory_bytes=_mean([pod["memory"] for pod in pods if "memory" in pod]),
        cpu_request_cores=request.get("cpu"),
        memory_request_bytes=request.get("memory"),
    )


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None
