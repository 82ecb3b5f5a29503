"""The doctor against real servers, the gateway stand-in, and servers that answer as recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from asr_client.auth import ApiKey
from asr_client.client import open_session
from asr_client.doctor import ExamOptions, Finding, Report, examine
from asr_client.doctor.visitor import MOST_REQUESTS, Log, Visitor
from asr_client.embedded import EmbeddedTriton
from asr_client.errors import ConfigError
from asr_client.testing import Cors, EchoUpstream, Gateway, Route, documented_routes
from canaries import new_key

KEY = new_key()
COMMAND = [sys.executable, "-m", "asr_client.cli.admin", "doctor"]
SMALL = ExamOptions(max_body_bytes=0)
ALL_METHODS = ("GET", "POST", "OPTIONS")

Start = Callable[..., Gateway]


@pytest.fixture
def gateway(embedded_triton: EmbeddedTriton) -> Iterator[Start]:
    """Start gateways that want the key, before the shared server."""
    with ExitStack() as running:

        def start(**options: Any) -> Gateway:
            options = {"api_keys": (ApiKey(KEY),), **options}
            upstreams = embedded_triton.http_url, embedded_triton.grpc_url
            return running.enter_context(Gateway(*upstreams, **options))

        yield start


def states(report: Report) -> dict[str, str]:
    """Give each check's state."""
    return {finding.check: finding.state for finding in report.findings}


def find(report: Report, check: str) -> Finding:
    """Pick one finding."""
    return next(each for each in report.findings if each.check == check)


def test_triton_itself_passes_over_http(embedded_triton: EmbeddedTriton) -> None:
    """Every check that has something to look at passes, the words come back."""
    report = examine(embedded_triton.http_url)
    skipped = {"tls", "clock", "browser"}
    assert report.ok
    assert {check for check, state in states(report).items() if state != "passed"} == skipped
    assert find(report, "transcription").facts["text"] == "go forward ten meters"
    assert find(report, "who").facts["who"] == "triton"
    assert find(report, "route").rows == (3,)
    assert find(report, "body").facts["passed_bytes"] == 12 * 2**20
    assert report.requests <= 16


def test_triton_itself_passes_over_grpc(embedded_triton: EmbeddedTriton) -> None:
    """The same over the other wire, uploads included."""
    report = examine(embedded_triton.grpc_url)
    assert report.ok
    assert find(report, "contract").facts["protocol"] == "grpc"
    assert find(report, "body").facts["passed_bytes"] == 12 * 2**20
    assert report.requests <= 14


def test_recording_of_ones_own_is_transcribed(
    embedded_triton: EmbeddedTriton, weather: Path
) -> None:
    """--audio and --language."""
    options = ExamOptions(audio=str(weather), max_body_bytes=0)
    finding = find(examine(embedded_triton.http_url, options, language="en"), "transcription")
    assert str(weather) in finding.says
    assert str(finding.facts["text"]).startswith("the weather")


def test_recording_that_does_not_exist_is_a_failure(embedded_triton: EmbeddedTriton) -> None:
    """A mistake in the arguments shows where it matters."""
    options = ExamOptions(audio="/nowhere.wav", max_body_bytes=0)
    assert find(examine(embedded_triton.http_url, options), "transcription").state == "failed"


def test_missing_model_is_answered_with_those_there_are(embedded_triton: EmbeddedTriton) -> None:
    """The model's own readiness counts, not the server's."""
    report = examine(embedded_triton.http_url, SMALL, model="nope")
    assert find(report, "model").rows == (5,)
    assert "asr_am_ensemble" in find(report, "model").advice
    assert states(report)["health"] == "passed"
    assert states(report)["transcription"] == "skipped"


# --- behind the gateway ---------------------------------------------------------------------------


def test_documented_gateway_passes(gateway: Start) -> None:
    """Kong, its key, both ways to the model, its limits and its clock are all told."""
    started = gateway(limits={"minute": 300, "hour": 3000})
    report = examine(started.url, SMALL, api_key=KEY)
    assert report.ok
    assert find(report, "who").facts["version"] == "3.9.1"
    assert find(report, "key").facts["needed_for_health"] is True
    assert find(report, "route").facts["ways"] == ("KServe v2", "/api/v1/asr/infer")
    assert find(report, "models").facts["source"] == "statistics"
    assert find(report, "rate-limit").facts["limits"] == {"minute": 300, "hour": 3000}
    assert find(report, "clock").state == "passed"
    assert report.requests == len(started.calls)


