"""What a watched cluster shows: from recordings of the real controller, and from what is seeded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.advise import Sample, advise_timeline
from asr_loadtest.autoscaler.advise.findings.interventions import find_blocked_drains, find_rollout
from asr_loadtest.autoscaler.advise.findings.stuck_pods import find_stuck_pods
from asr_loadtest.autoscaler.advise.samples.timeline import sample_of_timeline
from asr_loadtest.cluster.kubernetes.sightings import (
    DeploymentSeen,
    DisruptionBudgetSeen,
    HpaSeen,
    PodSeen,
    ReplicaSetSeen,
    Sighting,
    WatchState,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.findings import Finding
from trace_timeline import load_trace, trace_sightings, trace_spec

GIB = 2.0**30
SATURATED = Sample(source="servers", gpu_utilization=0.99, pending=12.0, queue_grows=True)


def advised(name: str, **known: object) -> dict[str, Finding]:
    """The findings of a recording by name; of several alike the first."""
    trace = load_trace(name)
    timeline = ClusterTimeline(trace_sightings(trace))
    found: dict[str, Finding] = {}
    for each in advise_timeline(timeline, trace_spec(trace), **known):  # type: ignore[arg-type]  # a test's
        found.setdefault(each.name, each)
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("spike-25s", set()),
        ("step-up-lowmem", set()),
        ("unready-start", set()),
        ("window-up-0", set()),
        ("step-up", {"blocked_drains"}),
        ("mem-sticky-50", {"memory_trap"}),
        ("mem-runaway", {"memory_trap"}),
        ("slow-gpu-start", {"frozen_wish", "memory_trap"}),
        ("stuck-unavailable", {"stuck_pods", "frozen_wish"}),
        ("no-request", {"failing_metric"}),
        ("no-target", {"inactive"}),
        ("manual-zero", {"inactive", "failing_metric", "manual_changes", "memory_trap"}),
        ("outage", {"inactive", "failing_metric"}),
    ],
)
def test_recording_shows_its_findings(name: str, expected: set[str]) -> None:
    """Each scenario's own trouble is found, and no other."""
    assert set(advised(name)) == expected


def test_memory_trap_is_read_off_the_quietest_status() -> None:
    """50 % holds two replicas of five, 94 % makes five of one, 10 % is harmless."""
    sticky, runaway = advised("mem-sticky-50")["memory_trap"], advised("mem-runaway")["memory_trap"]
    assert sticky.figures["percent"] == 50
    assert sticky.figures["resting_replicas"] == 2
    assert runaway.figures["percent"] == 94
    assert runaway.figures["resting_replicas_from_minimum"] == 5
    assert "memory_trap" not in advised("step-up-lowmem")


def test_memory_trap_of_a_stretch_that_is_said_to_be_idle() -> None:
    """Samples of the metrics API, of that stretch alone, give the same answer."""
    found = advised("scale-down", idle=(100.0, 300.0))
    assert "memory_trap" not in found, "a request is needed, and the recording has none"
    trace = load_trace("scale-down")
    seen = [
        replace(each, requests={"cpu": 2.0, "memory": 8 * GIB})
        if isinstance(each, DeploymentSeen)
        else each
        for each in trace_sightings(trace)
    ]
    timeline = ClusterTimeline(seen)
    idle, loaded = (sample_of_timeline(timeline, *span) for span in ((100, 300), (0, 50)))
    assert idle.memory_bytes == 4 * GIB
    assert (idle.cpu_cores or 9) < (loaded.cpu_cores or 0) / 10
    names = [
        each.name for each in advise_timeline(timeline, trace_spec(trace), idle=(100.0, 300.0))
    ]
    assert names == ["memory_trap"]


def test_frozen_wish_lasts_from_the_step_to_the_next() -> None:
    """Recorded: three replicas from 121 s to 302 s, two of them loading, the CPU far above."""
    found = advised("slow-gpu-start")["frozen_wish"]
    assert found.severity == "caveat"
    assert found.figures["replicas"] == 3
    assert 175 < (found.figures["frozen_s"] or 0) < 187


