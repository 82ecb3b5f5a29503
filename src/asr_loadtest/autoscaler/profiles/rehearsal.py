"""
A load played through before it is offered: what the HPA's rules make of it, at best and at worst.

When the controller looks, how old its samples are and how far a load goes beyond the target are not
known beforehand. So each plan is rehearsed many times, once for each of several answers, and what
comes of it are ranges. Nothing is measured here: the rules are the controller's own, the load is
assumed to be either more than all replicas carry or so little that the fewest do.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.profiles.facts import HpaFacts
from asr_loadtest.autoscaler.profiles.steering import Steering

__all__ = ["SAMPLE_AGE_S", "SYNC_S", "Chance", "Change", "Rehearsal", "Rehearsals"]

SYNC_S = 15.0
"""Between two looks of the controller, at least; 15.07 s in the mean on Kubernetes 1.36.2."""

SAMPLE_AGE_S = 30.0
"""How old a sample may be when the controller reads it: it covers 15 s, and is kept for 15 s."""

_SLOW_SYNC_S = 15.3
# A pod at its CPU limit, which is twice its request as a rule, shows 200 %: 2.5 times a target of
# 80 %. So one look may want no more than 2.5 times the pods that are ready.
_REACH = 2.5
_PHASES_S = (0.0, 3.0, 6.0, 9.0, 12.0, 14.9)


@dataclass(frozen=True, slots=True)
class Chance:
    """
    What cannot be known beforehand.

    Attributes:
        phase_s: When the first look is, 0..15.
        sync_s: Between two of them.
        rise_s: How long a rise of the load is not in the samples.
        fall_s: The same of its fall.
        reach: How many times the ready pods one look may want.
    """

    phase_s: float
    sync_s: float
    rise_s: float
    fall_s: float
    reach: float


_CHANCES = tuple(
    Chance(phase_s, sync_s, rise_s, fall_s, reach)
    for sync_s, rise_s, fall_s, reach in (
        (SYNC_S, 0.0, 0.0, math.inf),
        (_SLOW_SYNC_S, SAMPLE_AGE_S, SAMPLE_AGE_S, _REACH),
        (_SLOW_SYNC_S, 0.0, SAMPLE_AGE_S, math.inf),
        (SYNC_S, SAMPLE_AGE_S, 0.0, _REACH),
    )
    for phase_s in _PHASES_S
)


@dataclass(frozen=True, slots=True)
class Change:
    """
    Replicas became more or fewer.

    Attributes:
        at_s: When.
        before, after: How many.
        is_limited: Whether a rate let it go just so far, or not as far as was wanted.
    """

    at_s: float
    before: int
    after: int
    is_limited: bool

    @property
    def is_up(self) -> bool:
        """Whether they became more."""
        return self.after > self.before


class Rehearsal:
    """
    One course of things.

    Args:
        facts: Of the autoscaler.
        chance: What happens to be so in this one.
    """

    def __init__(self, facts: HpaFacts, chance: Chance) -> None:
        self.changes: list[Change] = []
        self.now_s = 0.0
        self._facts = facts
        self._chance = chance
        self._steering = Steering(facts.spec)
        self._sync_at_s = chance.phase_s
        # When each pod counts as ready; when each change of the load is in the samples.
        self._ready_at_s = [0.0] * facts.first
        self._loads: list[tuple[float, bool]] = [(0.0, False)]

    @property
    def replicas(self) -> int:
        """How many there are now."""
        return len(self._ready_at_s)

    def offer(self, length_s: float, *, is_high: bool) -> None:
        """Offer one load for a while."""
        if is_high != self._loads[-1][1]:
            delay_s = self._chance.rise_s if is_high else self._chance.fall_s
            self._loads.append((self.now_s + delay_s, is_high))
        self.now_s += length_s
        while self._sync_at_s < self.now_s:
            self._look(self._sync_at_s)
            self._sync_at_s += self._chance.sync_s

    def settled_after_s(self, *, is_high: bool) -> float:
        """Give how long this load must last until it moves nothing any more; nothing is changed."""
        ahead = copy.deepcopy(self)
        quiet_s = _quiet_s(self._facts)
        ahead.offer(quiet_s, is_high=is_high)
        while ahead.changes and ahead.now_s - ahead.changes[-1].at_s < quiet_s:
            ahead.offer(SYNC_S, is_high=is_high)
        last_s = ahead.changes[-1].at_s if ahead.changes else 0.0
        return max(last_s - self.now_s, 0.0)

    def _look(self, at_s: float) -> None:
        before = self.replicas
        decision = self._steering.decide(at_s, before, self._wish(at_s))
        after = decision.replicas
        if after == before:
            return
        self.changes.append(Change(at_s, before, after, decision.is_limited))
        del self._ready_at_s[after:]
        ready_s = at_s + self._facts.start_s + self._chance.rise_s
        self._ready_at_s += [ready_s] * (after - before)

    def _wish(self, at_s: float) -> int:
        """Give the replicas that are wanted by the metric that wants most."""
        return max(self._wish_of_load(at_s), self._facts.wish_of_memory(self.replicas))

    def _wish_of_load(self, at_s: float) -> int:
        facts = self._facts
        if not facts.drivers or not self._sees_high(at_s):
            return facts.fewest
        if math.isinf(self._chance.reach):
            return 2 * facts.spec.maximum
        # Pods that are not ready count as idle: they weigh a wish down, but never below what is.
        ready = sum(ready_s <= at_s for ready_s in self._ready_at_s)
        return max(math.ceil(self._chance.reach * ready), self.replicas)

    def _sees_high(self, at_s: float) -> bool:
        """Whether the samples show the high load; what came later hides what came before."""
        return next(is_high for seen_s, is_high in reversed(self._loads) if seen_s <= at_s)


class Rehearsals:
    """One plan, rehearsed with every chance."""

    def __init__(self, facts: HpaFacts) -> None:
        self.courses: Sequence[Rehearsal] = [Rehearsal(facts, chance) for chance in _CHANCES]

    @property
    def now_s(self) -> float:
        """How far it has been played."""
        return self.courses[0].now_s

    def offer(self, length_s: float, *, is_high: bool) -> None:
        """Offer one load for a while."""
        for course in self.courses:
            course.offer(length_s, is_high=is_high)

    def settled_after_s(self, *, is_high: bool) -> float:
        """Give how long this load must last until it moves nothing in any course."""
        return max(course.settled_after_s(is_high=is_high) for course in self.courses)


def _quiet_s(facts: HpaFacts) -> float:
    """After so long without a change under one load, nothing changes any more."""
    rules = facts.spec.rules
    periods_s = (policy.period_s for policy in (*rules.up.policies, *rules.down.policies))
    waits_s = (rules.up.window_s, rules.down.window_s, facts.start_s, *periods_s)
    return max(waits_s) + 2 * (SAMPLE_AGE_S + 2 * SYNC_S)
