"""Where asr-transcribe's transcripts go: decided before any work, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr_client import ConfigError
from asr_client.cli.outputs import Destination, check_stream, plan_one, write_output
from asr_client.cli.transcribe import main


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("source", "output", "formats", "names"),
    [
        ("a.wav", None, ["txt"], [None]),
        ("a.wav", "text", ["txt"], ["text"]),
        ("x/a.wav", "out/", ["txt"], ["out/a.txt"]),
        ("a.wav", "out/", ["srt", "txt"], ["out/a.srt", "out/a.txt"]),
        ("-", "out/", ["txt"], ["out/stdin.txt"]),
    ],
)
def test_output_is_planned(
    source: str,
    output: str | None,
    formats: list[str],
    names: list[str | None],
) -> None:
    """One recording goes to stdout, to a file, or to a file for each format in a folder."""
    planned = [each.path for each in plan_one(source, output, formats)]
    assert planned == [None if name is None else Path(name) for name in names]


def test_recording_goes_into_a_folder_when_it_exists(tmp_path: Path) -> None:
    """-o with an existing folder means a file in it."""
    (planned,) = plan_one("a.wav", str(tmp_path), ["srt"])
    assert planned.path == tmp_path / "a.srt"


@pytest.mark.parametrize(
    ("source", "output", "formats", "text"),
    [
        ("a.txt", "a.txt", ["txt"], "would overwrite a recording"),
        ("a.txt", ".", ["txt"], "would overwrite a recording"),
        ("a.wav", "text", ["txt", "srt"], "is one file, and 2 formats"),
        ("a.wav", None, ["txt", "srt"], "stdout takes one format"),
        ("a.wav", "", ["txt"], "names no file"),
    ],
)
def test_plan_is_refused_when_something_would_be_lost(
    source: str,
    output: str | None,
    formats: list[str],
    text: str,
) -> None:
    """Nothing is ever overwritten that the user did not name as the output."""
    with pytest.raises(ConfigError, match=text):
        plan_one(source, output, formats)


def test_stdout_holds_what_can_follow_one_another() -> None:
    """Texts and lines of JSON can, subtitles cannot."""
    assert check_stream(2, ["json"]) == "json"
    with pytest.raises(ConfigError, match="-o FOLDER"):
        check_stream(2, ["vtt"])


def test_output_is_replaced_whole_with_ordinary_permissions(tmp_path: Path) -> None:
    """The new text takes the old one's place at once, and nothing else is left behind."""
    path = tmp_path / "deep" / "a.txt"
    write_output(Destination(path), "old\n")
    write_output(Destination(path), "नया\n")
    mask = os.umask(0)
    os.umask(mask)
    assert path.read_text(encoding="utf-8") == "नया\n"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_output_may_be_a_device() -> None:
    """/dev/null is written to, not replaced."""
    write_output(Destination(Path(os.devnull)), "text\n")
    assert not Path(os.devnull).is_file()


def summarise(summary: Path, tmp_path: Path) -> int:
    """Run over one recording that cannot be sent, and give the exit code."""
    soundfile.write(tmp_path / "a.wav", np.zeros(1600, np.int16), 16_000)
    said = [str(tmp_path / "a.wav"), "-o", str(tmp_path / "out"), "--summary", str(summary)]
    server = ["--url", "http://127.0.0.1:1/api/v1/asr/infer", "-l", "hi", "--patience", "0"]
    with pytest.raises(SystemExit) as ended:
        main([*said, *server, "--overwrite", "--quiet"])
    return ended.value.code


def test_a_summary_takes_no_devices_place(tmp_path: Path) -> None:
    """Nor a link's: /dev/null would be a file from then on, if root says so."""
    link, target = tmp_path / "link", tmp_path / "target.json"
    link.symlink_to(target)
    assert summarise(link, tmp_path) == 1
    assert link.is_symlink()
    assert json.loads(target.read_text())["not_tried"] == 1


def test_a_summary_in_a_folders_place_is_refused_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hours of work would end with an error."""
    assert summarise(tmp_path, tmp_path) == 2
    assert "is a folder" in capsys.readouterr().err
