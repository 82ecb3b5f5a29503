"""From a kind and its settings, as people write them, to a schedule."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypedDict, Unpack

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals.diurnal import Diurnal
from asr_loadtest.load.arrivals.process import Arrivals, PlannedArrivals
from asr_loadtest.load.arrivals.replay import ReplayedArrivals
from asr_loadtest.load.arrivals.shapes import Bursts, Flat, Ramp, RatePlan, Steps
from asr_loadtest.load.arrivals.sharing import limit
from asr_loadtest.load.arrivals.spacing import (
    EvenSpacing,
    GammaSpacing,
    PoissonSpacing,
    Spacing,
)
from asr_loadtest.load.arrivals.trace import read_trace
from asr_loadtest.load.arrivals.values import number, quoted, rate, refuse_unknown, seconds

__all__ = ["KINDS", "ArrivalSettings", "check_names", "make_arrivals"]

_SPACINGS = ("constant", "poisson", "gamma")
_SPACED = ("spacing", "shape")

# What each kind takes.
KINDS: Mapping[str, tuple[str, ...]] = {
    "constant": ("rate_rps",),
    "poisson": ("rate_rps",),
    "gamma": ("rate_rps", "shape"),
    "ramp": ("base_rps", "rate_rps", "over_s", *_SPACED),
    "step": ("steps", *_SPACED),
    "burst": ("base_rps", "rate_rps", "on_s", "off_s", *_SPACED),
    "diurnal": ("base_rps", "rate_rps", "period_s", *_SPACED),
    "replay": ("trace", "speed"),
}

# Below it, gaps are 0 or hours; above it, nobody can tell them from even ones.
_SHAPES = (0.01, 10_000.0)
_SPEEDS = (0.001, 1000.0)


class ArrivalSettings(TypedDict, total=False):
    """What a kind may be told; None stands for what is not said. `make_arrivals` explains each."""

    rate_rps: float | None
    base_rps: float | None
    over_s: float | None
    on_s: float | None
    off_s: float | None
    period_s: float | None
    steps: Sequence[Sequence[float]] | None
    spacing: str | None
    shape: float | None
    trace: str | os.PathLike[str] | None
    speed: float | None


def make_arrivals(
    kind: str,
    *,
    seed: int = 0,
    duration_s: float | None = None,
    **settings: Unpack[ArrivalSettings],
) -> Arrivals:
    """
    Make a schedule.

    Args:
        kind: "constant", "poisson", "gamma": one rate with this spacing. "ramp", "step", "burst",
            "diurnal": a rate that changes. "replay": a recorded trace.
        seed: Equal seeds give equal schedules.
        duration_s: Arrivals at this instant or later do not come; None: as long as the kind lasts,
            for ever if need be.
        rate_rps: The rate, in requests per second; the end of a ramp, the height of bursts, the
            peak of a day. Rates are 0.0001..1000000, and 0 where something else is not.
        base_rps: The start of a ramp, what comes between bursts, the night of a day; 0 unless said.
        over_s: How long a ramp climbs before it stays; unless said, *duration_s*.
        on_s, off_s: How long a burst lasts, and the pause after it.
        period_s: How long a day lasts; unless said, *duration_s*.
        steps: Pairs of requests per second (>= 0) and seconds.
        spacing: "constant", "poisson" or "gamma", for kinds whose rate changes; Poisson unless
            said.
        shape: Of gamma spacing, 0.01..10000: the deviation of the gaps is 1 / sqrt(shape) of their
            mean. Below 1 arrivals cluster, 1 is Poisson, above it they come more evenly.
        trace: File of a trace.
        speed: How much faster than recorded, 0.001..1000; 1 unless said.

    Raises:
        ConfigError: If a setting is unknown to the kind, is missing, or cannot be meant, or if the
            arrivals end before *duration_s*.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    check_names(kind, given)
    if duration_s is not None:
        duration_s = seconds("duration_s", duration_s)
    arrivals = _Maker(kind, given, seed, duration_s).make()
    return arrivals if duration_s is None else _cut(arrivals, duration_s)


def check_names(kind: str, names: Iterable[str]) -> None:
    """Refuse a kind that there is not, and settings that it does not take (ConfigError)."""
    refuse_unknown([kind], KINDS, "there is no kind of arrivals")
    refuse_unknown(names, KINDS[kind], f"{kind} arrivals take no")


def _cut(arrivals: Arrivals, duration_s: float) -> Arrivals:
    ends_s = arrivals.duration_s
    # Steps add up with rounding: that much is no contradiction.
    if ends_s is not None and duration_s > ends_s * (1 + 1e-9):
        raise ConfigError(
            f"the arrivals end after {ends_s:g} s, before the duration of {duration_s:g} s",
            hint="leave the duration out, or make it shorter",
        )
    return limit(arrivals, duration_s)


