"""Label and field selectors, as far as watchers use them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from asr_loadtest.replay.resources import Resource

__all__ = ["Selector", "SelectorError", "fields_selector", "labels_selector"]

Selector = Callable[[Mapping[str, Any]], bool]

# key in (a, b) | key notin (a, b) | key = a | key == a | key != a | !key | key
_REQUIREMENT = re.compile(
    r"\s*(?:(?P<key>[\w./-]+)\s+(?P<word>in|notin)\s*\((?P<set>[^()]*)\)"
    r"|(?P<left>[\w./-]+)\s*(?P<sign>==?|!=)\s*(?P<right>[\w.-]*)"
    r"|(?P<absent>!)?\s*(?P<present>[\w./-]+))\s*(?:,|$)"
)


class SelectorError(ValueError):
    """A selector makes no sense; the text is what the server would say, or close to it."""


def labels_selector(text: str) -> Selector:
    """
    Read a label selector; an empty one takes all.

    Raises:
        SelectorError: If it makes no sense.
    """
    wanted: list[Callable[[Mapping[str, str]], bool]] = []
    position = 0
    while position < len(text):
        found = _REQUIREMENT.match(text, position)
        if found is None:
            raise SelectorError(f"unable to parse requirement: found {text[position:]!r}")
        wanted.append(_requirement(found))
        position = found.end()

    def selects(thing: Mapping[str, Any]) -> bool:
        labels = thing["metadata"].get("labels") or {}
        return all(holds(labels) for holds in wanted)

    return selects


def fields_selector(text: str, resource: Resource) -> Selector:
    """
    Read a field selector; an empty one takes all.

    Raises:
        SelectorError: If it names a field that *resource* is not selected by, or makes no sense.
    """
    wanted: list[tuple[str, str, bool]] = []
    for term in filter(None, text.split(",")):
        name, sign, value = re.split(r"(==|!=|=)", term, maxsplit=1) if "=" in term else (term,) * 3
        if "=" not in sign:
            raise SelectorError(f'invalid selector: "{text}"; can\'t understand "{term}"')
        if name not in ("metadata.name", "metadata.namespace", *resource.fields):
            raise SelectorError(f"field label not supported: {name}")
        wanted.append((name, value, sign != "!="))

    def selects(thing: Mapping[str, Any]) -> bool:
        return all((_field(thing, name) == value) is same for name, value, same in wanted)

    return selects


def _requirement(found: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    if found["key"]:
        key, isolated = found["key"], {each.strip() for each in found["set"].split(",")}
        if found["word"] == "in":
            return lambda labels: key in labels and labels[key] in isolated
        return lambda labels: labels.get(key) not in isolated
    if found["left"]:
        left, right = found["left"], found["right"]
        if found["sign"] == "!=":
            return lambda labels: labels.get(left) != right
        return lambda labels: labels.get(left) == right
    present, absent = found["present"], bool(found["absent"])
    return lambda labels: (present in labels) is not absent


def _field(thing: Mapping[str, Any], name: str) -> str:
    value: Any = thing
    for step in name.split("."):
        value = value.get(step, "") if isinstance(value, Mapping) else ""
    return str(value)
