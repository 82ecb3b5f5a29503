"""From a pattern's name to its phases: how long each load must last, by the HPA's own rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asr_loadtest.autoscaler.profiles.facts import HpaFacts
from asr_loadtest.autoscaler.profiles.rehearsal import SAMPLE_AGE_S, SYNC_S, Rehearsals
from asr_loadtest.load.pattern import PatternName

__all__ = [
    "SEEN_S",
    "Score",
    "Step",
    "ceiling_hold_s",
    "compose",
    "floor_hold_s",
    "reaction_s",
]

SEEN_S = SAMPLE_AGE_S + SYNC_S
"""After so long of one load, the controller has looked at samples of nothing else."""

_SETTLE_S = SEEN_S + SYNC_S
_SHORTEST_PULSE_S = 15.0  # as long as a sample covers: it fills at least half of one
_LONGEST_PULSE_S = 60.0
_PULSES, _DIPS = 4, 2
_GRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """
    One load.

    Attributes:
        label: What it is for, in a word or two.
        is_high: Which of both loads.
        length_s: How long, in the cluster's seconds.
        why: What decides on that.
    """

    label: str
    is_high: bool
    length_s: float
    why: str


class Score:
    """
    Steps, rehearsed as they are written.

    Args:
        facts: Of the autoscaler.
    """

    def __init__(self, facts: HpaFacts) -> None:
        self.facts = facts
        self.steps: list[Step] = []
        self.rehearsals = Rehearsals(facts)

    def settle(self) -> None:
        """Begin low, so that a rise is one."""
        self._add(
            "settle", _SETTLE_S, "samples and looks of the low load come first", is_high=False
        )

    def climb(self) -> None:
        """Go up as far as it goes, and stay for what may come beyond."""
        facts = self.facts
        up_s = self.rehearsals.settled_after_s(is_high=True)
        up_s = max(up_s, reaction_s(facts.spec.rules.up.window_s)) + ceiling_hold_s(facts)
        self._add(
            "climb", up_s, f"up to {facts.spec.maximum}, new pods ready, and a look", is_high=True
        )

    def fall(self) -> None:
        """Go down as far as it goes, and stay for what may come beyond."""
        rules = self.facts.spec.rules.down
        down_s = self.rehearsals.settled_after_s(is_high=False)
        down_s = max(down_s, reaction_s(rules.window_s)) + floor_hold_s()
        why = f"the window of {rules.window_s:g} s, each step down, and three looks"
        self._add("fall", down_s, why, is_high=False)

    def swing_low(self) -> None:
        """Rise again and again, each time for less than the window up."""
        pulse_s = _longest_unanswered_s(self.facts)
        if pulse_s is None or self.facts.first == self.facts.spec.maximum:
            return
        why = f"shorter than the window of {self.facts.spec.rules.up.window_s:g} s: no answer"
        for number in range(1, _PULSES + 1):
            self._add(f"pulse {number}", pulse_s, why, is_high=True)
            self._add("pause", _SETTLE_S, "low again, in samples and looks", is_high=False)

    def swing_high(self) -> None:
        """Fall again and again, each time for less than the window down."""
        window_s = self.facts.spec.rules.down.window_s
        dip_s = min(window_s - _SETTLE_S, max(window_s / 2, _SETTLE_S))
        if dip_s < SEEN_S:
            return
        why = f"shorter than the window of {window_s:g} s: no answer"
        for number in range(1, _DIPS + 1):
            self._add(f"dip {number}", dip_s, why, is_high=False)
            self._add("back", _SETTLE_S, "high again, in samples and looks", is_high=True)

    def spikes(self) -> None:
        """Spike once too short to be answered, if any is, and once so long that it must be."""
        window_s = self.facts.spec.rules.up.window_s
        short_s = _longest_unanswered_s(self.facts)
        if short_s is not None:
            self._add("short spike", short_s, "too short: must not be answered", is_high=True)
            pause_s = window_s + _SETTLE_S
            self._add("pause", pause_s, "the window forgets the short one", is_high=False)
        long_s = reaction_s(window_s)
        why = f"samples, the window of {window_s:g} s and looks: must be answered"
        self._add("long spike", long_s, why, is_high=True)
        self._add("after", _SETTLE_S, "what came stays, for the window down", is_high=False)

    def _add(self, label: str, length_s: float, why: str, *, is_high: bool) -> None:
        whole_s = _GRAIN_S * math.ceil(length_s / _GRAIN_S)
        self.steps.append(Step(label, is_high, whole_s, why))
        self.rehearsals.offer(whole_s, is_high=is_high)


def compose(pattern: PatternName, facts: HpaFacts) -> Score:
    """Write the steps of a pattern."""
    score = Score(facts)
    for part in _PARTS[pattern]:
        part(score)
    return score


_PARTS: Mapping[PatternName, tuple[Callable[[Score], None], ...]] = {
    "up": (Score.settle, Score.climb),
    "down": (Score.climb, Score.fall),
    "full": (Score.settle, Score.climb, Score.fall),
    "flap": (Score.settle, Score.swing_low, Score.climb, Score.swing_high),
    "spike": (Score.settle, Score.spikes),
}


def _longest_unanswered_s(facts: HpaFacts) -> float | None:
    """
    Give how long a rise may be, so that the window up surely keeps it from being answered.

    Samples show it for longer than it lasts, by what they cover and how old they are, and the last
    low look may have been one interval earlier. Seen: with a window of 60 s, 45 s were answered.

    Returns:
        Seconds, a minute at most; None if no rise that can be seen is short enough.
    """
    pulse_s = min(facts.spec.rules.up.window_s - SEEN_S, _LONGEST_PULSE_S)
    return pulse_s if pulse_s >= _SHORTEST_PULSE_S else None


def ceiling_hold_s(facts: HpaFacts) -> float:
    """Give how long the high load goes on at the maximum: new pods are ready, and looked at."""
    return facts.start_s + SEEN_S


def floor_hold_s() -> float:
    """Give how long the low load goes on at the minimum: looks that might go on."""
    return 3 * SYNC_S


def reaction_s(window_s: float) -> float:
    """Give after how long a change of the load is answered at the latest."""
    return SEEN_S + window_s + 2 * SYNC_S
