"""Bulk runs whose bad day comes: whatever ends them, --resume makes what is missing, once."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asr_client import ASRClient, ConfigError, ReplyLostError
from asr_client.bulk.inputs import Entry
from asr_client.bulk.journal import JOURNAL_NAME, Journal, Record, RunBegun, Written, read_history
from asr_client.bulk.outputs import Assignment
from asr_client.bulk.run import stops_all
from asr_client.embedded import EmbeddedTriton
from asr_client.retry import RetryPolicy
from asr_client.testing import EchoUpstream, Gateway
from bulk_runs import (
    done_counts,
    inferences,
    journal_lines,
    left_behind,
    make_recordings,
    outputs,
    start,
    transcribe,
)

RECORDINGS = 4
QUICK = RetryPolicy(first_delay_s=0.001, longest_delay_s=0.01)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few short ones, of different lengths."""
    folder = tmp_path_factory.mktemp("recordings")
    make_recordings(folder, RECORDINGS, seed=1, longest_s=0.9)
    return folder


@pytest.fixture
def arguments(embedded_triton: EmbeddedTriton, recordings: Path) -> list[str]:
    """A run that goes on where another one was, one request after the other."""
    model = ["--url", embedded_triton.http_url, "--model", "asr_slow", "-l", "en"]
    return [str(recordings), "-r", "--resume", *model, "--jobs", "1", "-o"]


@pytest.fixture(scope="module")
def undisturbed(
    embedded_triton: EmbeddedTriton, recordings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What a run leaves that nothing happens to."""
    out = tmp_path_factory.mktemp("undisturbed")
    model = ["--url", embedded_triton.http_url, "--model", "asr_slow", "-l", "en"]
    ended = transcribe([recordings, "-r", *model, "-o", out])
    assert ended.code == 0, ended.said
    return out


@pytest.fixture
def wanted(undisturbed: Path) -> dict[str, bytes]:
    """The transcripts, most of which differ."""
    made = outputs(undisturbed)
    assert len(made) == RECORDINGS
    assert len(set(made.values())) > RECORDINGS // 2
    return made


# How many are done by then; what is left of an output, and of a line, that was being written.
@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("write:2", (1, "half an output")),
        ("placed:3", (2, "nothing")),
        ("line:4", (2, "half a line")),  # the first line is the run's own
    ],
)
def test_killed_at_any_step_it_goes_on_from_there(
    arguments: list[str], wanted: dict[str, bytes], tmp_path: Path, step: str, left: tuple[int, str]
) -> None:
    """Half an output, an output without its line, half a line: nothing of it is taken for done."""
    assert transcribe([*arguments, tmp_path], killed_at=step).code == -signal.SIGKILL
    done, half = left
    assert sum(done_counts(tmp_path).values()) == done
    assert bool(left_behind(tmp_path)) is (half == "half an output")
    is_torn = not (tmp_path / JOURNAL_NAME).read_bytes().endswith(b"\n")
    assert is_torn is (half == "half a line")
    ended = transcribe([*arguments, tmp_path])
    assert ended.code == 0
    assert f"{RECORDINGS - done} of {RECORDINGS} recordings transcribed" in ended.said
    assert outputs(tmp_path) == wanted
    assert left_behind(tmp_path) == []
    assert set(done_counts(tmp_path).values()) == {1}


def test_nothing_is_transcribed_twice_but_what_was_in_flight(
    arguments: list[str], wanted: dict[str, bytes], embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """The server's own count: one request at a time was in flight, and one is done again."""
    before = inferences(embedded_triton.http_url, "asr_slow")
    with start([*arguments, tmp_path]) as running:
        assert running.wait_until(lambda: len(done_counts(tmp_path)) >= 2)
        running.kill()
        assert running.ended().code == -signal.SIGKILL
    assert transcribe([*arguments, tmp_path]).code == 0
    assert outputs(tmp_path) == wanted
    made = inferences(embedded_triton.http_url, "asr_slow") - before
    assert RECORDINGS <= made <= RECORDINGS + 1


def test_stopped_while_it_overwrites_it_goes_on_to_overwrite(
    arguments: list[str], undisturbed: Path, tmp_path: Path
) -> None:
    """What an earlier run has made is not what this one was told to make."""
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    again = ["--overwrite" if each == "--resume" else each for each in arguments]
    assert transcribe([*again, tmp_path], killed_at="lined:3").code == -signal.SIGKILL
    ended = transcribe([*arguments, tmp_path])
    assert f"{RECORDINGS - 2} of {RECORDINGS} recordings transcribed; 2 were done" in ended.said
    assert outputs(tmp_path) == outputs(undisturbed)


def test_name_that_is_taken_fails_its_own(
    arguments: list[str], wanted: dict[str, bytes], tmp_path: Path
) -> None:
    """A file where a folder should be: the others are kept, one line tells of each."""
    (tmp_path / "set 1").write_text("")
    ended = transcribe([*arguments, tmp_path])
    assert ended.code == 1
    kept = {name: text for name, text in wanted.items() if not name.startswith("set 1")}
    assert outputs(tmp_path) == kept | {"set 1": b""}
    told = [line for line in ended.lines if f"{tmp_path / 'set 1'}: File exists" in line]
    assert len(told) == RECORDINGS - len(kept)
    assert "Traceback" not in ended.said


@pytest.fixture
def journal_texts(tmp_path: Path) -> tuple[list[bytes], Path]:
    """Lines of a journal, and the folder that it is in."""
    with Journal(tmp_path) as journal:
        journal.append(RunBegun(options={"language": "en"}, model="m"))
        for name in ("a", "b/c", "\udcff"):
            journal.append(Record(name=name, key="k", outputs=(Written(f"{name}.txt", "0", 1),)))
    return journal_lines(tmp_path), tmp_path


def test_journal_without_its_first_line_is_one(journal_texts: tuple[list[bytes], Path]) -> None:
    """Its recordings have keys of their own: nobody has to know with which options they began."""
    lines, folder = journal_texts
    (folder / JOURNAL_NAME).write_bytes(b"\xfe\n" + b"\n".join(lines[1:]) + b"\n")
    history = read_history(folder)
    assert not history.is_empty
    assert sorted(history.records) == ["a", "b/c", "\udcff"]
    assert history.damaged == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"run": {"options": 3}}',
        b'{"done": {"name": "a", "outputs": {}}}',
        b'{"done": {"name": "a", "outputs": [{"path": 7, "sha256": "0", "size_bytes": 1}]}}',
    ],
)
def test_values_of_another_type_are_damage(
    journal_texts: tuple[list[bytes], Path], line: bytes
) -> None:
    """What is read later can be relied on."""
    _, folder = journal_texts
    with (folder / JOURNAL_NAME).open("ab") as file:
        file.write(line + b"\n")
    assert read_history(folder).damaged == 1


