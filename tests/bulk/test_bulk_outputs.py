"""Which files recordings become: told before any work, or refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from asr_client import ConfigError
from asr_client.bulk.files import is_own_fault, put_in_place, sha256_of
from asr_client.bulk.inputs import Entry
from asr_client.bulk.outputs import assign_outputs


def entries(*paths: str) -> list[Entry]:
    """Recordings whose names are their paths."""
    return [Entry(path, path) for path in paths]


@pytest.mark.parametrize(
    ("paths", "outputs"),
    [
        (["a.wav"], ["a.txt", "a.srt"]),
        (["x/a.wav", "a.wav"], ["x/a.txt", "x/a.srt", "a.txt", "a.srt"]),
        (["a.wav", "a.flac"], ["a.wav.txt", "a.wav.srt", "a.flac.txt", "a.flac.srt"]),
        (["a.wav", "a.wav"], ["a.txt", "a.srt"]),
        (["v1.2.wav"], ["v1.2.txt", "v1.2.srt"]),
    ],
)
def test_outputs_mirror_the_tree(paths: list[str], outputs: list[str], tmp_path: Path) -> None:
    """Without the recording's suffix, unless two would meet; what is named twice is one."""
    assignments = assign_outputs(entries(*paths), tmp_path, ["txt", "srt"])
    assert [output.path for assignment in assignments for output in assignment.outputs] == outputs


def test_ids_keep_their_dots(tmp_path: Path) -> None:
    """An id has no suffix that could be taken away."""
    (assignment,) = assign_outputs([Entry("a.wav", "u.1", has_suffix=False)], tmp_path, ["txt"])
    assert assignment.outputs[0].path == "u.1.txt"


def test_collisions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recordings in one file, a file where a folder must be, an output over a recording."""
    monkeypatch.chdir(tmp_path)
    twice = [Entry("x/a.wav", "a.wav"), Entry("y/a.wav", "a.wav", where="list, line 2")]
    with pytest.raises(ConfigError, match=r"x/a.wav and y/a.wav \(list, line 2\) would both"):
        assign_outputs(twice, tmp_path, ["txt"])
    within = [Entry("a", "a", has_suffix=False), Entry("b.wav", "a.txt/b.wav")]
    with pytest.raises(ConfigError, match="would be a file, and a folder"):
        assign_outputs(within, tmp_path, ["txt"])
    Path("talk.txt").touch()
    with pytest.raises(ConfigError, match="would overwrite a recording"):
        assign_outputs(entries("talk.txt"), Path(), ["txt"])
    with pytest.raises(ConfigError, match="is a file"):
        assign_outputs(entries("a.wav"), Path("talk.txt"), ["txt"])


def test_file_is_put_in_place_whole(tmp_path: Path) -> None:
    """Folders are made, the old is replaced, and what a crash has left is written over."""
    path = tmp_path / "x" / "y" / "a.txt"
    put_in_place(path, b"old")
    part = path.with_name(".asr-transcribe-0123.part")
    put_in_place(path, b"new")
    assert (path.read_bytes(), list(path.parent.iterdir())) == (b"new", [path])
    assert not part.exists()
    assert sha256_of(path) == "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """A name that cannot be written is that recording's own fault; a full disk is everybody's."""
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        put_in_place(tmp_path / "a.txt", b"x")
    assert is_own_fault(caught.value)
    with pytest.raises(OSError, match="too long") as caught:
        put_in_place(tmp_path / f"{'x' * 300}.txt", b"x")
    assert is_own_fault(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert not is_own_fault(OSError(errno.ENOSPC, "full"))
