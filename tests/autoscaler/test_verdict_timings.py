"""How long it took until more pods served, and what that cost."""

from __future__ import annotations

import pytest

from asr_loadtest.autoscaler.verdict import LoadSeen, RuleVerdict, Timings, judge_autoscaler
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from seeded_sightings import ended, evicted
from trace_timeline import load_trace, trace_sightings, trace_spec

NEAR = 1.0


def timings(name: str, load: LoadSeen | None) -> Timings:
    """Take the times of a trace under a load."""
    trace = load_trace(name)
    timeline = ClusterTimeline(trace_sightings(trace))
    return judge_autoscaler(timeline, trace_spec(trace), load=load).timings


def test_slow_start_is_measured_from_the_rise() -> None:
    """Load at 45 s, first move at 106 s, first new pod at 227 s, served at 423 s."""
    load = LoadSeen(rises_s=45.0, violations=((47.0, 423.0),))
    taken = timings("slow-gpu-start", load)
    assert taken.first_scale_s == pytest.approx(60.7, abs=NEAR)
    assert taken.first_ready_s == pytest.approx(181.7, abs=NEAR)
    assert taken.slo_restored_s == pytest.approx(378.0)
    assert taken.slo_violation_s == pytest.approx(376.0)
    assert [round(each.start_s) for each in taken.pod_starts] == [121, 121, 121, 121]


def test_violation_that_never_ends_is_not_restored() -> None:
    """A violation up to the end of what was seen has no end."""
    load = LoadSeen(rises_s=45.0, violations=((47.0, 60.0), (70.0, 5000.0)))
    taken = timings("step-up", load)
    assert taken.slo_restored_s is None
    assert taken.slo_violation_s is not None
    assert taken.slo_violation_s < 5000.0


def test_violation_after_the_load_fell_is_not_the_rises() -> None:
    """What is missed later has another cause."""
    load = LoadSeen(rises_s=45.0, falls_s=200.0, violations=((50.0, 110.0), (300.0, 310.0)))
    taken = timings("step-up", load)
    assert taken.slo_restored_s == pytest.approx(65.0)
    assert taken.slo_violation_s == pytest.approx(70.0)


def test_failures_near_a_scale_down_are_counted() -> None:
    """Within 30 s of a step down, on either side; the rest only in all."""
    load = LoadSeen(failures=((100.0, 5), (330.0, 2), (370.0, 1), (400.0, 7), (640.0, 3)))
    taken = timings("scale-down", load)
    assert taken.failed_near_scale_down == 6
    assert taken.failed == 18


def test_pods_that_the_window_holds_are_over_provisioned() -> None:
    """From 60 s to 347 s 5 were there and 4 wanted, then 4 and 3 until 648 s."""
    taken = timings("scale-down", None)
    by_hand = (346.6 - 60.4) * 1 + (647.7 - 361.7) * 1
    assert taken.over_provisioned_pod_s == pytest.approx(by_hand, rel=0.15)
    assert timings("step-up", None).over_provisioned_pod_s == 0.0


def test_without_load_what_hangs_on_it_is_unknown() -> None:
    """No figure is made up."""
    taken = timings("step-up", None)
    assert (taken.first_scale_s, taken.slo_violation_s, taken.failed) == (None, None, None)
    assert len(taken.pod_starts) == 3


def test_load_that_never_rose_has_no_times() -> None:
    """Without a rise nothing is measured from it, but violations count."""
    taken = timings("step-up", LoadSeen(violations=((1.0, 3.0),)))
    assert (taken.first_scale_s, taken.first_ready_s, taken.slo_restored_s) == (None, None, None)
    assert taken.slo_violation_s == pytest.approx(2.0)


def budget_rule(*healthy: int) -> RuleVerdict:
    """Judge an eviction with the budget's counts before and after."""
    trace = load_trace("step-up")
    seen = trace_sightings(trace)
    before, after = healthy
    timeline = ClusterTimeline(evicted(300.0, (before, after))(seen))
    rules = judge_autoscaler(timeline, trace_spec(trace)).rules
    return next(rule for rule in rules if rule.name == "pdb")


def test_eviction_within_the_budget_holds_it() -> None:
    """One of two may go where one must stay."""
    rule = budget_rule(2, 1)
    assert rule.state == "held"
    assert "EvictionByEvictionAPI at 300.0 s" in rule.evidence[0]


def test_other_losses_beside_an_eviction_are_not_its_fault() -> None:
    """An eviction takes one pod: where three fell, others died by themselves."""
    assert budget_rule(3, 0).state == "held"


def test_budget_that_never_allows_anything_is_told() -> None:
    """With one replica and one to stay, a drain waits for ever: said, though nothing broke."""
    trace = load_trace("step-up")
    timeline = ClusterTimeline(ended(100.0)(trace_sightings(trace)))
    verdict = judge_autoscaler(timeline, trace_spec(trace))
    rule = next(rule for rule in verdict.rules if rule.name == "pdb")
    assert rule.state == "not_exercised"
    assert rule.evidence == ("step-up never allowed an eviction while it was watched",)