@dataclass(frozen=True, slots=True)
class _Maker:
    """What was said of one schedule; its methods take each value, checked, or say what is amiss."""

    kind: str
    given: Mapping[str, object]
    seed: int
    duration_s: float | None

    def make(self) -> Arrivals:
        if self.kind == "replay":
            return ReplayedArrivals.of(read_trace(self._trace()), self._speed())
        if self.kind in _SPACINGS:
            plan: RatePlan = Flat(rate("rate_rps", self._needed("rate_rps")))
            return PlannedArrivals(plan, self._spacing(self.kind), self.seed)
        plans: Mapping[str, Callable[[], RatePlan]] = {
            "ramp": self._ramp,
            "step": self._steps,
            "burst": self._bursts,
            "diurnal": self._diurnal,
        }
        plan = plans[self.kind]()
        return PlannedArrivals(plan, self._spacing(self.given.get("spacing", "poisson")), self.seed)

    def _ramp(self) -> Ramp:
        start_rps, end_rps = self._base(), rate("rate_rps", self._needed("rate_rps"), zero=True)
        if not start_rps and not end_rps:
            raise ConfigError("a ramp from 0 to 0 requests per second offers nothing")
        return Ramp(start_rps, end_rps, self._as_long("over_s"))

    def _bursts(self) -> Bursts:
        off_rps, on_rps = self._base_and_peak()
        return Bursts.of(on_rps, self._seconds("on_s"), off_rps, self._seconds("off_s"))

    def _diurnal(self) -> Diurnal:
        return Diurnal(*self._base_and_peak(), self._as_long("period_s"))

    def _steps(self) -> Steps:
        written = self._needed("steps")
        if isinstance(written, str) or not isinstance(written, Sequence):
            self._no_steps(written)
        steps = [self._step(place, step) for place, step in enumerate(written, start=1)]
        if not any(rate_rps for rate_rps, _ in steps):
            raise ConfigError("the steps have no requests in them")
        return Steps.of(steps)

    def _step(self, place: int, step: object) -> tuple[float, float]:
        if isinstance(step, str) or not isinstance(step, Sequence) or len(step) != 2:  # noqa: PLR2004
            self._no_steps(step)
        rate_rps = rate(f"the rate of step {place}", step[0], zero=True)
        return rate_rps, seconds(f"the length of step {place}", step[1])

    def _no_steps(self, written: object) -> NoReturn:
        raise ConfigError(
            f"steps are pairs of requests per second and seconds, not {quoted(written)}",
            hint="such as [[2, 60], [5, 60]]",
        )

    def _base(self) -> float:
        return rate("base_rps", self.given.get("base_rps", 0.0), zero=True)

    def _base_and_peak(self) -> tuple[float, float]:
        base_rps, peak_rps = self._base(), rate("rate_rps", self._needed("rate_rps"))
        if base_rps > peak_rps:
            raise ConfigError(
                f"base_rps of {base_rps:g} is more than rate_rps of {peak_rps:g}",
                hint=f"rate_rps is the highest rate of {self.kind} arrivals, base_rps the lowest",
            )
        return base_rps, peak_rps

    def _spacing(self, name: object) -> Spacing:
        if name not in _SPACINGS:
            raise ConfigError(
                f"spacing {quoted(name)} is unknown", hint=f"use {', '.join(_SPACINGS)}"
            )
        if name == "gamma":
            return GammaSpacing(self._shape())
        if "shape" in self.given:
            raise ConfigError(f"{name} spacing takes no shape", hint="gamma spacing does")
        return PoissonSpacing() if name == "poisson" else EvenSpacing()

    def _shape(self) -> float:
        if "shape" not in self.given:
            raise ConfigError(
                "gamma arrivals need a shape",
                hint="0.25 makes clusters, 1 is Poisson, 10 is nearly even",
            )
        return number("shape", self.given["shape"], *_SHAPES)

    def _trace(self) -> Path:
        written = self._needed("trace")
        if not isinstance(written, str | os.PathLike):
            raise ConfigError(f"trace must be the path of a file, not {quoted(written)}")
        return Path(written)

    def _speed(self) -> float:
        return number("speed", self.given.get("speed", 1.0), *_SPEEDS)

    def _seconds(self, name: str) -> float:
        return seconds(name, self._needed(name))

    def _as_long(self, name: str) -> float:
        """Take a length that is the run's own unless said."""
        if name not in self.given and self.duration_s is not None:
            return self.duration_s
        return self._seconds(name)

    def _needed(self, name: str) -> object:
        if name not in self.given:
            raise ConfigError(f"{self.kind} arrivals need {name}")
        return self.given[name]
