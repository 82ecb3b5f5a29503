"""asr-client serve, health and models, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_client.embedded import EmbeddedTriton

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMAND = [sys.executable, "-m", "asr_client.cli.admin"]


@pytest.fixture
def run(embedded_triton: EmbeddedTriton) -> Run:
    """Run a subcommand against the shared server."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, name, "--url", embedded_triton.http_url, *arguments]
        return subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)

    return run


def test_health_exits_0_when_server_and_model_are_ready(run: Run) -> None:
    """A healthy server is told in one sentence."""
    done = run("health")
    assert done.stdout == "the server is ready and so is model 'asr_am_ensemble'\n"
    assert done.returncode == 0


def test_health_exits_1_when_the_model_is_missing(run: Run) -> None:
    """A server without the model is not healthy, whatever it says of itself."""
    done = run("health", "--model", "nope", "--json")
    assert json.loads(done.stdout) == {
        "live": True,
        "ready": True,
        "model_ready": False,
        "model": "nope",
        "ok": False,
    }
    assert done.returncode == 1


def test_models_lists_what_the_server_has_and_who_said_so(run: Run) -> None:
    """Names, versions, states, and the source of the list."""
    done = run("models")
    assert "asr_am_ensemble" in done.stdout
    assert "(source: repository index)" in done.stdout
    assert json.loads(run("models", "--json").stdout)["source"] == "repository index"


def test_models_explains_one_when_it_is_named(run: Run) -> None:
    """Contract, protocol and languages of one model, with the reasons."""
    done = run("models", "asr")
    assert "contract base64: audio BYTES" in done.stdout
    assert "/v2/models/asr answers in KServe v2" in done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_it_is_told_to_stop(how: signal.Signals, weather: Path) -> None:
    """The endpoints come as JSON, the server answers, a signal ends it and all it started."""
    with subprocess.Popen(
        [*COMMAND, "serve", "--json"], stdout=subprocess.PIPE, text=True
    ) as serve:
        assert serve.stdout is not None
        urls = json.loads(serve.stdout.readline())
        command = [
            sys.executable,
            "-m",
            "asr_client.cli.transcribe",
            "--url",
            urls["grpc"],
            weather,
        ]
        done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)
        serve.send_signal(how)
        code = serve.wait(30)
    assert done.stdout.startswith("the weather")
    assert code == 0
    health = [*COMMAND, "health", "--url", urls["http"]]
    after = subprocess.run(health, text=True, capture_output=True, check=False, timeout=60)
    assert (after.returncode, "Connection refused" in after.stderr) == (1, True)


def test_serve_tells_of_a_restart(weather: Path) -> None:
    """A server that was killed comes back on the same ports, and the user is told."""
    with subprocess.Popen(
        [*COMMAND, "serve", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serve:
        assert serve.stdout is not None
        assert serve.stderr is not None
        urls = json.loads(serve.stdout.readline())
        os.kill(triton_at(urls["http"]), signal.SIGKILL)
        told = [serve.stderr.readline(), serve.stderr.readline()]
        command = [
            sys.executable,
            "-m",
            "asr_client.cli.transcribe",
            "--url",
            urls["http"],
            weather,
        ]
        done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)
        serve.send_signal(signal.SIGTERM)
        serve.wait(30)
    assert "the server broke and is being restarted" in told[0]
    assert "the server is back" in told[1]
    assert done.stdout.startswith("the weather")


def triton_at(url: str) -> int:
    """Find the tritonserver that was told to listen at this URL's port."""
    flag = f"--http-port={url.rsplit(':', 1)[1]}".encode()
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if flag in words:
                return int(process.name)
    raise AssertionError(f"no tritonserver listens at {url}")
