"""What happened when, as arrays: one value a window of the timeline, None where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import OUTCOMES
from asr_loadtest.load.timeline import Timeline, Window
from asr_loadtest.report.rounding import rounded

__all__ = ["timeline_series"]


def timeline_series(timeline: Timeline) -> dict[str, Any]:
    """Give the arrays that samples lead to; what is per second is the mean over its window."""
    rows = timeline.rows()
    windows = [window for _, window in rows]
    width_s = timeline.width_s

    def rates(counts: Iterable[float]) -> list[float | None]:
        return [rounded(count / width_s) for count in counts]

    return {
        "width_s": width_s,
        "start_s": [rounded(start_s) for start_s, _ in rows],
        "offered_rps": rates(window.offered for window in windows),
        "sent_rps": rates(window.sent for window in windows),
        "ok_rps": rates(window.outcomes["ok"] for window in windows),
        "good_rps": rates(window.good for window in windows),
        "audio_s_per_s": rates(window.audio_s for window in windows),
        "not_ok_rps": {
            outcome: rates(window.outcomes[outcome] for window in windows)
            for outcome in OUTCOMES
            if outcome != "ok" and any(window.outcomes[outcome] for window in windows)
        },
        **_quantiles(windows),
    }


def _quantiles(windows: Sequence[Window]) -> dict[str, list[float | None]]:
    def of(times: Iterable[Histogram], share: float) -> list[float | None]:
        return [rounded(each.quantile(share)) for each in times]

    return {
        "response_p50_s": of((window.response for window in windows), 0.5),
        "response_p99_s": of((window.response for window in windows), 0.99),
        "lag_p99_s": of((window.lag for window in windows), 0.99),
        "rtfx_p5": of((window.rtfx for window in windows), 0.05),
        "rtfx_p50": of((window.rtfx for window in windows), 0.5),
        "gateway_p50_s": of((window.gateway for window in windows), 0.5),
        "upstream_p50_s": of((window.upstream for window in windows), 0.5),
    }
