"""What has columns: classes, percentiles, languages, lengths, workers, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.autoscaler_tables import autoscaler_tables
from asr_loadtest.report.page.blocks import bullets, facts, row, rows_table, section
from asr_loadtest.report.page.markup import Column, figure, look_up, table, tag
from asr_loadtest.report.page.server_tables import TREND, server_tables
from asr_loadtest.report.wording import FigureUnit

__all__ = ["tables"]

_CLASSES = (
    Column("outcome", "outcome", "swatch"),
    Column("count", "count", "count"),
    Column("share", "share", "share"),
    Column("rate", "rate_rps", "rps"),
    Column("p50", "p50_s", "s"),
    Column("p95", "p95_s", "s"),
    Column("p99", "p99_s", "s"),
    Column("slowest", "most_s", "s"),
)
_FAILURES = (
    Column("outcome", "outcome", "swatch"),
    Column("count", "count", "count"),
    Column("in words", "detail"),
)
_GROUPS = (
    Column("", "name"),
    Column("offered", "offered", "count"),
    Column("ok", "ok_share", "share"),
    Column("good", "good_rps", "rps"),
    Column("p50", "p50_s", "s"),
    Column("p99", "p99_s", "s"),
    Column("p99 from", "p99_low_s", "s"),
    Column("to (95 %)", "p99_high_s", "s"),
    Column("RTFx p5", "rtfx_p5", "x"),
    Column("RTFx p50", "rtfx_p50", "x"),
    Column("streams", "live_streams", "streams"),
)
_ABOUT_COST = (
    "Cost of an audio hour: the servers' price is shared out by the time that the requests took."
)
_COST = Column("cost", "cost_per_audio_hour", "plain")
_WORKERS = (
    Column("worker", "name"),
    Column("number", "index", "count"),
    Column("samples", "samples", "count"),
    Column("fate", "fate"),
)
_PERCENTILES = {
    "p50": "p50_s",
    "p90": "p90_s",
    "p95": "p95_s",
    "p99": "p99_s",
    "p99 from": "p99_low_s",
    "to (95 %)": "p99_high_s",
    "p99.9": "p99_9_s",
    "slowest": "most_s",
}
_TIMES = {
    "latency.response": "response, from the intended start",
    "latency.service": "service, from the sending",
    "latency.lag": "lag, of the generator",
    "latency.connect": "connecting, where it was done",
    "gateway.upstream": "upstream, as the gateway saw it",
    "gateway.proxy": "proxy, the gateway's own",
}
_LOAD: Mapping[str, tuple[str, FigureUnit]] = {
    "offered": ("offered_rps", "rps"),
    "sent": ("sent_rps", "rps"),
    "completed": ("completed_rps", "rps"),
    "ok": ("ok_rps", "rps"),
    "good": ("good_rps", "rps"),
    "refused": ("refused_share", "share"),
    "failed": ("failed_share", "share"),
    "not_sent": ("not_sent_share", "share"),
}


def tables(document: Document) -> str:
    """Give all of them that have anything in them, each under its title."""
    gateway, price = document["gateway"], document["run"]["price_per_hour"]
    groups = _GROUPS if price is None else (*_GROUPS, _COST)
    about = "" if price is None else _ABOUT_COST
    return "".join(
        [
            section("What came of the requests", table(document, _CLASSES, "outcomes")),
            section("In words", table(document, _FAILURES, "failures")),
            section("Times", _times(document), gateway["caveat"] if gateway else ""),
            section("By language", table(document, groups, "languages"), about),
            section("By length", table(document, groups, "lengths"), about),
            *autoscaler_tables(document),
            *server_tables(document),
            section("Requests", _load(document), is_half=True),
            *_generator(document),
            section("API keys", _keys(document)),
            section("The run", facts(_run(document)), is_half=True),
            section("Settings", facts(document["settings"]), is_half=True),
            section("Corpus", facts(document["corpus"]), is_half=True),
            section("Versions", facts(document["versions"]), is_half=True),
            section("Before the start", bullets(document["preflight"]), is_half=True),
        ]
    )


def _generator(document: Document) -> list[str]:
    rows: dict[str, tuple[str, FigureUnit]] = {
        "CPU of the busiest process, at most": ("cpu_share_most", "share"),
        "longest stall": ("stall_s_most", "s"),
        "requests in flight, at most": ("in_flight_most", "count"),
        "connections, at most": ("connections_most", "count"),
        "memory of a process, at most": ("memory_bytes_most", "bytes"),
    }
    lines = (
        row(name, figure(document, f"generator.{key}", unit)) for name, (key, unit) in rows.items()
    )
    memory = (Column("worker", "worker", "count"), *TREND)
    shown = rows_table(lines) if document["generator"]["readings"] else ""
    return [
        section("The generator", shown, is_half=True),
        section("Its memory", table(document, memory, "generator.memory"), is_half=True),
        section("Workers", table(document, _WORKERS, "workers"), is_half=True),
    ]


def _load(document: Document) -> str:
    lines = [
        row(
            name.replace("_", " "),
            figure(document, f"load.{name}", "count"),
            figure(document, f"load.{key}", unit),
        )
        for name, (key, unit) in _LOAD.items()
    ]
    if document["load"]["missing"]:
        lines.append(row("of which no record came", figure(document, "load.missing", "count"), ""))
    return rows_table(lines)


def _times(document: Document) -> str:
    names = (tag("th", name, scope="col", class_="n") for name in _PERCENTILES)
    lines = [
        row(name, *(figure(document, f"{path}.{key}", "s") for key in _PERCENTILES.values()))
        for path, name in _TIMES.items()
        if (look_up(document, path) or {}).get("count")
    ]
    return rows_table(lines, tag("tr", tag("td"), *names))


def _keys(document: Document) -> str:
    """One key is no table."""
    keys = document["keys"]
    if len(keys) <= 1:
        return ""
    return facts({f"key {each['key']}": each["outcomes"] for each in keys})


def _run(document: Document) -> dict[str, Any]:
    hidden = ("route", "loop_in_words", "started_unix_s")
    facts = {name: value for name, value in document["run"].items() if name not in hidden}
    return {**facts, **{f"route: {name}": said for name, said in document["run"]["route"].items()}}