def test_outputs_of_later_versions_are_read(journal_texts: tuple[list[bytes], Path]) -> None:
    """They may say more of an output than we know of."""
    lines, folder = journal_texts
    content = b"\n".join(lines).replace(b'"path"', b'"mode": 7, "path"') + b"\n"
    (folder / JOURNAL_NAME).write_bytes(content)
    assert read_history(folder).records["a"].outputs == (Written("a.txt", "0", 1),)


def test_journal_that_is_no_file_is_refused(tmp_path: Path) -> None:
    """A pipe would be waited for, a device read until memory ends."""
    os.mkfifo(tmp_path / JOURNAL_NAME)
    assert read_history(tmp_path).is_empty
    with pytest.raises(ConfigError, match="is no file"):
        Journal(tmp_path)
    (tmp_path / JOURNAL_NAME).unlink()
    (tmp_path / JOURNAL_NAME).symlink_to("/dev/zero")
    assert read_history(tmp_path).is_empty
    with pytest.raises(ConfigError, match="nothing can be written"):
        Journal(tmp_path)


def test_server_that_is_away_ends_a_run_and_one_that_a_recording_breaks_does_not() -> None:
    """What was under way when it went may have run, and fails no more than what never was sent."""
    error = ReplyLostError("broke")
    assignment = Assignment(Entry("a.wav", "a.wav"), "a", ())
    assert stops_all(error, assignment)
    error.fault = replace(error.fault, retryable="no")
    assert not stops_all(error, assignment)


@pytest.fixture
def away() -> Iterator[tuple[Gateway, ASRClient]]:
    """A gateway whose upstream goes, and a client of it."""
    with Gateway(EchoUpstream()) as gateway:
        settings = {"language": "hi", "retry": QUICK, "protocol": "http"}
        with ASRClient(gateway.url, **settings) as client:
            yield gateway, client


def test_long_recording_gives_up_a_server_that_is_away(away: tuple[Gateway, ASRClient]) -> None:
    """A try for each of its pieces would take hours."""
    gateway, client = away
    client.warm()
    gateway.upstream_fails(times=10_000, path="*/infer")
    noise = np.random.default_rng(1).normal(0, 0.05, 16_000 * 1500).astype(np.float32)
    items = list(client.transcribe_many([noise], sample_rate_hz=16_000, patience_s=0))
    assert [item.error.code for item in items if item.error] == ["gateway_upstream_unreachable"]
    asked = sum(call.path.endswith("/infer") for call in gateway.calls)
    assert 0 < asked < 40


def test_names_on_stdout_stay_on_their_lines(
    away: tuple[Gateway, ASRClient], recordings: Path, tmp_path: Path
) -> None:
    """Whatever a file is called, there is one line for each, and no terminal is steered."""
    gateway, _ = away
    recording = next(recordings.rglob("*.wav")).read_bytes()
    for name in (b"a\nb.wav", b"\x1b[31m\xff.wav"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(recording)
    ended = transcribe(["*.wav", "-q", "-l", "hi", "--url", gateway.url], folder=tmp_path)
    assert ended.code == 0, ended.said
    heard = "this text was not recognised"
    assert ended.printed == f"\\x1b[31m\\udcff.wav: {heard}\na\\nb.wav: {heard}\n"
