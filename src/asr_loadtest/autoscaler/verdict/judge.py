"""Holds each rule of an HPA against what the cluster did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.verdict.inferred.course import SLACK_S, Course, follow
from asr_loadtest.autoscaler.verdict.load_seen import LoadSeen
from asr_loadtest.autoscaler.verdict.rules.bounds import judge_bound
from asr_loadtest.autoscaler.verdict.rules.disruptions import judge_budget
from asr_loadtest.autoscaler.verdict.rules.plural import several
from asr_loadtest.autoscaler.verdict.rules.rates import judge_rate
from asr_loadtest.autoscaler.verdict.rules.targets import judge_targets
from asr_loadtest.autoscaler.verdict.rules.windows import judge_window
from asr_loadtest.autoscaler.verdict.stopwatch import take_timings
from asr_loadtest.autoscaler.verdict.values import AutoscalerVerdict
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["judge_autoscaler"]


def judge_autoscaler(  # noqa: PLR0913 - what is judged, each with its name
    timeline: ClusterTimeline,
    spec: HpaSpec,
    *,
    load: LoadSeen | None = None,
    from_s: float = 0.0,
    until_s: float | None = None,
    slack_s: float = SLACK_S,
) -> AutoscalerVerdict:
    """
    Judge the autoscaler of one run by its own spec.

    Args:
        timeline: What was seen; what it has of the time before *from_s* tells what windows and
            periods began with.
        spec: What the HPA declares.
        load: What was asked of the servers, on the timeline's axis.
        from_s: Where what is judged begins.
        until_s: Where it ends; the timeline's end by default.
        slack_s: How well instants are known, in the cluster's seconds: what a replay makes faster
            is known less well.
    """
    end_s = timeline.until_s if until_s is None else until_s
    course = follow(timeline, spec, (from_s, end_s), slack_s)
    rules = (
        judge_bound(course, "min"),
        judge_bound(course, "max"),
        judge_rate(course, "up"),
        judge_rate(course, "down"),
        judge_window(course, "up"),
        judge_window(course, "down"),
        *judge_targets(course),
        judge_budget(course),
    )
    return AutoscalerVerdict(
        rules=rules,
        timings=take_timings(replace(course, from_s=from_s, until_s=end_s), load),
        caveats=tuple(_caveats(course)),
        figures={"from_s": course.from_s, "until_s": course.until_s},
    )


def _caveats(course: Course) -> Iterator[str]:
    """Say what could not be seen."""
    timeline = course.timeline
    if not course.looks:
        yield "the HPA's status was never seen: its wishes are unknown"
    for resource in sorted({each.resource for each in timeline.watching}):
        lost_s = sum(to_s - from_s for from_s, to_s in timeline.unheard(resource))
        if lost_s:
            yield f"nothing was heard of {resource} for {lost_s:.0f} s"
    if not any(each.pods for each in timeline.usage):
        yield "no samples of pods were seen: whether a wish was certain is hard to tell"
    tenure = course.tenure
    if isfinite(tenure.from_s):
        yield f"the HPA was changed, or made, at {tenure.from_s:.1f} s: judged from there on"
    if isfinite(tenure.until_s):
        yield f"the HPA was deleted at {tenure.until_s:.1f} s: what came later is not its doing"
    late = sum(move.is_late for move in course.moves)
    if late:
        yield f"{several(late, 'move')} seen after a silence: no rate or window is held against it"
    others = sum(change.by == "somebody" for change in timeline.changes)
    if others:
        yield f"{several(others, 'change')} of the replicas not made by the autoscaler"
    yield (
        "taken for granted: looks every 15 s, a tolerance of 10 % where none is declared;"
        " a controller that restarts forgets its rates"
    )
