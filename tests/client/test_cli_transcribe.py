"""asr-transcribe as a user runs it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_client.embedded import EmbeddedTriton
from canaries import new_key

WEATHER = "the weather will be dry and warm today but cold in the evening"
COMMAND = [sys.executable, "-m", "asr_client.cli.transcribe"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(embedded_triton: EmbeddedTriton) -> Run:
    """Run asr-transcribe against the shared server."""

    def run(*arguments: object, url: str = embedded_triton.http_url, **options: object) -> object:
        command = [*options.pop("command", COMMAND), *map(str, arguments)]
        environment = {**os.environ, "ASR_URL": url}
        options = {"text": True, "capture_output": True, "timeout": 60, **options}
        return subprocess.run(command, env=environment, check=False, **options)

    return run


def test_text_goes_to_stdout_and_nothing_else(run: Run, weather: Path) -> None:
    """A pipe gets the text, a log gets nothing, the shell gets 0."""
    done = run(weather)
    assert (done.stdout, done.stderr, done.returncode) == (f"{WEATHER}\n", "", 0)


def test_one_bad_recording_does_not_stop_the_rest(run: Run, weather: Path, tmp_path: Path) -> None:
    """Good recordings are transcribed, the bad one is named, the exit code tells."""
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"")
    done = run(weather, bad, weather)
    assert done.stdout == f"{weather}: {WEATHER}\n" * 2
    assert f"asr-transcribe: error: {bad}: it is empty" in done.stderr
    assert "1 of 3 recordings failed" in done.stderr
    assert done.returncode == 1


def test_stdin_is_read_when_the_file_is_a_dash(run: Run, weather: Path) -> None:
    """A recording may come through a pipe."""
    done = run("-", input=weather.read_bytes(), text=False)
    assert done.stdout.decode() == f"{WEATHER}\n"


def test_json_holds_every_field_when_asked_for(run: Run, weather: Path) -> None:
    """One line of JSON tells text, language, timing, facts of the audio and the route."""
    (line,) = run("-f", "json", weather).stdout.splitlines()
    fields = json.loads(line)
    assert fields["text"] == WEATHER
    assert fields["language"] == "en"
    assert fields["source"] == str(weather)
    assert fields["audio"]["format"] == "FLAC/PCM_16"
    assert fields["protocol"] == "http"


def test_outputs_go_to_a_folder_one_file_each(run: Run, weather: Path, tmp_path: Path) -> None:
    """Several recordings with -o become several files, the folder is made."""
    other = shutil.copy(weather.parent / "en-rms-greeting.flac", tmp_path)
    done = run("-f", "srt", "-o", tmp_path / "out", weather, other)
    assert (done.stdout, done.returncode) == ("", 0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".asr-transcribe.jsonl",
        "en-rms-greeting.srt",
        "en-rms-weather.srt",
    ]
    lines = (tmp_path / "out" / "en-rms-weather.srt").read_text().splitlines()
    assert lines[:2] == ["1", "00:00:00,000 --> 00:00:04,305"]


def test_equal_names_keep_their_suffix_in_a_folder(run: Run, weather: Path, tmp_path: Path) -> None:
    """talk.flac and talk.wav do not overwrite each other's text."""
    shutil.copy(weather, tmp_path / "talk.flac")
    samples, rate = soundfile.read(weather)
    soundfile.write(tmp_path / "talk.wav", samples, rate)
    run("-o", tmp_path / "out", tmp_path / "talk.flac", tmp_path / "talk.wav")
    names = sorted(path.name for path in (tmp_path / "out").glob("*.txt"))
    assert names == ["talk.flac.txt", "talk.wav.txt"]


def test_recording_is_never_overwritten(run: Run, weather: Path, tmp_path: Path) -> None:
    """-o with the recording's own name is a usage error, and the recording stays."""
    recording = Path(shutil.copy(weather, tmp_path / "talk.txt"))
    done = run("-o", recording, recording)
    assert done.returncode == 2
    assert "would overwrite a recording" in done.stderr
    assert recording.read_bytes() == weather.read_bytes()


