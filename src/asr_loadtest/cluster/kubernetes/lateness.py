"""
News that came late: a connection that stalled, and then told all at once.

The controller looks every 15 s, and tells of each look at most once. So two of its doings within a
few seconds prove that the first was held up, and what came before it is not known to have been
quiet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

__all__ = ["Span", "late_spans", "united"]

Span = tuple[float, float]

# Far from the controller's 15 s: news of two looks may wander towards each other by some seconds.
_TOO_NEAR_S = 4.0


def late_spans(instants: Sequence[float], heard_again_s: Sequence[float] = ()) -> Iterator[Span]:
    """
    Give the spans of which nothing is known, since what ended them was late.

    Args:
        instants: When one doing of the controller after the other was seen, in order.
        heard_again_s: When a silence that is known of ended: what is seen then is old, and says so.
    """
    for before_s, (first_s, second_s) in zip(instants, pairwise(instants[1:]), strict=False):
        is_old = any(before_s < each <= first_s for each in heard_again_s)
        if second_s - first_s < _TOO_NEAR_S and not is_old:
            yield before_s, second_s


def united(spans: Sequence[Span]) -> list[Span]:
    """Join spans that touch."""
    joined: list[Span] = []
    for from_s, until_s in sorted(spans):
        if joined and from_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until_s))
        else:
            joined.append((from_s, until_s))
    return joined
