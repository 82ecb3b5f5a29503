"""Times in which the controller of a watched cluster could not measure, or not scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asr_loadtest.autoscaler.advise.amounts import say_s
from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.cluster.kubernetes.steps import Steps
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_failing_metrics", "find_inactive"]

Span = tuple[float, float]

_REMEDIES = {
    "ScalingDisabled": "kubectl scale --replicas=1: an HPA leaves a target of 0 replicas alone",
    "FailedGetScale": "make spec.scaleTargetRef name what is there, in the HPA's own namespace",
}
_SEE_METRICS = (
    "see that metrics-server runs, that every container has the request, and for custom metrics"
    " the adapter: kubectl describe hpa"
)


def find_failing_metrics(timeline: ClusterTimeline, spec: HpaSpec) -> tuple[Finding, ...]:
    """Find metrics that failed: while one does, nothing is scaled down."""
    found = [_failing(timeline, number, each) for number, each in enumerate(spec.metrics)]
    return tuple(each for each in found if each is not None)


def find_inactive(timeline: ClusterTimeline) -> tuple[Finding, ...]:
    """Find times in which the HPA said that it could not scale."""
    return tuple(
        found for kind in ("ScalingActive", "AbleToScale") for found in _untrue(timeline, kind)
    )


def _failing(timeline: ClusterTimeline, number: int, metric: MetricSpec) -> Finding | None:
    known = Steps.of(
        (each.at_s, each.metrics[number].is_known)
        for each in timeline.hpa
        if number < len(each.metrics)
    )
    spans = [(a, b) for a, b, is_known in known.spans(timeline.until_s) if not is_known]
    if not spans:
        return None
    never = not any(is_known for _, is_known in known.points)
    when = "at every look" if never else _when(spans)
    return Finding(
        "warn" if never else "caveat",
        "failing_metric",
        f"{metric.label} could not be measured {when}: meanwhile nothing is scaled down, and up"
        " only by other metrics",
        _SEE_METRICS,
        {"failing_s": _total_s(spans), "spans": len(spans)},
    )


def _untrue(timeline: ClusterTimeline, kind: str) -> Iterator[Finding]:
    by_reason: dict[str, list[Span]] = {}
    condition = timeline.condition(kind)
    for from_s, until_s, (status, reason) in condition.spans(timeline.until_s):
        if status == "False":
            by_reason.setdefault(reason, []).append((from_s, until_s))
    for reason, spans in by_reason.items():
        lasts = spans[-1][1] >= timeline.until_s
        yield Finding(
            "warn" if lasts else "caveat",
            "inactive",
            f"{kind} was False ({reason}) {_when(spans)}{', to the end' if lasts else ''}: nothing"
            " was scaled",
            _REMEDIES.get(reason, _SEE_METRICS),
            {"inactive_s": _total_s(spans), "spans": len(spans)},
        )


def _when(spans: Sequence[Span]) -> str:
    first_s = f"from {spans[0][0]:.0f} s on"
    if len(spans) == 1:
        return f"{first_s} for {say_s(_total_s(spans))}"
    return f"{len(spans)} times, {first_s}, for {say_s(_total_s(spans))} altogether"


def _total_s(spans: Sequence[Span]) -> float:
    return sum(until_s - from_s for from_s, until_s in spans)
