"""Locust's own web interface with our tabs in it, as a browser shows it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from asr_client.embedded import EmbeddedTriton
from canaries import new_key
from locust_run import PROJECT

_PATIENCE_S = 60.0
_BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


class WebInterface:
    """A Locust with its interface, before its first test."""

    def __init__(self, out: Path, host: str, key: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.out = out
        options = ("--asr-model", "asr_slow", "--asr-lengths-s", "1", "--asr-out", str(out))
        where = ("--host", host, "-P", str(port))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", "loadtest", *where, *options],
            cwd=PROJECT,
            env={**os.environ, "ASR_API_KEY": key},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, path: str) -> str:
        """Fetch a page, once the interface is up."""
        ends_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(self.url + path, timeout=10) as reply:
                    return str(reply.read().decode())
            except urllib.error.HTTPError as error:
                return f"HTTP {error.code}"
            except OSError:
                if time.monotonic() > ends_s:
                    raise

    def wait_for_page(self) -> None:
        """Locust listens a little before it has all that its page shows: until then it says 500."""
        ends_s = time.monotonic() + _PATIENCE_S
        while self.get("/") == "HTTP 500" and time.monotonic() < ends_s:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)

    def swarm(self, **form: str) -> None:
        """Send the form that starts a test, as the page does."""
        data = urllib.parse.urlencode({"user_count": "1", "spawn_rate": "1", **form}).encode()
        with urllib.request.urlopen(f"{self.url}/swarm", data, timeout=10) as reply:
            assert json.loads(reply.read())["success"]

    def stop(self) -> None:
        """End the test, as the page's button does."""
        with urllib.request.urlopen(f"{self.url}/stop", b"", timeout=60) as reply:
            assert json.loads(reply.read())["success"]

    def figures(self) -> dict[str, list[dict[str, str]]]:
        """Give the rows of our tabs."""
        stats: dict[str, Any] = json.loads(self.get("/stats/requests"))
        return {table["key"]: table["data"] for table in stats["extended_stats"]}

    def wait_for_samples(self, count: int) -> None:
        """Wait until a test has so many records."""
        ends_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends_s:
            tables = self.figures()
            if tables and int(tables["asr"][0]["offered"]) >= count:
                return
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.2)

    def wait_for_report(self, other_than: str = "HTTP 404") -> str:
        """Wait until a test has ended and its report is there."""
        ends_s = time.monotonic() + _PATIENCE_S
        while (page := self.get("/asr/report")) == other_than and time.monotonic() < ends_s:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.2)
        return page

    def seen_in_browser(self, path: str) -> str:
        """Load a page in a real browser, and give what it made of it."""
        command = [_BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += ["--virtual-time-budget=6000", self.url + path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout


@pytest.fixture
def key() -> str:
    """A key that the server does not ask for: only where it shows matters here."""
    return new_key()


@pytest.fixture
def web(tmp_path: Path, embedded_triton: EmbeddedTriton, key: str) -> Iterator[WebInterface]:
    """Start an interface, and end it."""
    interface = WebInterface(tmp_path / "runs", embedded_triton.http_url, key)
    with interface.process as process:
        try:
            interface.wait_for_page()
            yield interface
        finally:
            process.terminate()


def test_form_starts_a_test_with_its_options(web: WebInterface, key: str) -> None:
    """Rate and run time come from the form; the tabs have figures, and the report is served."""
    page = web.get("/")
    assert "asr_rate" in page
    assert "asr_api_key_file" not in page
    assert web.get("/asr/report") == "HTTP 404"
    web.swarm(asr_rate="9", asr_arrivals="constant", run_time="4s")
    report = web.wait_for_report()
    figures = web.figures()
    assert figures["asr"][0]["offered"] == "36"
    assert figures["asr-outcomes"][0]["outcome"] == "ok"
    assert "constant, 9 req/s" in report
    (folder,) = web.out.iterdir()
    assert (folder / "report.html").read_text() == report
    for text in (page, report, json.dumps(figures)):
        assert key not in text


def test_second_test_begins_anew(web: WebInterface) -> None:
    """A test that follows another one in the same process has figures and a folder of its own."""
    web.swarm(asr_rate="9", asr_arrivals="constant", run_time="3s")
    first = web.wait_for_report()
    web.swarm(asr_rate="4", asr_arrivals="constant", run_time="3s")
    web.wait_for_report(other_than=first)
    assert web.figures()["asr"][0]["offered"] == "12"
    assert len(list(web.out.iterdir())) == 2


def test_users_sent_home_early_take_no_request_along(
    web: WebInterface, embedded_triton: EmbeddedTriton
) -> None:
    """Locust ends users in the midst of a request: its answer is in the records all the same."""
    form = {"asr_loop": "closed", "asr_metrics_url": embedded_triton.metrics_url, "spawn_rate": "9"}
    web.swarm(**form, user_count="9")
    web.wait_for_samples(20)
    web.swarm(**form, user_count="1")
    web.wait_for_samples(40)
    web.stop()
    web.wait_for_report()
    (folder,) = web.out.iterdir()
    counts = json.loads((folder / "report.json").read_text())["server"]["reconciliation"]
    assert (counts["agreement"], counts["client"]) == ("equal", counts["server"])


@pytest.mark.skipif(not _BROWSER, reason="needs a browser (Debian: apt install chromium)")
def test_tabs_are_seen_in_a_browser(web: WebInterface) -> None:
    """A real Chromium shows both tabs, with their columns and the figures of the run."""
    web.swarm(asr_rate="9", asr_arrivals="constant", run_time="4s")
    web.wait_for_report()
    groups = web.seen_in_browser("/?tab=asr")
    for shown in ("ASR outcomes", "Within SLO", "RTFx, mean", "length 0-2 s", ">36<"):
        assert shown in groups, shown
    outcomes = web.seen_in_browser("/?tab=asr-outcomes")
    assert "What was said most often" in outcomes