def test_protocol_and_reason_are_told_when_verbose(
    run: Run, weather: Path, embedded_triton: EmbeddedTriton
) -> None:
    """-v says how the server was asked and why, on stderr."""
    done = run("-v", weather, url=embedded_triton.grpc_url)
    assert done.stdout == f"{WEATHER}\n"
    assert "protocol grpc: the URL says grpc://" in done.stderr
    assert "contract ai4bharat" in done.stderr
    assert "RTFx" in done.stderr


def test_warning_tells_what_is_odd_about_a_recording(run: Run, tmp_path: Path) -> None:
    """Silence is transcribed as nothing, and said to be silence; -q keeps quiet."""
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    done = run(tmp_path / "silence.wav")
    assert (done.stdout, done.returncode) == ("\n", 0)
    assert "warning:" in done.stderr
    assert run("-q", tmp_path / "silence.wav").stderr == ""


BAD_RECORDINGS = {
    "empty file": (lambda path: path.write_bytes(b""), "it is empty"),
    "text file": (lambda path: path.write_text("hello\n" * 100), "not audio but text"),
    "no such file": (lambda path: path, "no such file"),
    "no samples": (lambda path: write_wav(path, np.zeros(0)), "no samples"),
    "NaN": (lambda path: write_wav(path, np.full(8000, np.nan), "FLOAT"), "NaN"),
    "int16 as float": (
        lambda path: write_wav(path, np.full(8000, 9000.0), "FLOAT"),
        "divide by 32768",
    ),
}


def write_wav(path: Path, samples: np.ndarray, subtype: str = "PCM_16") -> None:
    """Write 16 kHz audio under whatever name."""
    soundfile.write(path, samples, 16_000, subtype=subtype, format="WAV")


@pytest.mark.parametrize("case", BAD_RECORDINGS)
def test_bad_recording_is_one_clear_line(run: Run, tmp_path: Path, case: str) -> None:
    """Whatever is wrong with a recording: one line that names it, exit code 1, no traceback."""
    make, text = BAD_RECORDINGS[case]
    path = tmp_path / "recording.wav"
    make(path)
    done = run(path)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"asr-transcribe: error: {path}: ")
    assert text in line


