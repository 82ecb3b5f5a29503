"""Load made for an autoscaler: how long, and what it will put to the test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, parse_hpa
from asr_loadtest.autoscaler.profiles import HpaFacts, HpaPlan, describe, make_hpa_plan
from asr_loadtest.load.pattern import PATTERNS, PatternName
from asr_loadtest.load.profile import load_profile
from asr_loadtest.manifests import parse_manifests

PROJECT = Path(__file__).parents[2]
MANIFEST = PROJECT / "deploy" / "kubernetes" / "ai-model-hpa.yaml"


def shipped() -> HpaSpec:
    """What the documentation's HPA declares: 1 to 5 replicas, windows of 60 and 300 s."""
    texts = {MANIFEST.name: MANIFEST.read_text()}
    (found,) = parse_manifests(texts).of_kind("HorizontalPodAutoscaler")
    return parse_hpa(found.body)


def planned(pattern: PatternName, facts: HpaFacts, run_time_s: float | None = None) -> HpaPlan:
    """A plan between 2 and 20 requests a second."""
    return make_hpa_plan(pattern, facts, low_rps=2.0, high_rps=20.0, run_time_s=run_time_s)


FACTS = HpaFacts(spec=shipped(), replicas=1)


def _rules(plan: HpaPlan) -> set[str]:
    return {each.rule for each in plan.exercises}


def test_up_lasts_for_window_and_steps_and_new_pods() -> None:
    """One step after 75 s at least, the next 60 s later, and the pods' start."""
    plan = planned("up", FACTS)
    assert [phase.rate_rps for phase in plan.phases] == [2.0, 20.0]
    assert plan.phases[1].duration_s >= 75 + 61 + 60
    assert _rules(plan) == {"max_replicas", "scale_up_rate", "scale_up_window", "target_cpu"}


def test_full_comes_all_the_way_down() -> None:
    """From 5 to 1: a window of 300 s, and four steps a minute apart."""
    plan = planned("full", FACTS)
    assert plan.phases[-1].duration_s >= 300 + 4 * 60
    assert {each.rule for each in plan.cannot_exercise} == {"pdb"}


@pytest.mark.parametrize(
    ("replicas", "after_s"),
    # step-up-hard, a recording of a real controller: seconds after its load had risen.
    [(3, 79.3 - 24.1), (5, 139.6 - 24.1)],
)
def test_expectation_holds_what_was_recorded(replicas: int, after_s: float) -> None:
    """Ranges are from the load's rise; the real steps of this HPA came within them."""
    plan = planned("up", FACTS)
    rise_s = plan.phases[0].duration_s
    (expected,) = (each for each in plan.expected if each.replicas == replicas)
    assert expected.earliest_s - rise_s <= after_s
    assert expected.latest_s is None or after_s <= expected.latest_s - rise_s


def test_flap_has_pulses_and_dips_that_nothing_follows() -> None:
    """Pulses are shorter than the window up, dips than the one down."""
    plan = planned("flap", FACTS)
    pulses = [each.duration_s for each in plan.phases if each.label.startswith("pulse")]
    dips = [each.duration_s for each in plan.phases if each.label.startswith("dip")]
    assert pulses
    assert dips
    assert max(pulses) < 60
    assert max(dips) < 300


def test_cut_run_says_what_it_cannot_show_and_how_long_is_needed() -> None:
    """A minute of load shows nothing yet; the plan says so before it starts."""
    plan = planned("up", FACTS, run_time_s=120)
    assert plan.duration_s == 120
    assert "max_replicas" not in _rules(plan)
    needed = {each.rule: each.words for each in plan.cannot_exercise}
    assert needed["max_replicas"] == "a run of 405 s: --run-time cuts it"
    assert "cut by --run-time; the whole plan takes 6 min 45 s" in describe(plan)


def test_faster_cluster_makes_shorter_phases() -> None:
    """All durations are of the clock; what is put to the test stays."""
    real, fast = planned("full", FACTS), planned("full", replace(FACTS, speed=20.0))
    assert fast.duration_s == pytest.approx(real.duration_s / 20)
    assert _rules(fast) == _rules(real)


def test_memory_that_holds_replicas_is_no_way_down() -> None:
    """At 50 % of the request replicas stop at 2, so that the minimum is not reached."""
    plan = planned("full", replace(FACTS, memory_percent=50.0))
    assert "min_replicas" not in _rules(plan)


def test_hpa_of_one_size_has_nothing_to_show() -> None:
    """No load makes it move, and the plan says why."""
    plan = planned("full", replace(FACTS, spec=replace(FACTS.spec, minimum=5)))
    words = {each.rule: each.words for each in plan.cannot_exercise}
    assert "no other number" in words["scale_up_rate"]


def test_without_behavior_steps_double() -> None:
    """No window up, no rate down: the plan is short, and says that none is declared."""
    plan = planned("full", replace(FACTS, spec=replace(FACTS.spec, behavior=None)))
    words = {each.rule: each.words for each in plan.exercises}
    assert words["scale_up_window"] == "none is declared: a step may come at once"
    assert plan.duration_s < planned("full", FACTS).duration_s


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_has_its_profile(pattern: PatternName) -> None:
    """`--asr-profile hpa-...` is there for each, and begins with the low load."""
    profile = load_profile(f"hpa-{pattern}", folder=PROJECT / "loadtest" / "profiles")
    assert profile.autoscaler is not None
    assert profile.autoscaler.pattern == pattern
    assert planned(pattern, FACTS).duration_s > 0
