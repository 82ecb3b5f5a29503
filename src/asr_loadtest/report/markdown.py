"""The document as Markdown: short enough for a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from asr_loadtest.judgement.units import in_words
from asr_loadtest.report.document import Document
from asr_loadtest.report.wording import UNKNOWN, FigureUnit, say

__all__ = ["markdown"]

_MARKS = {
    "met": "✅",
    "missed": "❌",
    "gateway_limited": "🚧",
    "invalid": "⚠️",
    "not_ready": "⛔",
    "autoscaler_broken": "↕️",
}
_KEPT = {True: "kept", False: "**missed**", None: "not decided"}
# What would be read as Markdown's or HTML's own.
_SPECIAL = re.compile(r"([\\`*\[\]<>#|~&])")
# Line ends, what steers a terminal, and what turns the text's direction.
_UNSEEN = re.compile(r"[ \x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


def markdown(document: Document) -> str:
    """Give the verdict, the SLO, the headline figures and what came of the requests."""
    verdict, run = document["verdict"], document["run"]
    parts = [
        f"## {_MARKS[verdict['result']]} {_text(verdict['headline'])}",
        _about(run),
        _criteria(document),
        _headline(document),
        _outcomes(document),
        _autoscaler(document),
        _lines("Findings", [_finding(found) for found in verdict["findings"]]),
        _lines(
            "Scaling",
            [_finding(found) for found in (document["autoscaler"] or {}).get("findings", ())],
        ),
        _lines(f"Bound by: {verdict['binding']}", verdict["evidence"]),
        _lines("What to do", verdict["remedies"]),
        _lines("Notes", document["notes"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(run: dict[str, Any]) -> str:
    what = (run["arrivals"], run["host"], run["started"], run["loop_in_words"])
    return "; ".join(_text(each) for each in what if each)


def _criteria(document: Document) -> str:
    rows = [
        [
            f"{each['scope']}: {each['name']}",
            in_words(each["limit"], each["unit"]),
            UNKNOWN if each["measured"] is None else in_words(each["measured"], each["unit"]),
            _KEPT[each["met"]],
        ]
        for each in document["verdict"]["criteria"]
    ]
    return _table(["SLO", "limit", "measured", ""], rows) if rows else ""


def _headline(document: Document) -> str:
    load, asr = document["load"], document["asr"]
    response = document["latency"]["response"]
    figures: list[tuple[str, float | None, FigureUnit]] = [
        ("offered", load["offered_rps"], "rps"),
        ("ok", load["ok_rps"], "rps"),
        ("goodput", load["good_rps"], "rps"),
        ("p50", response["p50_s"], "s"),
        ("p99", response["p99_s"], "s"),
        ("RTFx p50", asr["rtfx"]["p50"], "x"),
        ("audio s/s", asr["audio_s_per_s"], "plain"),
    ]
    names = [name for name, _, _ in figures]
    return _table(names, [[say(value, unit) for _, value, unit in figures]])


def _outcomes(document: Document) -> str:
    rows = [
        [
            row["outcome"],
            say(row["count"], "count"),
            say(row["share"], "share"),
            say(row["p50_s"], "s"),
            say(row["p99_s"], "s"),
        ]
        for row in document["outcomes"]
    ]
    return _table(["outcome", "count", "share", "p50", "p99"], rows) if rows else ""


def _autoscaler(document: Document) -> str:
    autoscaler = document["autoscaler"]
    if autoscaler is None:
        return ""
    rows = [
        [rule["name"].replace("_", " "), rule["state"].replace("_", " "), rule["words"]]
        for rule in autoscaler["rules"]
    ]
    return _table([f"rule of HPA {autoscaler['hpa']}", "", "as seen"], rows)


def _finding(found: dict[str, Any]) -> str:
    advice = f" – {found['remedy']}" if found["remedy"] else ""  # noqa: RUF001 - a dash
    return f"{found['severity']}: {found['words']}{advice}"


def _lines(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return "\n".join([f"**{_text(title)}**", "", *(f"- {_text(line)}" for line in lines)])


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[_text(name) for name in names], ["---"] * len(names)]
    lines += [[cell if cell in _KEPT.values() else _text(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(words: str) -> str:
    """Keep what others wrote from becoming markup: on one line, every special sign escaped."""
    return _SPECIAL.sub(r"\\\1", _UNSEEN.sub(" ", words))
