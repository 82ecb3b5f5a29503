"""Many recordings through a real server: each kept or named, whatever becomes of the others."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from asr_client import ASRClient, LanguageError
from asr_client.bulk.account.tally import Tally
from asr_client.bulk.durations import measure_duration_s
from asr_client.bulk.inputs import Entry, Inputs, collect
from asr_client.bulk.journal import JOURNAL_NAME, Journal, read_history
from asr_client.bulk.outputs import Assignment, assign_outputs
from asr_client.bulk.run import run_bulk
from asr_client.bulk.store import FolderStore
from asr_client.embedded import EmbeddedTriton

GREETING, THANKS = "good morning\n", "thank you very much\n"
COMMAND = [sys.executable, "-m", "asr_client.cli.transcribe"]
Run = Callable[..., subprocess.CompletedProcess[str]]


class Notes:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def finished(self, assignment: Assignment, transcript: object) -> None:
        """One is done."""
        self.texts[assignment.name] = transcript.text

    def failed(self, assignment: Assignment, error: Exception) -> None:
        """One is not."""
        self.errors[assignment.name] = str(error)


@pytest.fixture
def recordings(tmp_path: Path, speech_folder: Path) -> Path:
    """Two short recordings, one below the other, and one that is none."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(speech_folder / "en-rms-greeting.flac", folder / "a.flac")
    shutil.copy(speech_folder / "en-slt-thanks.flac", folder / "sub" / "b.flac")
    (folder / "bad.wav").write_bytes(b"")
    return folder


def go(
    client: ASRClient,
    entries: tuple[Entry, ...],
    folder: Path,
    formats: Sequence[str] = ("txt",),
    **options: object,
) -> tuple[Tally, Notes, Exception | None]:
    """Transcribe into a folder, going on from what is there."""
    assignments = assign_outputs(entries, folder, list(formats))
    tally, notes = Tally(len(assignments)), Notes()
    with Journal(folder) as journal:
        store = FolderStore(
            assignments, journal, {}, resume=True, elapsed_s=lambda: tally.elapsed_s
        )
        stopped = run_bulk(client, store, tally, notes, lambda: False, **options)
    return tally, notes, stopped


def everything(folder: Path) -> tuple[Entry, ...]:
    """All recordings of a folder."""
    return collect(Inputs(files=(str(folder),), recursive=True))


def test_run_keeps_what_is_good_and_goes_on_with_the_rest(
    client: ASRClient, recordings: Path, tmp_path: Path
) -> None:
    """A bad recording is named, the others are kept; the next run does what is left, no more."""
    out = tmp_path / "out"
    tally, notes, stopped = go(client, everything(recordings), out, jobs=2)
    assert (tally.done, tally.failed, tally.skipped, stopped) == (2, 1, 0, None)
    assert "it is empty" in notes.errors["bad"]
    assert (out / "a.txt").read_text() == GREETING
    assert (out / "sub" / "b.txt").read_text() == THANKS
    written = {name: record.ok for name, record in read_history(out).records.items()}
    assert written == {"a": True, "sub/b": True, "bad": False}

    shutil.copy(recordings / "a.flac", recordings / "bad.wav")  # mended
    (out / "sub" / "b.txt").write_text("half a tex")  # damaged
    tally, notes, _ = go(client, everything(recordings), out)
    assert (tally.done, tally.skipped, sorted(notes.texts)) == (2, 1, ["bad", "sub/b"])
    assert (out / "sub" / "b.txt").read_text() == THANKS


def test_formats_are_added_one_after_the_other(
    client: ASRClient, recordings: Path, tmp_path: Path
) -> None:
    """What an earlier run has written in another format stays done."""
    entries = everything(recordings / "sub")
    for format_, done in (("txt", 1), ("json", 1), ("txt", 0), ("json", 0)):
        tally, _, _ = go(client, entries, tmp_path / "out", [format_])
        assert (tally.done, tally.skipped) == (done, 1 - done)


def test_nothing_left_needs_no_server(client: ASRClient, recordings: Path, tmp_path: Path) -> None:
    """A run that is resumed when all is done asks nobody, and is a success."""
    (recordings / "bad.wav").unlink()
    go(client, everything(recordings), tmp_path / "out")
    with ASRClient("http://127.0.0.1:9") as nobody:
        tally, _, stopped = go(nobody, everything(recordings), tmp_path / "out")
    assert (tally.skipped, tally.not_tried, stopped) == (2, 0, None)


def test_error_of_all_ends_the_run_and_of_one_does_not(
    client: ASRClient, recordings: Path, tmp_path: Path
) -> None:
    """A language that the run names is refused once; one of a single recording fails that alone."""
    entries = everything(recordings)
    tally, _, stopped = go(client, entries, tmp_path / "out", language="hi")
    assert isinstance(stopped, LanguageError)
    assert (tally.done, tally.failed, tally.not_tried) == (0, 0, 3)
    other = Entry(entries[0].path, "hindi.flac", language="hi")
    tally, notes, stopped = go(client, (other, entries[0]), tmp_path / "out")
    assert (tally.done, tally.failed, stopped) == (1, 1, None)
    assert "does not take Hindi" in notes.errors["hindi"]


