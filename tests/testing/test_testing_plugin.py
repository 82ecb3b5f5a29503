"""The fixtures as an application's own tests use them, and the client before the gateway."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asr_client import ASRClient, AuthError, TransportError
from asr_client.auth import ApiKey
from asr_client.testing import EchoUpstream, ManualClock

APPLICATION_TEST = '''
"""An application's test."""

import urllib.request


def test_health(asr_gateway):
    """No Triton, no GPU, no import."""
    gateway = asr_gateway()
    with urllib.request.urlopen(gateway.url + "/v2/health/ready") as response:
        assert response.status == 200
    assert gateway.counts_by_status() == {200: 1}
'''


def test_fixtures_are_there_for_applications(tmp_path: Path) -> None:
    """A test file of somebody else finds the fixtures without importing anything."""
    (tmp_path / "test_application.py").write_text(APPLICATION_TEST)
    command = [sys.executable, "-m", "pytest", "-p", "asr_client.testing.plugin", "-q", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("protocol", ["http", "generate", "asr-infer"])
def test_echo_answers_the_client_in_every_http_dialect(
    protocol: Any, asr_gateway: Any, weather: Path
) -> None:
    """A fixed text for any recording: enough to test what surrounds recognition."""
    gateway = asr_gateway(EchoUpstream("guten tag"), api_keys=(ApiKey("k"),))
    model = {"model": "asr"} if protocol == "generate" else {}
    with ASRClient(gateway.url, protocol=protocol, api_key=ApiKey("k"), **model) as client:
        assert client.transcribe(weather, language="hi").text == "guten tag"
    assert {call.status for call in gateway.calls} == {200}


def test_client_tells_a_missing_key(asr_gateway: Any, weather: Path) -> None:
    """The client's error is the one for a 401 by Kong."""
    gateway = asr_gateway(api_keys=(ApiKey("k"),))
    with ASRClient(gateway.url) as client, pytest.raises(AuthError) as caught:
        client.transcribe(weather, language="hi")
    assert (caught.value.origin, caught.value.executed) == ("kong", "no")


def test_real_triton_answers_behind_the_gateway(
    asr_gateway: Any, embedded_triton: Any, weather: Path
) -> None:
    """The same text over HTTP, gRPC and the documented call, from a real recogniser."""
    triton = embedded_triton
    gateway = asr_gateway(
        triton.http_url,
        triton.grpc_url,
        api_keys=(ApiKey("k"),),
        limits={"minute": 100},
        clock=ManualClock(),
    )
    for url, protocol, language in (
        (gateway.url, "http", "en"),
        (gateway.url, "asr-infer", None),
        (gateway.grpc_url, "grpc", "en"),
    ):
        with ASRClient(url, protocol=protocol, api_key=ApiKey("k")) as client:
            assert client.transcribe(weather, language=language).text.startswith("the weather")
    assert {call.status for call in gateway.calls} == {0, 200}
    assert {call.protocol for call in gateway.calls} == {"http", "grpc"}


def test_truncated_transcript_is_no_transcript(asr_gateway: Any, weather: Path) -> None:
    """However often it is tried, half an answer never becomes a text."""
    gateway = asr_gateway()
    gateway.truncates(times=100, path="*/infer")
    with (
        ASRClient(gateway.url, protocol="http") as client,
        pytest.raises(TransportError),
    ):
        client.transcribe(weather, language="hi", deadline_s=2)
    assert gateway.calls[-1].drill == "Truncates"
