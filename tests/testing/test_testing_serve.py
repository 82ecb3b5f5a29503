"""`asr-client serve --gateway` as a process."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from asr_client.cli.serve import _key

COMMAND = [sys.executable, "-m", "asr_client.cli.admin", "serve"]
PATIENCE_S = 60.0


def test_gateway_is_served_with_a_new_key_in_a_private_file(weather: Path) -> None:
    """The key is where the output says, in a file for its owner alone, and nowhere else."""
    options = ["--gateway", "--limit-per-hour", "1", "--json"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as serve:
        assert serve.stdout is not None
        places = json.loads(serve.stdout.readline())
        key_file = Path(places["api_key_file"])
        mode = stat.S_IMODE(key_file.stat().st_mode)
        key = key_file.read_text()
        without = health(places["gateway"])
        inside = health(places["gateway"], "--api-key-file", str(key_file))
        text = transcribe(places["grpc"], weather)
        serve.send_signal(signal.SIGHUP)  # as a terminal does that is closed
        assert serve.wait(PATIENCE_S) == 0
    assert mode == 0o600
    assert key not in json.dumps(places)
    assert without.returncode == 1
    assert "key" in without.stderr
    assert key not in without.stderr + inside.stderr + inside.stdout
    assert text.startswith("the weather")
    assert not key_file.exists()


def test_options_of_the_gateway_want_the_gateway() -> None:
    """A limit that nobody would keep is refused before anything starts."""
    done = run([*COMMAND, "--limit-per-minute", "3"])
    assert (done.returncode, "add --gateway" in done.stderr) == (2, True)


def health(url: str, *more: str) -> Any:
    """Ask for health, as a user would."""
    return run([sys.executable, "-m", "asr_client.cli.admin", "health", "--url", url, *more])


def transcribe(url: str, recording: Path) -> str:
    """Transcribe, as a user would."""
    command = [sys.executable, "-m", "asr_client.cli.transcribe", "--url", url, str(recording)]
    return run(command).stdout


def run(command: list[str]) -> Any:
    """Run a command without a key from outside."""
    clean = {name: value for name, value in os.environ.items() if name != "ASR_API_KEY"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=clean
    )


def test_own_key_is_used_and_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is named, a variable is not; only a new key gets a file, for as long as it opens."""
    (tmp_path / "key").write_text("mine\n")
    with _key(Namespace(api_key_file=str(tmp_path / "key"))) as (key, path):
        assert (key.reveal(), path) == ("mine", str(tmp_path / "key"))
    with _key(Namespace(api_key_file=None)) as (new, path):
        assert Path(path).read_text() == new.reveal()
    assert not Path(path).exists()
    monkeypatch.setenv("ASR_API_KEY", "theirs")
    with _key(Namespace(api_key_file=None)) as (key, path):
        assert (key.reveal(), path) == ("theirs", "")
