"""What a plan expects, held against what real controllers did; and against the verdict's rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, MetricSpec, Policy, ScalingRules
from asr_loadtest.autoscaler.profiles import HpaFacts, HpaPlan, describe, make_hpa_plan
from asr_loadtest.autoscaler.profiles.outlook import rule_names
from asr_loadtest.autoscaler.profiles.score import compose
from asr_loadtest.autoscaler.verdict import judge_autoscaler
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.load.pattern import PATTERNS, PatternName
from trace_timeline import load_trace, trace_spec


def documented(up_window_s: float = 60.0, down_window_s: float = 300.0) -> HpaSpec:
    """1 to 5 replicas by CPU and memory; 50 % or 2 pods a minute up, 10 % down."""
    up = ScalingRules(up_window_s, (Policy("Percent", 50, 60.0), Policy("Pods", 2, 60.0)))
    down = ScalingRules(down_window_s, (Policy("Percent", 10, 60.0),))
    metrics = tuple(
        MetricSpec("Resource", name, target, "Utilization")
        for name, target in (("cpu", 70.0), ("memory", 80.0))
    )
    return HpaSpec(1, 5, metrics, Behavior(up, down))


def planned(pattern: PatternName, facts: HpaFacts, run_time_s: float | None = None) -> HpaPlan:
    """A plan between 2 and 20 requests a second."""
    return make_hpa_plan(pattern, facts, low_rps=2.0, high_rps=20.0, run_time_s=run_time_s)


def start_of(plan: HpaPlan, label: str) -> float:
    """When the phase of this name begins."""
    labels = [phase.label for phase in plan.phases]
    return sum(phase.duration_s for phase in plan.phases[: labels.index(label)])


def words_of(plan: HpaPlan) -> dict[str, str]:
    """What is said of each rule."""
    return {each.rule: each.words for each in (*plan.exercises, *plan.cannot_exercise)}


def first_reached(name: str, replicas: int, *, is_up: bool) -> float:
    """When a recorded controller first asked for so many or more, or so many or fewer."""
    moves = [sync for sync in load_trace(name)["syncs"] if sync.get("rescale")]
    ends = [(sync["t"], sync["rescale"]["to"], sync["rescale"]["from"]) for sync in moves]
    return next(
        at_s
        for at_s, to, start in ends
        if (to >= replicas > start if is_up else to <= replicas < start)
    )


@pytest.mark.parametrize(
    ("name", "rise_s", "start_s", "replicas"),
    [
        ("window-up-0", 20, 13, 3),
        ("window-up-0", 20, 13, 5),
        ("step-up", 45, 13, 3),
        ("step-up-lowmem", 30, 13, 3),
        ("spike-60s-then-idle", 45, 13, 3),
        ("unready-start", 45, 63, 3),
        ("unready-start", 45, 63, 5),
        ("slow-gpu-start", 45, 121, 3),
        ("slow-gpu-start", 45, 121, 5),
        ("default-behavior", 45, 13, 4),
        ("default-behavior", 45, 13, 8),
    ],
)
def test_way_up_of_a_recording_is_within_what_is_expected(name, rise_s, start_s, replicas) -> None:
    """Counted from the load's rise, whatever window, policies and start of pods."""
    facts = HpaFacts(spec=trace_spec(load_trace(name)), replicas=1, start_s=start_s)
    plan = planned("up", facts)
    after_s = first_reached(name, replicas, is_up=True) - rise_s + start_of(plan, "climb")
    (expected,) = (each for each in plan.expected if each.is_up and each.replicas == replicas)
    assert expected.latest_s is not None
    assert expected.earliest_s <= after_s <= expected.latest_s


@pytest.mark.parametrize(
    ("name", "fall_s", "replicas", "memory_percent", "steps"),
    [
        ("scale-down", 45, 5, 50, (4, 3)),
        ("spike-60s-then-idle", 105, 3, 10, (2, 1)),
        ("step-up-lowmem", 240, 4, 10, (3,)),
        ("down-10-of-20", 30, 20, 10, (18, 16, 14, 12, 10, 9, 8, 7, 6, 5)),
        ("default-behavior", 240, 9, 50, (6,)),
    ],
)
def test_way_down_of_a_recording_is_within_what_is_expected(
    name, fall_s, replicas, memory_percent, steps
) -> None:
    """Counted from the load's end: in steps of the rate, or of a window each where memory holds."""
    spec = trace_spec(load_trace(name))
    # As many as there were then are the most: nothing has to be raised first.
    facts = HpaFacts(
        spec=replace(spec, maximum=replicas), replicas=replicas, memory_percent=memory_percent
    )
    plan = planned("down", facts)
    for step in steps:
        after_s = first_reached(name, step, is_up=False) - fall_s + start_of(plan, "fall")
        (expected,) = (each for each in plan.expected if each.replicas == step)
        assert expected.latest_s is not None
        assert expected.earliest_s <= after_s <= expected.latest_s


def test_names_of_the_rules_are_the_verdicts() -> None:
    """What the plan promises is found again in the verdict, in the same order."""
    spec = documented()
    verdict = judge_autoscaler(ClusterTimeline([]), spec)
    assert rule_names(HpaFacts(spec=spec)) == tuple(rule.name for rule in verdict.rules)


