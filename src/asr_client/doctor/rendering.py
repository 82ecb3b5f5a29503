"""The report as people and as machines read it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from asr_client.doctor.discrepancies import DISCREPANCIES
from asr_client.doctor.findings import Finding, Report, State

__all__ = ["as_json", "as_text"]

_MARKS: Mapping[State, str] = {"passed": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
_COLOURS: Mapping[State, str] = {"passed": "32", "warning": "33", "failed": "31", "skipped": "90"}
_ROWS = {each.row: each for each in DISCREPANCIES}
_INDENT = " " * 25


def as_text(report: Report, *, is_terminal: bool, width: int, quiet: bool = False) -> str:
    """
    Write a line a finding, and below it what to do.

    Args:
        report: What was found.
        is_terminal: Whether ticks and colours may be used.
        width: Columns to fill; 0 for lines as long as they come, which a pipe can search.
        quiet: Tell only what failed and what is not right.
    """
    told = [each for each in report.findings if not quiet or each.state in ("failed", "warning")]
    lines = [line for each in told for line in _lines(each, is_terminal=is_terminal, width=width)]
    return "\n".join(lines if quiet else [*lines, "", _summary(report)])


def _lines(finding: Finding, *, is_terminal: bool, width: int) -> list[str]:
    mark = f"{_MARKS[finding.state]} " if is_terminal else ""
    head = f"{mark}{finding.state:<8} {finding.check:<14}"
    texts = _wrap(finding.says, width)
    if finding.advice:
        texts += _wrap(f"-> {finding.advice}", width)
    head = f"{head:<{len(_INDENT)}}"
    if is_terminal:
        head = f"\x1b[{_COLOURS[finding.state]}m{head}\x1b[0m"
    return [head + texts[0], *(_INDENT + text for text in texts[1:])]


def _wrap(text: str, width: int) -> list[str]:
    printable = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    if not width:
        return [printable]
    room = max(width - len(_INDENT), 40)
    return textwrap.wrap(printable, room, break_on_hyphens=False) or [""]


def _summary(report: Report) -> str:
    counts = ", ".join(
        f"{report.count(state)} {state}"
        for state in ("passed", "warning", "failed", "skipped")
        if report.count(state)
    )
    return f"{counts}; {_count(report.requests, 'request')} in {report.took_s:.1f} s"


def as_json(report: Report) -> str:
    """Write one JSON object; docs/doctor.md describes it."""
    fields: dict[str, Any] = {
        "url": report.url,
        "model": report.model,
        "ok": report.ok,
        "requests": report.requests,
        "took_s": round(report.took_s, 3),
        "findings": [_finding(each) for each in report.findings],
    }
    return json.dumps(fields, ensure_ascii=False, indent=2)


def _finding(finding: Finding) -> dict[str, Any]:
    rows = [
        {"row": row, "documented": _ROWS[row].documented, "real": _ROWS[row].real}
        for row in finding.rows
    ]
    return {
        "check": finding.check,
        "state": finding.state,
        "says": finding.says,
        "advice": finding.advice,
        "facts": {name: _plain(value) for name, value in finding.facts.items()},
        "discrepancies": rows,
    }


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
