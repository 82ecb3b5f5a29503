"""A key goes through all that could show it; what other tests show, the key scan looks at."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr_client import ApiKey, ASRClient, ASRError, AsyncASRClient, Waveform
from asr_client.auth import KeyRing, choose_source
from asr_client.calls.attempt import Try
from asr_client.calls.effects import Send
from asr_client.client import open_session
from asr_client.contracts.wire import Request
from asr_client.deadline import Deadline
from asr_client.retry import RetryPolicy
from asr_client.testing import Gateway, GatewayOptions, UpstreamReply, UpstreamRequest
from asr_client.testing.plugin import asr_gateway
from canaries import MARK, new_key

__all__ = ["asr_gateway"]

CALL = "/api/v1/asr/infer"
SECOND = Waveform(np.zeros(16_000, np.float32), 16_000)
TWO_TRIES = RetryPolicy(max_attempts=2, first_delay_s=0.0)
PATIENCE_S = 60.0


@pytest.fixture
def key() -> str:
    """A key of this test alone."""
    return new_key()


@pytest.fixture
def gateway(asr_gateway: Callable[..., Gateway], key: str) -> Gateway:
    """A gateway that wants the key, before an upstream that always hears the same."""

    def upstream(_: UpstreamRequest) -> UpstreamReply:
        return UpstreamReply(b'{"transcript": "namaste"}')

    return asr_gateway(upstream, api_keys=(ApiKey(key),))


# --- in the process -----------------------------------------------------------------------------


def test_reprs_show_no_key(key: str) -> None:
    """Whatever a debugger, a log or a failing assertion prints: client, settings, effects."""
    secret = ApiKey(key)
    environ = {"ASR_API_KEY": key, "ASR_API_KEY_COMMAND": f"echo {key}"}
    session = open_session("http://gateway.test", {"api_key": key})
    call = session.call()
    request = Request("POST", CALL, (("Accept", "*/*"),), (b"",))
    shown = [
        secret,
        *(KeyRing(choose_source(given, environ={})) for given in (key, (key, "b"), lambda: key)),
        *(choose_source(environ={name: value}) for name, value in environ.items()),
        choose_source(api_key_command=["echo", key], environ={}),
        session,
        session.config,
        call,
        Try(call, 1, secret, 0.0),
        Send(request, Deadline.after(1.0), secret),
        GatewayOptions(api_keys=(secret,)),
    ]
    with ASRClient("http://gateway.test", api_key=key) as client:
        shown.append(client)
        said = "".join(f"{each!r}{each!s}" for each in shown)
    assert key not in said
    assert secret.fingerprint in said


FAILURES: dict[str, Callable[[Gateway], object]] = {
    "refused key": lambda gateway: gateway.rotates_key(ApiKey(new_key())),
    "upstream": lambda gateway: gateway.upstream_fails(times=2),
    "time-out": lambda gateway: gateway.times_out(),
    "reset": lambda gateway: gateway.resets(times=2),
    "truncated": lambda gateway: gateway.truncates(times=2),
    "nobody": Gateway.stop,
    # A server that quotes the request that it did not like.
    "nonsense": lambda gateway: gateway.answers(200, body=b"{"),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("is_async", [False, True])
def test_errors_show_no_key(name: str, is_async: bool, gateway: Gateway, key: str) -> None:
    """Text, repr, pickle, and the whole traceback with its causes."""
    FAILURES[name](gateway)
    with pytest.raises(ASRError) as caught:
        call_once(gateway.url + CALL, is_async, api_key=key, retry=TWO_TRIES)
    error = caught.value
    assert key.encode() not in pickle.dumps(error)
    assert key not in f"{error}{error!r}{error.attempts}{vars(error)}"
    assert key not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("name", ["upstream", "reset", "nobody"])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("is_async", [False, True])
def test_locals_of_a_traceback_show_no_key(
    name: str, protocol: str, is_async: bool, asr_gateway: Callable[..., Gateway], key: str
) -> None:
    """Tools that report failures with their variables do not get it from our frames, or below."""
    gateway = asr_gateway((), ())
    url = gateway.url if protocol == "http" else gateway.grpc_url
    FAILURES[name](gateway)
    with pytest.raises(ASRError) as caught:
        call_once(url, is_async, api_key=key, retry=TWO_TRIES, protocol=protocol)
    shown = list(shown_locals(caught.value))
    assert shown
    assert [place for place, variables in shown if key in variables] == []


def shown_locals(error: BaseException) -> Iterator[tuple[str, str]]:
    """Give each frame of an error and its causes, and its variables; this file's hold the key."""
    told: traceback.TracebackException | None
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    while told is not None:
        for frame in told.stack:
            if frame.filename != __file__:
                yield f"{frame.filename}:{frame.lineno}", str(frame.locals)
        told = told.__cause__ or told.__context__


