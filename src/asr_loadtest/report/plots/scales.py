"""Where a value lies on an axis, and which values are worth a label."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["LOG_FROM", "Scale", "linear_scale", "log_scale", "time_label", "time_ticks"]

LOG_FROM = 30.0
"""From so many times on, a linear axis shows a flat line with one spike."""

_STEPS = (1, 2, 2.5, 5, 10)
_TIME_STEPS_S = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200, 86_400),
)
_MINUTE_S, _HOUR_S = 60, 3600
_COUNT = 4
# So many times as much, and no more, and there is room for labels between the powers of ten.
_WITH_ALL_DIGITS = 101


@dataclass(frozen=True, slots=True)
class Scale:
    """
    An axis.

    Attributes:
        low: Value at its start; high: at its end.
        ticks: Values that get a label, from low to high.
        is_log: Whether equal distances are equal ratios.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Give where a value lies: 0 at the start, 1 at the end; what is outside, at the edge."""
        if self.is_log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


def linear_scale(most: float, *, is_binary: bool = False) -> Scale:
    """
    Give an axis from 0 to a round number that is no less than *most*, in about four steps.

    Args:
        most: The largest value; without any, or at 0, the axis ends at 1.
        is_binary: Whether round numbers are those of KiB, MiB, GiB.
    """
    most = most if most > 0 and math.isfinite(most) else 1.0
    size = 1024.0 ** max(math.floor(math.log(most, 1024)), 0) if is_binary else 1.0
    step = _round_up(most / size / _COUNT, _STEPS) * size
    steps = max(math.ceil(most / step - 1e-9), 1)
    ticks = tuple(_clean(step * n) for n in range(steps + 1))
    return Scale(0.0, ticks[-1], ticks)


def log_scale(least: float, most: float) -> Scale:
    """
    Give an axis of ratios around two values above 0, with 1, 2 and 5 of each power of ten.

    Where that is too many for labels, the powers alone.
    """
    low = _round_down(least)
    high = max(_round_up(most, (1, 2, 5, 10)), _clean(low * 10))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if high / low <= _WITH_ALL_DIGITS else (1,)
    ticks = (_clean(digit * 10.0**power) for power in powers for digit in digits)
    return Scale(low, high, tuple(tick for tick in ticks if low <= tick <= high), is_log=True)


def time_ticks(start_s: float, end_s: float, count: int) -> tuple[float, ...]:
    """Give about *count* instants between two that people count in: seconds, minutes, hours."""
    wanted = max(end_s - start_s, 0.1) / count
    step = next((step for step in _TIME_STEPS_S if step >= wanted), _round_up(wanted, _STEPS))
    first, last = math.ceil(start_s / step - 1e-9), math.floor(end_s / step + 1e-9)
    return tuple(_clean(n * step) for n in range(first, last + 1))


def time_label(instant_s: float, end_s: float) -> str:
    """Say an instant of a run that ends at *end_s*: 45 s, or 2:30 minutes, or 1:05:00 hours."""
    if end_s < 2 * _MINUTE_S:
        return f"{instant_s:g} s"
    sign, instant_s = ("-", -instant_s) if instant_s < 0 else ("", instant_s)
    minutes, seconds = divmod(round(instant_s), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    if end_s < _HOUR_S:
        return f"{sign}{minutes}:{seconds:02}"
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"


def _round_up(value: float, steps: tuple[float, ...]) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return _clean(power * next(step for step in steps if step * power >= value * (1 - 1e-9)))


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return _clean(power * next(step for step in (5, 2, 1) if step * power <= value * (1 + 1e-9)))


def _clean(value: float) -> float:
    """3 * 0.1 is 0.3."""
    return float(f"{value:.15g}")
