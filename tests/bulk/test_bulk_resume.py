"""What a run may write over, and what of it is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from asr_client import ConfigError
from asr_client.bulk.files import sha256_of
from asr_client.bulk.inputs import Entry
from asr_client.bulk.journal import History, Record, RunBegun, Written
from asr_client.bulk.outputs import Assignment, assign_outputs
from asr_client.bulk.resume import check_beginning, is_done

OPTIONS = {"language": "hi"}


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    """A recording whose text is there."""
    (tmp_path / "a.txt").write_text("text\n")
    return assign_outputs([Entry("a.wav", "a.wav")], tmp_path, ["txt"])[0]


@pytest.fixture
def record(assignment: Assignment, tmp_path: Path) -> Record:
    """What the journal has of it."""
    written = Written("a.txt", sha256_of(tmp_path / "a.txt"), 5)
    return Record(name=assignment.name, key="key", outputs=(written,))


def test_done_is_what_is_there_as_it_was_written(
    assignment: Assignment, record: Record, tmp_path: Path
) -> None:
    """The same content and options, and every output whole."""
    assert is_done(assignment, "key", record, tmp_path)
    assert not is_done(assignment, "other", record, tmp_path)
    assert not is_done(assignment, "key", None, tmp_path)
    assert not is_done(assignment, "key", replace(record, code="incomplete"), tmp_path)
    with_subtitles = assign_outputs([assignment.entry], tmp_path, ["txt", "srt"])[0]
    assert not is_done(with_subtitles, "key", record, tmp_path)
    (tmp_path / "a.txt").write_text("tExt\n")
    assert not is_done(assignment, "key", record, tmp_path)
    (tmp_path / "a.txt").unlink()
    assert not is_done(assignment, "key", record, tmp_path)


def test_nothing_is_written_over_unasked(
    assignment: Assignment, record: Record, tmp_path: Path
) -> None:
    """Outputs that are there need a word; without a journal nobody knows whose they are."""
    history = History.of([RunBegun(options=OPTIONS), record])
    with pytest.raises(ConfigError, match=r"a\.txt would be written over \(--resume goes on"):
        check_beginning("new", [assignment], tmp_path, history, OPTIONS)
    with pytest.raises(ConfigError, match=r"no journal says who wrote them \(--overwrite"):
        check_beginning("resume", [assignment], tmp_path, History(), OPTIONS)
    check_beginning("resume", [assignment], tmp_path, history, OPTIONS)
    check_beginning("overwrite", [assignment], tmp_path, History(), OPTIONS)
    (tmp_path / "a.txt").unlink()
    check_beginning("new", [assignment], tmp_path, history, OPTIONS)


def test_other_options_are_another_run(
    assignment: Assignment, record: Record, tmp_path: Path
) -> None:
    """Its transcripts are not mixed with these, unless there are none yet."""
    history = History.of([RunBegun(options=OPTIONS), record])
    with pytest.raises(ConfigError, match="language was 'hi', is 'ta'"):
        check_beginning("resume", [assignment], tmp_path, history, {"language": "ta"})
    failed = History.of([RunBegun(options=OPTIONS), replace(record, code="audio")])
    check_beginning("resume", [assignment], tmp_path, failed, {"language": "ta"})
