"""
When the controller looked at its HPA, and what it found, as its status tells from outside.

It looks every 15 s, and writes the status only if that changes. So a status holds for each look
until the next one is written: looks between are inferred, evenly spread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from asr_loadtest.cluster.kubernetes.sightings import HpaSeen
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["AFTER_SILENCE_S", "SYNC_S", "Sync", "find_syncs"]

SYNC_S = 15.07
"""
Between two looks: mean of 1271 on Kubernetes 1.36.2, 14.85 to 15.31.

ASSUMED: the controller's flag --horizontal-pod-autoscaler-sync-period is 15 s; no client can read
it.
"""

# Answers of the metrics API that hang make a look last as long: none is inferred near a failure.
_FAILURE_REACH_S = 45.0
AFTER_SILENCE_S = 3.0
"""What is first seen so soon after a silence came sometime within it."""


@dataclass(frozen=True, slots=True)
class Sync:
    """
    One look of the controller.

    Attributes:
        at_s: When.
        status: What it found.
        is_inferred: Whether nothing was written then; its instant is known to about 1 s.
    """

    at_s: float
    status: HpaSeen
    is_inferred: bool


def find_syncs(timeline: ClusterTimeline) -> tuple[Sync, ...]:
    """Give the looks that are known, in order; none where nobody heard, or it may have hung."""
    versions = _written(timeline)
    unheard = timeline.unheard("horizontalpodautoscalers")
    failed = [each.at_s for each in timeline.usage if each.failure]
    bounds = [*((each.at_s, is_look) for each, is_look in versions), (timeline.until_s, False)]
    syncs: list[Sync] = []
    for (status, is_look), ((from_s, _), (to_s, ends_in_look)) in zip(
        versions, pairwise(bounds), strict=True
    ):
        if is_look:
            syncs.append(Sync(from_s, status, is_inferred=False))
        for at_s in _between(from_s, to_s, is_look=is_look, ends_in_look=ends_in_look):
            is_known = not any(a <= at_s <= b for a, b in unheard) and not _is_near(failed, at_s)
            if is_known:
                syncs.append(Sync(at_s, status, is_inferred=True))
    return tuple(syncs)


def _written(timeline: ClusterTimeline) -> list[tuple[HpaSeen, bool]]:
    """Give each new status, and whether it was seen just when it was written."""
    silences = timeline.unheard("horizontalpodautoscalers")
    written: list[tuple[HpaSeen, bool]] = []
    for seen in timeline.hpa:
        if not seen.conditions or seen.is_gone:
            continue
        is_late = any(a < seen.at_s <= b + AFTER_SILENCE_S for a, b in silences)
        if not written:
            # The first one was listed, unless the HPA had been seen before it had a status.
            written.append((seen, seen is not timeline.hpa[0] and not is_late))
        elif _status(seen) != _status(written[-1][0]):
            written.append((seen, not is_late))
    return written


def _status(seen: HpaSeen) -> tuple[object, ...]:
    return seen.current, seen.desired, seen.last_scale_unix_s, seen.metrics, seen.conditions


def _between(from_s: float, to_s: float, *, is_look: bool, ends_in_look: bool) -> Iterator[float]:
    """Spread the looks between two instants, of which each is a look or not."""
    count = round((to_s - from_s) / SYNC_S) if is_look and ends_in_look else 0
    if count:
        yield from (from_s + (to_s - from_s) * n / count for n in range(1, count))
    elif is_look:
        yield from (from_s + SYNC_S * n for n in range(1, int((to_s - from_s) / SYNC_S) + 1))
    elif ends_in_look:
        whole = int((to_s - from_s) / SYNC_S)
        yield from (to_s - SYNC_S * n for n in range(whole, 0, -1))


def _is_near(instants: list[float], at_s: float) -> bool:
    index = bisect_left(instants, at_s - _FAILURE_REACH_S)
    return index < len(instants) and instants[index] <= at_s + _FAILURE_REACH_S
