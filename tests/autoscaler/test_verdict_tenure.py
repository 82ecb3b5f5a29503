"""An HPA that is edited or deleted while watched: what it had no part in breaks no rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from asr_loadtest.autoscaler.hpa.spec import parse_hpa_spec
from asr_loadtest.autoscaler.verdict import AutoscalerVerdict, LoadSeen, judge_autoscaler
from asr_loadtest.autoscaler.verdict.inferred.tenure import Tenure, find_tenure
from asr_loadtest.cluster.kubernetes.sightings import (
    DeploymentSeen,
    HpaSeen,
    PodSeen,
    Sighting,
    UsageSeen,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from trace_timeline import load_trace, trace_sightings

# The trace has 1 -> 2 at 105 s, 2 -> 3 at 120 s, 3 -> 4 at 196 s, within 1 to 5, and ends at 692 s.
NAME = "step-up"
SLOW = {
    "stabilizationWindowSeconds": 300,
    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 600}],
}


def recorded() -> list[Sighting]:
    """Give what was seen of a controller that broke nothing."""
    return list(trace_sightings(load_trace(NAME)))


def edited(at_s: float, **fields: Any) -> list[Sighting]:
    """Have somebody change the HPA's spec."""
    return [
        replace(each, spec={**each.spec, **fields})
        if isinstance(each, HpaSeen) and each.at_s >= at_s
        else each
        for each in recorded()
    ]


def deleted(at_s: float, *later: Sighting) -> list[Sighting]:
    """Have somebody delete the HPA; the load, and so the samples, go on."""
    kept = [
        each for each in recorded() if each.at_s < at_s or isinstance(each, PodSeen | UsageSeen)
    ]
    last = [each for each in kept if isinstance(each, HpaSeen)][-1]
    return [*kept, replace(last, at_s=at_s, is_gone=True), *later]


def judge(seen: list[Sighting], load: LoadSeen | None = None) -> AutoscalerVerdict:
    """Judge by the last spec, as a run's report does."""
    timeline = ClusterTimeline(seen)
    assert timeline.last_hpa is not None
    return judge_autoscaler(timeline, parse_hpa_spec(timeline.last_hpa.spec), load=load)


def broken(seen: list[Sighting]) -> set[str]:
    """Name the rules that were broken."""
    return {rule.name for rule in judge(seen).in_state("broken")}


@pytest.mark.parametrize(
    "seen",
    [
        lambda: edited(208.0, maxReplicas=4),
        lambda: edited(150.0, maxReplicas=4, minReplicas=3),
        lambda: edited(208.0, minReplicas=4),
        lambda: edited(208.0, behavior={"scaleUp": SLOW}),
    ],
    ids=["max", "both bounds", "min", "rate and window"],
)
def test_what_was_right_by_the_spec_before_an_edit_is_right(
    seen: Callable[[], list[Sighting]],
) -> None:
    """A move is held against the spec that it was made by, or against none."""
    verdict = judge(seen())
    assert not verdict.in_state("broken")
    assert any("was changed" in caveat for caveat in verdict.caveats)


def test_what_comes_after_an_edit_is_held_against_it() -> None:
    """4 replicas stay, though 2 became the most; at 10 s the edit came before all moves."""
    assert broken(edited(208.0, maxReplicas=2)) == {"max_replicas"}
    assert broken(edited(10.0, maxReplicas=2)) == {"max_replicas"}
    assert "scale_up_rate" in broken(edited(10.0, behavior={"scaleUp": SLOW}))


@pytest.mark.parametrize("at_s", [60.0, 100.0, 150.0, 300.0])
def test_deleted_autoscaler_need_not_act(at_s: float) -> None:
    """Its last status wanted more replicas, which nobody brings any more."""
    verdict = judge(deleted(at_s))
    assert not verdict.in_state("broken")
    assert any("was deleted" in caveat for caveat in verdict.caveats)


def test_deleted_autoscaler_is_not_blamed_for_a_hand() -> None:
    """Beyond the maximum, with nobody there to bring it back."""
    target = [each for each in recorded() if isinstance(each, DeploymentSeen)][-1]
    assert not broken(deleted(150.0, replace(target, at_s=170.0, replicas=9)))


def test_violations_after_a_deletion_are_counted() -> None:
    """The times are the run's, whoever scales."""
    load = LoadSeen(rises_s=45.0, violations=((50.0, 60.0), (400.0, 430.0)))
    assert judge(deleted(150.0), load).timings.slo_violation_s == pytest.approx(40.0)


def test_autoscaler_made_anew_has_a_new_time() -> None:
    """Even with the same spec: its controller knows nothing of before."""
    gone = deleted(150.0)
    first = next(each for each in recorded() if isinstance(each, HpaSeen))
    again = [*gone, replace(first, at_s=200.0)]
    assert find_tenure(ClusterTimeline(gone)) == Tenure(until_s=150.0)
    assert find_tenure(ClusterTimeline(again)) == Tenure(from_s=200.0)
    assert find_tenure(ClusterTimeline(recorded())) == Tenure()
