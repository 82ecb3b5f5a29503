"""Where asr-transcribe's transcripts go: decided before any work, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asr_client import ConfigError
from asr_client.cli.outputs import Destination, plan_outputs, write_output


@pytest.mark.parametrize(
    ("sources", "output", "names"),
    [
        (["a.wav"], None, [None]),
        (["a.wav", "b.wav"], None, [None, None]),
        (["a.wav"], "text", ["text"]),
        (["a.wav"], "out/", ["out/a.txt"]),
        (["a.wav", "b.wav"], "out", ["out/a.txt", "out/b.txt"]),
        (["x/a.wav", "y/a.flac"], "out", ["out/a.wav.txt", "out/a.flac.txt"]),
        (["-"], "out/", ["out/stdin.txt"]),
        (["-", "a.wav"], "out", ["out/stdin.txt", "out/a.txt"]),
    ],
)
def test_outputs_are_planned(
    sources: list[str],
    output: str | None,
    names: list[str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One recording goes to a file, several to a folder; equal stems keep their suffix."""
    monkeypatch.chdir(tmp_path)
    planned = [each.path for each in plan_outputs(sources, output, "txt")]
    assert planned == [None if name is None else Path(name) for name in names]


def test_one_recording_goes_into_a_folder_when_it_exists(tmp_path: Path) -> None:
    """-o with an existing folder means a file in it."""
    (planned,) = plan_outputs(["a.wav"], str(tmp_path), "srt")
    assert planned.path == tmp_path / "a.srt"


@pytest.mark.parametrize(
    ("sources", "output", "text"),
    [
        (["a.txt"], "a.txt", "would overwrite a recording"),
        (["a.txt", "b.wav"], ".", "would overwrite a recording"),
        (["x/a.wav", "y/a.wav"], "out", "would both be written"),
        (["a.wav", "a.wav"], "out", "would both be written"),
        (["a.wav", "b.wav"], "file", "is a file"),
    ],
)
def test_plan_is_refused_when_something_would_be_lost(
    sources: list[str],
    output: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is ever overwritten that the user did not name as the output."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(ConfigError, match=text):
        plan_outputs(sources, output, "txt")


def test_output_is_replaced_whole_with_ordinary_permissions(tmp_path: Path) -> None:
    """The new text takes the old one's place at once, and nothing else is left behind."""
    path = tmp_path / "deep" / "a.txt"
    write_output(Destination("a.wav", path), "old\n")
    write_output(Destination("a.wav", path), "नया\n")
    mask = os.umask(0)
    os.umask(mask)
    assert path.read_text(encoding="utf-8") == "नया\n"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_output_may_be_a_device() -> None:
    """/dev/null is written to, not replaced."""
    write_output(Destination("a.wav", Path(os.devnull)), "text\n")
    assert not Path(os.devnull).is_file()
