"""What the servers did, for the document: each pod, all together, over time, and the two counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from asr_loadtest.cluster.triton.readings import GpuReading
from asr_loadtest.cluster.triton.reconcile import answered_well, maybe_answered_well, reconcile
from asr_loadtest.cluster.triton.server_figures import ModelFigures, PodWindow
from asr_loadtest.cluster.triton.server_timeline import ServerTimeline
from asr_loadtest.load.tally import Tally
from asr_loadtest.report.rounding import ratio, rounded
from asr_loadtest.report.trend_fields import trend_fields

__all__ = ["judged_span", "server_section"]


def judged_span(tally: Tally) -> tuple[float, float]:
    """Give from when to when the load was on: from the warm-up's end to the last arrival."""
    arriving = [start_s for start_s, window in tally.timeline.rows() if window.offered]
    until_s = arriving[-1] + tally.timeline.width_s if arriving else tally.warm_up_s
    return tally.warm_up_s, until_s


def server_section(server: ServerTimeline, tally: Tally) -> dict[str, Any]:
    """Give all that is shown of the servers; figures are of the judged span."""
    span = judged_span(tally)
    overall = server.overall(*span)
    return {
        "model": server.served.name,
        "parts": list(server.served.parts),
        "why": server.served.why,
        "all": None if overall is None else _row(overall),
        "pods": [_row(each) for each in server.totals(*span)],
        "gpus": [_gpu(each.pod, gpu) for each in server.totals(*span) for gpu in each.gpus],
        "models": [] if overall is None else _models(overall),
        "memory": [
            {"pod": each.pod, "memory": each.memory, **trend_fields(each.trend)}
            for each in server.memory_trends(*span)
        ],
        "reconciliation": _reconciliation(server, tally),
        "notes": list(server.notes),
        "timeline": _timeline(server, tally.timeline.width_s),
    }


def _row(window: PodWindow) -> dict[str, Any]:
    return {
        "pod": window.pod or "all",
        "from_s": rounded(window.from_s),
        "until_s": rounded(window.until_s),
        **_figures(window.served),
        "batches": {str(size): n for size, n in sorted(window.served.batches.items())},
        "cpu_share": rounded(window.cpu_share),
        "memory_used_bytes": window.memory_used_bytes,
        "memory_total_bytes": window.memory_total_bytes,
        "cache_hits": window.cache_hits,
    }


def _gpu(pod: str, gpu: GpuReading) -> dict[str, Any]:
    figures = {"utilization": rounded(gpu.utilization), "power_w": rounded(gpu.power_w)}
    return {"pod": pod, **asdict(gpu), **figures}


def _figures(figures: ModelFigures) -> dict[str, Any]:
    queue_s, compute_s = figures.queue_s, figures.compute_s
    inside_s = None if queue_s is None or compute_s is None else queue_s + compute_s
    return {
        "requests": figures.requests,
        "failures": figures.failures,
        "requests_rps": rounded(figures.requests_per_s),
        "queue_s": rounded(queue_s),
        "compute_s": rounded(compute_s),
        "queue_share": ratio(queue_s, inside_s),
        "batch": rounded(figures.batch),
        "busy": rounded(figures.busy),
        "pending": rounded(figures.pending),
    }


def _models(overall: PodWindow) -> list[dict[str, Any]]:
    return [{"name": name, **_figures(figures)} for name, figures in overall.models.items()]


def _reconciliation(server: ServerTimeline, tally: Tally) -> dict[str, Any]:
    """Count from the very start: servers know of no warm-up."""
    outcomes = tally.all.outcomes + tally.warm_up.outcomes
    starts = [start_s for start_s, _ in tally.timeline.rows()]
    from_s = tally.first_s if tally.first_s is not None and not tally.warm_up.count else None
    served = server.served_count(
        from_s if from_s is not None else min(starts, default=0.0),
        max(starts, default=0.0) if tally.last_s is None else tally.last_s,
    )
    found = reconcile(answered_well(outcomes), maybe_answered_well(outcomes), served)
    return {**asdict(found), "doubts": list(found.doubts)}


def _timeline(server: ServerTimeline, width_s: float) -> list[dict[str, Any]]:
    pods: dict[str, list[PodWindow]] = {}
    for window in server.windows(width_s):
        pods.setdefault(window.pod, []).append(window)
    return [{"pod": pod, **_arrays(windows)} for pod, windows in pods.items()]


def _arrays(windows: list[PodWindow]) -> dict[str, list[float | None]]:
    served = [window.served for window in windows]
    return {
        "at_s": [rounded((window.from_s + window.until_s) / 2) for window in windows],
        "requests_rps": [rounded(each.requests_per_s) for each in served],
        "queue_s": [rounded(each.queue_s) for each in served],
        "compute_s": [rounded(each.compute_s) for each in served],
        "batch": [rounded(each.batch) for each in served],
        "pending": [rounded(each.pending) for each in served],
        "busy": [rounded(each.busy) for each in served],
        "cpu_share": [rounded(window.cpu_share) for window in windows],
        "gpu_utilization": [_mean(gpu.utilization for gpu in window.gpus) for window in windows],
        "gpu_memory_bytes": [
            _sum(gpu.memory_used_bytes for gpu in window.gpus) for window in windows
        ],
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return rounded(math.fsum(known) / len(known)) if known else None


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
