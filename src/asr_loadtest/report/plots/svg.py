"""SVG as text: escaped attributes, and paths with no more digits than can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Point", "area", "element", "label", "line", "number"]

# x and y in pixels or view-box units; None where a line has a gap.
Point = tuple[float, float]


def element(name: str, *children: str, **attributes: object) -> str:
    """
    Write an element; *children* are markup already.

    An underscore in an attribute's name is a hyphen, one at its end is dropped: `stroke_width`,
    `class_`. Attributes that are None are left out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{''.join(children)}</{name}>" if children else f"<{name}{said}/>"


def label(words: str, **attributes: object) -> str:
    """Write a text element; *words* may hold anything."""
    return element("text", escape(words, quote=False), **attributes)


def number(value: float) -> str:
    """Write a coordinate: a tenth of a pixel is finer than any screen."""
    return f"{round(value, 1) + 0.0:g}"  # -0.0 + 0.0 is 0.0


def line(points: Sequence[Point | None]) -> str:
    """Write a path through *points*, broken where one is None; a lone point is a dot's worth."""
    words: list[str] = []
    is_drawing = False
    for place, point in enumerate(points):
        if point is None:
            is_drawing = False
            continue
        words.append(f"{'L' if is_drawing else 'M'}{number(point[0])} {number(point[1])}")
        follows = points[place + 1] if place + 1 < len(points) else None
        if not is_drawing and follows is None:
            words.append("h0.1")
        is_drawing = True
    return "".join(words)


def area(upper: Iterable[Point], lower: Iterable[Point]) -> str:
    """Write the shape between two lines that both run from left to right."""
    outline = [*upper, *reversed(list(lower))]
    return line(outline) + "Z" if outline else ""


def _text(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
