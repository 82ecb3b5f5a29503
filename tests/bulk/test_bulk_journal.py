"""The journal: what it says survives, whatever a crash has torn; one writer at a time."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from asr_client import ConfigError
from asr_client.bulk.journal import JOURNAL_NAME, Journal, read_history
from asr_client.bulk.journal.history import History, differences
from asr_client.bulk.journal.records import (
    Record,
    RunBegun,
    RunEnded,
    Written,
    key_of,
    parse_line,
    write_line,
)

RUN = RunBegun(version="1", started="2026-01-01T00:00:00+00:00", options={"a": 1}, model="m")
DONE = Record(
    name="x/\udcff", source="in/\udcff", key="k", outputs=(Written("x.txt", "ab", 2),), audio_s=8.0
)
FAILED = Record(name="y", code="audio", message="it is empty")
LINES = (RUN, DONE, FAILED, RunEnded(wall_s=2.0, stopped_by="SIGINT"))


@pytest.mark.parametrize("line", LINES, ids=lambda line: type(line).__name__)
def test_line_comes_back(line: RunBegun | Record | RunEnded) -> None:
    """What is written is read as it was, names that are no text included."""
    written = write_line(line)
    assert written.endswith(b"\n")
    assert parse_line(written) == line


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0\0\0",
        b"{}",
        b"[1, 2]",
        b'{"done": {}}',
        b'{"done": {"name": 7}}',
        b'{"done": {"name": "a", "audio_s": "long"}}',
        b'{"done": {"name": "a", "outputs": [{"path": "x"}]}}',
        b'{"done": {"name": "a"}, "run": {}}',
        b'{"later": {"x": 1}}',
        b"[" * 10_000,
    ],
)
def test_damaged_line_is_none(text: bytes) -> None:
    """Nothing that a disk may hold raises."""
    assert parse_line(text) is None


def test_fields_of_later_versions_are_passed_over() -> None:
    """A journal may be gone on with by an older version."""
    assert parse_line(b'{"done": {"name": "a", "mood": "good"}}') == Record(name="a")


def test_journal_is_whole_again_after_any_tear(tmp_path: Path) -> None:
    """Cut anywhere, it holds the lines before the tear, and what is added is read."""
    whole = b"".join(map(write_line, LINES))
    path = tmp_path / JOURNAL_NAME
    for cut in range(0, len(whole), 29):
        path.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n")
        with Journal(tmp_path) as journal:
            assert len(journal.history.records) == min(max(kept - 1, 0), 2)
            journal.append(Record(name="new", key="n"))
        assert path.read_bytes() == b"".join(map(write_line, LINES[:kept])) + write_line(
            Record(name="new", key="n")
        )


def test_line_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    """A disk that is full in the middle of a line: the error is told, the journal stays whole."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(tmp_path) as journal:
        journal.append(RUN)
        whole = journal.path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                journal.append(DONE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert journal.path.read_bytes() == whole
        journal.append(DONE)
    assert read_history(tmp_path).records == {DONE.name: DONE}


def test_damage_in_the_middle_is_counted(tmp_path: Path) -> None:
    """A bad sector loses its own lines alone."""
    (tmp_path / JOURNAL_NAME).write_bytes(write_line(RUN) + b"\0\0\0\n" + write_line(DONE))
    history = read_history(tmp_path)
    assert (list(history.records), history.damaged) == ([DONE.name], 1)
    assert history.options_of(DONE.name) == RUN.options


def test_last_word_on_a_recording_holds() -> None:
    """A recording that was done, and then failed anew, is not done."""
    history = History.of([RUN, DONE, Record(name=DONE.name, code="audio")])
    assert not history.records[DONE.name].ok


def test_second_run_in_a_folder_is_refused(tmp_path: Path) -> None:
    """As long as the first lives; killed, it leaves no lock behind."""
    code = (
        "import sys, pathlib; from asr_client.bulk.journal import Journal; "
        "Journal(pathlib.Path(sys.argv[1])); print('here', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "here\n"
        with pytest.raises(ConfigError, match="another asr-transcribe is writing there"):
            Journal(tmp_path)
        other.kill()
    Journal(tmp_path).close()


def test_folder_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    """A file in its place, or a link that would lead the journal elsewhere."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="nothing can be written there"):
        Journal(tmp_path / "file" / "out")
    (tmp_path / JOURNAL_NAME).symlink_to(tmp_path / "file")
    with pytest.raises(ConfigError, match="nothing can be written there"):
        Journal(tmp_path)


def test_key_hangs_on_what_shapes_the_text() -> None:
    """Content, a recording's language and the options; not the language of the others."""
    options = {"model": "m", "language": "hi", "chunking": {"longest_s": 28.0}}
    key = key_of("content", "hi", options)
    assert key == key_of("content", "hi", dict(reversed(options.items())))
    assert key == key_of("content", "hi", options | {"language": "ta"})
    others = [
        key_of("other", "hi", options),
        key_of("content", "ta", options),
        key_of("content", "hi", options | {"model": "n"}),
        key_of("content", "hi", options | {"chunking": {"longest_s": 7.0}}),
    ]
    assert len({key, *others}) == 5


def test_speed_is_that_of_the_last_run_that_tells() -> None:
    """Of the same model, and long enough; audio done by the time of the last that was over."""
    long_run = [
        RUN,
        Record(name="a", audio_s=60.0, at_s=5.0),
        Record(name="b", audio_s=40.0, at_s=10.0),
    ]
    short_run = [RUN, Record(name="c", audio_s=60.0, at_s=1.0)]
    speed = History.of(long_run + short_run).speed("m")
    assert speed is not None
    assert speed.rtfx == pytest.approx(10.0)
    assert History.of(long_run).speed("other") is None
    assert History.of(short_run).speed("m") is None


def test_differences_are_named() -> None:
    """To the innermost option; nothing is said where nothing is known."""
    before = {"language": "hi", "chunking": {"longest_s": 28.0, "whole_s": 30.0}}
    now = {"language": "hi", "chunking": {"longest_s": 7.0, "whole_s": 30.0}}
    assert differences(before, now) == ("chunking.longest_s was 28.0, is 7.0",)
    assert differences({}, now) == ()
