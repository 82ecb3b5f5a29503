"""Slopes that outliers do not bend."""

from __future__ import annotations

import random

import pytest
from scipy.stats import theilslopes

from asr_loadtest.cluster.trend import robust_trend


def noisy(points: int, slope: float, seed: int) -> list[tuple[float, float]]:
    """A line with noise around it."""
    draw = random.Random(seed)  # noqa: S311 - the same noise in every run
    return [(float(n), slope * n + draw.gauss(0, 1)) for n in range(points)]


@pytest.mark.parametrize("points", [6, 20, 100])
def test_trend_is_that_of_scipy(points: int) -> None:
    """Slope and interval agree with a second implementation, where no two points are equal."""
    line = noisy(points, 0.3, seed=7)
    slope, _, low, high = theilslopes([y for _, y in line], [at for at, _ in line], alpha=0.95)
    trend = robust_trend(line)
    assert trend is not None
    assert trend.slope_per_s == pytest.approx(slope)
    # The published ranks are no whole numbers: rounding may take the next slope.
    assert trend.low_per_s <= low
    assert trend.high_per_s >= high


def test_trend_ignores_outliers() -> None:
    """A fifth of wild points moves the slope by less than its own size in ten."""
    line = [(float(n), 2.0 * n + (1e6 if n % 5 == 3 else 0)) for n in range(50)]
    trend = robust_trend(line)
    assert trend is not None
    assert trend.slope_per_s == pytest.approx(2.0, rel=0.1)
    assert trend.rises


def test_trend_of_noise_neither_rises_nor_falls() -> None:
    """Of a hundred flat series about five seem to have a slope, as 95 % confidence says."""
    trends = [robust_trend(noisy(60, 0.0, seed)) for seed in range(100)]
    assert sum(1 for trend in trends if trend and (trend.rises or trend.falls)) <= 10


def test_trend_of_falling_line() -> None:
    """The change over all of the time follows from the slope."""
    trend = robust_trend([(10.0 * n, 100.0 - n) for n in range(11)])
    assert trend is not None
    assert (trend.falls, trend.rises) == (True, False)
    assert trend.change == pytest.approx(-10.0)
    assert (trend.mean, trend.span_s, trend.points) == (95.0, 100.0, 11)


def test_trend_of_constant_is_flat() -> None:
    """What never changes has a slope of exactly nothing."""
    trend = robust_trend([(float(n), 5.0) for n in range(40)])
    assert trend is not None
    assert (trend.slope_per_s, trend.rises, trend.falls) == (0.0, False, False)


def test_trend_of_many_points_is_that_of_their_means() -> None:
    """A day of readings is put together first, and still has its slope."""
    trend = robust_trend(noisy(10_000, 0.01, seed=3))
    assert trend is not None
    assert trend.slope_per_s == pytest.approx(0.01, rel=0.01)
    assert trend.points == 10_000


@pytest.mark.parametrize("points", [[], [(0.0, 1.0)] * 5, [(1.0, float(n)) for n in range(9)]])
def test_trend_of_too_little_is_none(points: list[tuple[float, float]]) -> None:
    """Fewer than six points, or all at one time, have no trend."""
    assert robust_trend(points) is None
