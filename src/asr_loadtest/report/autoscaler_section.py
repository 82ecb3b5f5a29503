"""The watched cluster in the document: its rules, its times, its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.report.autoscaler_assessment import AutoscalerAssessment
from asr_loadtest.report.autoscaler_series import autoscaler_series
from asr_loadtest.report.rounding import rounded

__all__ = ["autoscaler_section"]


def autoscaler_section(assessed: AutoscalerAssessment) -> dict[str, Any]:
    """Give all that is shown of it; instants and durations are the cluster's, but in `timeline`."""
    timeline = assessed.timeline
    seen = timeline.last_hpa
    return {
        "hpa": seen.name if seen else "",
        "speed": assessed.speed,
        "spec": _as_json(asdict(assessed.spec)),
        **_as_json(assessed.verdict.to_fields()),
        "findings": [found.to_fields() for found in assessed.findings],
        "changes": [asdict(change) | {"at_s": rounded(change.at_s)} for change in timeline.changes],
        "unheard": _unheard(timeline),
        "timeline": autoscaler_series(timeline, assessed.spec, assessed.speed),
    }


def _unheard(timeline: ClusterTimeline) -> list[dict[str, Any]]:
    """Give when nobody could be asked about what: a rule may have been broken meanwhile."""
    resources: Sequence[str] = sorted({each.resource for each in timeline.watching})
    return [
        {"resource": resource, "from_s": rounded(from_s), "until_s": rounded(until_s)}
        for resource in resources
        for from_s, until_s in timeline.unheard(resource)
    ]


def _as_json(value: Any) -> Any:
    """Make lists of tuples, as JSON would, and round what was measured."""
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return rounded(value) if isinstance(value, float) else value