def test_short_start_freezes_nothing_beyond_the_window() -> None:
    """63 s of loading are over before the window lets a further step through."""
    assert "frozen_wish" not in advised("unready-start")


def test_stuck_pods_hold_up_scaling_to_the_end() -> None:
    """Two pods never got ready, and the wish stood still behind them."""
    found = advised("stuck-unavailable")
    assert found["stuck_pods"].figures["pods"] == 2
    assert found["frozen_wish"].severity == "warn"
    assert (found["frozen_wish"].figures["frozen_s"] or 0) > 300


def test_stuck_pod_says_what_it_waits_for() -> None:
    """The kubelet's own reason, and how often it tried."""
    pod = PodSeen(at_s=10.0, name="asr-a", uid="a", phase="Pending", waiting="Unschedulable")
    told = replace(pod, at_s=400.0, phase="Running", waiting="CrashLoopBackOff", restarts=4)
    found = find_stuck_pods(ClusterTimeline([pod, told]))
    assert found is not None
    assert "waiting: CrashLoopBackOff, restarted 4 times" in found.words
    assert found.figures["longest_s"] == 390.0


def test_nothing_is_counted_of_a_time_in_which_nobody_was_heard() -> None:
    """The API server went away at 200 s and stayed away: what was then is all that is known."""
    trace = load_trace("stuck-unavailable")
    seen = [each for each in trace_sightings(trace) if each.at_s < 200]
    watched = ("pods", "horizontalpodautoscalers")
    away = [
        WatchState(at_s=at_s, resource=resource, is_heard=at_s == 0, trouble="refused")
        for resource in watched
        for at_s in (0.0, 200.0)
    ]
    end = WatchState(at_s=690.0, resource="events", is_heard=True)
    advice = advise_timeline(ClusterTimeline([*seen, *away, end]), trace_spec(trace))
    assert {each.name for each in advice}.isdisjoint({"stuck_pods", "frozen_wish"})


@pytest.mark.parametrize(
    "last", [{"is_ready": True}, {"is_gone": True}, {"is_deleting": True}, {"phase": "Failed"}]
)
def test_pod_that_is_ready_or_over_is_not_stuck(last: dict[str, object]) -> None:
    """Only one that is still meant to get ready can be."""
    pod = PodSeen(at_s=0.0, name="asr-a", uid="a", phase="Running")
    assert find_stuck_pods(ClusterTimeline([pod, replace(pod, at_s=900.0, **last)])) is None  # type: ignore[arg-type]  # a test's


def test_pod_that_lost_readiness_is_counted_from_then() -> None:
    """Ready from 50 to 800 s: at 900 s it is not stuck for long."""
    pod = PodSeen(at_s=0.0, name="asr-a", uid="a", phase="Running")
    versions = [pod, replace(pod, at_s=50.0, is_ready=True), replace(pod, at_s=800.0)]
    end = DeploymentSeen(at_s=900.0, name="asr", replicas=1)
    assert find_stuck_pods(ClusterTimeline([*versions, end])) is None


def test_metric_that_never_worked_is_graver_than_one_that_was_away() -> None:
    """Without a request CPU fails at every look; in an outage only meanwhile."""
    never, away = advised("no-request")["failing_metric"], advised("outage")["failing_metric"]
    assert (never.severity, away.severity) == ("warn", "caveat")
    assert "cpu could not be measured at every look" in never.words
    assert (away.figures["failing_s"] or 0) > 120


def test_inactive_says_the_controllers_reason() -> None:
    """A target that is missing to the end is grave; one scaled to zero for a while is not."""
    missing, zero = advised("no-target")["inactive"], advised("manual-zero")["inactive"]
    assert (missing.severity, zero.severity) == ("warn", "caveat")
    assert "AbleToScale was False (FailedGetScale)" in missing.words
    assert "ScalingActive was False (ScalingDisabled)" in zero.words
    assert "scaleTargetRef" in missing.remedy


