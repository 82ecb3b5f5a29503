"""
Readings of one URL, as what its server counted from each to the next.

Counters of one server only grow. When one falls, either the server began again (a reset), or
another server answered, because the URL is a load balancer's (a hop). After a reset the counting
goes on from zero; after a hop no difference means anything. What tells them apart:

1. A server that began again has counted little: at most ten times what the usual pace would have
   given since the reading before. If there is more, another one answered.
2. It climbs back gradually. Counters that fall and come back by leaps, of a third of the fall or
   more, belong to several servers: one such leap of more than ten times the usual pace, or two of
   any size. (Not after a failed look: a server that begins again is down for a while.)

Other GPUs than in the reading before count as a fall. The usual pace is the 90th percentile of the
growth between readings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asr_loadtest.cluster.triton.readings import ModelCounters, PodReading

__all__ = ["PodHistory", "Stretch", "add_up", "read_history"]

_TOO_MUCH = 10.0
# A server that has just begun may be busier than usual, by so many requests and more per second.
_FEW = 10.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    From one good reading to the next.

    Attributes:
        before: The first of them.
        after: The second.
        grown: What was counted in between, by model; `pending` is that of *after*.
        began_again: Whether the server restarted in between: then *grown* is what it has counted
            since, and what it counted before it went down is lost.
    """

    before: PodReading
    after: PodReading
    grown: Mapping[str, ModelCounters]
    began_again: bool = False


@dataclass(frozen=True, slots=True)
class PodHistory:
    """
    One URL's readings in order of time, judged.

    Attributes:
        pod: Whose.
        readings: The good ones.
        failures: The failed ones.
        stretches: Between the good ones; none after a hop was found.
        hop: Why several servers must have answered, with the time; empty if one did.
    """

    pod: str
    readings: tuple[PodReading, ...]
    failures: tuple[PodReading, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    hop: str = ""

    @property
    def resets(self) -> tuple[float, ...]:
        """When it was first seen after each restart, in seconds since the run's zero."""
        return tuple(each.after.at_s for each in self.stretches if each.began_again)


@dataclass(frozen=True, slots=True)
class _Fall:
    """Counters that are lower in reading number *at* than in the one before."""

    at: int
    after_failure: bool


def read_history(pod: str, readings: Iterable[PodReading]) -> PodHistory:
    """Judge the readings of one URL; see the rule above."""
    ordered = sorted(readings, key=lambda reading: reading.at_s)
    good = tuple(reading for reading in ordered if not reading.failure)
    failed = tuple(reading for reading in ordered if reading.failure)
    falls = _falls(good, failed)
    hop = _find_hop(good, falls)
    if hop:
        return PodHistory(pod, good, failed, hop=hop)
    numbers = {fall.at for fall in falls}
    stretches = tuple(
        _stretch(before, after, began_again=number in numbers)
        for number, (before, after) in enumerate(itertools.pairwise(good), 1)
    )
    return PodHistory(pod, good, failed, stretches)


def add_up(stretches: Iterable[Stretch]) -> dict[str, ModelCounters]:
    """Add up what each model counted."""
    grown: dict[str, ModelCounters] = {}
    for stretch in stretches:
        for name, counters in stretch.grown.items():
            grown[name] = counters.plus(grown.get(name, ModelCounters()))
    return grown


def _falls(good: Sequence[PodReading], failed: Sequence[PodReading]) -> list[_Fall]:
    instants = [reading.at_s for reading in failed]
    return [
        _Fall(number, any(before.at_s < instant < after.at_s for instant in instants))
        for number, (before, after) in enumerate(itertools.pairwise(good), 1)
        if _fell(before, after)
    ]


def _fell(before: PodReading, after: PodReading) -> bool:
    ours, theirs = ({gpu.uuid for gpu in each.gpus} for each in (before, after))
    if ours and theirs and not ours & theirs:
        return True
    for name, model in before.models.items():
        later = after.models.get(name, ModelCounters()).counters()
        if any(later.get(counter, 0.0) < value for counter, value in model.counters().items()):
            return True
    return False


def _find_hop(good: Sequence[PodReading], falls: Sequence[_Fall]) -> str:
    """Say why several servers must have answered; empty if one may have."""
    usual = _usual_pace(good, {fall.at for fall in falls})
    leaps: list[Stretch] = []
    for fall in falls:
        before, after = good[fall.at - 1], good[fall.at]
        if _work(after) > _most(usual, before, after):
            return (
                f"at {after.at_s:.0f} s counters fell and still held {_work(after):.0f} requests, "
                f"more than a server that began again could have counted"
            )
        leap = None if fall.after_failure else _leap_back(good, fall.at)
        if leap is None:
            continue
        leaps.append(leap)
        size = _work(leap.after) - _work(leap.before)
        if len(leaps) > 1 or size > _most(usual, leap.before, leap.after):
            return f"at {leaps[0].after.at_s:.0f} s counters that had fallen were back in one leap"
    return ""


def _leap_back(good: Sequence[PodReading], at: int) -> Stretch | None:
    """Find the leap that made good a third of a fall, if the rest was made good, too."""
    height = _work(good[at - 1])
    depth = height - _work(good[at])
    leap: Stretch | None = None
    for earlier, later in itertools.pairwise(good[at:]):
        if leap is None and _work(later) - _work(earlier) >= depth / 3:
            leap = Stretch(earlier, later, {})
        if _work(later) >= height:
            return leap
    return None


def _usual_pace(good: Sequence[PodReading], falls: set[int]) -> float:
    """Give the requests per second that the busier readings grew by."""
    paces = sorted(
        (_work(after) - _work(before)) / (after.at_s - before.at_s)
        for number, (before, after) in enumerate(itertools.pairwise(good), 1)
        if number not in falls and after.at_s > before.at_s
    )
    return paces[math.ceil(0.9 * len(paces)) - 1] if paces else 0.0


def _most(usual: float, before: PodReading, after: PodReading) -> float:
    return _FEW + _TOO_MUCH * max(usual, 1.0) * (after.at_s - before.at_s)


def _work(reading: PodReading) -> float:
    return float(sum(model.success for model in reading.models.values()))


def _stretch(before: PodReading, after: PodReading, *, began_again: bool) -> Stretch:
    nothing = ModelCounters()
    grown = {
        name: model if began_again else model.since(before.models.get(name, nothing))
        for name, model in after.models.items()
    }
    if before.without_batches or after.without_batches or any(map(_lost_batches, grown.values())):
        grown = {name: replace(model, batches={}) for name, model in grown.items()}
    return Stretch(before, after, grown, began_again)


def _lost_batches(grown: ModelCounters) -> bool:
    """Tell statistics that another server answered than the metrics."""
    return any(batch.executions < 0 for batch in grown.batches.values())
