"""
A pattern of load that is made for an autoscaler: which one, between which two rates.

    [autoscaler]
    pattern = "up"
    low = 0.1   # of --asr-rate; or low_rps = 2, requests per second
    high = 1.0  # of --asr-rate; or high_rps = 20

How long each load lasts follows from the autoscaler's own windows, which are known later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals.values import number, quoted, rate, refuse_unknown

__all__ = ["PATTERNS", "Level", "PatternName", "PatternSpec", "pattern_of"]

PatternName = Literal["up", "down", "full", "flap", "spike"]
PATTERNS: tuple[PatternName, ...] = ("up", "down", "full", "flap", "spike")

_KEYS = ("high", "high_rps", "low", "low_rps", "pattern", "spacing")
_SPACINGS = ("poisson", "constant")
# A share of less than a thousandth is a percentage with a slip of the point.
_SHARES = (0.001, 1.0)


@dataclass(frozen=True, slots=True)
class Level:
    """
    A load: requests per second, or a share of a rate that is said elsewhere.

    Attributes:
        value: Requests per second >= 0, or a share, 0..1.
        is_share: Which of them.
    """

    value: float
    is_share: bool = True

    def rps(self, rate_rps: float) -> float:
        """Give requests per second, where shares are of *rate_rps*."""
        return self.value * rate_rps if self.is_share else self.value


_LOW, _HIGH = Level(0.1), Level(1.0)


@dataclass(frozen=True, slots=True)
class PatternSpec:
    """
    What a profile says of a pattern.

    Attributes:
        pattern: Its name.
        low: What the fewest replicas carry.
        high: What the most of them are needed for.
        spacing: How arrivals scatter: "poisson" or "constant".
    """

    pattern: PatternName
    low: Level = _LOW
    high: Level = _HIGH
    spacing: str = "poisson"

    def rates_rps(self, rate_rps: float) -> tuple[float, float]:
        """
        Give the low and the high load in requests per second, where --asr-rate is *rate_rps*.

        Raises:
            ConfigError: If the low one is not below the high one.
        """
        low_rps, high_rps = self.low.rps(rate_rps), self.high.rps(rate_rps)
        if low_rps >= high_rps:
            raise ConfigError(
                f"the low load of {low_rps:g} req/s is not below the high one of {high_rps:g}",
                hint="shares are of --asr-rate, which the high load is unless the profile says it",
            )
        return low_rps, high_rps


def pattern_of(section: object) -> PatternSpec:
    """
    Read the section [autoscaler] of a profile.

    Raises:
        ConfigError: If it says what cannot be meant.
    """
    if not isinstance(section, dict) or not isinstance(section.get("pattern"), str):
        raise ConfigError(
            "the section [autoscaler] must name a pattern", hint=f"one of {', '.join(PATTERNS)}"
        )
    table = cast("Mapping[str, Any]", section)
    refuse_unknown(table, _KEYS, "the section [autoscaler] has no key")
    refuse_unknown([table["pattern"]], PATTERNS, "there is no pattern")
    spacing = table.get("spacing", "poisson")
    if spacing not in _SPACINGS:
        raise ConfigError(
            f"spacing {quoted(spacing)} is unknown", hint=f"use {', '.join(_SPACINGS)}"
        )
    spec = PatternSpec(
        pattern=cast("PatternName", table["pattern"]),
        low=_level(table, "low", _LOW),
        high=_level(table, "high", _HIGH),
        spacing=spacing,
    )
    low, high = spec.low, spec.high
    if low.is_share == high.is_share and low.value >= high.value:  # no rate could put it right
        raise ConfigError(
            f"a low load of {low.value:g} is not below a high one of {high.value:g}",
            hint="low and high are shares of --asr-rate: 0.1 and 1 unless said",
        )
    return spec


def _level(table: Mapping[str, Any], name: str, default: Level) -> Level:
    in_rps = f"{name}_rps"
    if in_rps in table:
        if name in table:
            raise ConfigError(
                f"{name} and {in_rps} are one load, said twice", hint="leave one of them out"
            )
        return Level(rate(in_rps, table[in_rps], zero=name == "low"), is_share=False)
    if name not in table:
        return default
    if name == "low" and table[name] == 0:
        return Level(0.0)
    return Level(number(name, table[name], *_SHARES, " of --asr-rate"))