def call_once(url: str, is_async: bool, **settings: Any) -> str:
    """Transcribe a second of silence with a client of either colour."""
    settings = {"language": "hi", "deadline_s": PATIENCE_S, **settings}
    if not is_async:
        with ASRClient(url, **settings) as client:
            return client.transcribe(SECOND).text

    async def call() -> str:
        async with AsyncASRClient(url, **settings) as client:
            return (await client.transcribe(SECOND)).text

    return asyncio.run(call())


def test_key_of_the_gateway_is_not_told_upstream_or_in_its_records(
    gateway: Gateway, key: str
) -> None:
    """What a failing test prints of the gateway."""
    assert call_once(gateway.url + CALL, is_async=False, api_key=key) == "namaste"
    assert key not in repr((gateway, gateway.options, gateway.calls))
    assert gateway.calls[0].key_fingerprint == ApiKey(key).fingerprint


# --- on the command line ------------------------------------------------------------------------

TRANSCRIBE = [sys.executable, "-m", "asr_client.cli.transcribe"]
ADMIN = [sys.executable, "-m", "asr_client.cli.admin"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(key: str, tmp_path: Path) -> Run:
    """Run a command that gets the key by its environment and logs all it can."""

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env={**os.environ, "ASR_API_KEY": key, "ASR_LOG": "debug", **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    return run


def check_hidden(done: subprocess.CompletedProcess[str], *secrets: str) -> None:
    """No key of this run is anywhere in an output, nor are other secrets."""
    for secret in (MARK, *secrets):
        assert secret not in done.stdout
        assert secret not in done.stderr


def test_outputs_of_a_good_run_show_no_key(
    run: Run, gateway: Gateway, key: str, weather: Path, tmp_path: Path
) -> None:
    """Text, JSON, files and a debug log, which has the key's fingerprint instead."""
    place = ["--url", gateway.url + CALL, "--languages", "en", "-v", str(weather)]
    done = run(*TRANSCRIBE, *place, "-f", "json")
    check_hidden(done)
    assert json.loads(done.stdout)["text"] == "namaste"
    assert f"key {ApiKey(key).fingerprint}" in done.stderr
    run(*TRANSCRIBE, *place, "-f", "json", "-o", "written.json")
    assert key not in (tmp_path / "written.json").read_text()


def test_failed_runs_show_no_key(run: Run, gateway: Gateway, weather: Path) -> None:
    """A wrong key, TLS that does not come about, nobody there."""
    place = gateway.url.partition("://")[2]
    urls = (gateway.url + CALL, f"https://{place}{CALL}", f"grpc://{place}", "http://127.0.0.1:1")
    for url in urls:
        command = [*TRANSCRIBE, "--url", url, "--deadline", "3", "-v", str(weather)]
        done = run(*command, ASR_API_KEY=new_key())
        assert done.returncode in (1, 2)
        assert done.stderr
        check_hidden(done)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_credentials_of_a_proxy_are_not_shown(
    scheme: str, run: Run, gateway: Gateway, weather: Path
) -> None:
    """Whether it lets the request through or not: this one is a gateway, and knows no tunnels."""
    password = new_key()
    proxy = gateway.url.replace("://", f"://user:{password}@")
    place = ["--url", f"{scheme}://asr.test{CALL}", "--proxy", "environment", "--deadline", "3"]
    done = run(*TRANSCRIBE, *place, str(weather), HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
    assert gateway.calls
    assert done.stderr
    check_hidden(done, password)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_doctor_shows_no_key(options: list[str], run: Run, gateway: Gateway) -> None:
    """Its report is made to be passed on."""
    command = [*ADMIN, "doctor", gateway.url, "--max-body", "0", "--timeout", "20", *options]
    done = run(*command)
    assert "401" in done.stdout + done.stderr or "key" in done.stdout
    check_hidden(done)
    check_hidden(run(*command, ASR_API_KEY=new_key()))


TRACED = """
import logging, sys
import numpy as np
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from asr_client import ASRClient, ASRError, Waveform

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
logging.basicConfig(level=logging.DEBUG)
wave = Waveform(np.zeros(16_000, np.float32), 16_000)
with ASRClient(sys.argv[1], language="hi", telemetry=True, on_attempt=print) as client:
    try:
        print(client.transcribe(wave))
    except ASRError as error:
        print(repr(error), error)
"""


@pytest.mark.parametrize("is_right", [True, False])
def test_traces_and_everybodys_debug_log_show_no_key(
    is_right: bool, run: Run, gateway: Gateway, key: str
) -> None:
    """Spans with all their attributes, hooks, and the log of every library underneath."""
    given = key if is_right else new_key()
    done = run(sys.executable, "-c", TRACED, gateway.url + CALL, ASR_API_KEY=given)
    assert '"attributes"' in done.stdout
    assert ("namaste" in done.stdout) == is_right
    check_hidden(done)
