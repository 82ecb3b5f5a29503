"""Looking at servers: where, how often, and what becomes of those that do not answer."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from asr_client import ASRClient, ConfigError
from asr_client.embedded import EmbeddedTriton
from asr_client.testing import ServiceAddress
from asr_loadtest.cluster.triton.counters import read_history
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.scrape import MetricsScraper
from asr_loadtest.cluster.triton.targets import PodTarget, guess_metrics_url, pod_targets

DATA = Path(__file__).parent.parent / "data"
PAGE = (DATA / "metrics" / "answered.txt").read_bytes()
STATISTICS = (DATA / "metrics" / "answered.stats.json").read_bytes()
CONFIGURATION = (DATA / "metrics" / "ensemble.config.json").read_bytes()

# --- where


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("http://triton:8000", "http://triton:8002/metrics"),
        ("triton:8001", "http://triton:8002/metrics"),
        ("grpc://10.0.0.7:8001", "http://10.0.0.7:8002/metrics"),
        ("http://node:30080", "http://node:30082/metrics"),
        ("grpcs://node:30081", "http://node:30082/metrics"),
        ("http://[::1]:8000/v2/models/asr/infer", "http://[::1]:8002/metrics"),
        ("http://kong:8000/triton/asr", None),
        ("https://asr.example.org", None),
        ("http://127.0.0.1:45123", None),
    ],
)
def test_metrics_url_is_guessed_from_tritons_ports(host: str, expected: str | None) -> None:
    """Only where the server's own URL has one of Triton's ports and no gateway's prefix."""
    assert guess_metrics_url(host) == expected


def test_targets_pair_urls_in_their_order() -> None:
    """A path is added where none is given, and Triton's HTTP port where it is the usual one."""
    assert pod_targets(["10.0.0.7:8002", "http://10.0.0.8:9000/pods/2/metrics"]) == (
        PodTarget("10.0.0.7:8002", "http://10.0.0.7:8002/metrics", "http://10.0.0.7:8000"),
        PodTarget("10.0.0.8:9000", "http://10.0.0.8:9000/pods/2/metrics"),
    )
    (target,) = pod_targets(["h:9002"], ["http://h:9000/"])
    assert target == PodTarget("h:9002", "http://h:9002/metrics", "http://h:9000")


@pytest.mark.parametrize(
    ("urls", "http_urls", "message"),
    [
        (["h:8002", "i:8002"], ["h:8000"], "1 HTTP URLs do not pair with 2"),
        (["h:8002", "http://h:8002/metrics"], [], "given twice"),
        (["grpc://h:8001"], [], "address for gRPC"),
        (["http://user:secret@h:8002"], [], "neither a user name"),
        (["ftp://h"], [], "unknown"),
    ],
)
def test_targets_refuse_what_cannot_work(
    urls: list[str], http_urls: list[str], message: str
) -> None:
    """Before anything is asked, in words that hold no password."""
    with pytest.raises(ConfigError, match=message) as caught:
        MetricsScraper(urls, http_urls=http_urls)
    assert "secret" not in str(caught.value)


def test_scraper_refuses_file_without_authorities(tmp_path: Path) -> None:
    """A wrong file of authorities is found before the run."""
    with pytest.raises(ConfigError, match="cannot use the PEM file"):
        MetricsScraper(["h:8002"], ca_file=str(tmp_path / "none.pem"))


# --- how


@dataclass
class Pages:
    """A server that answers each path with bytes as they are, and notes what was asked."""

    answers: dict[str, bytes] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    url: str = ""

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split()[1].decode() for request in self.requests]

    def converse(self, connection: socket.socket) -> None:
        """Answer one request and close."""
        request = b""
        while b"\r\n\r\n" not in request:
            piece = connection.recv(4096)
            if not piece:
                return
            request += piece
        self.requests.append(request)
        connection.sendall(self.answers.get(request.split()[1].decode(), reply(b"", 404)))


def reply(body: bytes, status: int = 200, *headers: str, length: int | None = None) -> bytes:
    """A whole HTTP answer; *length* for one that promises another size."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {size}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def start_pages() -> Iterator[Callable[..., Pages]]:
    """Start servers of pages, over TLS where a context is given."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept(listener: socket.socket, pages: Pages, tls: ssl.SSLContext | None) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as wire:
                    pages.converse(wire)
            except OSError:
                continue  # the client has had enough
            finally:
                connection.close()

    def start(answers: dict[str, bytes], tls: ssl.SSLContext | None = None) -> Pages:
        listener = socket.create_server(("127.0.0.1", 0))
        pages = Pages(answers)
        port = listener.getsockname()[1]
        pages.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        listeners.append(listener)
        threads.append(threading.Thread(target=accept, args=(listener, pages, tls), daemon=True))
        threads[-1].start()
        return pages

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


