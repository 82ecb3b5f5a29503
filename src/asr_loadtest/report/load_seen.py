"""The load as the autoscaler's judge wants it: when it rose and fell, when it was not served."""

from __future__ import annotations

from collections.abc import Sequence

from asr_loadtest.autoscaler.verdict.load_seen import LoadSeen
from asr_loadtest.load.outcomes import count_failed
from asr_loadtest.load.tally import Tally
from asr_loadtest.load.timeline import Window

__all__ = ["load_seen"]

# A window is a violation where less of what ended in it was good.
_GOOD_SHARE = 0.99
# Arrivals scatter: the rate at an instant is that of so many windows about it.
_SMOOTHED = 5
_HIGH = 0.5

Rows = Sequence[tuple[float, Window]]


def load_seen(tally: Tally, speed: float) -> LoadSeen:
    """
    Tell what the load was.

    It is high while more than half of the highest rate is offered, and falls at the run's end at
    the latest. It is violated in each window of the timeline in which less than 99 % of what ended
    was good: ok, and within the SLO.

    Args:
        tally: What came of the requests.
        speed: Seconds of the cluster in one of the run's; all instants are the cluster's.
    """
    rows, width_s = tally.timeline.rows(), tally.timeline.width_s
    high = _spans(rows, width_s * speed, speed, _is_high(rows))
    return LoadSeen(
        rises_s=high[0][0] if high else None,
        falls_s=high[-1][1] if high else None,
        violations=tuple(_spans(rows, width_s * speed, speed, [_is_missed(w) for _, w in rows])),
        failures=tuple(
            (start_s * speed, failed)
            for start_s, window in rows
            if (failed := count_failed(window.outcomes))
        ),
    )


def _is_high(rows: Rows) -> list[bool]:
    offered = [window.offered for _, window in rows]
    smooth = [
        sum(offered[max(n - _SMOOTHED // 2, 0) : n + _SMOOTHED // 2 + 1]) for n in range(len(rows))
    ]
    most = max(smooth, default=0)
    return [bool(each) and each > most * _HIGH for each in smooth]


def _is_missed(window: Window) -> bool:
    ended = window.outcomes.total()
    return bool(ended) and window.good < ended * _GOOD_SHARE


def _spans(
    rows: Rows, width_s: float, speed: float, holds: Sequence[bool]
) -> list[tuple[float, float]]:
    """Join neighbours for which something holds; in the cluster's seconds."""
    spans: list[tuple[float, float]] = []
    for (start_s, _), is_so in zip(rows, holds, strict=True):
        if not is_so:
            continue
        begins_s = start_s * speed
        if spans and begins_s <= spans[-1][1] + width_s / 2:
            spans[-1] = (spans[-1][0], begins_s + width_s)
        else:
            spans.append((begins_s, begins_s + width_s))
    return spans
