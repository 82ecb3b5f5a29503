"""What all tests share: one real server, the samples, and an environment without surprises."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from asr_client import ASRClient
from asr_client.embedded import EmbeddedTriton

if TYPE_CHECKING:
    from key_scan import KeyScan

pytest_plugins = ["alone", "key_scan", "raw_servers"]

PROJECT = Path(__file__).parent.parent
SPEECH = PROJECT / "samples" / "speech"

# The same examples in every run: a red build means a change, not a new draw.
settings.register_profile("project", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("project")

# Whoever is started in the background ignores Ctrl-C, under nohup the terminal's end, too, and so
# would the commands under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's own ASR_* variables and proxies out of the tests."""
    for name in os.environ:
        if name.startswith("ASR_") and name != "ASR_EMBEDDED_PYTHON":
            monkeypatch.delenv(name)
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedded_triton(key_scan: KeyScan) -> Iterator[EmbeddedTriton]:
    """One real Triton with a real recogniser, shared by all tests that do not harm it."""
    with EmbeddedTriton() as server:
        yield server
        key_scan.look_at(Path(server.log_path).read_bytes(), "Triton's log")


@pytest.fixture
def client(embedded_triton: EmbeddedTriton) -> Iterator[ASRClient]:
    """A client of the shared server, over HTTP."""
    with ASRClient(embedded_triton.http_url) as each:
        yield each


@pytest.fixture(scope="session")
def weather() -> Path:
    """Four seconds of speech that the recogniser gets right to the word."""
    return SPEECH / "en-rms-weather.flac"


@pytest.fixture(scope="session")
def speech_folder() -> Path:
    """The shipped recordings."""
    return SPEECH
