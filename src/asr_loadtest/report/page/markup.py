"""HTML as text: what comes from outside is escaped, and every figure says where it is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from asr_loadtest.report.document import Document
from asr_loadtest.report.wording import UNKNOWN, FigureUnit, say

__all__ = ["Column", "figure", "look_up", "table", "tag", "text"]


def text(words: object) -> str:
    """Escape what may hold anything."""
    return escape(str(words), quote=False)


def tag(name: str, *children: str, **attributes: object) -> str:
    """Write an element; *children* are markup, and attributes are named as in `svg.element`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{''.join(children)}</{name}>"


def look_up(document: Document, path: str) -> Any:
    """Give what stands at a path such as "outcomes.0.count"; None where there is nothing."""
    found: Any = document
    for step in path.split("."):
        if found is None:
            return None
        found = found[int(step)] if isinstance(found, list) else found.get(step)
    return found


def figure(document: Document, path: str, unit: FigureUnit) -> str:
    """Show the figure at a path, with the path and the figure itself for whoever checks."""
    value = look_up(document, path)
    return tag("data", text(say(value, unit)), value="" if value is None else value, data_at=path)


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table.

    Attributes:
        title: Its head.
        key: Of the row's value; dots lead into it.
        unit: Of the figure; "text" for words, "swatch" for words with the colour of that name.
    """

    title: str
    key: str
    unit: FigureUnit | Literal["text", "swatch"] = "text"

    @property
    def is_figure(self) -> bool:
        """Whether it holds numbers, which stand to the right."""
        return self.unit not in ("text", "swatch")


def table(document: Document, columns: Sequence[Column], *paths: str) -> str:
    """Show the rows at *paths*, lists of them or single ones; empty if there are none."""
    places = [place for path in paths for place in _places(document, path)]
    if not places:
        return ""
    head = tag("tr", *(tag("th", text(each.title), scope="col", **_kind(each)) for each in columns))
    body = (tag("tr", *(_cell(document, place, each) for each in columns)) for place in places)
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")


def _places(document: Document, path: str) -> list[str]:
    found = look_up(document, path)
    if isinstance(found, list):
        return [f"{path}.{number}" for number in range(len(found))]
    return [path] if found else []


def _cell(document: Document, row: str, column: Column) -> str:
    path = f"{row}.{column.key}"
    if column.unit == "text" or column.unit == "swatch":  # noqa: PLR1714 - mypy follows this
        words = look_up(document, path)
        shown = text(UNKNOWN if words is None or words == "" else words)
        if column.unit == "swatch":
            swatch = tag("i", class_="swatch", style=f"--c:var(--{words})")
            shown = tag("span", swatch, shown, class_="word")
        return tag("td", shown)
    return tag("td", figure(document, path, column.unit), **_kind(column))


def _kind(column: Column) -> dict[str, str]:
    return {"class_": "n"} if column.is_figure else {}