def test_documented_gateway_passes_over_grpc(gateway: Start) -> None:
    """The same port, the other wire."""
    report = examine(gateway().grpc_url, SMALL, api_key=KEY)
    assert report.ok
    assert find(report, "who").facts["who"] == "kong"
    assert find(report, "key").facts["needed"] is True


def test_nothing_is_asked_by_head(gateway: Start) -> None:
    """Triton answers HEAD with a body, which breaks the connection."""
    started = gateway()
    examine(started.url, SMALL, api_key=KEY)
    assert {call.method for call in started.calls} == {"GET", "POST", "OPTIONS"}


@pytest.mark.parametrize("wire", ["url", "grpc_url"])
def test_other_header_is_found_and_the_examination_goes_on_with_it(
    gateway: Start, wire: str
) -> None:
    """Discrepancy 2 is one failure, and what else may be wrong is still looked at."""
    url = getattr(gateway(key_names=("apikey",)), wire)
    report = examine(url, SMALL, api_key=KEY)
    failures = [finding.check for finding in report.findings if finding.state == "failed"]
    assert failures == ["key"]
    assert find(report, "key").facts["works_in"] == "apikey"
    assert find(report, "transcription").state == "passed"


@pytest.mark.parametrize(("key", "says"), [(None, "none was given"), ("wrong", "is refused")])
def test_key_that_is_missing_or_wrong_is_the_only_failure(
    gateway: Start, key: str | None, says: str
) -> None:
    """One request is enough; nobody tries doors with a wrong key."""
    report = examine(gateway().url, SMALL, api_key=key)
    assert [each.check for each in report.findings if each.state == "failed"] == ["key"]
    assert says in find(report, "key").says
    assert report.requests == 1


def test_limit_without_room_ends_in_when_to_come_back(gateway: Start) -> None:
    """The examination shares the key's limit, and does not use up more than there is."""
    started = gateway(limits={"hour": 6})
    report = examine(started.url, ExamOptions(timeout_s=1), api_key=KEY)
    assert find(report, "rate-limit").state == "failed"
    assert "come back in" in find(report, "rate-limit").advice
    assert find(report, "transcription").state == "skipped"
    assert 429 not in [call.status for call in started.calls]


def test_size_limit_is_found_between_two_bodies(gateway: Start) -> None:
    """What passed, and what was refused first, with nothing larger after it."""
    started = gateway(max_body_bytes=3 * 2**20)
    finding = find(examine(started.url, api_key=KEY), "body")
    assert finding.rows == (8,)
    assert finding.facts["passed_bytes"] == 2 * 2**20
    assert finding.facts["refused_bytes"] == 4 * 2**20
    assert started.calls[-1].status == 413


def test_stripped_prefixes_are_recognised(gateway: Start) -> None:
    """The published mistake: strip_path on /v2/models and /v2/health."""
    routes = tuple(
        Route(name, path, ALL_METHODS, "")
        for name, path in (("models", r"/v2/models"), ("health", r"/v2/health"))
    )
    report = examine(gateway(routes=routes).url, SMALL, api_key=KEY)
    assert find(report, "health").rows == (5,)
    assert "strip_path: false" in find(report, "health").advice
    assert find(report, "route").state == "failed"


def test_prefix_that_works_is_found(gateway: Start) -> None:
    """Triton below /api/v1/asr, and a URL without it."""
    routes = (Route("prefixed", r"/api/v1/asr/v2", ALL_METHODS, "/v2"),)
    started = gateway(routes=routes)
    report = examine(started.url, SMALL, api_key=KEY)
    url = f"{started.url}/api/v1/asr"
    assert find(report, "route").advice == f"use --url {url}"
    assert examine(url, SMALL, api_key=KEY).ok


def test_gateway_with_the_documented_call_alone_is_enough(gateway: Start) -> None:
    """KServe is closed: the transcription goes the documented way, health is skipped."""
    report = examine(gateway(routes=documented_routes("asr")[:1]).url, SMALL, api_key=KEY)
    assert report.ok
    assert find(report, "contract").facts["protocol"] == "asr-infer"
    assert find(report, "transcription").facts["text"] == "go forward ten meters"
    assert states(report)["health"] == "skipped"


def test_server_that_is_down_behind_the_gateway_is_told_apart_from_the_gateway() -> None:
    """The gateway answers, and what is behind it does not."""
    with Gateway("http://127.0.0.1:1") as gateway:
        report = examine(gateway.url, SMALL)
    assert find(report, "who").facts["who"] == "kong"
    assert find(report, "route").state == "failed"
    assert "the server behind it is not" in find(report, "route").advice


