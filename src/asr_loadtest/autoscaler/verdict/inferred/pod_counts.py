"""
How many pods the controller counted at a look: from outside, bounds.

It leaves out pods that end or failed. It does not count those that are not placed, lack a sample
or, for CPU, are young and unready. What it had at its look may be a moment older than what was
seen, so a pod that changed just then may have been either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.cluster.kubernetes.sightings import PodSeen, UsageSeen
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["PodCount", "count_pods"]

# A status is seen some 0.1 s after its look began; a look's instant may be inferred.
_LOOK_BEFORE_S = 0.5
_SEEN_AFTER = 0.1
# A young pod's CPU counts from the first sample that was begun after it got ready.
# ASSUMED: a sample covers at most 30 s (15 s were seen).
_SAMPLE_S = 30.0
# An answer of the metrics API tells who has samples for so long.
_USAGE_HOLDS_S = 45.0


@dataclass(frozen=True, slots=True)
class PodCount:
    """
    Bounds.

    Attributes:
        least: Pods that were counted for certain.
        most: Pods that may have been.
        present: Pods that were certainly there, counted or not.
        ready: Of those, how many certainly were ready.
        has_all_samples: Whether each pod that may have been there and runs had a sample.
    """

    least: int
    most: int
    present: int
    ready: int
    has_all_samples: bool

    @property
    def is_certain(self) -> bool:
        """Whether each pod that was there was counted."""
        return self.least == self.most == self.present


def count_pods(timeline: ClusterTimeline, resource: str, at_s: float, slack_s: float) -> PodCount:
    """
    Count the pods of the target at a look.

    Args:
        timeline: What was seen.
        resource: "cpu", "memory" or what else.
        at_s: When it was.
        slack_s: How well instants are known.
    """
    usage = _usage_at(timeline.usage, at_s)
    least = most = present = ready = 0
    has_all_samples = True
    for versions in timeline.pods.values():
        about = _about(versions, at_s, slack_s)
        if not about or all(map(_is_left_out, about)):
            continue
        is_old = versions[0].at_s < at_s - slack_s - _LOOK_BEFORE_S
        is_there = is_old and not any(map(_is_left_out, about))
        present += is_there
        ready += is_there and all(pod.is_ready for pod in about)
        least += is_there and all(_is_counted(pod, resource, usage) for pod in about)
        running = [pod for pod in about if pod.phase != "Pending"]
        most += bool(running)
        has_all_samples &= not running or _has_sample(running[0], resource, usage)
    return PodCount(least, most, present, ready, has_all_samples)


def _about(versions: Sequence[PodSeen], at_s: float, slack_s: float) -> Sequence[PodSeen]:
    """Give the versions that the controller may have had."""
    first_s, last_s = at_s - slack_s - _LOOK_BEFORE_S, at_s + slack_s * _SEEN_AFTER
    first = bisect_right(versions, first_s, key=lambda pod: pod.at_s)
    after = bisect_right(versions, last_s, key=lambda pod: pod.at_s)
    return versions[max(first - 1, 0) : after]


def _is_left_out(pod: PodSeen) -> bool:
    return pod.is_deleting or pod.is_gone or pod.phase == "Failed"


def _has_sample(pod: PodSeen, resource: str, usage: UsageSeen | None) -> bool:
    return usage is not None and resource in usage.pods.get(pod.name, {})


def _is_counted(pod: PodSeen, resource: str, usage: UsageSeen | None) -> bool:
    if pod.phase != "Running" or usage is None or not _has_sample(pod, resource, usage):
        return False
    if resource != "cpu":
        return True
    sampled, since = usage.sampled_unix_s.get(pod.name), pod.ready_since_unix_s
    return (
        pod.is_ready and sampled is not None and since is not None and sampled >= since + _SAMPLE_S
    )


def _usage_at(usage: Sequence[UsageSeen], at_s: float) -> UsageSeen | None:
    """Give the last answer before a look, if it is a good one and not too old."""
    index = bisect_right(usage, at_s, key=lambda each: each.at_s)
    last = usage[index - 1] if index else None
    if last is None or last.failure or at_s - last.at_s > _USAGE_HOLDS_S:
        return None
    return last