@pytest.mark.parametrize("up_window_s", [60.0, 90.0, 300.0])
@pytest.mark.parametrize("down_window_s", [120.0, 300.0])
def test_nothing_follows_a_swing_in_any_rehearsal(up_window_s, down_window_s) -> None:
    """Pulses and dips are short enough, whenever the controller looks."""
    score = compose("flap", HpaFacts(spec=documented(up_window_s, down_window_s)))
    at_s, quiet = 0.0, []
    for step in score.steps:
        if step.label != "climb":
            quiet.append((at_s, at_s + step.length_s))
        at_s += step.length_s
    assert len(quiet) == 1 + 2 * 4 + 2 * 2
    for course in score.rehearsals.courses:
        changed_s = [change.at_s for change in course.changes]
        assert not any(a <= each < b for a, b in quiet for each in changed_s)


def test_window_of_nothing_has_no_short_swing() -> None:
    """Each rise may be answered, and each fall: there is nothing to be calm about."""
    facts = HpaFacts(spec=documented(0.0, 0.0))
    assert [phase.label for phase in planned("flap", facts).phases] == ["settle", "climb"]
    assert [p.label for p in planned("spike", facts).phases] == ["settle", "long spike", "after"]
    words = words_of(planned("full", facts))
    assert words["scale_down_window"] == "none is declared: a step may come at once"


def test_long_spike_is_answered_and_the_short_one_is_not() -> None:
    """The short one by no rehearsal, the long one by all."""
    plan = planned("spike", HpaFacts(spec=documented(), replicas=1))
    assert [phase.label for phase in plan.phases if phase.rate_rps == 20] == [
        "short spike",
        "long spike",
    ]
    (expected,) = plan.expected
    long_s = start_of(plan, "long spike")
    assert (expected.replicas, expected.is_up) == (3, True)
    assert long_s < expected.earliest_s
    assert expected.latest_s is not None
    assert "scale_up_window" in {each.rule for each in plan.exercises}


def test_longer_windows_make_longer_phases() -> None:
    """By as much as they are longer."""
    short, long = (
        planned("full", HpaFacts(spec=documented(60, down_s), replicas=1))
        for down_s in (300.0, 600.0)
    )
    assert long.duration_s - short.duration_s == pytest.approx(300, abs=5)


def test_disabled_direction_is_not_waited_for() -> None:
    """It is enough that it was wanted; what cannot be is said to be so."""
    spec = documented()
    assert spec.behavior is not None
    down = replace(spec.behavior.down, select="Disabled")
    plan = planned("full", HpaFacts(spec=replace(spec, behavior=replace(spec.behavior, down=down))))
    words = words_of(plan)
    assert words["min_replicas"] == "a way down to 1: cannot be, scaling down is disabled"
    assert not any(not each.is_up for each in plan.expected)


def test_hpa_by_memory_alone_is_not_moved_by_load() -> None:
    """A loaded model holds what it holds."""
    spec = documented()
    plan = planned("full", HpaFacts(spec=replace(spec, metrics=spec.metrics[1:])))
    assert plan.exercises == ()
    assert "another metric than memory" in words_of(plan)["scale_up_rate"]


def test_memory_above_its_target_climbs_by_itself() -> None:
    """At 95 % of the request an idle cluster goes to the most; nothing brings it down again."""
    plan = planned("full", HpaFacts(spec=documented(), replicas=1, memory_percent=95.0))
    assert plan.expected[-1].replicas == 5
    assert all(each.is_up for each in plan.expected)
    assert "less than 95 % of their memory" in words_of(plan)["min_replicas"]


def test_most_replicas_at_the_start_leave_no_way_up() -> None:
    """The plan says that fewer are needed."""
    words = words_of(planned("up", HpaFacts(spec=documented(), replicas=5)))
    assert words["scale_up_rate"].endswith("fewer replicas at the start than 5, which is the most")
    assert words["max_replicas"] == "more is wanted when there are 5"


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("speed", [1.0, 30.0])
@pytest.mark.parametrize("minimum", [1, 5])
def test_every_plan_adds_up_and_is_told(pattern, speed, minimum) -> None:
    """Each rule once; phases as long as the plan; as text of few columns."""
    spec = replace(documented(), minimum=minimum)
    facts = HpaFacts(spec=spec, speed=speed)
    plan = planned(pattern, facts)
    rules = [each.rule for each in (*plan.exercises, *plan.cannot_exercise)]
    assert sorted(rules) == sorted(rule_names(facts))
    assert plan.duration_s == pytest.approx(plan.whole_s)
    text = describe(plan)
    assert text.startswith(f"hpa-{pattern}: ")
    assert all(rule in text for rule in rules)
    assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize("run_time_s", [1.0, 60.0, 61.0, 200.0, 5000.0])
def test_cut_plan_ends_at_the_cut(run_time_s) -> None:
    """Or where it would have ended; nothing is expected after that."""
    facts = HpaFacts(spec=documented(), replicas=1)
    plan = planned("full", facts, run_time_s)
    assert plan.duration_s == pytest.approx(min(run_time_s, plan.whole_s))
    assert all(each.earliest_s < plan.duration_s for each in plan.expected)
    is_cut = "cut by --run-time" in describe(plan)
    assert is_cut == (run_time_s < plan.whole_s)
