"""Which rules of the HPA a plan will put to the test, and what the others need."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asr_loadtest.autoscaler.profiles.facts import HpaFacts
from asr_loadtest.autoscaler.profiles.needs import what_is_needed
from asr_loadtest.autoscaler.profiles.rehearsal import SYNC_S, Change, Rehearsal
from asr_loadtest.autoscaler.profiles.score import (
    SEEN_S,
    Score,
    ceiling_hold_s,
    floor_hold_s,
    reaction_s,
)

__all__ = ["Outlook", "look_out", "rule_names"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    What becomes of one rule.

    Attributes:
        rule: Its name, as in the verdict.
        words: Why it will be put to the test, or what that would need.
        ready_s: After how many of the cluster's seconds it has been, whatever chance may do; None
            if this load does not do it.
    """

    rule: str
    words: str
    ready_s: float | None = None


def rule_names(facts: HpaFacts) -> tuple[str, ...]:
    """Give the names of all rules, in the verdict's order."""
    return (
        "min_replicas",
        "max_replicas",
        "scale_up_rate",
        "scale_down_rate",
        "scale_up_window",
        "scale_down_window",
        *(f"target_{metric.name}" for metric in facts.spec.metrics),
        "pdb",
    )


def look_out(score: Score) -> tuple[Outlook, ...]:
    """Tell of each rule what becomes of it if the whole plan is carried out."""
    return tuple(_Looking(score).outlook(rule) for rule in rule_names(score.facts))


