"""Blocks of the page: a titled section, a table of names and values, a list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asr_loadtest.report.page.markup import tag, text

__all__ = ["bullets", "facts", "row", "rows_table", "section"]


def facts(known: Mapping[str, Any]) -> str:
    """Show names and values, such as settings; what is not set is left out, and so is no value."""
    said = {name: _plain(value) for name, value in known.items() if value is not None}
    rows = (row(name, text(words)) for name, words in said.items() if words)
    return rows_table(rows, kind="facts")


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(
            f"{name}: {' '.join(f'{key} {_plain(each)}' for key, each in inner.items())}"
            if isinstance(inner, Mapping)
            else f"{name}: {_plain(inner)}"
            for name, inner in value.items()
        )
    return json.dumps(value, ensure_ascii=False)


def bullets(lines: Sequence[str]) -> str:
    """Show sentences; empty if there are none."""
    return tag("ul", *(tag("li", text(line)) for line in lines)) if lines else ""


def row(name: str, *cells: str) -> str:
    """Write a table's row: its head, and *cells*, which are markup."""
    return tag(
        "tr", tag("th", text(name), scope="row"), *(tag("td", cell, class_="n") for cell in cells)
    )


def rows_table(rows: Iterable[str], head: str = "", kind: str = "") -> str:
    """Put rows of `row` into a table; empty if there are none."""
    body = "".join(rows)
    if not body:
        return ""
    return tag(
        "div",
        tag("table", tag("thead", head) if head else "", tag("tbody", body), class_=kind or None),
        class_="scroll",
    )


def section(title: str, contents: str, about: str = "", *, is_half: bool = False) -> str:
    """
    Put a title above and an explanation below; empty if there are no contents.

    What is half goes beside another one where there is room.
    """
    if not contents:
        return ""
    return tag(
        "section",
        tag("h2", text(title)),
        contents,
        tag("p", text(about), class_="about") if about else "",
        class_="table half" if is_half else "table",
    )
