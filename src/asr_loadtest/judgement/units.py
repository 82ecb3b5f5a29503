"""Figures in words: each as precise as it is meant to be read."""

from __future__ import annotations

from typing import Literal

__all__ = ["Unit", "in_words", "percent"]

# Units of criteria, as SLO files have them.
Unit = Literal["ms", "s/audio s", "x", "share", "req/s"]


def in_words(value: float, unit: Unit) -> str:
    """Say a figure with its unit: 812 ms, 1.2 %, 12.5 x."""
    if unit == "share":
        return percent(value)
    return f"{_plain(value)} {unit}"


def percent(share: float) -> str:
    """Say a share: 0.012 is 1.2 %."""
    return f"{_plain(share * 100)} %"


def _plain(value: float) -> str:
    """Three digits that count, and no exponents."""
    if abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:.0f}"
    return f"{float(f'{value:.3g}'):g}"
