"""Autoscalers that break a rule: each is found, by the rule that was broken and no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec, Policy, ScalingRules
from asr_loadtest.autoscaler.verdict import AutoscalerVerdict, judge_autoscaler
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    PodSeen,
    Sighting,
    UsageSeen,
    WatchState,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from seeded_sightings import (
    Edit,
    deaf_after,
    ended,
    evicted,
    injected,
    resized,
    retimed,
    unknown_metric,
)
from trace_timeline import load_trace, trace_sightings, trace_spec

Declare = Callable[[HpaSpec], HpaSpec]
CPU = "cpu resource utilization (percentage of request) above target"


def as_declared(spec: HpaSpec) -> HpaSpec:
    """Leave the spec as it was recorded."""
    return spec


def as_seen(seen: list[Sighting]) -> list[Sighting]:
    """Leave what was seen as it was recorded."""
    return seen


def up(change: Callable[[ScalingRules], ScalingRules]) -> Declare:
    """Declare other rules for scaling up than those that the recorded controller went by."""

    def declare(spec: HpaSpec) -> HpaSpec:
        return replace(spec, behavior=Behavior(change(spec.rules.up), spec.rules.down))

    return declare


def down(change: Callable[[ScalingRules], ScalingRules]) -> Declare:
    """Declare other rules for scaling down."""

    def declare(spec: HpaSpec) -> HpaSpec:
        return replace(spec, behavior=Behavior(spec.rules.up, change(spec.rules.down)))

    return declare


def policies(*declared: Policy) -> Callable[[ScalingRules], ScalingRules]:
    """Declare other policies."""
    return lambda rules: replace(rules, policies=declared)


def window(window_s: float) -> Callable[[ScalingRules], ScalingRules]:
    """Declare another window."""
    return lambda rules: replace(rules, window_s=window_s)


def disabled(rules: ScalingRules) -> ScalingRules:
    """Forbid a direction."""
    return replace(rules, select="Disabled")


def smallest(rules: ScalingRules) -> ScalingRules:
    """Let the smallest step count."""
    return replace(rules, select="Min")


def target(index: int, percent: float) -> Declare:
    """Declare another target of one metric."""

    def declare(spec: HpaSpec) -> HpaSpec:
        metrics = list(spec.metrics)
        metrics[index] = replace(metrics[index], target=percent)
        return replace(spec, metrics=tuple(metrics))

    return declare


def bounds(minimum: int, maximum: int) -> Declare:
    """Declare other bounds."""
    return lambda spec: replace(spec, minimum=minimum, maximum=maximum)


def without(kind: type[Sighting]) -> Edit:
    """Take all sightings of a kind away."""
    return lambda seen: [each for each in seen if not isinstance(each, kind)]


def both(first: Edit, then: Edit) -> Edit:
    """Make two edits."""
    return lambda seen: then(first(seen))


@dataclass(frozen=True)
class Seed:
    """A recording, what is changed in it or in what was declared, and the rules so broken."""

    trace: str
    broken: set[str]
    edit: Edit = as_seen
    declare: Declare = as_declared


UP_RATE, DOWN_RATE = {"scale_up_rate"}, {"scale_down_rate"}
UP_WINDOW, DOWN_WINDOW = {"scale_up_window"}, {"scale_down_window"}
BOTH_TARGETS = {"target_cpu", "target_memory"}

SEEDS = {
    "a step of 2 where 1 is allowed": Seed(
        "window-up-0", UP_RATE, declare=up(policies(Policy("Pods", 1, 60)))
    ),
    "the biggest step where the smallest counts": Seed(
        "window-up-0", UP_RATE, declare=up(smallest)
    ),
    "steps 60 s apart where the period is 120 s": Seed(
        "window-up-0", UP_RATE, declare=up(policies(Policy("Pods", 2, 120)))
    ),
    "a step up though up is disabled": Seed("step-up", UP_RATE, declare=up(disabled)),
    "a second step 30 s after the first": Seed("window-up-0", UP_RATE, retimed(90.6, 60.6)),
    "a step up of 3": Seed(
        "window-up-0", UP_RATE, both(resized(90.6, 6), ended(170.0)), declare=bounds(1, 10)
    ),
    "a tenth, where a twentieth is allowed": Seed(
        "down-10-of-20", DOWN_RATE, declare=down(policies(Policy("Percent", 5, 60)))
    ),
    "a tenth a minute, where it is one in two": Seed(
        "down-10-of-20", DOWN_RATE, declare=down(policies(Policy("Percent", 10, 120)))
    ),
    "a step down though down is disabled": Seed("scale-down", DOWN_RATE, declare=down(disabled)),
    "a step down of 3, where a tenth of 20 are 2": Seed(
        "down-10-of-20", DOWN_RATE, resized(91.5, 17, 150.0)
    ),
    "two steps down in one period": Seed("down-10-of-20", DOWN_RATE, retimed(151.7, 121.6)),
    "a step up 30 s too early": Seed("step-up", UP_WINDOW, retimed(105.4, 75.3)),
    "a step up 15 s too early": Seed("step-up", UP_WINDOW, retimed(105.4, 90.3)),
    "a step up within a declared 120 s": Seed("step-up", UP_WINDOW, declare=up(window(120))),
    "a step up in the high half of a flapping load": Seed(
        "flap-out", UP_WINDOW, injected(100.0, 4, CPU)
    ),
    "a step down 150 s too early": Seed("scale-down", DOWN_WINDOW, retimed(346.6, 196.6)),
    "a step down 30 s too early": Seed("scale-down", DOWN_WINDOW, retimed(346.6, 316.6)),
    "a second step down within the window": Seed("scale-down", DOWN_WINDOW, retimed(647.7, 451.0)),
    "a step down within a declared 600 s": Seed(
        "scale-down", DOWN_WINDOW, declare=down(window(600))
    ),
    "a step beyond maxReplicas": Seed("slow-ramp", {"max_replicas"}, declare=bounds(1, 4)),
    "a hand's 7 of 5 that are left alone": Seed("manual-zero", {"max_replicas"}, deaf_after(150.9)),
    "a step below minReplicas": Seed("spike-60s-then-idle", {"min_replicas"}, declare=bounds(2, 5)),
    "1 of 2 that is left alone": Seed("spike-25s", {"min_replicas"}, declare=bounds(2, 5)),
    # And then it should have gone down again, by both.
    "up though no metric is above its target": Seed(
        "step-up", BOTH_TARGETS, declare=target(0, 400.0)
    ),
    "up within the tolerance": Seed("flap-in", {"target_cpu"}, injected(200.0, 4, CPU)),
    "further up than any metric asks for": Seed(
        "mem-runaway", {"target_memory"}, resized(75.7, 3, 160.0)
    ),
    "down though CPU is above its target": Seed(
        "step-up", {"target_cpu"}, both(resized(195.7, 2), deaf_after(235.0))
    ),
    "down though memory is above its target": Seed(
        "scale-down", {"target_memory"}, declare=target(1, 40.0)
    ),
    "down while a metric is unknown": Seed(
        "scale-down", {"target_memory"}, unknown_metric(346.6, 1)
    ),
    "no reaction to 286 % of the target": Seed("step-up", {"target_cpu"}, deaf_after(80.0)),
    "no scale-down of an idle deployment": Seed("scale-down", BOTH_TARGETS, deaf_after(100.0)),
    "an eviction of the last healthy pod": Seed("step-up", {"pdb"}, evicted(300.0, (1, 0))),
    "an eviction below what the budget wants": Seed(
        "step-up", {"pdb"}, evicted(300.0, (3, 2), desired=3)
    ),
}


def judged(seed: Seed, more: Sequence[Sighting] = ()) -> AutoscalerVerdict:
    """Judge a seed."""
    trace = load_trace(seed.trace)
    timeline = ClusterTimeline([*seed.edit(trace_sightings(trace)), *more])
    return judge_autoscaler(timeline, seed.declare(trace_spec(trace)))


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_seeded_violation_is_found_by_its_rule_alone(seed: Seed) -> None:
    """What was broken is said so, with evidence, and nothing else is."""
    verdict = judged(seed)
    assert {rule.name for rule in verdict.in_state("broken")} == seed.broken
    assert all(rule.evidence for rule in verdict.in_state("broken"))
    assert verdict.is_broken


def test_silent_watch_makes_a_rule_undecidable_not_broken() -> None:
    """What was wanted while nobody heard the HPA is not made up."""
    seed = SEEDS["a step up 30 s too early"]
    silence = [
        WatchState(at_s=0.0, resource="horizontalpodautoscalers", is_heard=True),
        WatchState(at_s=17.0, resource="horizontalpodautoscalers", is_heard=False),
        WatchState(at_s=70.0, resource="horizontalpodautoscalers", is_heard=True),
    ]
    verdict = judged(seed, silence)
    assert not verdict.is_broken
    assert "nothing was heard of horizontalpodautoscalers for 53 s" in verdict.caveats


def test_step_seen_only_after_a_silence_breaks_no_rate() -> None:
    """Two steps that nobody saw look like one, and when they came is unknown."""
    seed = SEEDS["a second step 30 s after the first"]
    silence = [
        WatchState(at_s=0.0, resource="deployments", is_heard=True),
        WatchState(at_s=20.0, resource="deployments", is_heard=False),
        WatchState(at_s=30.0, resource="deployments", is_heard=True),
    ]
    verdict = judged(seed, silence)
    assert not verdict.is_broken
    assert any("seen after a silence" in caveat for caveat in verdict.caveats)


def test_failing_samples_make_a_rule_undecidable_not_broken() -> None:
    """Looks may hang while the metrics API fails, so that none is taken for granted then."""
    seed = SEEDS["a step up 15 s too early"]
    failures = [UsageSeen(at_s=20.0 + 10 * n, failure="HTTP 503") for n in range(6)]
    assert not judged(seed, failures).is_broken


@pytest.mark.parametrize(
    "name", ["no reaction to 286 % of the target", "no scale-down of an idle deployment"]
)
def test_missing_reaction_needs_samples_of_all_pods(name: str) -> None:
    """A pod without a sample may hold the wish, so that nothing is certain without samples."""
    seed = SEEDS[name]
    blind = replace(seed, edit=both(seed.edit, without(UsageSeen)))
    assert not judged(blind).is_broken


@pytest.mark.parametrize(
    "name",
    [
        "a step up 30 s too early",
        "a step of 2 where 1 is allowed",
        "a step down of 3, where a tenth of 20 are 2",
    ],
)
def test_replicas_and_status_alone_tell_of_steps(name: str) -> None:
    """Rates and windows are judged without samples, pods and events, which all may be missing."""
    seed = SEEDS[name]
    edit = both(both(seed.edit, without(UsageSeen)), both(without(PodSeen), without(ClusterEvent)))
    assert {
        rule.name for rule in judged(replace(seed, edit=edit)).in_state("broken")
    } == seed.broken


def test_what_lies_before_the_judged_span_is_known_but_not_judged() -> None:
    """A broken rule before the run is not the run's."""
    trace = load_trace("window-up-0")
    spec = up(policies(Policy("Pods", 1, 60)))(trace_spec(trace))
    timeline = ClusterTimeline(trace_sightings(trace))
    verdict = judge_autoscaler(timeline, spec, from_s=100.0)
    assert not verdict.is_broken
    assert judge_autoscaler(timeline, spec, until_s=60.0).is_broken