def test_odd_but_good_recordings_are_transcribed(run: Run, weather: Path, tmp_path: Path) -> None:
    """8 kHz mu-law and six channels are ordinary audio; a cut-off WAV tells what is missing."""
    samples, rate = soundfile.read(weather)
    six = np.repeat(samples, 3)[:, np.newaxis].repeat(6, axis=1)
    soundfile.write(tmp_path / "six.wav", six, 3 * rate)
    soundfile.write(tmp_path / "mulaw.wav", samples[::2], rate // 2, subtype="ULAW")
    soundfile.write(tmp_path / "cut.wav", samples, rate)
    with (tmp_path / "cut.wav").open("rb+") as file:
        file.truncate(70_000)
    done = run(tmp_path / "six.wav", tmp_path / "mulaw.wav", tmp_path / "cut.wav")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"{tmp_path / 'six.wav'}: {WEATHER}"
    assert "telephone" in done.stderr
    assert "cut" in done.stderr.replace("cut.wav", "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-l", "hindee", "RECORDING"], "nearest match: Hindi, which this model does not take"),
        (["-l", "hi", "RECORDING"], "does not take Hindi"),
        (["--deadline", "0", "RECORDING"], "positive number"),
        (["--url", "ftp://x", "RECORDING"], "scheme"),
        (["--url", "http://user:secret@x", "RECORDING"], "must hold neither"),
        (["-f", "srt", "RECORDING", "RECORDING"], "-o FOLDER"),
        (["--protocol", "grpc", "RECORDING"], "does not go with"),
        (["--embedded", "--protocol", "ulca", "RECORDING"], "--url and --embedded|does not speak"),
        (["-", "-"], "only once"),
        ([], "no recording is named"),
        (["FOLDER"], "holds no recordings"),
        (["--resume", "RECORDING"], "name it with -o"),
        (["--jobs", "0", "RECORDING"], "neither auto nor a number"),
        (["--manifest", "RECORDING"], "this is not UTF-8|a line is longer"),
        (["-f", "txt", "-f", "srt", "RECORDING"], "stdout takes one format"),
        (["--nonsense", "RECORDING"], "unrecognized arguments"),
    ],
)
def test_usage_error_exits_with_2(
    run: Run, weather: Path, tmp_path: Path, arguments: list[str], text: str
) -> None:
    """An unknown language, URL or option is the caller's to mend: one line, no secret."""
    places = {"RECORDING": weather, "FOLDER": tmp_path}
    done = run(*[places.get(each, each) for each in arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert re.search(text, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--url", "http://127.0.0.1:CLOSED"], "Connection refused"),
        (["--model", "nope"], "Request for unknown model: 'nope'"),
        (["--model", "nope", "--protocol", "generate"], "Request for unknown model: 'nope'"),
        (["--protocol", "generate"], "could only carry as JSON numbers"),
    ],
)
def test_server_error_is_one_clear_line(
    run: Run, weather: Path, arguments: list[str], text: str
) -> None:
    """A closed port and an unknown model end with exit code 1 and one line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = str(server.getsockname()[1])
    done = run(*[each.replace("CLOSED", closed) for each in arguments], weather)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert text in line


def test_no_server_is_a_usage_error_that_says_what_to_do(weather: Path) -> None:
    """Without URL, variable or --embedded the message names all three."""
    command = [sys.executable, "-m", "asr_client.cli.transcribe", str(weather)]
    done = subprocess.run(command, text=True, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "ASR_URL" in done.stderr
    assert "asr-client serve" in done.stderr


def test_reader_that_leaves_early_causes_no_traceback(run: Run, weather: Path) -> None:
    """`asr-transcribe ... | head -0` ends quietly."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as nobody:
        done = run(weather, stdout=nobody, stderr=subprocess.PIPE, capture_output=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_key_comes_from_a_file_and_is_never_shown(run: Run, weather: Path, tmp_path: Path) -> None:
    """The key's file is read, a missing one is a usage error, the key is in no output."""
    key_file, key = tmp_path / "key", new_key()
    key_file.write_text(f"{key}\n")
    done = run("-v", "--api-key-file", key_file, weather)
    assert done.returncode == 0
    assert key not in done.stdout + done.stderr
    assert run("--api-key-file", tmp_path / "none", weather).returncode == 2


def test_closed_streams_are_no_disaster(run: Run, weather: Path) -> None:
    """Without stderr the text still comes; without stdout there is one clear line."""
    quiet = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-m", "asr_client.cli.transcribe"]
    mute = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "asr_client.cli.transcribe"]
    done = run(weather, command=quiet)
    assert (done.stdout, done.returncode) == (f"{WEATHER}\n", 0)
    done = run(weather, command=mute)
    assert done.returncode == 1
    assert "standard output is closed" in done.stderr
    assert "Traceback" not in done.stderr


def test_odd_file_names_spoil_nothing(run: Run, weather: Path, tmp_path: Path) -> None:
    """A name that is no text is written as an escape, and the next recording is still done."""
    odd = os.fsencode(tmp_path) + b"/\xff odd.flac"
    shutil.copy(weather, odd)
    done = run("-f", "json", "-o", tmp_path / "out", os.fsdecode(odd), weather)
    assert ("error" in done.stderr, done.returncode) == (False, 0)
    written = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("*.json")]
    assert [fields["text"] for fields in written] == [WEATHER, WEATHER]


def test_languages_of_the_model_may_be_stated(run: Run, weather: Path) -> None:
    """--languages says what the model takes, where the user knows better."""
    done = run("--languages", "hi,ta", "-l", "en", weather)
    assert done.returncode == 2
    assert "it takes: hi, ta" in done.stderr
