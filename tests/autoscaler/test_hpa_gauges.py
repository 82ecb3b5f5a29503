"""Usage held against a target."""

from __future__ import annotations

import pytest

from asr_loadtest.autoscaler.hpa.gauges import AverageGauge, Reading, UtilizationGauge
from asr_loadtest.autoscaler.hpa.samples import MetricFailedError

REQUESTS = {"a": 2000, "b": 1000}


def test_percent_of_requests() -> None:
    """1.499 of 3 cores: 49 %, and 0.749 on average; who has no request does not count."""
    reading = UtilizationGauge(70, REQUESTS).read({"a": 1000, "b": 499, "gone": 9000})
    assert reading == Reading(49 / 70, 749, 49)


@pytest.mark.parametrize("requests", [{}, {"a": 0}])
def test_percent_of_nothing_fails(requests: dict[str, int]) -> None:
    """No known pod, or requests of 0."""
    with pytest.raises(MetricFailedError, match="no metrics returned matched known pods"):
        UtilizationGauge(70, requests).read({"a": 1000})


def test_amount_per_pod() -> None:
    """All samples count: 1 and 2.001 are 1.5 on average."""
    assert AverageGauge(3000).read({"a": 1000, "gone": 2001}) == Reading(0.5, 1500)


@pytest.mark.parametrize(
    ("target", "ratio", "milli"),
    [(70, 0.5, 1999), (120, 0.5, 2398), (120, 1.0, None), (120, 1.5, 0)],
)
def test_silent_pod_in_percent(target: int, ratio: float, milli: int | None) -> None:
    """All of its 1.999 cores, or 120 % of them, truncated; nothing where the others are high."""
    assert UtilizationGauge(target, {"a": 1999}).stand_in_milli("a", ratio) == milli


@pytest.mark.parametrize(("ratio", "milli"), [(0.5, 3000), (1.0, 0), (1.5, 0)])
def test_silent_pod_as_an_amount(ratio: float, milli: int) -> None:
    """Just the target where the others are low."""
    assert AverageGauge(3000).stand_in_milli("a", ratio) == milli
