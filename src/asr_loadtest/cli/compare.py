"""asr-loadtest compare: two runs beside each other."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asr_client.cli.console import Console, ExitCode
from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from asr_loadtest.report.document import Document

__all__ = ["add_compare_arguments", "compare"]

# Two runs of the same differ by so much.
_NOISE = 0.05


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.epilog = (
        "Ratios are of B to A. Whether a difference of the p99 is one is told by their intervals;\n"
        "warnings say what else differs: plan, corpus, settings, SLO."
    )
    for name in ("A", "B"):
        parser.add_argument(
            name.lower(), type=Path, metavar=name, help="folder of a run, or its report.json"
        )
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def compare(arguments: argparse.Namespace) -> int:
    """Read both, compare, tell."""
    from asr_loadtest.report import comparison

    console = Console("asr-loadtest compare", quiet=arguments.quiet)
    documents = []
    for path in (arguments.a, arguments.b):
        console.progress(f"reading {path} ...")
        documents.append(_document(path))
    console.clear_progress()
    try:
        found = comparison.compare(*documents)
        text = _as_text(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            "one of the reports is not whole",
            hint="make both again: asr-loadtest report RUN",
        ) from error
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return ExitCode.OK
    for warning in found["warnings"]:
        console.warn(warning)
    print(text)
    return ExitCode.OK


def _document(path: Path) -> Document:
    """Take a report as it is where there is one; else make it from the run's samples."""
    from asr_loadtest.report.assessment import assess_again
    from asr_loadtest.report.document import SCHEMA
    from asr_loadtest.report.run_folder import RunReader

    file = path / "report.json" if path.is_dir() else path
    if path.is_dir() and not file.exists():
        return assess_again(RunReader(path)).document
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is no run and no report", hint="give a run's folder, or its report.json"
        ) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(document, dict) or schema != SCHEMA:
        raise ConfigError(
            f"{file} is no report that this version reads: its schema is {str(schema)[:40]!r}",
            hint=f"{SCHEMA} is: asr-loadtest report RUN makes it",
        )
    return document


def _as_text(found: Mapping[str, Any]) -> str:
    from asr_loadtest.report.wording import say

    first, second = found["runs"]
    lines = [
        f"A  {first['run_id']}  {first['host']}  {first['headline']}",
        f"B  {second['run_id']}  {second['host']}  {second['headline']}",
        "",
    ]
    rows = [["", "A", "B", "B / A", ""]]
    for each in found["figures"]:
        values = [say(each[run], each["unit"]) for run in ("first", "second")]
        rows.append([each["name"], *values, _times(each["ratio"]), _better(each)])
    for kind, title in (("languages", "language"), ("lengths", "length")):
        for each in found[kind]:
            values = [say(each[run], "s") for run in ("first", "second")]
            rows.append([f"{title} {each['name']} p99", *values, _times(each["ratio"]), ""])
    return "\n".join([*lines, *_aligned(rows), "", found["p99"]["words"]])


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3g}"


def _better(each: Mapping[str, Any]) -> str:
    """Say which is better, where that is a question and the difference is not all noise."""
    one, other = each["first"], each["second"]
    if not each["better"] or None in (one, other) or abs(other - one) <= _NOISE * max(one, other):
        return ""
    return "B is better" if (other > one) == (each["better"] == "more") else "A is better"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column in (0, len(row) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
