"""What a command line means: which recordings, in which order, and what they are called."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from asr_client import ConfigError
from asr_client.bulk.inputs import Inputs, collect

TREE = ("b.wav", "a.FLAC", "notes.txt", ".hidden.wav", "sub/c.mp3", "sub/deep/d.ogg", ".x/e.wav")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that are recordings by name alone; the current folder is above it."""
    for name in TREE:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def names(**inputs: object) -> list[str]:
    """Names of what is found."""
    return [entry.name for entry in collect(Inputs(**inputs))]


@pytest.mark.parametrize(
    ("files", "recursive", "found"),
    [
        (["in"], False, ["a.FLAC", "b.wav"]),
        (["in"], True, ["a.FLAC", "b.wav", "sub/c.mp3", "sub/deep/d.ogg"]),
        (["in/*.wav"], False, ["b.wav"]),
        (["in/**/*.mp3"], False, ["sub/c.mp3"]),
        (["in/**/?.[mo]*"], False, ["sub/c.mp3", "sub/deep/d.ogg"]),
        (["in/sub/**"], False, ["c.mp3", "deep/d.ogg"]),
        (["in/b.wav", "in"], False, ["b.wav", "a.FLAC"]),
        (["in/b.wav", "in/b.wav"], False, ["b.wav", "b.wav"]),
        (["in/missing.wav", "-"], False, ["missing.wav", "stdin"]),
    ],
)
def test_arguments_are_found(
    tree: Path, files: list[str], recursive: bool, found: list[str]
) -> None:
    """Folders by suffix without what is hidden, patterns as shells take them; sorted, each once."""
    assert tree.is_dir()
    assert names(files=tuple(files), recursive=recursive) == found


def test_links_lead_nowhere_twice(tree: Path) -> None:
    """A link back up ends, and a second way to a file adds nothing."""
    (tree / "sub" / "loop").symlink_to(tree)
    (tree / "z.wav").symlink_to(tree / "b.wav")
    (tree / "again").symlink_to(tree / "sub")
    found = names(files=("in",), recursive=True)
    assert found == ["a.FLAC", "b.wav", "sub/c.mp3", "sub/deep/d.ogg"]
    assert len(names(files=("in/**/*.ogg",))) == 1


def test_output_folder_is_left_out(tree: Path) -> None:
    """What is written below the recordings is not read as one; the folder itself may be both."""
    (tree / "out").mkdir()
    (tree / "out" / "x.wav").touch()
    assert "out/x.wav" in names(files=("in",), recursive=True)
    assert "out/x.wav" not in names(files=("in",), recursive=True, skip="in/out")
    assert "out/x.wav" not in names(files=("in/**/*.wav",), skip="in/out")
    assert "b.wav" in names(files=("in",), skip="in")


def test_list_names_what_find_finds(tree: Path) -> None:
    """A path a line, or ended by NUL; what lies elsewhere is named by its whole path."""
    Path("list").write_bytes(b"in/sub/c.mp3\r\n\n./in/b.wav\nin/b.wav\n")
    assert names(files_from="list") == ["in/sub/c.mp3", "in/b.wav"]
    Path("list0").write_bytes(b"in/odd\nname.wav\0in/\xff.wav\0")
    assert names(files_from="list0", null=True) == ["in/odd\nname.wav", os.fsdecode(b"in/\xff.wav")]
    Path("list").write_text(f"{tree}/b.wav\n/elsewhere/e.wav\n")
    assert names(files_from="list") == ["in/b.wav", "elsewhere/e.wav"]


def test_list_comes_from_stdin(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from find or grep."""
    assert tree
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"in/b.wav\n")))
    assert names(files_from="-") == ["in/b.wav"]


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({}, "no recording is named"),
        ({"files": ("in/.x/none",), "files_from": "nope"}, "nope: it cannot be read"),
        ({"files": ("empty",)}, "holds no recordings.*-r looks into"),
        ({"files": ("empty",), "recursive": True}, "holds no recordings"),
        ({"files": ("*.ogg",)}, "no file is there, nor does any match"),
        ({"files": ("-",), "files_from": "-"}, "only once"),
        ({"files_from": "blank"}, "it names no recording"),
        ({"files_from": "nul"}, "line 1: it holds a NUL"),
        ({"files_from": "/dev/zero"}, "a line is longer"),
    ],
)
def test_nothing_to_do_is_said(tree: Path, inputs: dict[str, object], text: str) -> None:
    """A slip of the pen is no empty success."""
    Path("empty").mkdir()
    Path("blank").write_text("\n\n")
    Path("nul").write_bytes(b"in/b.wav\0in/a.FLAC\0")
    assert tree
    with pytest.raises(ConfigError, match=text):
        collect(Inputs(**inputs))
