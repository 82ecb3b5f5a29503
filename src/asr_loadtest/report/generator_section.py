"""How the generator itself was doing, for the document: as figures, and over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from asr_loadtest.cluster.trend import SHORTEST_MEMORY_S, robust_trend
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.report.rounding import rounded
from asr_loadtest.report.trend_fields import trend_fields

__all__ = ["generator_section", "generator_series"]


def generator_section(
    health: Sequence[GeneratorReading], span: tuple[float, float]
) -> dict[str, Any]:
    """Give the worst of what was seen while the load was on, and how each worker's memory went."""
    from_s, until_s = span
    judged = [reading for reading in health if from_s <= reading.at_s <= until_s] or list(health)
    memory: dict[int, list[tuple[float, float]]] = {}
    for reading in judged:
        memory.setdefault(reading.worker, []).append((reading.at_s, float(reading.memory_bytes)))
    trends = {worker: robust_trend(points) for worker, points in sorted(memory.items())}
    return {
        "readings": len(judged),
        "cpu_share_most": rounded(max((each.cpu_share for each in judged), default=None)),
        "stall_s_most": rounded(max((each.stall_s for each in judged), default=None)),
        "in_flight_most": max((each.in_flight for each in judged), default=None),
        "connections_most": max((each.connections for each in judged), default=None),
        "memory_bytes_most": max((each.memory_bytes for each in judged), default=None),
        "memory": [
            {"worker": worker, **trend_fields(trend)}
            for worker, trend in trends.items()
            if trend and trend.span_s >= SHORTEST_MEMORY_S
        ],
    }


def generator_series(
    readings: Iterable[GeneratorReading], start_s: Sequence[float], width_s: float
) -> dict[str, list[float | None]]:
    """
    Give the generator's health on the timeline's windows, all workers together.

    The busiest worker's CPU and the longest stall of any; memory, requests in flight and
    connections as sums. A worker's last reading holds until its next one; before its first and
    after its last it has none.
    """
    workers: dict[int, list[GeneratorReading]] = {}
    for reading in sorted(readings, key=lambda reading: reading.at_s):
        workers.setdefault(reading.worker, []).append(reading)
    lines = [_on_windows(each, start_s, width_s) for each in workers.values()]
    moments = [[held for line in lines if (held := line[number])] for number in range(len(start_s))]

    def joined(name: str, join: Callable[[Iterable[float]], float]) -> list[float | None]:
        return [
            rounded(join(getattr(held, name) for held in moment)) if moment else None
            for moment in moments
        ]

    return {
        "cpu_share": joined("cpu_share", max),
        "stall_s": joined("stall_s", max),
        "memory_bytes": joined("memory_bytes", sum),
        "in_flight": joined("in_flight", sum),
        "connections": joined("connections", sum),
    }


def _on_windows(
    readings: Iterable[GeneratorReading], start_s: Sequence[float], width_s: float
) -> list[GeneratorReading | None]:
    """Put one worker's readings, in order, where they belong, and let each hold until the next."""
    placed: list[GeneratorReading | None] = [None] * len(start_s)
    held: GeneratorReading | None = None
    reached = 0
    for reading in readings:
        at = math.floor((reading.at_s - start_s[0]) / width_s) if start_s else -1
        if not 0 <= at < len(placed):
            continue
        for between in range(reached, at):
            placed[between] = placed[between] or held
        placed[at] = held = _both(placed[at], reading)
        reached = at
    return placed


def _both(earlier: GeneratorReading | None, later: GeneratorReading) -> GeneratorReading:
    """Of two readings in one window keep the worse of what was seen since the last look."""
    if earlier is None:
        return later
    return replace(
        later,
        cpu_share=max(earlier.cpu_share, later.cpu_share),
        stall_s=max(earlier.stall_s, later.stall_s),
    )
