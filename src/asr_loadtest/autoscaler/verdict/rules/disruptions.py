"""
The PodDisruptionBudget: evictions leave as many healthy pods as it wants.

It holds for evictions only: a scale-down is none, and neither is a node that dies or runs out of
memory. Those are seen, and said to be no matter of the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.verdict.inferred.course import Course
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.values import RuleVerdict
from asr_loadtest.cluster.kubernetes.sightings import DisruptionBudgetSeen

__all__ = ["judge_budget"]

_EVICTED = "EvictionByEvictionAPI"
_NEEDS = "an eviction during the run, such as a drain of a node; a scale-down is none"
# The budget's status follows the pods within a second; an evicted pod takes longer to end.
_BEFORE_S = 1.0
_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class _Disruption:
    at_s: float
    pod: str
    reason: str
    was_ready: bool


def judge_budget(course: Course) -> RuleVerdict:
    """Hold each eviction against the budget."""
    budgets = course.timeline.budgets
    disruptions = _disruptions(course)
    evicted = [each for each in disruptions if each.reason == _EVICTED and each.was_ready]
    if not budgets:
        words = "no PodDisruptionBudget was seen"
        return RuleVerdict("pdb", "not_exercised", words, needs="a budget, and its status readable")
    broken = [line for each in evicted if (line := _broken(budgets, each, evicted))]
    if broken:
        words = f"{len(broken)} of {several(len(evicted), 'eviction')} left too few healthy pods"
        return RuleVerdict("pdb", "broken", words, tuple(broken))
    lines = tuple(f"{each.pod}: {each.reason} at {each.at_s:.1f} s" for each in disruptions)
    if evicted:
        words = f"{several(len(evicted), 'eviction')}, each with healthy pods enough"
        return RuleVerdict("pdb", "held", words, lines)
    words = "no ready pod was evicted"
    return RuleVerdict("pdb", "not_exercised", words, (*lines, *_blocking(course)), _NEEDS)


def _disruptions(course: Course) -> list[_Disruption]:
    found = []
    for versions in course.timeline.pods.values():
        was_ready = False
        for pod in versions:
            if pod.disruption:
                if course.from_s <= pod.at_s <= course.until_s:
                    found.append(
                        _Disruption(pod.at_s, pod.name, pod.disruption, was_ready or pod.is_ready)
                    )
                break
            was_ready = pod.is_ready
    return sorted(found, key=lambda each: each.at_s)


def _broken(
    budgets: Sequence[DisruptionBudgetSeen],
    disruption: _Disruption,
    evicted: Sequence[_Disruption],
) -> str:
    """Say how an eviction went below the budget; nothing if it may have been somebody else."""
    starts_s, ends_s = disruption.at_s - _BEFORE_S, disruption.at_s + _AFTER_S
    before = [each for each in budgets if each.at_s <= starts_s and not each.is_gone]
    about = [each for each in budgets if starts_s < each.at_s <= ends_s and not each.is_gone]
    if not before:
        return ""
    lowest = min([before[-1], *about], key=lambda each: each.healthy - each.desired_healthy)
    if lowest.healthy >= lowest.desired_healthy:
        return ""
    together = sum(starts_s < each.at_s <= ends_s for each in evicted)
    is_theirs = before[-1].healthy - lowest.healthy <= together
    had_none = before[-1].healthy <= before[-1].desired_healthy
    if not (is_theirs or had_none):
        return ""
    return (
        f"{disruption.pod} was evicted at {disruption.at_s:.1f} s:"
        f" {lowest.healthy} healthy, wanted {lowest.desired_healthy}"
    )


def _blocking(course: Course) -> tuple[str, ...]:
    """Tell of budgets that never allowed an eviction: a node's drain would wait for ever."""
    names = {each.name for each in course.timeline.budgets}
    return tuple(
        f"{name} never allowed an eviction while it was watched"
        for name in sorted(names)
        if all(each.allowed == 0 for each in course.timeline.budgets if each.name == name)
    )
