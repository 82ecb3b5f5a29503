"""The figures of one group of samples: all, a language, a length bucket, a class of outcomes."""

from __future__ import annotations

from typing import Any

from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import OUTCOMES
from asr_loadtest.load.tally import Group
from asr_loadtest.report.rounding import ratio, rounded

__all__ = ["class_rows", "curve", "group_row", "percentiles", "rtfx_figures"]

_PERCENTILES = {"p50_s": 0.5, "p90_s": 0.9, "p95_s": 0.95, "p99_s": 0.99, "p99_9_s": 0.999}
# Eight points for each nine, from the fastest on: 0, 0.25, 0.44, 0.58, 0.68, 0.76, 0.82, 0.87, 0.9.
_CURVE = tuple(round(1 - 10 ** (-step / 8), 6) for step in range(41))


def percentiles(times: Histogram) -> dict[str, Any]:
    """Give what is shown of some durations: the usual percentiles, and how sure the p99 is."""
    interval = times.interval(0.99)
    return {
        "count": times.count,
        "mean_s": rounded(times.mean),
        "least_s": rounded(times.least),
        **{name: rounded(times.quantile(share)) for name, share in _PERCENTILES.items()},
        "most_s": rounded(times.most),
        "p99_low_s": rounded(interval.low) if times.count else None,
        "p99_high_s": rounded(interval.high) if times.count else None,
    }


def curve(times: Histogram) -> list[list[float | None]]:
    """Give [share, seconds] from the fastest to the slowest, as far as the samples tell."""
    if not times.count:
        return []
    told = [share for share in _CURVE if share <= 1 - 1 / times.count]
    return [*([share, rounded(times.quantile(share))] for share in told), [1, rounded(times.most)]]


def rtfx_figures(speeds: Histogram) -> dict[str, Any]:
    """Give what is shown of requests' RTFx; p5 is the speed that 95 % of them reached."""
    return {
        "count": speeds.count,
        "mean": rounded(speeds.mean),
        "p5": rounded(speeds.quantile(0.05)),
        "p50": rounded(speeds.quantile(0.5)),
        "p95": rounded(speeds.quantile(0.95)),
        "least": rounded(speeds.least),
        "most": rounded(speeds.most),
    }


def class_rows(group: Group, span_s: float) -> list[dict[str, Any]]:
    """Give a row for each class of outcomes that occurred, in the order of `OUTCOMES`."""
    empty = Histogram()
    return [
        {
            "outcome": outcome,
            "count": group.outcomes[outcome],
            "share": ratio(group.outcomes[outcome], group.count),
            "rate_rps": ratio(group.outcomes[outcome], span_s),
            **percentiles(group.responses.get(outcome, empty)),
        }
        for outcome in OUTCOMES
        if group.outcomes[outcome]
    ]


def group_row(name: str, group: Group, span_s: float, price: float | None) -> dict[str, Any]:
    """
    Give the row of a language or a length bucket.

    Args:
        name: Whose.
        group: Its samples.
        span_s: Seconds from the first to the last of the run.
        price: What an hour of the servers' time that this group took costs; None if not known.
    """
    times = percentiles(group.response)
    streams = group.good_audio_s / span_s if span_s > 0 else 0.0
    return {
        "name": name,
        "offered": group.count,
        "sent": group.sent,
        "ok": group.outcomes["ok"],
        "good": group.good,
        "ok_share": ratio(group.outcomes["ok"], group.count),
        "good_rps": ratio(group.good, span_s),
        **{key: times[key] for key in ("p50_s", "p95_s", "p99_s", "p99_low_s", "p99_high_s")},
        "rtfx_p5": rounded(group.rtfx.quantile(0.05)),
        "rtfx_p50": rounded(group.rtfx.quantile(0.5)),
        "audio_s": rounded(group.audio_s),
        "audio_s_per_s": ratio(group.audio_s, span_s),
        "live_streams": rounded(streams),
        "cost_per_audio_hour": ratio(price, streams),
    }
