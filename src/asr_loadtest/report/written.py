"""The document, written: one file for each format that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from asr_loadtest.report.csv_tables import groups_csv, timeline_csv
from asr_loadtest.report.document import Document
from asr_loadtest.report.junit import junit_xml
from asr_loadtest.report.line_files import write_whole
from asr_loadtest.report.markdown import markdown
from asr_loadtest.report.page.page import html_page

__all__ = ["FORMATS", "as_json", "write_reports"]


def as_json(document: Document) -> str:
    """Give the document itself; figures that are not numbers cannot be in it."""
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


_FILES: Mapping[str, Mapping[str, Callable[[Document], str]]] = {
    "html": {"report.html": html_page},
    "json": {"report.json": as_json},
    "csv": {"report.csv": timeline_csv, "report-groups.csv": groups_csv},
    "junit": {"junit.xml": junit_xml},
    "md": {"report.md": markdown},
}
FORMATS: tuple[str, ...] = tuple(_FILES)


def write_reports(
    folder: Path, document: Document, formats: Iterable[str] = FORMATS
) -> tuple[Path, ...]:
    """
    Write reports into *folder*, which is made; each replaces an older one as a whole.

    Args:
        folder: Where to.
        document: What `document` gave.
        formats: Of `FORMATS`.

    Returns:
        The files, in the order of *formats*.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, render in ((n, r) for each in formats for n, r in _FILES[each].items()):
        write_whole(folder / name, render(document))
        written.append(folder / name)
    return tuple(written)
