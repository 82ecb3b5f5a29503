"""The top of the page: was it good enough, may that be believed, what bound, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asr_loadtest.judgement.units import in_words
from asr_loadtest.report.document import Document
from asr_loadtest.report.page.markup import tag, text
from asr_loadtest.report.wording import UNKNOWN

__all__ = ["verdict_banner", "verdict_details"]

_WORDS = {
    "met": "SLO met",
    "missed": "SLO missed",
    "invalid": "Invalid",
    "gateway_limited": "Gateway-limited",
    "not_ready": "Not ready",
    "autoscaler_broken": "Autoscaler rule broken",
}
_SIGNS = {
    "met": "✓",
    "missed": "✕",
    "invalid": "!",
    "gateway_limited": "⊘",
    "not_ready": "–",  # noqa: RUF001 - a dash
    "autoscaler_broken": "⇅",
}
_KEPT = {True: ("kept", "✓"), False: ("missed", "✕"), None: ("open", "?")}
_BINDING = {
    "server": "the servers",
    "gateway": "the gateway",
    "generator": "the load generator",
    "none": "nothing yet",
}
# How far a criterion's bar reaches, in limits.
_REACH = 1.5


def verdict_banner(document: Document) -> str:
    """Give the one word and the one sentence."""
    verdict = document["verdict"]
    result = verdict["result"]
    return tag(
        "section",
        tag("span", _SIGNS[result], class_="sign", aria_hidden="true"),
        tag(
            "div",
            tag("h1", text(_WORDS[result])),
            tag("p", text(_sentence(_without_title(verdict["headline"])))),
        ),
        tag("span", text(f"exit code {verdict['exit_code']}"), class_="code"),
        class_=f"verdict {result}",
    )


def _without_title(headline: str) -> str:
    """The word stands above already."""
    for title in ("SLO missed: ", "not ready: "):
        headline = headline.removeprefix(title)
    return headline


def verdict_details(document: Document) -> str:
    """Give what the sentence rests on."""
    verdict = document["verdict"]
    bound = f"Bound by {_BINDING[verdict['binding']]}"
    parts = [
        _block("The SLO", _criteria(verdict["criteria"]), "wide"),
        _block(bound, _list(verdict["evidence"])),
        _block("What to do", _list(verdict["remedies"])),
        _block("What speaks against the figures", _findings(verdict["findings"])),
        _block("Notes", _list(document["notes"])),
    ]
    return tag("section", *parts, class_="details") if any(parts) else ""


def _criteria(criteria: Sequence[Mapping[str, Any]]) -> str:
    if not criteria:
        return ""
    rows = (_criterion(number, each) for number, each in enumerate(criteria))
    return tag("div", tag("table", tag("tbody", *rows), class_="criteria"), class_="scroll")


def _criterion(number: int, criterion: Mapping[str, Any]) -> str:
    word, sign = _KEPT[criterion["met"]]
    limit, measured, unit = criterion["limit"], criterion["measured"], criterion["unit"]
    scope = "" if criterion["scope"] == "all" else f" · {criterion['scope']}"
    said = UNKNOWN if measured is None else in_words(measured, unit)
    place = f"verdict.criteria.{number}"
    return tag(
        "tr",
        tag("td", tag("span", sign, class_=f"mark {word}", title=word)),
        tag("th", text(criterion["name"]), tag("small", text(scope)), scope="row"),
        tag("td", _data(f"{place}.measured", measured, said), class_="n strong"),
        tag("td", _bar(criterion), class_="bar"),
        tag("td", "limit ", _data(f"{place}.limit", limit, in_words(limit, unit)), class_="n"),
        title=criterion["words"],
    )


def _data(path: str, value: float | None, words: str) -> str:
    return tag("data", text(words), value="" if value is None else value, data_at=path)


def _bar(criterion: Mapping[str, Any]) -> str:
    """Draw the figure, its interval and the limit, all as shares of the limit; if that is one."""
    limit, measured = criterion["limit"], criterion["measured"]
    if measured is None or not limit:
        return ""
    low, high = criterion["interval"]["low"], criterion["interval"]["high"]
    parts = [tag("i", class_="fill", style=f"width:{_share(measured / limit)}%")]
    if low is not None and high is not None and low < limit * _REACH:
        start, end = _share(low / limit), _share(high / limit)
        parts.append(
            tag("i", class_="interval", style=f"left:{start}%;width:{round(end - start, 1)}%")
        )
    parts.append(tag("i", class_="edge", style=f"left:{_share(1)}%"))
    word, _ = _KEPT[criterion["met"]]
    return tag("span", *parts, class_=f"track {word}", aria_hidden="true")


def _share(limits: float) -> float:
    return round(min(max(limits / _REACH, 0.0), 1.0) * 100, 1)


def _findings(findings: Sequence[Mapping[str, Any]]) -> str:
    return _list_of(
        [
            tag("b", text(found["severity"]), class_=f"severity {found['severity']}")
            + text(_sentence(found["words"]))
            + (tag("small", text(_sentence(found["remedy"]))) if found["remedy"] else "")
            for found in findings
        ]
    )


def _list(lines: Sequence[str]) -> str:
    return _list_of([text(_sentence(line)) for line in lines])


def _list_of(items: Sequence[str]) -> str:
    return tag("ul", *(tag("li", item) for item in items)) if items else ""


def _block(title: str, contents: str, kind: str = "") -> str:
    return tag("div", tag("h2", text(title)), contents, class_=f"block {kind}") if contents else ""


def _sentence(words: str) -> str:
    """Begin with a capital, end with a full stop."""
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) or not words else f"{words}."
