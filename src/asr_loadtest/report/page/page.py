"""The whole page."""

from __future__ import annotations

from importlib.resources import files

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.markup import figure, tag, text
from asr_loadtest.report.page.plots import curve_plot, time_plots, timeline_data
from asr_loadtest.report.page.tables import tables
from asr_loadtest.report.page.verdict import verdict_banner, verdict_details
from asr_loadtest.report.wording import FigureUnit

__all__ = ["html_page"]

# Whatever a hostile name managed to put into the page, it could fetch nothing and send nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

_CARDS_A_LINE = 6


def html_page(document: Document) -> str:
    """Give the report as one HTML file, from the document alone."""
    body = [
        _header(document),
        verdict_banner(document),
        _cards(document),
        verdict_details(document),
        _plots(document),
        tag("main", tables(document)),
        _footer(document),
    ]
    return "<!doctype html>\n" + tag(
        "html",
        _head(document),
        tag("body", *body, timeline_data(document), tag("script", _resource("hover.js"))),
        lang="en",
    )


def _head(document: Document) -> str:
    title = f"{document['run']['run_id']}: {document['verdict']['result'].replace('_', ' ')}"
    return tag(
        "head",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        tag("title", text(title)),
        tag("style", _resource("style.css")),
    )


def _header(document: Document) -> str:
    run = document["run"]
    what = [run["arrivals"], run["profile"] and f"profile {run['profile']}", run["host"]]
    kind = "loop closed" if run["loop"] == "closed" else "loop"
    return tag(
        "header",
        tag("p", "Load test of speech recognition", class_="over"),
        tag("p", text(run["run_id"]), class_="run"),
        tag("p", text(" · ".join(each for each in (*what, run["started"]) if each))),
        tag("p", text(run["loop_in_words"]), class_=kind),
    )


def _cards(document: Document) -> str:
    """Give the headline figures; what is not known has no card."""
    if not document["load"]["offered"]:
        return ""
    cards = [*_headlines(document), *_by_replica_and_money(document)]
    columns = len(cards) if len(cards) <= _CARDS_A_LINE else (len(cards) + 1) // 2
    return tag("section", *cards, class_="cards", style=f"--columns:{columns}")


def _headlines(document: Document) -> list[str]:
    def shown(path: str, unit: FigureUnit) -> str:
        return figure(document, path, unit)

    offered = f"of {shown('load.offered_rps', 'rps')} offered"
    goodput = _card("Goodput", shown("load.good_rps", "rps"), offered)
    refused, failed = (shown(f"load.{name}_share", "share") for name in ("refused", "failed"))
    ok = _card("Ok", shown("load.ok_share", "share"), f"{refused} refused, {failed} failed")
    if not document["latency"]["response"]["count"]:
        return [goodput, ok]
    service = f"{shown('latency.service.p50_s', 's')} from the sending"
    slow = f"95 % reach {shown('asr.rtfx.p5', 'x')}"
    in_all = f"within the SLO; {shown('asr.audio_s_per_s', 'plain')} audio s/s in all"
    return [
        goodput,
        _card("Response p99", shown("latency.response.p99_s", "s"), _interval(document)),
        _card("Response p50", shown("latency.response.p50_s", "s"), service),
        ok,
        _card("RTFx p50", shown("asr.rtfx.p50", "x"), slow),
        _card("Live streams", shown("asr.live_streams", "streams"), in_all),
    ]


def _by_replica_and_money(document: Document) -> list[str]:
    asr, cards = document["asr"], []
    if not document["latency"]["response"]["count"]:
        return []
    if asr["streams_per_replica"] is not None:
        streams = figure(document, "asr.streams_per_replica", "streams")
        replicas = f"{figure(document, 'asr.replicas', 'count')} replicas"
        cards.append(_card("Streams a replica", streams, replicas))
    if asr["cost_per_audio_hour"] is not None:
        cost = figure(document, "asr.cost_per_audio_hour", "plain")
        price = f"at {figure(document, 'asr.price_per_hour', 'plain')} an hour for all servers"
        cards.append(_card("Cost an audio hour", cost, price))
    return cards


def _interval(document: Document) -> str:
    """Say how sure the p99 is; with few samples there is no telling how slow it may be."""
    low = figure(document, "latency.response.p99_low_s", "s")
    if document["latency"]["response"]["p99_high_s"] is None:
        return f"95 % sure: no less than {low}; too few samples for more"
    return f"95 % sure: {low} to {figure(document, 'latency.response.p99_high_s', 's')}"


def _card(name: str, value: str, beside: str) -> str:
    return tag(
        "div",
        tag("h2", text(name)),
        tag("p", value, class_="value"),
        tag("p", beside, class_="beside"),
        class_="card",
    )


def _plots(document: Document) -> str:
    drawn = time_plots(document)
    if not drawn:
        return tag("p", "No request was recorded: there is nothing to plot.", class_="about empty")
    return tag("h2", "Over time", class_="part") + drawn + curve_plot(document)


def _footer(document: Document) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in document["versions"].items())
    return tag(
        "footer",
        tag("p", text(f"{document['schema']}. {versions}")),
        tag("p", "Every figure here is in report.json; docs/loadtest-report.md tells its keys."),
    )


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
