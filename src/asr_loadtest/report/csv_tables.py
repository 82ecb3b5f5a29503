"""The document as CSV, for spreadsheets: what happened when, and each group's figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from asr_loadtest.report.document import Document

__all__ = ["groups_csv", "timeline_csv"]

_OF_GROUPS = (
    *("kind", "name", "offered", "sent", "ok", "good", "ok_share", "good_rps"),
    *("p50_s", "p95_s", "p99_s", "p99_low_s", "p99_high_s"),
    *("rtfx_p5", "rtfx_p50", "audio_s", "audio_s_per_s", "live_streams", "cost_per_audio_hour"),
)


def timeline_csv(document: Document) -> str:
    """Give a row for each window: everything of the timeline, the generator's share included."""
    timeline = document["timeline"]
    columns: dict[str, Sequence[Any]] = {
        name: values for name, values in timeline.items() if isinstance(values, list)
    }
    columns |= {f"{name}_rps": values for name, values in timeline["not_ok_rps"].items()}
    columns |= {f"generator_{name}": values for name, values in timeline["generator"].items()}
    return _table(columns, zip(*columns.values(), strict=True))


def groups_csv(document: Document) -> str:
    """Give a row for all, for each language and for each length bucket."""
    kinds = {"all": [document["all"]], "language": document["languages"]}
    kinds["length"] = document["lengths"]
    rows = [{"kind": kind, **group} for kind, groups in kinds.items() for group in groups]
    return _table(_OF_GROUPS, ([row[name] for name in _OF_GROUPS] for row in rows))


def _table(names: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Spreadsheets run what looks like a formula, and names of languages may come from a file."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
