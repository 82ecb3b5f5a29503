"""Starts that take long, and how fast replicas can become more."""

from __future__ import annotations

from typing import Any

from advice_cases import HPA_TEXT, WORKLOAD_TEXT, found_in, healthy, names_in
from asr_loadtest.autoscaler.advise.findings.pace import (
    largest_step,
    pause_s,
    policy_rate_per_min,
    steps_to_maximum,
)
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, Policy, ScalingRules
from hpa_cases import PUBLISHED, QUEUE

QUEUE_METRIC = """\
    - type: Pods
      pods:
        metric: {name: triton_pending_requests}
        target: {type: AverageValue, averageValue: "4"}
"""
AT_ONE = HPA_TEXT.replace("minReplicas: 2", "minReplicas: 1")
PUBLISHED_TEXT = AT_ONE.replace("maxReplicas: 6", "maxReplicas: 5").replace("value: 4", "value: 2")


def test_frozen_wish_says_how_long_the_whole_way_may_take() -> None:
    """120 s to start: a step may wait 210 s, and 1 to 3 to 5 is 420 s."""
    found = found_in(
        healthy(PUBLISHED_TEXT, start_s=120.0, bear_s=400.0, ramp_rps_per_min=15.0), "frozen_wish"
    )
    assert found.figures["frozen_s"] == 210.0
    assert found.figures["full_capacity_s"] == 420.0


def test_cold_start_counts_the_pods_that_a_burst_needs() -> None:
    """45 requests/s at once, 10 a pod: minReplicas 5; that many and nothing is wrong."""
    wrong = healthy(bear_s=60.0, burst_rps=45.0)
    assert found_in(wrong, "cold_start").figures["suggested_minimum"] == 5
    enough = HPA_TEXT.replace("minReplicas: 2", "minReplicas: 5")
    assert "cold_start" not in names_in(healthy(enough, bear_s=60.0, burst_rps=45.0))


def test_liveness_kills_a_start_that_no_startup_probe_guards() -> None:
    """As published: 60 s and three failures 30 s apart are 150 s."""
    probe = "livenessProbe: {initialDelaySeconds: 60, periodSeconds: 30, failureThreshold: 3}"
    text = WORKLOAD_TEXT.replace(
        WORKLOAD_TEXT[WORKLOAD_TEXT.index("startupProbe") : WORKLOAD_TEXT.index("\n---")], probe
    )
    assert "killed_start" not in names_in(healthy(workload=text, start_s=149.0, bear_s=900.0))
    found = found_in(healthy(workload=text, start_s=150.0, bear_s=900.0), "killed_start")
    assert "its livenessProbe kills it after 150 s" in found.words


def pacing(**changes: Any) -> HpaSpec:
    """The published rules for one to five, changed."""
    return HpaSpec(
        **{"minimum": 1, "maximum": 5, "metrics": (QUEUE,), "behavior": PUBLISHED} | changes
    )


def test_steps_are_the_policies_largest() -> None:
    """Two pods a minute beat 50 %: 1 to 3 to 5; without a block 1 to 4 to 5; off, none."""
    assert steps_to_maximum(pacing()) == [(1, 3), (3, 5)]
    assert steps_to_maximum(pacing(behavior=None)) == [(1, 4), (4, 5)]
    off = ScalingRules(0.0, PUBLISHED.up.policies, select="Disabled")
    assert steps_to_maximum(pacing(behavior=type(PUBLISHED)(off, PUBLISHED.down))) == []
    assert largest_step(pacing(maximum=50), 20) == 30


def test_pause_is_the_longest_of_window_and_periods() -> None:
    """What lies between two steps where nothing but the rules holds them."""
    for window_s, period_s in ((0.0, 60.0), (60.0, 15.0)):
        up = ScalingRules(window_s, (Policy("Pods", 2, period_s),))
        assert pause_s(pacing(behavior=type(PUBLISHED)(up, PUBLISHED.down))) == 60.0


def test_policy_rate_is_of_the_smallest_size() -> None:
    """From one replica: two pods in 60 s, or one by 50 %, whichever is chosen."""
    assert policy_rate_per_min(pacing()) == 2.0
    quick = ScalingRules(60.0, (Policy("Pods", 2, 15.0),))
    assert policy_rate_per_min(pacing(behavior=type(PUBLISHED)(quick, PUBLISHED.down))) == 8.0
    least = ScalingRules(60.0, (Policy("Percent", 50, 60.0), Policy("Pods", 2, 15.0)), select="Min")
    assert policy_rate_per_min(pacing(behavior=type(PUBLISHED)(least, PUBLISHED.down))) == 1.0
