"""The last lines on the terminal: the verdict, the figures it rests on, where to read more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import OUTCOMES
from asr_loadtest.load.tally import Tally

__all__ = ["summarize"]

_SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)


def summarize(
    verdict: Verdict, tally: Tally, report: Path, autoscaler: Mapping[str, Any] | None = None
) -> str:
    """
    Tell a run in a screenful.

    Args:
        verdict: What it came to.
        tally: What came of its requests.
        report: Where to read more.
        autoscaler: The document's section; None if none was watched.
    """
    return "\n".join(
        [
            *_figures(tally),
            "",
            f"{verdict.exit_code.name}: {verdict.headline}",
            *(f"  {found.severity}: {found.words}" for found in verdict.findings),
            *(f"  to do: {remedy}" for remedy in verdict.remedies),
            *([] if autoscaler is None else _scaling(autoscaler)),
            f"report: {report}",
        ]
    )


def _scaling(autoscaler: Mapping[str, Any]) -> Iterator[str]:
    """Tell each rule by its state, and what will go wrong."""
    yield f"HPA {autoscaler['hpa']}:"
    for state in ("broken", "held", "not_exercised"):
        names = [each["name"] for each in autoscaler["rules"] if each["state"] == state]
        if names:
            yield f"  {state.replace('_', ' ')}: {', '.join(names)}"
    lost_s = sum(each["until_s"] - each["from_s"] for each in autoscaler["unheard"])
    if lost_s:
        yield f"  not watched for {lost_s:.0f} s, all resources together: the report says when"
    for found in autoscaler["findings"]:
        yield f"  {found['severity']}: {found['words']}"


def _figures(tally: Tally) -> Iterator[str]:
    group, span_s = tally.all, tally.span_s
    if not group.count:
        return
    counts = ", ".join(
        f"{group.outcomes[outcome]} {outcome}" for outcome in OUTCOMES if group.outcomes[outcome]
    )
    yield f"{group.count} arrivals in {span_s:.1f} s: {counts}; {group.good} within the SLO"
    yield f"{'':>28}" + "".join(f"p{100 * share:g}".rjust(9) for share in _SHARES) + "      max"
    yield _row("response of ok, ms", group.response)
    yield _row("service of ok, ms", group.service)
    yield _row("lag of this generator, ms", tally.lag)
    if group.rtfx.mean is not None and span_s:
        yield (
            f"RTFx {group.rtfx.mean:.1f} a request; {group.good_audio_s / span_s:.1f} seconds of "
            "audio a second within the SLO, which is as many live streams"
        )


def _row(name: str, histogram: Histogram) -> str:
    values = [histogram.quantile(share) for share in _SHARES]
    cells = [*values, histogram.most if histogram.count else None]
    return f"{name:>28}" + "".join(
        ("-" if value_s is None else f"{value_s * 1000:.1f}").rjust(9) for value_s in cells
    )
