"""
Stabilization windows: how long all recommendations must agree before replicas follow.

Source: stabilizeRecommendation and stabilizeRecommendationWithBehaviors in horizontal.go of
Kubernetes 1.36.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.spec import Behavior, HpaSpec

__all__ = ["History", "Recommended", "remember", "stabilize"]


@dataclass(frozen=True, slots=True)
class Recommended:
    """
    What was recommended once.

    Attributes:
        at_s: When.
        replicas: How many, neither stabilized nor limited.
    """

    at_s: float
    replicas: int


History = tuple[Recommended, ...]
"""What one controller recommended; it lives in its memory, and dies with it."""


def stabilize(spec: HpaSpec, history: History, at_s: float, current: int, wish: int) -> int:
    """
    Give the replicas that the windows let through.

    Args:
        spec: Whose windows.
        history: Earlier recommendations, without this one.
        at_s: Now.
        current: How many replicas are wanted by now.
        wish: What is recommended now.
    """
    if spec.behavior is None:
        # Only down; and here a recommendation still counts at the window's very age.
        window_s = spec.rules.down.window_s
        return max([wish, *(each.replicas for each in history if at_s - each.at_s <= window_s)])
    lowest = min([wish, *_within(history, spec.behavior.up.window_s, at_s)])
    highest = max([wish, *_within(history, spec.behavior.down.window_s, at_s)])
    return min(max(current, lowest), highest)


def remember(rules: Behavior, history: History, at_s: float, wish: int) -> History:
    """Add a recommendation, and drop those that are too old for both windows."""
    longest_s = max(rules.up.window_s, rules.down.window_s)
    kept = (each for each in history if at_s - each.at_s <= longest_s)
    return (*kept, Recommended(at_s, wish))


def _within(history: History, window_s: float, at_s: float) -> list[int]:
    return [each.replicas for each in history if at_s - each.at_s < window_s]
