"""
What an SLO can limit, and how it is measured: the figure, its confidence, its samples.

How many samples a percentile needs: as many as give its 95 % confidence interval an upper end. Of n
samples, n q plus 1.96 sqrt(n q (1 - q)) is the rank of that end; it exists if it is not above n,
so n must be 3.84 q / (1 - q): 4 for the median, 73 for p95, 381 for p99, 3838 for p99.9. With
fewer, even the slowest sample may be faster than the percentile of the process: a p99 of a hundred
samples is nearly their maximum, and says little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asr_loadtest.judgement.slo import Limits
from asr_loadtest.judgement.units import Unit
from asr_loadtest.load.histogram import Z_95, Interval
from asr_loadtest.load.outcomes import Outcome, count_failed, count_refused
from asr_loadtest.load.tally import Group

__all__ = ["MEASURES", "Figure", "Measure", "error_rate", "refusal_rate", "samples_for"]

_UNKNOWN = Interval(None, None)
# A mean settles faster than a tail; with fewer than this, one straggler is a tenth of it.
_MEAN_NEEDS = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One figure of one group, in the unit of its limit.

    Attributes:
        value: None where nothing was measured.
        interval: Where it lies with 95 % confidence.
        count: How many samples it comes from.
        needed: How many it should come from.
    """

    value: float | None
    interval: Interval
    count: int
    needed: int


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One thing that an SLO can limit.

    Attributes:
        unit: Of limit and figure.
        is_ceiling: Whether the limit is the most that is allowed, rather than the least.
        counts: What the samples are: "good replies" or "requests".
        limit: Gives the limit in *unit*; None if there is none.
        of: Measures a group of a run that lasted so many seconds.
    """

    unit: Unit
    is_ceiling: bool
    counts: str
    limit: Callable[[Limits], float | None]
    of: Callable[[Group, float], Figure]


def samples_for(share: float) -> int:
    """Give how many samples the quantile *share* needs, 0.5..1; the module says why."""
    return math.ceil(Z_95**2 * share / (1 - share))


def error_rate(group: Group) -> float:
    """Give the share of those sent that failed, refusals not counted; 0 if none was sent."""
    return count_failed(group.outcomes) / group.sent if group.sent else 0.0


def refusal_rate(group: Group) -> float:
    """Give the share of those sent that was turned away unworked; 0 if none was sent."""
    return count_refused(group.outcomes) / group.sent if group.sent else 0.0


def _latency(share: float) -> Callable[[Group, float], Figure]:
    def of(group: Group, _span_s: float) -> Figure:
        responses, needed = group.response, samples_for(share)
        value, interval = responses.quantile(share), responses.interval(share)
        in_ms = Interval(_times(interval.low, 1000), _times(interval.high, 1000))
        return Figure(_times(value, 1000), in_ms, responses.count, needed)

    return of


def _latency_per_audio(group: Group, _span_s: float) -> Figure:
    """Response per second of speech is 1 / RTFx, so its p99 is the inverse of RTFx's p1."""
    slow = group.rtfx.interval(0.01)
    interval = Interval(_inverse(slow.high), _inverse(slow.low))
    value = _inverse(group.rtfx.quantile(0.01))
    return Figure(value, interval, group.rtfx.count, samples_for(0.99))


def _rtfx_p5(group: Group, _span_s: float) -> Figure:
    rtfx = group.rtfx
    return Figure(rtfx.quantile(0.05), rtfx.interval(0.05), rtfx.count, samples_for(0.95))


def _rtfx_mean(group: Group, _span_s: float) -> Figure:
    return Figure(group.rtfx.mean, _UNKNOWN, group.rtfx.count, _MEAN_NEEDS)


def _rate(count: Callable[[Mapping[Outcome, int]], int]) -> Callable[[Group, float], Figure]:
    """Measure a share of all sent: of however few, since a failure is one."""

    def of(group: Group, _span_s: float) -> Figure:
        if not group.sent:
            return Figure(None, _UNKNOWN, 0, 1)
        counted = count(group.outcomes)
        return Figure(counted / group.sent, _wilson(counted, group.sent), group.sent, 1)

    return of


def _goodput(group: Group, span_s: float) -> Figure:
    """From the first intended start to the last end: what still ran at the end is waited for."""
    value = group.good / span_s if span_s > 0 else None
    return Figure(value, _UNKNOWN, group.count, 1)


def _wilson(count: int, total: int) -> Interval:
    """Give the interval of a share (Wilson 1927): sound for none of few, too."""
    share, weight = count / total, Z_95**2 / total
    middle = share + weight / 2
    spread = Z_95 * math.sqrt(share * (1 - share) / total + weight / (4 * total))
    return Interval((middle - spread) / (1 + weight), (middle + spread) / (1 + weight))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _inverse(value: float | None) -> float | None:
    return 1 / value if value else None


# By the names that SLO files have for them.
MEASURES: Mapping[str, Measure] = {
    "p50_ms": Measure("ms", True, "good replies", lambda s: _times(s.p50_s, 1000), _latency(0.5)),
    "p95_ms": Measure("ms", True, "good replies", lambda s: _times(s.p95_s, 1000), _latency(0.95)),
    "p99_ms": Measure("ms", True, "good replies", lambda s: _times(s.p99_s, 1000), _latency(0.99)),
    "p999_ms": Measure(
        "ms", True, "good replies", lambda s: _times(s.p999_s, 1000), _latency(0.999)
    ),
    "p99_per_audio_s": Measure(
        "s/audio s", True, "good replies", lambda s: s.p99_per_audio_s, _latency_per_audio
    ),
    "rtfx_p5": Measure("x", False, "good replies", lambda s: s.rtfx_p5, _rtfx_p5),
    "rtfx_mean": Measure("x", False, "good replies", lambda s: s.rtfx_mean, _rtfx_mean),
    "error_rate": Measure("share", True, "requests", lambda s: s.error_rate, _rate(count_failed)),
    "refusal_rate": Measure(
        "share", True, "requests", lambda s: s.refusal_rate, _rate(count_refused)
    ),
    "goodput_rps": Measure("req/s", False, "requests", lambda s: s.goodput_rps, _goodput),
}
