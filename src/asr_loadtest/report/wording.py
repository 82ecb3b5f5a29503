"""Figures for people: three digits that count, and the unit that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

__all__ = ["UNKNOWN", "FigureUnit", "say", "say_together"]

# What a figure of the document is in; "s" are durations to wait for, "audio_s" amounts of audio.
FigureUnit = Literal["s", "audio_s", "rps", "share", "count", "bytes", "x", "streams", "plain"]

UNKNOWN = "–"  # noqa: RUF001 - a dash as printers set it, not a minus
# Groups of three digits, and figure and unit, stay on one line.
_THIN, _TIE = "\u202f", "\u00a0"

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_AUDIO = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
_BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))


def say(value: float | None, unit: FigureUnit) -> str:
    """Say one figure; a dash for what is unknown."""
    return UNKNOWN if value is None else _SAY[unit](value)


def say_together(values: tuple[float, ...], unit: FigureUnit) -> list[str]:
    """Say figures that stand beside each other, such as an axis's, all in the largest's unit."""
    steps = _STEPS.get(unit)
    if steps is None or not values:
        return [say(value, unit) for value in values]
    size, name = _step(max(values), steps)
    return [f"{_digits(value / size)}{_TIE}{name}" if value else "0" for value in values]


def _digits(value: float) -> str:
    """Three digits that count; whole numbers from there on, in groups."""
    if abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}".replace(",", _THIN)
    return f"{float(f'{value:.3g}'):g}"


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", _THIN)


def _share(value: float) -> str:
    """A share that is nearly all, or all, must not look like the other."""
    if 0.99 < value < 1:  # noqa: PLR2004 - from here on three digits would round to all
        return f"{min(value * 100, 99.99):.2f}{_TIE}%"
    return f"{_digits(value * 100)}{_TIE}%"


def _step(value: float, steps: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    return next((step for step in steps if abs(value) >= step[0]), steps[-1])


def _stepped(steps: tuple[tuple[float, str], ...]) -> Callable[[float], str]:
    def say_it(value: float) -> str:
        if not value:
            return f"0{_TIE}{steps[-1][1] if steps is not _SECONDS else 's'}"
        size, name = _step(value, steps)
        return f"{_digits(value / size)}{_TIE}{name}"

    return say_it


_STEPS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "s": _SECONDS,
    "audio_s": _AUDIO,
    "bytes": _BYTES,
}
_SAY: Mapping[FigureUnit, Callable[[float], str]] = {
    "s": _stepped(_SECONDS),
    "audio_s": _stepped(_AUDIO),
    "bytes": _stepped(_BYTES),
    "rps": lambda value: f"{_digits(value)}/s",
    "share": _share,
    "count": _count,
    "x": lambda value: f"{_digits(value)}\u2009×",  # noqa: RUF001 - the sign for "times"
    "streams": _digits,
    "plain": _digits,
}