def only(readings: Sequence[PodReading]) -> PodReading:
    """The one reading of one pod."""
    (reading,) = readings
    return reading


def test_scrape_reads_metrics_statistics_and_steps(start_pages) -> None:
    """Three questions at first, two from then on; none before the first look."""
    pages = start_pages(
        {
            "/metrics": reply(PAGE),
            "/v2/models/stats": reply(STATISTICS),
            "/v2/models/asr_am_ensemble/config": reply(CONFIGURATION),
        }
    )
    scraper = MetricsScraper([pages.url], "asr_am_ensemble", http_urls=[pages.url])
    assert pages.paths == []
    reading = only(scraper.scrape_all(3.5))
    assert (reading.at_s, reading.failure, reading.without_batches) == (3.5, "", "")
    assert reading.pod == pages.url.removeprefix("http://")
    assert reading.models["asr_slow"].batches[5].executions == 4
    assert reading.steps == ("ps_decode",)
    assert only(scraper.scrape_all(4.5)).steps == ("ps_decode",)
    assert pages.paths == [
        "/metrics",
        "/v2/models/stats",
        "/v2/models/asr_am_ensemble/config",
        "/metrics",
        "/v2/models/stats",
    ]


def test_scrape_of_metrics_alone_says_what_is_missing(start_pages) -> None:
    """Counters without batch sizes are better than nothing."""
    pages = start_pages({"/metrics": reply(PAGE)})
    reading = only(MetricsScraper([pages.url]).scrape_all(0.0))
    assert reading.models["asr_slow"].success == 24
    assert reading.without_batches == "no HTTP interface of the pod is known"
    assert pages.paths == ["/metrics"]


