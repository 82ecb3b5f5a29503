"""Length buckets: durations whose requests cost alike, named for reports."""

from __future__ import annotations

import itertools
from bisect import bisect_right

__all__ = ["LENGTH_BUCKETS", "length_bucket"]

_EDGES_S = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)

LENGTH_BUCKETS: tuple[str, ...] = (
    "0-2 s",
    *(f"{low:g}-{high:g} s" for low, high in itertools.pairwise(_EDGES_S)),
    "60+ s",
)


def length_bucket(audio_s: float) -> str:
    """Name the bucket of a recording; its lower edge is in it, its upper edge is not."""
    return LENGTH_BUCKETS[bisect_right(_EDGES_S, audio_s)]
