"""Two tabs in Locust's web interface: requests in the terms of ASR, and how they failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Response, request, send_file
from locust.web import WebUI

from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import OUTCOMES, count_failed, count_refused
from asr_loadtest.load.tally import Group, Tally

__all__ = ["add_tabs"]

_GROUPS = "asr"
_OUTCOMES = "asr-outcomes"
_REPORT = "/asr/report"

_GROUP_COLUMNS = {
    "group": "Requests",
    "offered": "Offered",
    "ok": "Ok",
    "good": "Within SLO",
    "refused": "Refused",
    "failed": "Failed",
    "p50": "p50 (ms)",
    "p95": "p95 (ms)",
    "p99": "p99 (ms)",
    "rtfx": "RTFx, mean",
    "audio": "Audio s/s",
}
_OUTCOME_COLUMNS = {
    "outcome": "Outcome",
    "count": "Count",
    "share": "Share",
    "p50": "p50 (ms)",
    "p99": "p99 (ms)",
    "words": "What was said most often",
}


def add_tabs(
    web_ui: WebUI,
    base_path: str,
    tally: Callable[[], Tally | None],
    report: Callable[[], Path | None],
) -> None:
    """
    Add them.

    Args:
        web_ui: Locust's, before it starts.
        base_path: Its --web-base-path; empty without one.
        tally: Gives what has been measured so far; None before the first test.
        report: Gives the last test's HTML report; None while there is none.
    """
    app: Any = web_ui.app  # typed as if there might be none
    web_ui.template_args |= _template_args()

    def add_figures(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            figures = json.loads(response.get_data())
            figures["extended_stats"] = _figures(tally())
            response.set_data(json.dumps(figures))
        return response

    def show_report() -> Response:
        path = report()
        if path is None or not path.exists():
            return Response("no test has ended yet", status=404, mimetype="text/plain")
        return send_file(path.absolute())

    app.after_request(add_figures)
    app.add_url_rule(
        f"{base_path}{_REPORT}", view_func=web_ui.auth_required_if_enabled(show_report)
    )


def _template_args() -> dict[str, Any]:
    """Give what Locust's page makes tabs, tables and a link of."""
    return {
        "extended_tabs": [
            {"title": "ASR", "key": _GROUPS},
            {"title": "ASR outcomes", "key": _OUTCOMES},
        ],
        "extended_tables": [
            {"key": _GROUPS, "structure": _structure(_GROUP_COLUMNS)},
            {"key": _OUTCOMES, "structure": _structure(_OUTCOME_COLUMNS)},
        ],
        "extended_csv_files": [{"href": f".{_REPORT}", "title": "ASR report of the last test"}],
    }


def _structure(columns: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "title": title} for key, title in columns.items()]


def _figures(tally: Tally | None) -> list[dict[str, Any]]:
    if tally is None:
        return []
    return [
        {"key": _GROUPS, "data": list(_group_rows(tally))},
        {"key": _OUTCOMES, "data": list(_outcome_rows(tally))},
    ]


def _group_rows(tally: Tally) -> Iterator[dict[str, str]]:
    """Give a row for all requests, and one for each language and length."""
    groups = {
        "all": tally.all,
        **{f"language {name or '-'}": tally.languages[name] for name in sorted(tally.languages)},
        **{f"length {name}": group for name, group in tally.lengths.items()},
    }
    for name, group in groups.items():
        yield {"group": name, **_group_row(group, tally.span_s)}


def _group_row(group: Group, span_s: float) -> dict[str, str]:
    return {
        "offered": str(group.count),
        "ok": str(group.outcomes["ok"]),
        "good": str(group.good),
        "refused": str(count_refused(group.outcomes)),
        "failed": str(count_failed(group.outcomes)),
        **{f"p{share}": _ms(group.response, share / 100) for share in (50, 95, 99)},
        "rtfx": "-" if group.rtfx.mean is None else f"{group.rtfx.mean:.1f}",
        "audio": f"{group.audio_s / span_s:.1f}" if span_s else "-",
    }


def _outcome_rows(tally: Tally) -> Iterator[dict[str, str]]:
    """Give a row for each class that any request ended in."""
    group = tally.all
    for outcome in OUTCOMES:
        count = group.outcomes[outcome]
        if count:
            said = [words for (of, words), _ in tally.failures.most_common() if of == outcome]
            times = group.responses.get(outcome, Histogram())
            yield {
                "outcome": outcome,
                "count": str(count),
                "share": f"{count / group.count:.1%}",
                "p50": _ms(times, 0.5),
                "p99": _ms(times, 0.99),
                "words": said[0] if said else "",
            }


def _ms(histogram: Histogram, share: float) -> str:
    value_s = histogram.quantile(share)
    return "-" if value_s is None else f"{value_s * 1000:.0f}"
