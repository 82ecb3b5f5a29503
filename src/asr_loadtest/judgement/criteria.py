"""Each limit of the SLO held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from asr_loadtest.judgement.measures import MEASURES, Figure, Measure, samples_for
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.steadiness import LEAST_COMPLETED, Backlog, backlog_of
from asr_loadtest.judgement.units import Unit, in_words, percent
from asr_loadtest.load.histogram import Interval
from asr_loadtest.load.tally import Group, Tally

__all__ = ["Criterion", "judge", "samples_needed"]

_PERCENTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99, "p999_s": 0.999}


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    One limit, and whether it was kept.

    Attributes:
        name: As SLO files have it, or "kept_up".
        scope: "all", "language hi", "length 2-5 s".
        limit: In *unit*.
        measured: In *unit*; None where nothing was.
        unit: Of limit, figure and interval.
        interval: Where the figure lies with 95 % confidence, as far as the samples tell.
        met: None where there are too few samples to tell.
        words: The same as a sentence without a full stop.
    """

    name: str
    scope: str
    limit: float
    measured: float | None
    unit: Unit
    interval: Interval
    met: bool | None
    words: str

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)


def judge(slo: Slo, tally: Tally) -> tuple[Criterion, ...]:
    """
    Hold every limit of *slo* against *tally*, which must have counted by `slo.is_good`.

    A limit counts as kept only on enough samples (`measures` says how many). It counts as missed on
    enough samples, too; or on fewer if the whole confidence interval is beyond it.

    Where the offered load was steady, whether the system kept up with it is one more criterion,
    stated or not: while a backlog grows, every latency depends on how long one looks.
    """
    return (*_of_limits(slo, tally), *_of_backlog(backlog_of(tally)))


def samples_needed(slo: Slo) -> int:
    """Give how many good replies the limits on all requests need to be judged."""
    if slo.limits.min_samples is not None:
        return slo.limits.min_samples
    shares = [share for name, share in _PERCENTILES.items() if getattr(slo.limits, name)]
    shares += [0.99] if slo.limits.p99_per_audio_s else []
    return max((samples_for(share) for share in shares), default=0)


def _of_limits(slo: Slo, tally: Tally) -> Iterator[Criterion]:
    for scope, limits, group in _scopes(slo, tally):
        for name, measure in MEASURES.items():
            limit = measure.limit(limits)
            if limit is not None:
                measured = measure.of(group, tally.span_s)
                least = limits.min_samples or slo.limits.min_samples
                if least is not None and measure.counts == "good replies":
                    measured = replace(measured, needed=least)
                yield _criterion(name, scope, limit, measured)


def _scopes(slo: Slo, tally: Tally) -> Iterator[tuple[str, Limits, Group]]:
    yield "all", slo.limits, tally.all
    for language, limits in slo.languages.items():
        yield f"language {language}", limits, tally.languages.get(language, Group())
    for length, limits in slo.lengths.items():
        yield f"length {length}", limits, tally.lengths.get(length, Group())


def _criterion(name: str, scope: str, limit: float, measured: Figure) -> Criterion:
    measure = MEASURES[name]
    met = _decide(measure, limit, measured)
    return Criterion(
        name,
        scope,
        limit,
        measured.value,
        measure.unit,
        measured.interval,
        met,
        _words(name, scope, limit, measured, met),
    )


def _decide(measure: Measure, limit: float, measured: Figure) -> bool | None:
    if measured.value is None:
        return None
    is_within = _keeps(measure, limit, measured.value)
    if measured.count >= measured.needed:
        return is_within
    near_end = measured.interval.low if measure.is_ceiling else measured.interval.high
    if near_end is not None and not _keeps(measure, limit, near_end):
        return False
    return None


def _keeps(measure: Measure, limit: float, value: float) -> bool:
    return value <= limit if measure.is_ceiling else value >= limit


def _words(name: str, scope: str, limit: float, measured: Figure, met: bool | None) -> str:
    measure = MEASURES[name]
    what = name if scope == "all" else f"{scope}: {name}"
    bound = f"{'at most' if measure.is_ceiling else 'at least'} {in_words(limit, measure.unit)}"
    if measured.value is None:
        return f"{what} was to be {bound}, and there was nothing to measure"
    says = f"{what} {in_words(measured.value, measure.unit)}, {bound}"
    if met is None:
        counted = f"{measured.count} {measure.counts}"
        return f"{says}: not decided by {counted}, it takes {measured.needed}"
    says += ": kept" if met else ": missed"
    far_end = measured.interval.high if measure.is_ceiling else measured.interval.low
    if met and far_end is not None and not _keeps(measure, limit, far_end):
        says += f", though 95 % confidence reaches to {in_words(far_end, measure.unit)}"
    return says


def _of_backlog(backlog: Backlog | None) -> Iterator[Criterion]:
    if backlog is None:
        return
    share, limit = backlog.completed_share, LEAST_COMPLETED
    words = f"completed {percent(share)} of what was offered, at least {percent(limit)}"
    if backlog.is_growing:
        words += (
            f": missed, the backlog grew from {backlog.first:.0f} to {backlog.last:.0f} requests"
            " and would go on growing"
        )
    else:
        words += ": kept"
    unknown = Interval(None, None)
    yield Criterion("kept_up", "all", limit, share, "share", unknown, not backlog.is_growing, words)
