"""Figures that come out the same whenever they are made: no digit more than is meant."""

from __future__ import annotations

import math

__all__ = ["ratio", "rounded"]

_DIGITS = 5


def rounded(value: float | None) -> float | None:
    """
    Keep five significant digits; None for what is unknown or not finite.

    Histograms are good to 1 %, and sums of the same numbers differ in their last digits with their
    order. Neither shows in five digits.
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def ratio(part: float | None, whole: float | None) -> float | None:
    """Divide and round; None where there is nothing to divide by."""
    return rounded(part / whole) if part is not None and whole else None
