"""The real controller, as recorded: it breaks no rule, and what it showed is told."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.hpa.spec import parse_hpa_spec
from asr_loadtest.autoscaler.verdict import AutoscalerVerdict, judge_autoscaler
from asr_loadtest.autoscaler.verdict.inferred.course import follow
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    DeploymentSeen,
    HpaSeen,
    PodSeen,
    Sighting,
    UsageSeen,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from recorded_sightings import RECORDING_NAMES, recorded_sightings
from trace_timeline import TRACE_NAMES, load_trace, trace_sightings, trace_spec

UP = {"scale_up_rate", "scale_up_window", "target_cpu"}
DOWN = {"scale_down_rate", "scale_down_window", "target_cpu", "target_memory"}

HELD: dict[str, set[str]] = {
    "crash-failed-pod": set(),
    "default-behavior": UP | DOWN,
    "down-10-of-20": DOWN,
    "flap-in": set(),
    "flap-out": set(),
    "manual-zero": DOWN | {"max_replicas"},
    "mem-runaway": {"max_replicas", "scale_up_window", "target_memory"},
    "mem-sticky-50": DOWN,
    "missing-metrics-high": set(),
    "no-request": set(),
    "no-target": set(),
    "outage": set(),
    "scale-down": DOWN,
    "slow-gpu-start": UP | {"max_replicas"},
    "slow-ramp": {"max_replicas", "scale_up_window", "target_cpu"},
    "spike-25s": set(),
    "spike-45s": {"scale_up_window", "target_cpu"},
    "spike-60s-then-idle": UP | DOWN | {"min_replicas"},
    "step-up": UP,
    "step-up-lowmem": UP | DOWN,
    "stuck-unavailable": UP,
    "unready-start": UP,
    "window-up-0": UP | {"max_replicas"},
}

RAW_HELD: dict[str, set[str]] = {
    # Its watcher came when the window had begun: how long it was is not shown.
    "scale-down-lowmem": DOWN - {"scale_down_window"} | {"min_replicas"},
    "server-restart": set(),
    "slow-gpu-start": UP | DOWN | {"max_replicas"},
    "step-up-hard": UP | {"max_replicas"},
    "token-revoked": set(),
}


def judged(name: str) -> AutoscalerVerdict:
    """Judge a trace by its own spec."""
    trace = load_trace(name)
    return judge_autoscaler(ClusterTimeline(trace_sightings(trace)), trace_spec(trace))


def held(verdict: AutoscalerVerdict) -> set[str]:
    """Give the names of what held."""
    return {rule.name for rule in verdict.in_state("held")}


def test_every_recording_is_in_the_table() -> None:
    """A recording that is added is judged too."""
    assert tuple(HELD) == TRACE_NAMES
    assert tuple(RAW_HELD) == RECORDING_NAMES


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_real_controller_breaks_no_rule(name: str) -> None:
    """Each rule is held where it was put to the test, and not exercised elsewhere."""
    verdict = judged(name)
    assert verdict.in_state("broken") == ()
    assert held(verdict) == HELD[name]


@pytest.mark.parametrize("name", RECORDING_NAMES)
def test_real_controller_breaks_no_rule_in_raw_recordings(name: str) -> None:
    """The same of what a watcher got from a real API server, with its gaps."""
    timeline = ClusterTimeline(recorded_sightings(name))
    assert timeline.last_hpa is not None
    verdict = judge_autoscaler(timeline, parse_hpa_spec(timeline.last_hpa.spec))
    assert verdict.in_state("broken") == ()
    assert held(verdict) == RAW_HELD[name]


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_uneven_delays_break_no_rule_within_the_slack(name: str) -> None:
    """A replay at 30 times the speed makes 0.1 s into 3 s: told so, nothing is made of it."""
    trace, uneven = load_trace(name), random.Random(7)  # noqa: S311 - delays
    seen = [replace(each, at_s=each.at_s + uneven.uniform(0, 3)) for each in trace_sightings(trace)]
    verdict = judge_autoscaler(ClusterTimeline(seen), trace_spec(trace), slack_s=4.0)
    assert verdict.in_state("broken") == ()


@pytest.mark.parametrize("missing", [ClusterEvent, HpaSeen, DeploymentSeen, PodSeen, UsageSeen])
@pytest.mark.parametrize("name", TRACE_NAMES)
def test_what_could_not_be_seen_breaks_no_rule(name: str, missing: type[Sighting]) -> None:
    """Rights may lack and events get lost: what is not seen is not held against the autoscaler."""
    trace = load_trace(name)
    seen = [each for each in trace_sightings(trace) if not isinstance(each, missing)]
    assert not judge_autoscaler(ClusterTimeline(seen), trace_spec(trace)).is_broken


@pytest.mark.parametrize("name", TRACE_NAMES)
def test_wishes_enclose_what_the_controller_recommended(name: str) -> None:
    """At each look the bounds that are told from outside hold the controller's own raw count."""
    trace = load_trace(name)
    timeline, spec = ClusterTimeline(trace_sightings(trace)), trace_spec(trace)
    looks = follow(timeline, spec, (0.0, timeline.until_s)).looks
    for look in looks:
        sync = min(trace["syncs"], key=lambda each: abs(each["t"] - look.at_s))
        recommended = sync.get("recommended")
        if look.wish is not None and look.wish.is_recorded:
            assert recommended is not None
            assert look.wish.lowest <= recommended <= look.wish.highest


