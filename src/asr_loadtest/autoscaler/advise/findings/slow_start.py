"""
What follows from pods that take long until they are ready.

To the controller a pod that loads is one that uses nothing. While some do, the average stays low,
and the wish stands still however long the queue is; no condition of the HPA says so.
"""

from __future__ import annotations

import math

from asr_loadtest.autoscaler.advise.amounts import say_s
from asr_loadtest.autoscaler.advise.findings.pace import (
    DETECTION_S,
    pause_s,
    reaction_s,
    steps_to_maximum,
)
from asr_loadtest.autoscaler.advise.pod_needs import PodNeeds
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_cold_start", "find_frozen_wish", "find_killed_start", "find_short_down_window"]

_FASTER = "make the start shorter: image and models on the node, fewer models in a pod"


def find_frozen_wish(spec: HpaSpec, start_s: float) -> Finding | None:
    """
    Say how long further scaling may stand still behind pods that load.

    Args:
        spec: Its rules for scaling up.
        start_s: From a pod's creation to its readiness.
    """
    steps, rules_s = steps_to_maximum(spec), pause_s(spec)
    if start_s <= rules_s or len(steps) < 2:  # noqa: PLR2004 - the second step is what waits
        return None
    frozen_s = reaction_s(spec, start_s)
    return Finding(
        "caveat",
        "frozen_wish",
        f"a pod that loads counts as idle, so that each step up may wait for the pods of the last:"
        f" {say_s(frozen_s)} instead of {say_s(rules_s)}; full capacity of {spec.maximum} replicas"
        f" may take {say_s(len(steps) * frozen_s)} in {len(steps)} steps",
        f"{_FASTER}; take fewer, larger steps (scaleUp.policies) or raise minReplicas",
        {
            "start_s": start_s,
            "frozen_s": frozen_s,
            "steps": len(steps),
            "full_capacity_s": len(steps) * frozen_s,
        },
    )


def find_killed_start(needs: PodNeeds, start_s: float) -> Finding | None:
    """Find a probe that kills a pod before it has loaded: it is never ready, and blocks scaling."""
    if needs.startup_s is None or start_s < needs.startup_s:
        return None
    return Finding(
        "warn",
        "killed_start",
        f"a pod takes {say_s(start_s)} to start, and its {needs.startup_probe} kills it after"
        f" {say_s(needs.startup_s)}: it is never ready, and meanwhile no further replica comes",
        "give a startupProbe periodSeconds times failureThreshold of twice the start:"
        f" periodSeconds 10, failureThreshold {math.ceil(2 * start_s / 10)}",
        {"start_s": start_s, "killed_after_s": needs.startup_s},
    )


def find_cold_start(
    spec: HpaSpec,
    start_s: float,
    bear_s: float,
    *,
    burst_rps: float | None = None,
    pod_rps: float | None = None,
) -> Finding | None:
    """
    Find that a burst outlasts what the objective can bear before a new pod helps.

    Args:
        spec: Its minReplicas, and its window for scaling up.
        start_s: From a pod's creation to its readiness.
        bear_s: How long more may come than minReplicas carry before the objective is missed.
        burst_rps: What comes at once, in requests a second.
        pod_rps: What one pod carries.
    """
    needed = _needed(burst_rps, pod_rps)
    takes_s = reaction_s(spec, start_s)
    if takes_s <= bear_s or (needed is not None and needed <= spec.minimum):
        return None
    window_s = spec.rules.up.window_s
    enough = min(needed or spec.minimum + 1, spec.maximum)
    return Finding(
        "warn",
        "cold_start",
        f"a burst waits up to {say_s(takes_s)} for the first new pod ({say_s(DETECTION_S)} to be"
        f" seen, a window of {say_s(window_s)}, {say_s(start_s)} to start); the objective bears"
        f" {say_s(bear_s)}",
        f"set minReplicas to {enough}{'' if needed else ' or what carries the burst'}; a shorter"
        " scaleUp.stabilizationWindowSeconds saves its part only",
        {
            "reaction_s": takes_s,
            "bear_s": bear_s,
            "minimum": spec.minimum,
            "suggested_minimum": enough,
        },
    )


def find_short_down_window(spec: HpaSpec, start_s: float) -> Finding | None:
    """Find that a lull takes pods away which take longer than it to come back."""
    window_s = spec.rules.down.window_s
    if window_s >= start_s or spec.minimum == spec.maximum:
        return None
    return Finding(
        "warn",
        "short_down_window",
        f"pods go after a lull of {say_s(window_s)} and take {say_s(start_s)} to come back:"
        " replicas flap, and each lull costs a cold start",
        f"set scaleDown.stabilizationWindowSeconds to {math.ceil(2 * start_s / 60) * 60} or more,"
        " twice the start",
        {"window_s": window_s, "start_s": start_s},
    )


def _needed(burst_rps: float | None, pod_rps: float | None) -> int | None:
    return math.ceil(burst_rps / pod_rps) if burst_rps and pod_rps else None
