"""The page: its figures are the document's, it needs nothing else, and nothing breaks out of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from asr_loadtest.judgement.exit_codes import ExitCode
from asr_loadtest.judgement.slo_file import parse_slo
from asr_loadtest.judgement.verdict import Verdict
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from asr_loadtest.report.assessment import assess
from asr_loadtest.report.document import Document
from asr_loadtest.report.page.markup import look_up
from asr_loadtest.report.page.page import html_page
from asr_loadtest.report.wording import say
from synthetic_run import synthetic_run

SLO = parse_slo("p99_ms = 1500\n[language.hi]\np95_ms = 900\n", source="slo.toml")
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
VOID = {"meta", "img", "br", "input", "link"}


class Page(HTMLParser):
    """Reads a page: elements with their attributes, and the text of each `data` element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.figures: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self._figure: tuple[str, str] | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.elements.append((tag, known))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "data":
            self._figure = (known["data-at"] or "", known["value"] or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self._figure is not None:
            self.figures.append((*self._figure, data))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "data":
            self._figure = None


def document_of(samples: list[Sample], info: RunInfo) -> Document:
    """The document of some samples."""
    tally = tally_of(samples, is_good=SLO.is_good, warm_up_s=info.warm_up_s)
    return assess(info, tally, SLO).document


@pytest.fixture(scope="module")
def document() -> Document:
    """One of everything: refusals, failures, two servers, a gateway."""
    run = synthetic_run(duration_s=60.0)
    tally = tally_of(run.samples, is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    return assess(run.info, tally, SLO, run.health, run.pods, sightings=run.sightings).document


@pytest.fixture(scope="module")
def html(document: Document) -> str:
    """Its page."""
    return html_page(document)


# --- figures


def test_each_figure_is_the_document_s(document: Document, html: str) -> None:
    """Every figure says where it is from: what stands there is what it holds, to the last digit."""
    figures = Page(html).figures
    assert len(figures) > 150
    for path, value, _ in figures:
        expected = look_up(document, path)
        assert value == ("" if expected is None else str(expected)), path


def test_each_figure_is_shown_in_words_of_its_own(document: Document, html: str) -> None:
    """What is read is what is held, rounded: by its unit, three digits of it."""
    shown = {path: words for path, _, words in Page(html).figures}
    response = document["latency"]["response"]
    assert shown["latency.response.p99_s"] == say(response["p99_s"], "s")
    assert shown["load.good_rps"] == say(document["load"]["good_rps"], "rps")
    assert shown["outcomes.0.share"] == say(document["outcomes"][0]["share"], "share")
    assert shown["server.pods.1.queue_s"] == say(document["server"]["pods"][1]["queue_s"], "s")


def test_headline_figures_and_tables_are_there(html: str) -> None:
    """Classes, percentiles, languages, lengths, servers, generator."""
    paths = {path for path, _, _ in Page(html).figures}
    assert paths >= {
        "load.good_rps",
        "latency.response.p99_low_s",
        "asr.live_streams",
        "asr.cost_per_audio_hour",
        "verdict.criteria.0.measured",
        "languages.0.p99_s",
        "lengths.0.rtfx_p50",
        "server.all.queue_share",
        "server.gpus.0.utilization",
        "gateway.upstream.p99_s",
        "generator.cpu_share_most",
    }


def test_verdict_comes_first(document: Document, html: str) -> None:
    """The one word and the one sentence stand before any figure."""
    assert html.index("<h1>") < html.index("<data")
    sentence = document["verdict"]["headline"]
    assert sentence[-20:] in html[html.index("<h1>") : html.index("<data")]


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_verdict_has_its_banner(code: ExitCode) -> None:
    """Also those of a run that was not started."""
    info = RunInfo(run_id="r", started_unix_s=0.0, host="h")
    verdict = Verdict(exit_code=code, headline="so it was")
    page = html_page(assess(info, tally_of(()), SLO, verdict=verdict).document)
    assert f'<section class="verdict {code.word}">' in page
    assert f"exit code {int(code)}" in page


def test_every_plot_reads_its_series_from_the_page(document: Document, html: str) -> None:
    """What the script looks up is there, with a time for each value, and a plot for each group."""
    data = json.loads(re.findall(r'type="application/json" id="data">(.*?)</script>', html)[0])
    outputs = [known for tag, known in Page(html).elements if tag == "output"]
    paths = [str(known["data-series"]) for known in outputs]
    for path in paths:
        times = f"{path.rsplit('.', 1)[0]}.at_s" if not path.startswith("timeline.") else ""
        values = look_up(data, path)
        assert len(values) == len(look_up(data, times or "timeline.start_s"))
        assert values == look_up(document, path)
    assert {"timeline.good_rps", "timeline.not_ok_rps.rate_limited"} <= set(paths)
    assert {"server.timeline.1.queue_s", "server.timeline.0.gpu_utilization"} <= set(paths)


# --- one file


def test_page_needs_nothing_from_outside(html: str) -> None:
    """No element, style or script that would fetch anything; a policy that forbids it besides."""
    fetching = {"src", "href", "srcset", "action", "poster", "xlink:href", "background"}
    for tag, known in Page(html).elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not fetching & known.keys()
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(|WebSocket", html)
    assert "default-src 'none'" in html


def test_tags_are_closed_in_order(html: str) -> None:
    """The parser of this test asserts it at each end tag."""
    assert Page(html).open == []


def test_tables_and_plots_are_there_without_a_script(html: str) -> None:
    """With all scripts cut out, figures and drawings are the same."""
    bare = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert Page(bare).figures == Page(html).figures
    assert bare.count("<svg") == html.count("<svg") > 20


# --- hostile


def test_hostile_words_stay_words() -> None:
    """Details, languages, clips, settings, notes, hosts: none becomes markup or script."""
    sample = Sample(
        index=0,
        intended_s=0.0,
        sent_s=0.0,
        done_s=1.0,
        outcome="server_error",
        language=EVIL,
        clip=EVIL,
        detail=EVIL,
    )
    info = RunInfo(
        run_id=EVIL,
        started_unix_s=0.0,
        host=EVIL,
        arrivals=EVIL,
        profile=EVIL,
        route={EVIL: EVIL},
        settings={EVIL: {EVIL: [EVIL]}},
        corpus={"source": EVIL},
        versions={EVIL: EVIL},
        notes=(EVIL,),
        preflight=(EVIL,),
    )
    harmless = RunInfo(run_id="r", started_unix_s=0.0, host="h")
    html = html_page(document_of([sample], info))
    usual = html_page(document_of([replace(sample, language="", detail="")], harmless))
    assert html.count("<script") == usual.count("<script") == 2
    assert "<img" not in html
    assert not any("onerror" in known for _, known in Page(html).elements)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_hostile_server_names_stay_names() -> None:
    """They stand in legends, labels and the script's data."""
    run = synthetic_run(duration_s=15.0)
    pods = [replace(pod, pod=EVIL) for pod in run.pods if pod.pod == "asr-0"]
    tally = tally_of(run.samples, is_good=SLO.is_good)
    html = html_page(assess(run.info, tally, SLO, run.health, pods).document)
    assert html.count("<script") == 2
    assert "<img" not in html
    Page(html)


# --- extremes


def test_empty_run_renders() -> None:
    """Nothing was recorded, and the page says so."""
    info = RunInfo(run_id="empty", started_unix_s=0.0, host="h", duration_s=10.0, offered=0)
    html = html_page(document_of([], info))
    assert "No request was recorded" in html
    assert "<svg" not in html
    Page(html)


def test_run_in_which_all_failed_renders() -> None:
    """No latency to draw; the failures are drawn."""
    info = RunInfo(run_id="failed", started_unix_s=0.0, host="h", duration_s=10.0)
    failed = [
        Sample(index=n, intended_s=n / 5, sent_s=n / 5, done_s=n / 5 + 0.01, outcome="timeout")
        for n in range(50)
    ]
    html = html_page(document_of(failed, info))
    outputs = [known["data-series"] for tag, known in Page(html).elements if tag == "output"]
    assert "timeline.not_ok_rps.timeout" in outputs
    assert "timeline.response_p99_s" not in outputs


def test_closed_loop_is_labelled() -> None:
    """Beside the plan, in its own style."""
    info = RunInfo(run_id="closed", started_unix_s=0.0, host="h", loop="closed")
    html = html_page(document_of([], info))
    assert 'class="loop closed"' in html
    assert "prone to coordinated omission" in html


# --- a real browser


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on this machine")
def test_values_under_the_pointer_are_the_document_s(
    document: Document, html: str, tmp_path: Path
) -> None:
    """Pointing at half of the time fills each legend with the value of that window."""
    point = """<script>
      const canvas = document.querySelector("#plots .canvas"), box = canvas.getBoundingClientRect();
      canvas.dispatchEvent(new PointerEvent("pointermove",
        {bubbles: true, clientX: box.left + box.width / 2 + 1, clientY: box.top + 5}));
    </script></body>"""
    page = tmp_path / "report.html"
    page.write_text(html.replace("</body>", point))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    dom = subprocess.run(
        [*browser, page.as_uri()], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    shown = dict(re.findall(r'<output data-series="([^"]*)"[^>]*>([^<]*)</output>', dom))
    timeline = document["timeline"]
    middle = (timeline["start_s"][0] + timeline["start_s"][-1] + timeline["width_s"]) / 2
    number = sum(start <= middle for start in timeline["start_s"]) - 1
    for name in ("offered_rps", "sent_rps", "ok_rps"):
        assert shown[f"timeline.{name}"] == f"{timeline[name][number]:.3g}/s"