def test_wishes_are_mostly_exact() -> None:
    """The bounds are no way out: in a plain step up most are one number."""
    trace = load_trace("step-up")
    timeline = ClusterTimeline(trace_sightings(trace))
    wishes = [look.wish for look in follow(timeline, trace_spec(trace), (0.0, 700.0)).looks]
    exact = [each for each in wishes if each is not None and each.lowest == each.highest]
    assert len(wishes) == 45
    assert len(exact) == 39


def test_literal_ten_percent_would_blame_the_real_controller() -> None:
    """Of few pods one is more than 10 %, and yet right: the limit is truncated."""
    trace = load_trace("scale-down")
    changes = ClusterTimeline(trace_sightings(trace)).changes
    assert [(each.before, each.after) for each in changes] == [(5, 4), (4, 3)]
    assert all(each.after < each.before * 0.9 for each in changes)
    assert all(each.after == math.trunc(each.before * 0.9) for each in changes)
    assert "scale_down_rate" in held(judged("scale-down"))


@pytest.mark.parametrize("name", [name for name in TRACE_NAMES if HELD[name] < UP | DOWN])
def test_what_is_not_exercised_says_what_would_exercise_it(name: str) -> None:
    """A rule that was not put to the test is no pass, and says what it takes."""
    for rule in judged(name).in_state("not_exercised"):
        assert rule.needs


def test_scale_down_says_how_long_it_takes() -> None:
    """A run must outlast the window, then a period for each step, or a window again."""
    rules = {rule.name: rule for rule in judged("step-up").rules}
    needs = rules["scale_down_window"].needs
    assert "360 s for the first move" in needs
    assert "61 s for each further one (301 s where" in needs


def test_stuck_pods_are_no_broken_target() -> None:
    """Pods that never get ready hold the wish for ever: the controller does as it should."""
    verdict = judged("stuck-unavailable")
    assert not verdict.is_broken


def test_hand_is_not_blamed_on_the_autoscaler() -> None:
    """Replicas that somebody set break no rate, and are said to be somebody's."""
    verdict = judged("manual-zero")
    assert "2 changes of the replicas not made by the autoscaler" in verdict.caveats
    names = {rule.name: rule for rule in verdict.rules}
    assert names["max_replicas"].evidence == ("the autoscaler brought back 7 -> 5 at 151.0 s",)


def test_verdict_as_fields_is_plain() -> None:
    """What goes to JSON has each rule with its name, state, words, evidence and needs."""
    fields = judged("scale-down").to_fields()
    assert fields["is_broken"] is False
    assert [rule["name"] for rule in fields["rules"]] == [
        "min_replicas",
        "max_replicas",
        "scale_up_rate",
        "scale_down_rate",
        "scale_up_window",
        "scale_down_window",
        "target_cpu",
        "target_memory",
        "pdb",
    ]
    assert set(fields["rules"][0]) == {"name", "state", "words", "evidence", "needs"}
    assert fields["until_s"] > fields["from_s"]
