"""The shipped recordings: what the manifest promises and what the files hold."""

from __future__ import annotations

import csv
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import soundfile

from asr_client.languages import LANGUAGES, resolve_language

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "speech"
ESPEAK_LANGUAGES = "as bn en gu hi kn ml mr or pa ta te ur"
SIZE_LIMIT_BYTES = 1_500_000


def read_manifest() -> list[dict[str, str]]:
    """Read the manifest as a list of rows."""
    with (FOLDER / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = read_manifest()
each_row = pytest.mark.parametrize("row", ROWS, ids=[row["path"] for row in ROWS])


@each_row
def test_recording_is_as_promised(row: dict[str, str]) -> None:
    """Each recording is 16 kHz mono FLAC of 1 to 20 s, and something is heard in it."""
    facts = soundfile.info(FOLDER / row["path"])
    assert (facts.format, facts.subtype) == ("FLAC", "PCM_16")
    assert (facts.samplerate, facts.channels) == (16_000, 1)
    assert 1.0 <= facts.duration <= 20.0
    samples, _rate_hz = soundfile.read(FOLDER / row["path"], dtype="float32")
    assert 0.1 < abs(samples).max() < 1.0


@each_row
def test_manifest_row_is_complete(row: dict[str, str]) -> None:
    """Each row names a known language, a voice and its words, in canonical Unicode."""
    assert list(row) == ["path", "language", "voice", "text"]
    codes = [language.code for language in LANGUAGES]
    assert resolve_language(row["language"], codes) == row["language"]
    assert row["path"].startswith(row["language"] + "-")
    assert row["voice"].split(":")[0] in {"flite", "espeak-ng"}
    assert row["text"]
    assert row["text"] == unicodedata.normalize("NFC", row["text"].strip())


@each_row
def test_sources_tell_of_each_recording(row: dict[str, str]) -> None:
    """Each recording has its line, with its length, in the account of where it comes from."""
    duration_s = soundfile.info(FOLDER / row["path"]).duration
    sources = (FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    assert f"| {row['path']} | {duration_s:.2f} |" in sources


def test_manifest_lists_each_file_once() -> None:
    """No recording is missing from the manifest, none is listed twice."""
    listed = [row["path"] for row in ROWS]
    assert sorted(listed) == sorted(path.name for path in FOLDER.glob("*.flac"))


def test_espeak_recordings_cover_their_languages() -> None:
    """espeak-ng speaks one sentence in each of its 13 languages, 4 to 5 s long."""
    spoken = [row for row in ROWS if row["voice"].startswith("espeak-ng:")]
    assert " ".join(sorted(row["language"] for row in spoken)) == ESPEAK_LANGUAGES
    for row in spoken:
        assert 4.0 <= soundfile.info(FOLDER / row["path"]).duration <= 5.0


def test_recordings_stay_small() -> None:
    """The folder does not make a checkout slow."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*.*")) < SIZE_LIMIT_BYTES


def test_make_speech_explains_itself() -> None:
    """The script that makes the recordings has a help text."""
    script = str(FOLDER / "make_speech.py")
    helped = subprocess.run(
        [sys.executable, script, "--help"], check=True, capture_output=True, text=True
    )
    assert "--check" in helped.stdout


def test_make_speech_names_the_package_when_a_tool_is_missing(tmp_path: Path) -> None:
    """Without the synthesisers the script says what to install, and makes nothing."""
    refused = subprocess.run(
        [sys.executable, str(FOLDER / "make_speech.py"), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path)},
    )
    assert refused.returncode == 1
    assert "apt-get install espeak-ng flite" in refused.stderr
    assert list(tmp_path.iterdir()) == []
