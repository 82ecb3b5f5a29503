"""How many replicas were wanted at a look: what is certain, and what is not."""

from __future__ import annotations

import pytest

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.autoscaler.verdict.inferred.syncs import Sync, find_syncs
from asr_loadtest.autoscaler.verdict.inferred.wishes import wish_at
from asr_loadtest.cluster.kubernetes.sightings import (
    Condition,
    HpaSeen,
    MetricStatus,
    PodSeen,
    Sighting,
    UsageSeen,
    WatchState,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

ABLE = {"AbleToScale": Condition("True", "ReadyForNewScale")}
CPU = MetricSpec("Resource", "cpu", 70.0, "Utilization")
MEMORY = MetricSpec("Resource", "memory", 80.0, "Utilization")
QUEUE = MetricSpec("Pods", "queue", 10.0, "AverageValue")
BACKLOG = MetricSpec("External", "backlog", 100.0, "Value")


def status(at_s: float, *metrics: MetricStatus, current: int = 3) -> HpaSeen:
    """Give a status of the HPA."""
    return HpaSeen(
        at_s=at_s,
        name="hpa",
        spec={},
        current=current,
        desired=current,
        metrics=metrics,
        conditions=ABLE,
    )


def pod(number: int, *, ready_s: float | None = 0.0, phase: str = "Running") -> PodSeen:
    """Give a pod that was there from 0 s on, ready since *ready_s*."""
    return PodSeen(
        at_s=0.0,
        name=f"pod-{number}",
        uid=f"uid-{number}",
        phase=phase,
        is_ready=ready_s is not None,
        ready_since_unix_s=ready_s,
    )


def usage(*numbers: int) -> UsageSeen:
    """Give samples of these pods, taken at 95 s."""
    return UsageSeen(
        at_s=96.0,
        pods={f"pod-{n}": {"cpu": 1.0, "memory": 1e9} for n in numbers},
        sampled_unix_s={f"pod-{n}": 95.0 for n in numbers},
    )


def bounds(
    sightings: list[Sighting], *metrics: tuple[MetricSpec, MetricStatus], current: int = 3
) -> tuple[int, int] | None:
    """Give the bounds of the wish at 100 s."""
    spec = HpaSpec(1, 10, tuple(metric for metric, _ in metrics))
    seen = status(100.0, *(value for _, value in metrics), current=current)
    timeline = ClusterTimeline([*sightings, seen])
    wish = wish_at(timeline, spec, Sync(100.0, seen, is_inferred=False), 1.0)
    return None if wish is None else (wish.lowest, wish.highest)


def cpu(percent: int) -> tuple[MetricSpec, MetricStatus]:
    """Give CPU at this percent."""
    return CPU, MetricStatus("cpu", percent)


THREE: list[Sighting] = [pod(1), pod(2), pod(3), usage(1, 2, 3)]


@pytest.mark.parametrize(
    ("percent", "wanted"), [(0, 0), (30, 2), (62, 3), (63, 3), (77, 3), (78, 4), (200, 9)]
)
def test_wish_is_exact_where_all_pods_are_ready_and_sampled(percent: int, wanted: int) -> None:
    """The whole percent over the target, times the pods, rounded up; 63 to 77 % are tolerated."""
    assert bounds(THREE, cpu(percent)) == (wanted, wanted)


def test_pod_without_a_sample_may_hold_the_wish() -> None:
    """It counts as idle on the way up, and as busy on the way down."""
    silent: list[Sighting] = [pod(1), pod(2), pod(3), usage(1, 2)]
    assert bounds(silent, cpu(200)) == (3, 9)
    assert bounds(silent, cpu(20)) == (1, 3)


def test_young_unready_pod_weighs_the_wish_down() -> None:
    """It counts as idle on the way up; on the way down the ready ones alone are counted."""
    loading: list[Sighting] = [pod(1), pod(2), pod(3, ready_s=None), usage(1, 2, 3)]
    assert bounds(loading, cpu(200)) == (3, 9)
    assert bounds(loading, cpu(20)) == (1, 1)


def test_pod_ready_since_its_last_sample_may_not_count_yet() -> None:
    """A sample that began before the pod was ready is not taken."""
    fresh: list[Sighting] = [pod(1), pod(2), pod(3, ready_s=80.0), usage(1, 2, 3)]
    assert bounds(fresh, cpu(200)) == (3, 9)


def test_highest_metric_counts() -> None:
    """CPU wants 2, memory 5."""
    assert bounds(THREE, cpu(30), (MEMORY, MetricStatus("memory", 120))) == (5, 5)


def test_failed_metric_forbids_the_way_down_only() -> None:
    """With one of two unknown nothing is wanted below, but more is as before."""
    failed = (MEMORY, MetricStatus())
    assert bounds(THREE, cpu(30), failed) is None
    assert bounds(THREE, cpu(200), failed) == (9, 9)
    assert bounds(THREE, failed) is None


def test_custom_metrics_tell_the_direction_only() -> None:
    """Which pods they count is not seen, so that the bounds are wide."""
    assert bounds(THREE, (QUEUE, MetricStatus("queue", average=25.0))) == (3, 8)
    assert bounds(THREE, (QUEUE, MetricStatus("queue", average=10.5))) == (3, 3)
    assert bounds(THREE, (QUEUE, MetricStatus("queue", average=5.0))) == (0, 3)
    assert bounds(THREE, (BACKLOG, MetricStatus("backlog", average=50.0))) == (2, 3)
    assert bounds(THREE, (BACKLOG, MetricStatus("backlog", average=250.0))) == (3, 8)
    unready: list[Sighting] = [pod(1), pod(2, ready_s=None), pod(3, ready_s=None)]
    assert bounds(unready, (BACKLOG, MetricStatus("backlog", average=250.0))) == (3, 8)
    assert bounds(unready, (BACKLOG, MetricStatus("backlog", average=150.0))) == (2, 5)


@pytest.mark.parametrize("current", [0, 11])
def test_no_wish_while_scaling_is_disabled_or_corrected(current: int) -> None:
    """At 0 replicas, and beyond the bounds, metrics are not looked at."""
    assert bounds(THREE, cpu(200), current=current) is None


def test_looks_between_two_statuses_are_inferred() -> None:
    """A status holds until the next is written: 4 looks in 60.3 s."""
    seen: list[Sighting] = [
        HpaSeen(at_s=0.0, name="hpa", spec={}),
        status(15.0, MetricStatus("cpu", 30)),
        status(75.3, MetricStatus("cpu", 90)),
        WatchState(at_s=80.0, resource="pods", is_heard=True),
    ]
    syncs = find_syncs(ClusterTimeline(seen))
    assert [round(each.at_s, 1) for each in syncs] == [15.0, 30.1, 45.1, 60.2, 75.3]
    assert [each.is_inferred for each in syncs] == [False, True, True, True, False]


def test_first_status_of_a_watch_is_no_look() -> None:
    """It was listed, and written any time before; looks are counted back from the next."""
    seen: list[Sighting] = [
        status(0.0, MetricStatus("cpu", 30)),
        status(40.0, MetricStatus("cpu", 90)),
    ]
    syncs = find_syncs(ClusterTimeline(seen))
    assert [round(each.at_s, 1) for each in syncs] == [9.9, 24.9, 40.0]


def test_same_status_again_is_no_look() -> None:
    """Somebody's edit of the HPA is a new version, but nothing that the controller wrote."""
    same = MetricStatus("cpu", 30)
    seen = [HpaSeen(at_s=0.0, name="hpa", spec={}), status(15.0, same), status(22.0, same)]
    assert [each.at_s for each in find_syncs(ClusterTimeline(seen))] == [15.0]
