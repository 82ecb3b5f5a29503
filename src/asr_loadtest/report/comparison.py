"""Two documents beside each other: figures with their ratios, and whether they may be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from asr_loadtest.report.document import Document
from asr_loadtest.report.rounding import ratio
from asr_loadtest.report.wording import FigureUnit

__all__ = ["COMPARISON_SCHEMA", "compare"]

COMPARISON_SCHEMA = "asr-loadtest-comparison/1"

Better = Literal["more", "less", ""]

# Name, where it is, its unit, and which of two is better: "" where neither is.
_FIGURES: tuple[tuple[str, str, FigureUnit, Better], ...] = (
    ("offered", "load.offered_rps", "rps", ""),
    ("ok", "load.ok_rps", "rps", ""),
    ("goodput", "load.good_rps", "rps", "more"),
    ("ok share", "load.ok_share", "share", "more"),
    ("refused", "load.refused_share", "share", "less"),
    ("failed", "load.failed_share", "share", "less"),
    ("response p50", "latency.response.p50_s", "s", "less"),
    ("response p95", "latency.response.p95_s", "s", "less"),
    ("response p99", "latency.response.p99_s", "s", "less"),
    ("service p99", "latency.service.p99_s", "s", "less"),
    ("lag p99", "latency.lag.p99_s", "s", "less"),
    ("RTFx p5", "asr.rtfx.p5", "x", "more"),
    ("RTFx p50", "asr.rtfx.p50", "x", "more"),
    ("live streams", "asr.live_streams", "streams", "more"),
    ("cost an audio hour", "asr.cost_per_audio_hour", "plain", "less"),
    ("server queue", "server.all.queue_s", "s", "less"),
    ("server compute", "server.all.compute_s", "s", "less"),
    ("batch size", "server.all.batch", "plain", ""),
)
# What must be equal for figures to be comparable, and what it is called.
_CONDITIONS = {
    "run.loop": "loop",
    "run.arrivals": "plan",
    "run.duration_s": "length",
    "run.warm_up_s": "warm-up",
    "run.deadline_s": "deadline",
    "run.route": "route",
    "corpus.digest": "corpus",
    "slo.limits": "SLO",
}


def compare(first: Document, second: Document) -> dict[str, Any]:
    """
    Put two runs beside each other; ratios are of the second to the first.

    Returns:
        JSON's own types; docs/loadtest-report.md tells the keys.
    """
    return {
        "schema": COMPARISON_SCHEMA,
        "runs": [_run(first), _run(second)],
        "warnings": [*_warnings(first, second)],
        "figures": [
            {"name": name, "path": path, "unit": unit, "better": better, **values}
            for name, path, unit, better in _FIGURES
            if (values := _pair(_at(first, path), _at(second, path)))
        ],
        "p99": _p99(first, second),
        "languages": _groups(first, second, "languages"),
        "lengths": _groups(first, second, "lengths"),
    }


def _run(document: Document) -> dict[str, Any]:
    run, verdict = document["run"], document["verdict"]
    told = {name: run[name] for name in ("run_id", "started", "host", "arrivals")}
    return {**told, "result": verdict["result"], "headline": verdict["headline"]}


def _warnings(first: Document, second: Document) -> Iterator[str]:
    for document in (first, second):
        run, verdict = document["run"], document["verdict"]
        if verdict["result"] in ("invalid", "not_ready"):
            yield f"{run['run_id']} is no measurement: {verdict['headline']}"
    for path, name in _CONDITIONS.items():
        one, other = _at(first, path), _at(second, path)
        if one != other:
            yield f"the {name} differs: {_short(one)} and {_short(other)}"
    ours, theirs = first["settings"], second["settings"]
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            values = f"{_short(ours.get(name))} and {_short(theirs.get(name))}"
            yield f"the setting {name} differs: {values}"


def _p99(first: Document, second: Document) -> dict[str, Any]:
    """Say whether the p99 differ by more than chance: their intervals have nothing in common."""
    ends = [
        (_at(each, "latency.response.p99_low_s"), _at(each, "latency.response.p99_high_s"))
        for each in (first, second)
    ]
    (low, high), (other_low, other_high) = ends
    if None in (low, high, other_low, other_high):
        overlaps, words = None, "too few samples to tell whether the p99 differ"
    elif low <= other_high and other_low <= high:
        overlaps, words = True, "the intervals of the p99 overlap: no difference is shown"
    else:
        faster = "second" if other_high < low else "first"
        overlaps, words = False, f"the p99 differ by more than chance: the {faster} run is faster"
    return {"first": [*ends[0]], "second": [*ends[1]], "overlap": overlaps, "words": words}


def _groups(first: Document, second: Document, kind: str) -> list[dict[str, Any]]:
    ours, theirs = ({row["name"]: row for row in each[kind]} for each in (first, second))
    return [
        {"name": name, **_pair(ours[name]["p99_s"], theirs[name]["p99_s"])}
        for name in ours
        if name in theirs and _pair(ours[name]["p99_s"], theirs[name]["p99_s"])
    ]


def _pair(first: float | None, second: float | None) -> dict[str, float | None]:
    if first is None and second is None:
        return {}
    return {"first": first, "second": second, "ratio": ratio(second, first)}


def _at(document: Document, path: str) -> Any:
    found: Any = document
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items()) or "none"
    said = "none" if value in (None, "") else str(value)
    return said if len(said) <= 60 else f"{said[:57]}..."  # noqa: PLR2004 - a line holds two of them