def test_manual_changes_are_named_with_their_instants() -> None:
    """By hand to nothing at 60 s and to seven at 150 s; what the HPA did is not."""
    found = advised("manual-zero")["manual_changes"]
    assert "2 to 0 at 60 s, 0 to 7 at 150 s" in found.words
    assert found.figures["changes"] == 2


# --- the servers' own signs


def test_blind_signal_of_a_run_that_never_fired() -> None:
    """The GPU is full and the queue grows; CPU never went above its target."""
    trace = load_trace("mem-sticky-50")
    roomy = replace(trace_spec(trace), maximum=8)
    found = advise_timeline(ClusterTimeline(trace_sightings(trace)), roomy, servers=SATURATED)
    (blind,) = (each for each in found if each.name == "blind_signal")
    assert "the queue grows, 12 requests wait in each pod) and nothing asks for more" in blind.words
    assert "cpu is at 2 % of its request" in blind.words
    assert "blind_signal" not in advised("slow-ramp", servers=SATURATED), "its CPU fired"


def test_full_cluster_is_not_blind() -> None:
    """At maxReplicas no metric can ask for more, also where none would."""
    assert "blind_signal" not in advised("mem-sticky-50", servers=SATURATED)
    assert "blind_signal" not in advised("mem-runaway", servers=SATURATED)


def test_uneven_pods_are_found_in_a_run() -> None:
    """Requests by pod come from the servers' counters."""
    shares = replace(SATURATED, requests_by_pod={"a": 1000.0, "b": 3.0})
    assert advised("step-up-lowmem", servers=shares)["uneven_pods"].figures["starved"] == 1


# --- seeded


def budget(at_s: float, allowed: int, healthy: int = 1) -> DisruptionBudgetSeen:
    """A budget over one pod."""
    return DisruptionBudgetSeen(
        at_s=at_s, name="pdb", healthy=healthy, desired_healthy=1, allowed=allowed, expected=1
    )


@pytest.mark.parametrize(
    ("seen", "blocked_s"),
    [
        ([budget(0.0, 0), budget(100.0, 1), budget(200.0, 1)], 100.0),
        ([budget(0.0, 0), budget(20.0, 1), budget(200.0, 1)], None),
        ([budget(0.0, 0, healthy=0), budget(200.0, 1)], None),
    ],
)
def test_blocked_drains_need_healthy_pods_and_time(
    seen: list[Sighting], blocked_s: float | None
) -> None:
    """While pods are unhealthy, or for a moment, no disruption is allowed: as it should be."""
    found = find_blocked_drains(ClusterTimeline(seen))
    assert (found.figures["blocked_s"] if found else None) == blocked_s


def test_rollout_is_two_replica_sets_with_pods() -> None:
    """The old one shrinks from 20 s to 80 s beside the new one."""
    seen = [
        ReplicaSetSeen(at_s=0.0, name="old", replicas=2, ready=2),
        ReplicaSetSeen(at_s=20.0, name="new", replicas=1),
        ReplicaSetSeen(at_s=80.0, name="old", replicas=0),
        ReplicaSetSeen(at_s=300.0, name="new", replicas=2),
    ]
    found = find_rollout(ClusterTimeline(seen))
    assert found is not None
    assert found.figures["rollout_s"] == 60.0
    assert find_rollout(ClusterTimeline([seen[0], seen[2]])) is None


def test_nothing_seen_is_nothing_found() -> None:
    """A timeline with a single sighting, and one that has just begun."""
    trace = load_trace("spike-25s")
    spec = trace_spec(trace)
    first = HpaSeen(at_s=0.0, name="asr", spec=trace["hpa_spec"])
    assert advise_timeline(ClusterTimeline([first]), spec, servers=SATURATED) == ()
    assert advise_timeline(ClusterTimeline([]), spec) == ()
