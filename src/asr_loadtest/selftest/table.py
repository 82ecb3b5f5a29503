"""What a self-test found, as a table for people and as JSON for machines; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from asr_loadtest.selftest.judging import Judgement, ScenarioResult

__all__ = ["as_fields", "as_table", "summary"]

SCHEMA = "asr-loadtest-selftest/1"

_HEADER = ("scenario", "load test", "expected", "found", "verdict")
Row = tuple[str, ...]


def as_table(results: Sequence[ScenarioResult]) -> str:
    """Give a line for each expectation."""
    rows = [_HEADER, *(row for result in results for row in _rows(result))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def summary(results: Sequence[ScenarioResult]) -> str:
    """Say in one line what it all came to."""
    took = f"{sum(result.took_s for result in results):.0f} s"
    failed = [result for result in results if result.word != "holds"]
    if not failed:
        what = "the scenario holds" if len(results) == 1 else f"all {len(results)} scenarios hold"
        return f"{what} ({took})"
    named = ", ".join(f"{result.name}: {result.word}" for result in failed)
    return f"{len(failed)} of {len(results)} scenarios do not hold: {named} ({took})"


def as_fields(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    """Give what JSON can carry."""
    return {
        "schema": SCHEMA,
        "holds": all(result.word == "holds" for result in results),
        "scenarios": [
            {**asdict(result), "word": result.word, "took_s": round(result.took_s, 1)}
            for result in results
        ],
    }


def _rows(result: ScenarioResult) -> Iterator[Row]:
    name = result.name
    for judgement in result.judgements:
        trial = judgement.trial
        for expected, found, verdict in _cells(judgement):
            yield name, trial, expected, found, verdict
            name = trial = ""  # said once, above


def _cells(judgement: Judgement) -> Iterator[tuple[str, str, str]]:
    not_so = "WRONG" if judgement.word == "wrong" else judgement.word
    for check in judgement.checks:
        yield check.expected, check.found, "holds" if check.holds else not_so
    if judgement.why:
        yield "", judgement.why, "" if judgement.checks else judgement.word