def test_scrape_goes_through_no_proxy(start_pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy made for browsers gets no word of the metrics."""
    proxy = start_pages({})
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    pages = start_pages({"/metrics": reply(PAGE)})
    assert only(MetricsScraper([pages.url]).scrape_all(0.0)).failure == ""
    assert proxy.paths == []


def test_scrape_sends_no_key(start_pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics need none, and whoever reads them should not get one."""
    monkeypatch.setenv("ASR_API_KEY", "canary-of-scrape")
    pages = start_pages({"/metrics": reply(PAGE)})
    MetricsScraper([pages.url]).scrape_all(0.0)
    names = {line.partition(b":")[0].lower() for line in pages.requests[0].splitlines()[1:] if line}
    assert names == {b"accept-encoding", b"connection", b"host", b"user-agent"}


def test_scrape_verifies_tls(start_pages) -> None:
    """A server whose authority nobody knows is no server, until its authority is named."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "tls" / "server.pem")
    pages = start_pages({"/metrics": reply(PAGE)}, context)
    refused = only(MetricsScraper([pages.url]).scrape_all(0.0))
    assert "CERTIFICATE_VERIFY_FAILED" in refused.failure
    trusting = MetricsScraper([pages.url], ca_file=str(DATA / "tls" / "ca.pem"))
    assert only(trusting.scrape_all(0.0)).failure == ""


# --- failures


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(b"", 404), "HTTP 404 from http://"),
        (reply(b"<html>hello</html>"), "no metric of Prometheus: '<html>hello</html>'"),
        (reply(b"go_goroutines 1\n"), "no metrics of Triton"),
        (reply(PAGE, length=len(PAGE) + 1), "only a part of the reply"),
        (reply(b"#" * (9 << 20)), "more than 8 MiB"),
        (reply(b"", 302, "Location: http://127.0.0.1:1/elsewhere"), "HTTP 302"),
        (b"SSH-2.0-hello\r\n", "SSH-2.0-hello"),
        (b"", "closed connection without response"),
    ],
    ids=["404", "page", "exporter", "cut", "large", "redirect", "ssh", "nothing"],
)
def test_failed_look_is_a_reading_that_says_why(start_pages, answer: bytes, words: str) -> None:
    """Whatever answers: the run goes on, and the report can tell."""
    pages = start_pages({"/metrics": answer})
    reading = only(MetricsScraper([pages.url]).scrape_all(1.0))
    assert words in reading.failure
    assert (reading.at_s, reading.models) == (1.0, {})


def test_look_at_nobody_is_a_reading_that_says_so() -> None:
    """A pod that has gone refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reading = only(MetricsScraper([f"127.0.0.1:{port}"]).scrape_all(0.0))
    assert reading.failure == f"Connection refused from http://127.0.0.1:{port}/metrics"


def test_look_at_a_silent_server_ends_in_time() -> None:
    """One that accepts and never answers costs the time-out, not the run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scraper = MetricsScraper([f"127.0.0.1:{listener.getsockname()[1]}"], timeout_s=0.05)
        assert "no answer within 0.05 s" in only(scraper.scrape_all(0.0)).failure


def test_one_failed_pod_does_not_spoil_the_others(start_pages) -> None:
    """Each pod has its own reading."""
    bad, good = start_pages({}), start_pages({"/metrics": reply(PAGE)})
    first, second = MetricsScraper([bad.url, good.url]).scrape_all(0.0)
    assert (first.failure != "", second.failure) == (True, "")


def test_failed_pod_is_left_alone_for_longer_and_longer(start_pages) -> None:
    """1, 2, 4, 8, then 10 s; looks asked for in between give no reading."""
    pages = start_pages({})
    scraper = MetricsScraper([pages.url])
    asked = [second for second in range(40) if scraper.scrape_all(float(second))]
    assert asked == [0, 1, 3, 7, 15, 25, 35]
    assert len(pages.paths) == len(asked)


def test_last_look_insists(start_pages) -> None:
    """At the end of a run there is no later look to wait for; a good one ends the pause."""
    pages = start_pages({})
    scraper = MetricsScraper([pages.url])
    for second in (0.0, 1.0):
        scraper.scrape_all(second)
    pages.answers["/metrics"] = reply(PAGE)
    assert scraper.scrape_all(1.5) == ()
    assert only(scraper.scrape_all(1.5, insist=True)).failure == ""
    assert only(scraper.scrape_all(1.6)).failure == ""


def test_statistics_that_are_refused_are_not_asked_for_again_and_again(start_pages) -> None:
    """Metrics go on once a second, the refused question is repeated ever more rarely."""
    pages = start_pages({"/metrics": reply(PAGE)})
    scraper = MetricsScraper([pages.url], http_urls=[pages.url])
    readings = [only(scraper.scrape_all(float(second))) for second in range(20)]
    assert pages.paths.count("/metrics") == 20
    assert pages.paths.count("/v2/models/stats") == 5
    assert {reading.without_batches for reading in readings} == {
        f"HTTP 404 from {pages.url}/v2/models/stats"
    }


def test_steps_are_asked_for_once(start_pages) -> None:
    """A server that does not tell them is not pressed."""
    pages = start_pages({"/metrics": reply(PAGE), "/v2/models/stats": reply(STATISTICS)})
    scraper = MetricsScraper([pages.url], "a/b", http_urls=[pages.url])
    assert [only(scraper.scrape_all(float(n))).steps for n in range(3)] == [(), (), ()]
    assert pages.paths.count("/v2/models/a%2Fb/config") == 1


# --- real servers, and what stands before them


def test_service_address_shows_as_a_hop(start_pages) -> None:
    """Each look is a new connection, which a Service gives to any pod."""
    younger = (DATA / "metrics" / "start.txt").read_bytes()
    pods = [start_pages({"/metrics": reply(page)}) for page in (PAGE, younger)]
    with ServiceAddress([pod.url for pod in pods], choose="in-turn") as service:
        scraper = MetricsScraper([service.url])
        readings = [only(scraper.scrape_all(float(second))) for second in range(10)]
    assert "back in one leap" in read_history("service", readings).hop


def test_embedded_server_is_read_whole(embedded_triton: EmbeddedTriton, weather: Path) -> None:
    """A real Triton's counters, batch sizes and steps, in one reading."""
    server = embedded_triton
    scraper = MetricsScraper([server.metrics_url], "asr_am_ensemble", http_urls=[server.http_url])
    with ASRClient(server.http_url, model="asr_am_ensemble") as client:
        client.transcribe(weather, language="en")
    reading = only(scraper.scrape_all(0.0))
    assert (reading.failure, reading.without_batches) == ("", "")
    assert reading.steps == ("ps_decode",)
    assert set(reading.models) >= {"asr_am_ensemble", "ps_decode"}
    # Others have asked this server before, and more than one recording at a time.
    assert reading.models["ps_decode"].batches[1].executions >= 1
    assert reading.memory_total_bytes


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
import sys
from asr_loadtest.cluster.triton.scrape import MetricsScraper

page = Path(sys.argv[1]).read_bytes()

class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Pages)
threading.Thread(target=server.serve_forever, daemon=True).start()
(reading,) = MetricsScraper([f"127.0.0.1:{server.server_port}"], timeout_s=20).scrape_all(0.0)
print(reading.failure or reading.models["asr_slow"].success)
"""


def test_scrape_lets_other_greenlets_run() -> None:
    """Under Locust's monkey-patching a look waits without blocking: its server is a greenlet."""
    page = DATA / "metrics" / "answered.txt"
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT, str(page)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "24"
