"""From when to when the spec that is judged was in force: not before an edit, nor after the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline

__all__ = ["Tenure", "find_tenure"]


@dataclass(frozen=True, slots=True)
class Tenure:
    """
    How long the HPA was there with the spec that it had last.

    Attributes:
        from_s: When that spec was first seen; minus infinity if it never had another.
        until_s: When the HPA was deleted; infinity if it was not.
    """

    from_s: float = -math.inf
    until_s: float = math.inf


def find_tenure(timeline: ClusterTimeline) -> Tenure:
    """Find the last spec's time; one that was deleted and made anew has a new one."""
    from_s = -math.inf
    for before, seen in pairwise(timeline.hpa):
        if not seen.is_gone and (before.is_gone or seen.spec != before.spec):
            from_s = seen.at_s
    last = timeline.last_hpa
    return Tenure(from_s, last.at_s if last is not None and last.is_gone else math.inf)
