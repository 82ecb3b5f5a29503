"""The autoscaler's rules, its times and changes, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.blocks import bullets, facts, rows_table, section
from asr_loadtest.report.page.markup import Column, table, tag, text

__all__ = ["autoscaler_tables"]

_MARKS = {"held": ("kept", "✓"), "broken": ("missed", "✕"), "not_exercised": ("open", "?")}
_CHANGES = (
    Column("at, s", "at_s", "plain"),
    Column("from", "before", "count"),
    Column("to", "after", "count"),
    Column("by", "by"),
    Column("reason", "reason"),
)
_ABOUT = (
    "Broken: certain, by every reading of what was seen. Held: put to the test, and kept. Not"
    " exercised: nothing in this run would have shown it, which is no pass."
)
_CLOCK = "Instants are the cluster's seconds since the run's start."


def autoscaler_tables(document: Document) -> list[str]:
    """Give what was seen of the autoscaler; nothing if nobody watched it."""
    autoscaler = document["autoscaler"]
    if autoscaler is None:
        return []
    silences = [
        f"{each['resource']}: nothing was heard from {each['from_s']:g} to {each['until_s']:g} s"
        for each in autoscaler["unheard"]
    ]
    return [
        section(f"Rules of HPA {autoscaler['hpa']}", _rules(autoscaler), _ABOUT),
        section("What goes wrong with scaling", _findings(autoscaler)),
        section("Changes of replicas", table(document, _CHANGES, "autoscaler.changes"), _CLOCK),
        section("Times of the autoscaler", facts(_timings(autoscaler)), is_half=True),
        section("What was not seen", bullets([*autoscaler["caveats"], *silences]), is_half=True),
    ]


def _findings(autoscaler: Mapping[str, Any]) -> str:
    items = [
        tag("b", text(found["severity"]), class_=f"severity {found['severity']}")
        + text(found["words"])
        + (tag("small", text(found["remedy"])) if found["remedy"] else "")
        for found in autoscaler["findings"]
    ]
    return tag("ul", *(tag("li", item) for item in items), class_="findings") if items else ""


def _rules(autoscaler: Mapping[str, Any]) -> str:
    return rows_table((_rule(rule) for rule in autoscaler["rules"]), kind="rules")


def _rule(rule: Mapping[str, Any]) -> str:
    word, sign = _MARKS[rule["state"]]
    state = rule["state"].replace("_", " ")
    lines = [*rule["evidence"], *([f"needs: {rule['needs']}"] if rule["needs"] else [])]
    return tag(
        "tr",
        tag("td", tag("span", sign, class_=f"mark {word}", title=state)),
        tag("th", text(rule["name"].replace("_", " ")), scope="row"),
        tag("td", text(state)),
        tag("td", text(rule["words"]), *(tag("small", text(line)) for line in lines)),
    )


def _timings(autoscaler: Mapping[str, Any]) -> dict[str, Any]:
    """Name each with its unit, and leave out what is not known."""
    return {
        name.removesuffix("_s").replace("_", " ") + (", s" if name.endswith("_s") else ""): value
        for name, value in autoscaler["timings"].items()
        if not isinstance(value, list | tuple | dict)
    }
