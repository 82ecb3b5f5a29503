"""Takes the times of a course: see `Timings` for what each figure means."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from asr_loadtest.autoscaler.verdict.inferred.course import Course
from asr_loadtest.autoscaler.verdict.load_seen import LoadSeen
from asr_loadtest.autoscaler.verdict.timings import PodStart, Timings
from asr_loadtest.cluster.kubernetes.sightings import PodSeen

__all__ = ["take_timings"]

_NEAR_S = 30.0
"""What fails so near to a scale-down may have to do with it: a pod ends within its grace period."""


def take_timings(course: Course, load: LoadSeen | None) -> Timings:
    """Measure; what hangs on the load is None without it."""
    starts = tuple(_pod_starts(course))
    over_s = _over_provisioned(course)
    if load is None:
        return Timings(over_provisioned_pod_s=over_s, pod_starts=starts)
    near = sorted(_scale_downs(course))
    failures = [
        (at_s, count) for at_s, count in load.failures if course.from_s <= at_s <= course.until_s
    ]
    return Timings(
        first_scale_s=_first_scale(course, load.rises_s),
        first_ready_s=_first_ready(starts, load.rises_s),
        slo_restored_s=_restored(course, load),
        slo_violation_s=sum(
            max(min(to_s, course.until_s) - max(from_s, course.from_s), 0.0)
            for from_s, to_s in load.violations
        ),
        over_provisioned_pod_s=over_s,
        failed_near_scale_down=sum(
            count for at_s, count in failures if any(abs(at_s - each) <= _NEAR_S for each in near)
        ),
        failed=sum(count for _, count in failures),
        pod_starts=starts,
    )


def _first_scale(course: Course, rises_s: float | None) -> float | None:
    if rises_s is None:
        return None
    ups = (move.change.at_s for move in course.moves if move.direction == "up")
    after = (at_s - rises_s for at_s in ups if rises_s <= at_s <= course.until_s)
    return min(after, default=None)


def _first_ready(starts: tuple[PodStart, ...], rises_s: float | None) -> float | None:
    if rises_s is None:
        return None
    after = (each.at_s + each.start_s - rises_s for each in starts if each.at_s >= rises_s)
    return min(after, default=None)


def _restored(course: Course, load: LoadSeen) -> float | None:
    if load.rises_s is None:
        return None
    falls_s = course.until_s if load.falls_s is None else load.falls_s
    ends = [to_s for from_s, to_s in load.violations if load.rises_s <= to_s and from_s < falls_s]
    if not ends or ends[-1] >= course.until_s:
        return None
    return ends[-1] - load.rises_s


def _pod_starts(course: Course) -> Iterator[PodStart]:
    """Give the pods that were first seen unready within the run, and then ready."""
    for versions in course.timeline.pods.values():
        first = versions[0]
        if first.is_ready or not course.from_s <= first.at_s <= course.until_s:
            continue
        ready = next((pod for pod in versions if pod.is_ready), None)
        if ready is not None and ready.at_s <= course.until_s:
            yield PodStart(first.name, first.at_s, _start_s(first, ready))


def _start_s(first: PodSeen, ready: PodSeen) -> float:
    """Give creation to ready: by the cluster's own stamps (whole seconds), else as it was seen."""
    if ready.created_unix_s is not None and ready.ready_since_unix_s is not None:
        return max(ready.ready_since_unix_s - ready.created_unix_s, 0.0)
    return ready.at_s - first.at_s


def _over_provisioned(course: Course) -> float:
    """Add up replicas above the wish, from look to look."""
    total_s = 0.0
    looks = [*course.judged_looks()]
    last_s = min(course.until_s, course.tenure.until_s)
    ends = [*(look.at_s for look in looks[1:]), last_s][: len(looks)]
    for look, end_s in zip(looks, ends, strict=True):
        if look.wish is not None:
            need = min(max(look.wish.highest, course.spec.minimum), course.spec.maximum)
            total_s += max(look.sync.status.current - need, 0) * (end_s - look.at_s)
    return total_s


def _scale_downs(course: Course) -> Iterator[float]:
    for change in course.timeline.changes:
        if change.after < change.before:
            yield change.at_s
    for versions in course.timeline.pods.values():
        for earlier, pod in pairwise(versions):
            if pod.is_deleting and not earlier.is_deleting:
                yield pod.at_s
