"""A watch that stalls, and then tells all at once, breaks no rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_loadtest.autoscaler.verdict import judge_autoscaler
from asr_loadtest.cluster.kubernetes.lateness import late_spans, united
from asr_loadtest.cluster.kubernetes.sightings import (
    ClusterEvent,
    DeploymentSeen,
    HpaSeen,
    PodSeen,
    Sighting,
)
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from trace_timeline import load_trace, trace_sightings, trace_spec

# Shorter than what a watcher takes for a lost connection.
_STALL_S = 75.0
_WATCHED = (HpaSeen, DeploymentSeen, PodSeen, ClusterEvent)


def _stalled(seen: Sighting, from_s: float, kinds: tuple[type, ...]) -> Sighting:
    if not isinstance(seen, kinds) or not from_s <= seen.at_s < from_s + _STALL_S:
        return seen
    return replace(seen, at_s=from_s + _STALL_S + (seen.at_s - from_s) * 1e-4)


@pytest.mark.parametrize(
    "kinds", [_WATCHED, (HpaSeen,), (DeploymentSeen,)], ids=["all", "hpa", "d"]
)
@pytest.mark.parametrize(
    "name", ["step-up", "scale-down", "window-up-0", "down-10-of-20", "flap-out", "slow-ramp"]
)
def test_stall_breaks_no_rule_wherever_it_falls(name: str, kinds: tuple[type, ...]) -> None:
    """The real controller kept its rules; that its news were held up is not its fault."""
    trace = load_trace(name)
    seen = trace_sightings(trace)
    for from_s in range(10, int(ClusterTimeline(seen).until_s) - 80, 20):
        timeline = ClusterTimeline(_stalled(each, float(from_s), kinds) for each in seen)
        broken = judge_autoscaler(timeline, trace_spec(trace)).in_state("broken")
        assert not broken, (from_s, broken)


def test_two_within_seconds_prove_that_the_first_was_late() -> None:
    """What is not known begins with the last that was in time."""
    assert list(late_spans([0.0, 15.0, 90.0, 90.5, 105.0])) == [(15.0, 90.5)]


def test_old_news_after_a_silence_are_no_proof() -> None:
    """Whoever is heard again tells how things are, and then what is new."""
    assert list(late_spans([0.0, 15.0, 90.0, 90.5], [89.0])) == []


def test_first_of_all_is_listed_and_proves_nothing() -> None:
    """A list gives what was written long before."""
    assert list(late_spans([0.0, 2.0, 17.0])) == []


def test_spans_that_touch_are_one() -> None:
    """In order of time, and none twice."""
    assert united([(5.0, 9.0), (1.0, 3.0), (2.0, 5.0)]) == [(1.0, 9.0)]
