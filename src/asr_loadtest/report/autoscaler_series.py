"""Replicas and metrics over time, for the document: on the run's own axis."""

from __future__ import annotations

from typing import Any

from asr_loadtest.autoscaler.hpa.spec import HpaSpec, MetricSpec
from asr_loadtest.cluster.kubernetes.sightings import MetricStatus
from asr_loadtest.cluster.kubernetes.steps import Steps
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.report.rounding import rounded

__all__ = ["autoscaler_series"]


def autoscaler_series(timeline: ClusterTimeline, spec: HpaSpec, speed: float) -> dict[str, Any]:
    """
    Give the arrays; what holds until it changes has two points at each change.

    Args:
        timeline: In the cluster's seconds.
        spec: Of its HPA.
        speed: Seconds of the cluster in one of the run's.
    """
    until_s = timeline.until_s
    counts = {"wanted": timeline.replicas, "ready": timeline.ready, "desired": timeline.desired}
    return {
        "replicas": _together(counts, until_s, speed),
        "metrics": [
            _metric(timeline, number, metric, speed) for number, metric in enumerate(spec.metrics)
        ],
    }


def _metric(
    timeline: ClusterTimeline, number: int, metric: MetricSpec, speed: float
) -> dict[str, Any]:
    is_share = metric.target_type == "Utilization"
    seen: Steps[float | None] = Steps.of(
        (each.at_s, _value(each.metrics[number], is_share=is_share))
        for each in timeline.hpa
        if number < len(each.metrics)
    )
    return {
        "label": metric.label,
        "unit": "share" if is_share else "plain",
        "target": rounded(metric.target / 100 if is_share else metric.target),
        **_together({"value": seen}, timeline.until_s, speed),
    }


def _value(status: MetricStatus, *, is_share: bool) -> float | None:
    if is_share:
        return None if status.utilization is None else status.utilization / 100
    return status.average


def _together(series: dict[str, Steps[Any]], until_s: float, speed: float) -> dict[str, list[Any]]:
    """Put several on one list of instants: each change twice, before it and after."""
    changes = sorted({at_s for steps in series.values() for at_s, _ in steps.points})
    columns: dict[str, list[Any]] = {name: [] for name in ("at_s", *series)}
    before: dict[str, Any] = dict.fromkeys(series)
    for at_s in changes:
        after = {name: steps.at(at_s) for name, steps in series.items()}
        _add(columns, at_s / speed, before)
        _add(columns, at_s / speed, after)
        before = after
    if changes:
        _add(columns, until_s / speed, before)
    return columns


def _add(columns: dict[str, list[Any]], at_s: float, values: dict[str, Any]) -> None:
    for name, value in ({"at_s": at_s} | values).items():
        columns[name].append(rounded(value))