def test_recording_that_vanishes_is_its_own_error(
    client: ASRClient, recordings: Path, tmp_path: Path
) -> None:
    """Between being found and being read, anything may happen to a file."""
    entries = everything(recordings)
    (recordings / "a.flac").unlink()
    tally, notes, stopped = go(client, entries, tmp_path / "out")
    assert (tally.done, tally.failed, stopped) == (1, 2, None)
    assert "no such file" in notes.errors["a"]


def test_output_that_cannot_be_written_is_its_own_error(
    client: ASRClient, recordings: Path, tmp_path: Path
) -> None:
    """A folder in its place is no full disk."""
    (tmp_path / "out" / "a.txt").mkdir(parents=True)
    tally, notes, stopped = go(client, everything(recordings), tmp_path / "out")
    assert (tally.done, tally.failed, stopped) == (1, 2, None)
    assert "cannot be written" in notes.errors["a"]


def test_pipe_is_left_to_whoever_transcribes_it(recordings: Path) -> None:
    """Looking ahead at lengths reads files alone: what is read of a pipe is gone."""
    (recordings / "pipe").symlink_to("a.flac")
    assert measure_duration_s(Entry(str(recordings / "pipe"), "pipe")) == pytest.approx(1.13)
    (recordings / "pipe").unlink()
    os.mkfifo(recordings / "pipe")
    assert measure_duration_s(Entry(str(recordings / "pipe"), "pipe")) is None
    assert measure_duration_s(Entry(str(recordings / "bad.wav"), "bad.wav")) is None
    assert measure_duration_s(Entry("-", "stdin")) is None


@pytest.fixture
def run(embedded_triton: EmbeddedTriton) -> Run:
    """Run asr-transcribe against the shared server."""

    def run(*arguments: object, **options: object) -> object:
        environment = {**os.environ, "ASR_URL": embedded_triton.http_url}
        options = {"text": True, "capture_output": True, "timeout": 60, **options}
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(command, env=environment, check=False, **options)

    return run


def test_command_tells_writes_and_scores(run: Run, recordings: Path, tmp_path: Path) -> None:
    """A list from stdin, two formats, a summary with error rates; not twice unasked."""
    (recordings / "said.tsv").write_text(
        "path\ttext\na.flac\tGood morning.\nsub/b.flac\tThank you so much!\n"
    )
    listed = "a.flac\0sub/b.flac\0bad.wav\0"
    arguments = ["--files-from", "-", "-0", "-o", tmp_path / "out", "-f", "txt", "-f", "json"]
    told = ["--summary", tmp_path / "summary.json", "--reference", recordings / "said.tsv"]
    done = run(*arguments, *told, input=listed, cwd=recordings)
    assert (done.stdout, done.returncode) == ("", 1)
    assert "bad.wav: it is empty" in done.stderr
    assert "2 of 3 recordings transcribed; 1 failed (1 audio)" in done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["done"], summary["failed_by_code"]) == (2, {"audio": 1})
    assert summary["scores"]["wer"] == pytest.approx(1 / 6)
    assert json.loads((tmp_path / "out/sub/b.json").read_text())["text"] == THANKS.strip()
    again = run(*arguments, input=listed, cwd=recordings)
    assert again.returncode == 2
    assert "--resume goes on" in again.stderr


def test_plan_sends_nothing_and_tells_what_is_left(
    run: Run, recordings: Path, tmp_path: Path
) -> None:
    """Lengths, requests and time; without a server, too."""
    planned = run(recordings, "-r", "-o", tmp_path / "out", "--plan", "--rtfx", "10")
    assert planned.returncode == 0
    assert "recordings  3" in planned.stdout
    assert "audio       2.7 s" in planned.stdout
    assert "time        about 0.3 s; the limit is the server's speed" in planned.stdout
    assert not (tmp_path / "out").exists()
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    alone = run(recordings, "-r", "--plan", "--url", f"http://127.0.0.1:{closed}")
    assert alone.returncode == 0
    assert "server      could not be asked: " in alone.stdout
    assert "time        cannot be told" in alone.stdout


def test_signal_ends_what_is_under_way_and_keeps_it(
    embedded_triton: EmbeddedTriton, recordings: Path, tmp_path: Path
) -> None:
    """Exit code 143, the journal and the folder agree, and nothing else is left behind."""
    for number in range(60):
        shutil.copy(recordings / "a.flac", recordings / f"{number}.flac")
    out = tmp_path / "out"
    command = [*COMMAND, str(recordings), "-o", str(out), "--jobs", "1"]
    environment = {**os.environ, "ASR_URL": embedded_triton.http_url}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline_s = time.monotonic() + 60
        while not read_history(out).records and time.monotonic() < deadline_s:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "not tried" in told
    assert "with --resume goes on from here" in told
    records = read_history(out).records
    made = {path.name for path in out.iterdir() if path.name != JOURNAL_NAME}
    assert made == {f"{name}.txt" for name, record in records.items() if record.ok}
    assert 0 < len(made) < 60
    assert json.loads((out / JOURNAL_NAME).read_text().splitlines()[-1])["end"]["stopped_by"]


def test_chunks_may_be_chosen(run: Run, recordings: Path) -> None:
    """What cannot be kept is a usage error that names the options."""
    done = run("--chunk-s", "0.5", "--overlap-s", "3", recordings / "a.flac")
    assert done.returncode == 2
    assert "--chunk-s, --overlap-s: an overlap of 3 s" in done.stderr
    done = run("--chunk-s", "0.8", recordings / "a.flac", "-f", "json")
    assert len(json.loads(done.stdout)["coverage"]["chunks"]) > 1
