"""What pods of a kind do: how long they take to start, and what they use by and large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from asr_loadtest.cluster.kubernetes.sightings import PodSeen, UsageSeen

__all__ = ["longest_start_s", "mean_usage"]

# What took longer was not starting: the pod lost its readiness since, and found it again.
_LONGEST_S = 1800.0


def longest_start_s(pods: Iterable[PodSeen]) -> float | None:
    """
    Give the longest time from a pod's creation to its readiness; None if no pod tells.

    A pod that was restarted, or was ready before it was made, as in a restored cluster, does not.
    """
    took = [
        pod.ready_since_unix_s - pod.created_unix_s
        for pod in pods
        if pod.is_ready
        and not pod.restarts
        and pod.ready_since_unix_s is not None
        and pod.created_unix_s is not None
    ]
    return max((each for each in took if 0 < each <= _LONGEST_S), default=None)


def mean_usage(usage: UsageSeen) -> Mapping[str, float]:
    """Give what a pod uses on average, by resource: cores, bytes; of those that all pods tell."""
    told = list(usage.pods.values())
    named = set.intersection(*map(set, told)) if told else set()
    return {name: fmean(each[name] for each in told) for name in sorted(named)}
