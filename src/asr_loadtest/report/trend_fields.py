"""A memory's trend, for the document."""

from __future__ import annotations

from typing import Any

from asr_loadtest.cluster.trend import Trend
from asr_loadtest.report.rounding import rounded

__all__ = ["trend_fields"]

_HOUR_S = 3600


def trend_fields(trend: Trend) -> dict[str, Any]:
    """Give a slope for people: bytes an hour mean more than bytes a second."""
    return {
        "mean_bytes": rounded(trend.mean),
        "bytes_per_hour": rounded(trend.slope_per_s * _HOUR_S),
        "low_bytes_per_hour": rounded(trend.low_per_s * _HOUR_S),
        "high_bytes_per_hour": rounded(trend.high_per_s * _HOUR_S),
        "change_bytes": rounded(trend.change),
        "span_s": rounded(trend.span_s),
    }