class _Looking:
    """Asks the rehearsals: a rule is put to the test if it was in every one of them."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._facts = score.facts
        self._courses = score.rehearsals.courses

    def outlook(self, rule: str) -> Outlook:
        is_up = rule.startswith("scale_up")
        if rule == "min_replicas":
            return self._minimum(rule)
        if rule == "max_replicas":
            return self._maximum(rule)
        if rule.startswith("scale_"):
            rules = self._facts.spec.rules
            if (rules.up if is_up else rules.down).select == "Disabled":
                return self._disabled(rule, is_up=is_up)
            look = self._rate if rule.endswith("rate") else self._window
            return look(rule, is_up=is_up)
        if rule.startswith("target_"):
            return self._target(rule)
        return Outlook(rule, "an eviction, such as a drain of a node; a scale-down is none")

    def _minimum(self, rule: str) -> Outlook:
        least = self._facts.fewest
        ready_s = self._first(lambda each: not each.is_up and each.after == least, floor_hold_s())
        if ready_s is not None:
            return Outlook(rule, f"replicas come down to {least}, and stay", ready_s)
        lasting_s = self._score.rehearsals.settled_after_s(is_high=False) + floor_hold_s()
        return self._lacking(rule, f"a way down to {least}", lasting_s, is_up=False)

    def _maximum(self, rule: str) -> Outlook:
        most = self._facts.spec.maximum
        instants = [self._pressed_s(course) for course in self._courses]
        ready_s = max(instants)
        if self._facts.drivers and math.isfinite(ready_s):
            return Outlook(rule, f"more is wanted when there are {most}", ready_s)
        hold_s = ceiling_hold_s(self._facts)
        lasting_s = self._score.rehearsals.settled_after_s(is_high=True) + hold_s
        return self._lacking(rule, f"a way up to {most}", lasting_s, is_up=True)

    def _rate(self, rule: str, *, is_up: bool) -> Outlook:
        is_declared = is_up or self._facts.spec.behavior is not None
        ready_s = self._first(
            lambda each: each.is_up == is_up and (each.is_limited or not is_declared), SYNC_S
        )
        if ready_s is None:
            return self._lacking(rule, "a step that a rate limits", is_up=is_up)
        if not is_declared:
            return Outlook(rule, "none is declared: any step is right", ready_s)
        return Outlook(rule, f"{self._way(is_up=is_up)}, as far as allowed each time", ready_s)

    def _window(self, rule: str, *, is_up: bool) -> Outlook:
        rules = self._facts.spec.rules.up if is_up else self._facts.spec.rules.down
        ready_s = self._first(lambda each: each.is_up == is_up, SYNC_S)
        if ready_s is None:
            return self._lacking(rule, "a step", is_up=is_up)
        if not rules.window_s:
            return Outlook(rule, "none is declared: a step may come at once", ready_s)
        return Outlook(rule, f"a step waits for {rules.window_s:g} s", ready_s)

    def _target(self, rule: str) -> Outlook:
        if self._facts.drivers == (rule.removeprefix("target_"),):
            ready_s = self._first(lambda each: each.is_up, SYNC_S)
            if ready_s is not None:
                return Outlook(rule, "the high load is above it", ready_s)
        ready_s = self._first(lambda each: not each.is_up, SYNC_S)
        if ready_s is not None:
            return Outlook(rule, "a step down needs all metrics below", ready_s)
        return self._lacking(rule, "a step down, which needs all metrics", is_up=False)

    def _disabled(self, rule: str, *, is_up: bool) -> Outlook:
        """Where a direction is disabled, it is enough that it is wanted."""
        at_s = self._wanted_s(is_up=is_up)
        if at_s is None:
            return Outlook(rule, "a load that would want it: the direction is disabled")
        return Outlook(rule, "wanted, and disabled: no step may come", at_s)

    def _lacking(
        self, rule: str, wanted: str, lasting_s: float | None = None, *, is_up: bool
    ) -> Outlook:
        """Tell what a rule needs; unless said, as long a load as brings a first step."""
        if lasting_s is None:
            rules = self._facts.spec.rules
            lasting_s = reaction_s((rules.up if is_up else rules.down).window_s)
        needed = what_is_needed(self._facts, lasting_s, is_up=is_up)
        return Outlook(rule, f"{wanted}: {needed}")

    def _wanted_s(self, *, is_up: bool) -> float | None:
        """Give when a direction has been wanted; None if this load does not want it."""
        can_want = self._facts.drivers if is_up else self._facts.first > self._facts.fewest
        from_s = 0.0
        for step in self._score.steps:
            if step.is_high == is_up and step.length_s >= SEEN_S:
                return from_s + SEEN_S if can_want else None
            from_s += step.length_s
        return None

    def _way(self, *, is_up: bool) -> str:
        """Tell the fewest steps of any rehearsal, such as 1 -> 3 -> 5."""
        ways = sorted((_stations(course, is_up=is_up) for course in self._courses), key=len)
        return " -> ".join(map(str, ways[0]))

    def _first(self, is_it: Callable[[Change], bool], then_s: float) -> float | None:
        """Give when the first such change has been in each rehearsal, and some time after it."""
        instants: list[float] = []
        for course in self._courses:
            at_s = next((each.at_s for each in course.changes if is_it(each)), None)
            if at_s is None or at_s + then_s > course.now_s:
                return None
            instants.append(at_s + then_s)
        return max(instants)

    def _pressed_s(self, course: Rehearsal) -> float:
        """Give when the high load has been there long enough with the most replicas; or never."""
        most = self._facts.spec.maximum
        reached_s = 0.0 if self._facts.first == most else None
        for change in course.changes:
            if reached_s is None and change.after == most:
                reached_s = change.at_s
        if reached_s is None:
            return math.inf
        for from_s, to_s in self._high():
            since_s = max(from_s, reached_s)
            hold_s = SEEN_S if since_s == from_s else ceiling_hold_s(self._facts)
            if since_s + hold_s <= to_s:
                return since_s + hold_s
        return math.inf

    def _high(self) -> Iterator[tuple[float, float]]:
        """Give from when to when the load is high."""
        from_s = 0.0
        for step in self._score.steps:
            if step.is_high:
                yield from_s, from_s + step.length_s
            from_s += step.length_s


def _stations(course: Rehearsal, *, is_up: bool) -> list[int]:
    changes = [each for each in course.changes if each.is_up == is_up]
    return [changes[0].before, *(each.after for each in changes)] if changes else []
