"""
Windows and rates, as the controller applies them to a wish.

Source: horizontal.go of Kubernetes 1.36, stabilizeRecommendationWithBehaviors and its twin for an
HPA without behavior; the rates are those of hpa/rates.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.rates import (
    Step,
    down_limit,
    up_limit,
    up_limit_without_behavior,
)
from asr_loadtest.autoscaler.hpa.spec import HpaSpec

__all__ = ["Decision", "Steering"]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a wish comes to.

    Attributes:
        replicas: How many there are to be.
        is_limited: Whether a rate let it go just so far, or not as far as was wanted.
    """

    replicas: int
    is_limited: bool


class Steering:
    """
    From wishes to replicas.

    Args:
        spec: Whose windows and rates.
    """

    def __init__(self, spec: HpaSpec) -> None:
        self._spec = spec
        self._wishes: list[tuple[float, int]] = []
        self._steps: list[Step] = []

    def decide(self, at_s: float, current: int, wish: int) -> Decision:
        """
        Decide how many replicas there are to be.

        Args:
            at_s: Now; no earlier than before.
            current: How many there are.
            wish: How many the metrics want.
        """
        if not self._wishes:
            self._wishes.append((at_s, current))  # what a controller begins with
        wanted = self._stabilized(at_s, current, wish)
        limit = self._limit(at_s, current, is_up=wanted > current)
        limited = min(wanted, limit) if wanted > current else max(wanted, limit)
        after = min(max(limited, self._spec.minimum), self._spec.maximum)
        self._wishes.append((at_s, wish))
        if after != current:
            self._steps.append(Step(at_s, after - current))
        return Decision(after, wanted != current and limited == limit)

    def _stabilized(self, at_s: float, current: int, wish: int) -> int:
        rules = self._spec.rules
        least = min([wish, *self._within(at_s, rules.up.window_s)])
        most = max([wish, *self._within(at_s, rules.down.window_s)])
        return min(max(current, least), most)

    def _within(self, at_s: float, window_s: float) -> list[int]:
        return [wish for made_s, wish in self._wishes if at_s - made_s < window_s]

    def _limit(self, at_s: float, current: int, *, is_up: bool) -> int:
        """Give how far the rates let replicas go; never back."""
        behavior = self._spec.behavior
        if behavior is None:
            return up_limit_without_behavior(current) if is_up else 0
        if is_up:
            return up_limit(behavior.up, current, self._steps, at_s)
        return down_limit(behavior.down, current, self._steps, at_s)
