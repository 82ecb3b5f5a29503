"""The plan of a load that exercises an autoscaler: phases, and what they should and cannot show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.autoscaler.profiles.expecting import Expected, expect
from asr_loadtest.autoscaler.profiles.facts import HpaFacts
from asr_loadtest.autoscaler.profiles.outlook import Outlook, look_out
from asr_loadtest.autoscaler.profiles.score import Score, compose
from asr_loadtest.load.pattern import PatternName

__all__ = ["HpaPlan", "Phase", "make_hpa_plan"]


@dataclass(frozen=True, slots=True)
class Phase:
    """
    One load, for a while.

    Attributes:
        label: What it is for, in a word or two.
        rate_rps: Requests per second.
        duration_s: How long.
        why: What decides on that; seconds in it are the cluster's.
    """

    label: str
    rate_rps: float
    duration_s: float
    why: str


@dataclass(frozen=True, slots=True)
class HpaPlan:
    """
    A pattern made for one HPA.

    Times are those of the clock: where a cluster is played faster, all of them are shorter by that.

    Attributes:
        pattern: Its name.
        facts: What it was made from.
        phases: One after the other; those behind a cut are gone.
        exercises: Rules that it will put to the test, and how.
        cannot_exercise: The others, and what they need.
        expected: When how many replicas should be there first, as ranges.
        whole_s: How long it is without a cut.
    """

    pattern: PatternName
    facts: HpaFacts
    phases: tuple[Phase, ...]
    exercises: tuple[Outlook, ...]
    cannot_exercise: tuple[Outlook, ...]
    expected: tuple[Expected, ...]
    whole_s: float

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return math.fsum(phase.duration_s for phase in self.phases)

    @property
    def steps(self) -> list[tuple[float, float]]:
        """Pairs of requests per second and seconds, as arrivals of the kind "step" take them."""
        return [(phase.rate_rps, phase.duration_s) for phase in self.phases]


def make_hpa_plan(
    pattern: PatternName,
    facts: HpaFacts,
    *,
    low_rps: float,
    high_rps: float,
    run_time_s: float | None = None,
) -> HpaPlan:
    """
    Make the plan.

    Args:
        pattern: Which.
        facts: Of the autoscaler and its pods.
        low_rps: What the fewest replicas carry with ease.
        high_rps: What wants more than the most replicas.
        run_time_s: Where the user cuts it, by the clock; None: not at all.
    """
    score = compose(pattern, facts)
    whole_s = score.rehearsals.now_s / facts.speed
    cut_s = whole_s if run_time_s is None else min(run_time_s, whole_s)
    outlooks = look_out(score)
    is_tested = [
        each.ready_s is not None and each.ready_s <= cut_s * facts.speed for each in outlooks
    ]
    pairs = list(zip(outlooks, is_tested, strict=True))
    return HpaPlan(
        pattern=pattern,
        facts=facts,
        phases=tuple(_phases(score, low_rps, high_rps, cut_s)),
        exercises=tuple(each for each, tested in pairs if tested),
        cannot_exercise=tuple(_cut_off(each, facts) for each, tested in pairs if not tested),
        expected=expect(score.rehearsals.courses, cut_s, facts.speed),
        whole_s=whole_s,
    )


def _phases(score: Score, low_rps: float, high_rps: float, cut_s: float) -> Sequence[Phase]:
    phases: list[Phase] = []
    left_s = cut_s
    for step in score.steps:
        duration_s = min(step.length_s / score.facts.speed, left_s)
        if duration_s <= 0:
            break
        rate_rps = high_rps if step.is_high else low_rps
        phases.append(Phase(step.label, rate_rps, duration_s, step.why))
        left_s -= duration_s
    return phases


def _cut_off(outlook: Outlook, facts: HpaFacts) -> Outlook:
    """Say how long a run is needed for what a cut takes away."""
    if outlook.ready_s is None:
        return outlook
    needed_s = math.ceil(outlook.ready_s / facts.speed)
    return Outlook(outlook.rule, f"a run of {needed_s} s: --run-time cuts it", outlook.ready_s)
