"""
Lengths that recordings are padded to, so that a server can join them.

Triton joins only requests of equal shape (docs/servers.md 3), and no two recordings are of equal
length. Ten lengths a decade, each a quarter or so more than the one before, are few enough to meet
and near enough to waste little: a padded recording is less than 1.28 times as long as it was, 1.12
times in the mean. Only what is shorter than half a second may be padded by more, to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, dropwhile

__all__ = ["bucket_samples"]

_SHORTEST_MS = 500
# The rounded series R10 of ISO 3, whose widest step is 1.28; tenfold, a hundredfold, and so on.
_DECADE_MS = (100, 125, 160, 200, 250, 320, 400, 500, 640, 800)


def bucket_samples(samples: int, rate_hz: int, longest: int | None = None) -> int:
    """
    Round a length up to one that others have.

    Args:
        samples: The length of a recording.
        rate_hz: Samples a second.
        longest: What the model or the gateway takes at most, in samples; None: no limit.

    Returns:
        At least *samples*; never more than *longest*, which is a length that others have, too,
        unless *samples* is more already.
    """
    edges_ms: Iterator[int] = (step * 10**decade for decade in count() for step in _DECADE_MS)
    long_enough = dropwhile(lambda edge_ms: edge_ms < _SHORTEST_MS, edges_ms)
    edges = (-(-edge_ms * rate_hz // 1000) for edge_ms in long_enough)
    edge = next(edge for edge in edges if edge >= samples)
    return edge if longest is None else max(samples, min(edge, longest))