def test_browsers_are_told_of_when_cors_is_there(gateway: Start) -> None:
    """Discrepancy 15: who may call from a page."""
    started = gateway(cors=Cors(origins=("https://app.example",)))
    assert find(examine(started.url, SMALL, api_key=KEY), "browser").facts == {
        "origin": "https://app.example"
    }


# --- answers as recorded --------------------------------------------------------------------------


def test_empty_triton_is_ready_and_of_no_use(
    scripted_http: Callable[[Mapping[str, Any]], str],
) -> None:
    """Discrepancy 5: ready without a single model, as measured on Triton 2.51."""
    model = "/v2/models/asr_am_ensemble"
    unknown = b'{"error":"Request for unknown model: \'asr_am_ensemble\' is not found"}'
    no_path = (404, {}, b'{"error":"Not Found"}')
    url = scripted_http(
        {
            "GET /v2/health/live": (200, {}, b""),
            "GET /v2/health/ready": (200, {}, b""),
            "GET /v2": (200, {}, b'{"name":"triton","version":"2.51.0"}'),
            f"GET {model}": (404, {}, unknown),
            f"GET {model}/ready": (400, {}, b'{"error":"Model version not ready"}'),
            f"POST {model}/infer": (404, {}, unknown),
            "POST /v2/repository/index": (200, {}, b"[]"),
            "POST /api/v1/asr/infer": no_path,
        }
    )
    report = examine(url, SMALL)
    assert find(report, "health").state == "passed"
    assert find(report, "model").rows == (5,)
    assert "emptyDir" in find(report, "model").advice
    assert find(report, "who").facts["server"] == "triton 2.51.0"


def test_page_of_some_web_server_is_no_asr_server(
    scripted_http: Callable[[Mapping[str, Any]], str],
) -> None:
    """A 200 with HTML for every question is not taken for health."""
    page = (200, {"Content-Type": "text/html"}, b"<html>hello</html>")
    paths = ("/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/asr_am_ensemble")
    report = examine(scripted_http({f"GET {path}": page for path in paths}), SMALL)
    assert not report.ok
    assert find(report, "transcription").state == "skipped"


def test_there_is_an_end_to_the_asking() -> None:
    """Whatever servers answer: what the documents promise at most is what is sent at most."""
    log = Log(requests=MOST_REQUESTS - 1)
    with Gateway(EchoUpstream()) as gateway:
        session = open_session(gateway.url, {})
        with Visitor(session, 5.0, log) as visitor:
            asked = [visitor.ask(visitor.kserve.server_live()) for _ in range(3)]
        assert len(gateway.calls) == 1
    assert [answer.code for answer in asked] == ["", "cancelled", "cancelled"]
    assert log.requests == MOST_REQUESTS


# --- the command ----------------------------------------------------------------------------------


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        [*COMMAND, *arguments],
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **environ},
    )


def test_command_prints_plain_lines_and_exits_0(embedded_triton: EmbeddedTriton) -> None:
    """A healthy server; the URL is an argument, the output has no colours in a pipe."""
    done = run(embedded_triton.http_url, "--max-body", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed   transcription" in done.stdout
    assert "\x1b" not in done.stdout


def test_command_exits_1_when_something_failed() -> None:
    """And quietly tells only that."""
    done = run("http://127.0.0.1:1", "-q")
    assert done.returncode == 1
    assert done.stdout.split()[:2] == ["failed", "port"]


@pytest.mark.parametrize("arguments", [(), ("ftp://a",), ("http://a", "--timeout", "0")])
def test_command_exits_2_when_it_is_used_wrongly(arguments: tuple[str, ...]) -> None:
    """No server, no such scheme, no time."""
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_command_never_prints_the_key(gateway: Start) -> None:
    """Neither as text nor as JSON, accepted or refused; a fingerprint stands for it."""
    url = gateway().url
    for key in (KEY, "KEY-THAT-IS-WRONG"):
        for more in ((), ("--json",)):
            done = run(url, "--max-body", "0", *more, ASR_API_KEY=key)
            assert key not in done.stdout + done.stderr
            assert ApiKey(key).fingerprint in done.stdout


def test_command_gives_json(embedded_triton: EmbeddedTriton) -> None:
    """One object, whatever the state."""
    done = run("--url", embedded_triton.http_url, "--json", "--max-body", "1")
    told = json.loads(done.stdout)
    assert (told["ok"], done.returncode) == (True, 0)
    assert (
        next(each for each in told["findings"] if each["check"] == "body")["facts"]["passed_bytes"]
        == 2**19
    )


def test_options_that_cannot_work_are_refused() -> None:
    """Bodies beyond 12 MiB are never sent."""
    with pytest.raises(ConfigError, match="12 MiB"):
        ExamOptions(max_body_bytes=2**30)
