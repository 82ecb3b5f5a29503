"""Folders, manifests and the shipped samples, read into clips; and what is wrong with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from asr_client.audio import Waveform, encode_wav, load_audio
from asr_client.errors import ConfigError
from asr_loadtest.load.corpus import CorpusSpec, load_corpus, reading
from asr_loadtest.load.corpus.manifest import parse_manifest

RATE_HZ = 16_000


def record(path: Path, seconds: float = 0.5, level: float = 0.1) -> None:
    """Write a tone that no warning is due for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tone = level * np.sin(2 * np.pi * 220 * at_s)
    path.write_bytes(encode_wav(Waveform(tone.astype(np.float32), RATE_HZ)))


def load(source: Path | str, **settings):
    """Load a corpus at the usual rate."""
    return load_corpus(CorpusSpec(source=str(source), **settings), rate_hz=RATE_HZ)


def test_samples_are_the_repositorys_recordings() -> None:
    """23 recordings in 12 languages and English, each with its text."""
    corpus = load("samples")
    assert (
        len(corpus.clips),
        len({clip.language for clip in corpus.clips}),
        sum(bool(clip.text) for clip in corpus.clips),
    ) == (23, 13, 23)
    assert corpus.notes == ()


def test_samples_are_found_in_a_clone_when_the_package_is_installed_elsewhere(
    tmp_path, speech_folder
) -> None:
    """The first of the places that has them."""
    clone = speech_folder.parents[1]
    assert speech_folder / "manifest.tsv" == reading.shipped_manifest([tmp_path, clone])


def test_samples_say_what_to_give_instead_when_there_is_no_repository(tmp_path) -> None:
    """One sentence of what is missing, one of what to do."""
    with pytest.raises(ConfigError, match="not in the installed package") as caught:
        reading.shipped_manifest([tmp_path])
    assert "name a folder of recordings or a manifest" in caught.value.hint


def test_name_that_is_no_text_is_told_as_text(tmp_path) -> None:
    """Workers send names to their master in UTF-8, which has no half characters."""
    record(tmp_path / "caf\udce9.wav")
    (clip,) = load(tmp_path).clips
    assert clip.name == "caf\\udce9.wav"


def test_manifest_gives_names_languages_and_texts_when_it_is_tsv(tmp_path) -> None:
    """Languages come as our codes, and a quote is a character like any other."""
    record(tmp_path / "a.wav")
    record(tmp_path / "sub" / "b.wav", seconds=0.7)
    manifest = tmp_path / "list.tsv"
    manifest.write_text(
        'path\tLANGUAGE\ttext\na.wav\thi-IN\t"नमस्ते\n\nsub/b.wav\tTamil\t\n', encoding="utf-8-sig"
    )
    clips = load(manifest).clips
    assert [(clip.name, clip.language, clip.text, clip.audio_s) for clip in clips] == [
        ("a.wav", "hi", '"नमस्ते', 0.5),
        ("sub/b.wav", "ta", "", 0.7),
    ]


def test_manifest_keeps_commas_in_quotes_when_it_is_csv(tmp_path) -> None:
    """Common Voice's names of columns are understood."""
    record(tmp_path / "a.wav")
    manifest = tmp_path / "list.csv"
    manifest.write_text('locale,path,sentence\nbn,a.wav,"আজ, কাল"\n', encoding="utf-8")
    (clip,) = load(manifest).clips
    assert (clip.name, clip.language, clip.text) == ("a.wav", "bn", "আজ, কাল")


@pytest.mark.parametrize("key", ["path", "audio", "audio_filepath"])
def test_manifest_takes_several_names_for_the_file_when_it_is_jsonl(tmp_path, key) -> None:
    """Keys that it does not know are passed over, and null is nothing."""
    record(tmp_path / "a.wav")
    manifest = tmp_path / "list.jsonl"
    row = {key: str(tmp_path / "a.wav"), "lang": "or", "text": None, "duration": 0.5}
    manifest.write_text(json.dumps(row) + "\n", encoding="utf-8")
    (clip,) = load(manifest).clips
    assert (str(tmp_path / "a.wav"), "or", "") == (clip.name, clip.language, clip.text)


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (".tsv", "path\ttext\na.wav\tx\na.wav\ty\n", "line 3: a.wav has been named before"),
        (".tsv", "path\ttext\n\tx\n", "line 2: it names no file"),
        (".tsv", "path\ttext\na.wav\tx\ty\n", "line 2: it has more columns than the first line"),
        (".tsv", "a.wav\thi\n", "its first line names no column for the files"),
        (".tsv", "", "its first line names no column for the files"),
        (".csv", "path,text\n", "it lists no recordings"),
        (".csv", 'path,text\na.wav,"x\n', None),
        (".jsonl", '{"path": "a.wav"}\n{"path"\n', "line 2: it is not JSON"),
        (".jsonl", "[1]\n", "line 1: it is no JSON object"),
        (".jsonl", '{"text": "x"}\n', "line 1: it names no file"),
    ],
)
def test_manifest_names_the_line_when_it_is_wrong(suffix, text, message) -> None:
    """What is wrong, and where; a quote left open ends with the file."""
    if message is None:
        assert [entry.path for entry in parse_manifest(text, "list", suffix)] == ["a.wav"]
        return
    with pytest.raises(ConfigError, match=f"^list(:|,) .*{message}|^list: {message}"):
        parse_manifest(text, "list", suffix)


def test_manifest_names_file_and_line_when_a_file_is_no_audio(tmp_path) -> None:
    """Nothing is skipped in silence."""
    record(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"%PDF-1.7")
    (tmp_path / "list.tsv").write_text("path\na.wav\nb.wav\n")
    with pytest.raises(ConfigError, match=r"list\.tsv, line 3: .*b\.wav.*not audio but a PDF"):
        load(tmp_path / "list.tsv")


def test_manifest_names_file_and_line_when_a_file_is_missing(tmp_path) -> None:
    """With what to do about it."""
    (tmp_path / "list.tsv").write_text("path\nabsent.wav\n")
    with pytest.raises(ConfigError, match=r"line 2: .*absent\.wav: no such file"):
        load(tmp_path / "list.tsv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.tsv", None, "no such file or folder"),
        ("talk.wav", b"RIFF", "a manifest's name ends in .tsv, .csv, .jsonl"),
        ("list.tsv", b"\xff\xfe\x00", "it is no manifest"),
    ],
)
def test_source_says_what_it_is_not_when_it_is_no_manifest(
    tmp_path, name, content, message
) -> None:
    """A path that is wrong, a recording, and a file that is no text."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path / name)


def test_folder_gives_its_recordings_by_name_when_it_has_no_manifest(tmp_path) -> None:
    """Those of sub-folders too; other files, hidden ones and folders are none."""
    record(tmp_path / "b.wav", seconds=0.5)
    record(tmp_path / "a" / "c.WAV", seconds=0.6)
    (tmp_path / "d.wav").mkdir()
    (tmp_path / "._b.wav").write_bytes(b"\0")
    (tmp_path / "readme.txt").write_text("no recording")
    corpus = load(tmp_path, default_language="Hindi")
    assert [(c.name, c.language) for c in corpus.clips] == [("a/c.WAV", "hi"), ("b.wav", "hi")]
    assert corpus.notes == ("2 of 2 recordings have no reference text, such as a/c.WAV",)


def test_folder_is_read_by_its_manifest_when_it_has_one(speech_folder) -> None:
    """And says so: what is not listed is not sent."""
    corpus = load(speech_folder)
    assert load("samples").digest == corpus.digest
    assert "was read by its manifest.tsv" in corpus.notes[0]


def test_folder_is_refused_when_nothing_in_it_is_a_recording(tmp_path) -> None:
    """By the suffixes of the names."""
    (tmp_path / "readme.txt").write_text("no recording")
    with pytest.raises(ConfigError, match="holds no recordings"):
        load(tmp_path)


def test_languages_decide_what_is_read(tmp_path, weather) -> None:
    """Of the others not even the files need to be there."""
    shutil.copy(weather, tmp_path / "a.flac")
    (tmp_path / "list.tsv").write_text("path\tlanguage\na.flac\ten\nabsent.flac\thi\n")
    corpus = load(tmp_path / "list.tsv", languages=("English",))
    (clip,) = corpus.clips
    assert np.array_equal(load_audio(weather).samples, clip.wave.samples)


def test_languages_are_named_when_no_recording_is_in_them(tmp_path) -> None:
    """With what might be missing."""
    record(tmp_path / "a.wav")
    with pytest.raises(ConfigError, match="no recording is in hi or ta") as caught:
        load(tmp_path, languages=("ta", "hi"))
    assert "a default language" in caught.value.hint


def test_notes_tell_flaws_of_recordings_only_so_often(tmp_path) -> None:
    """Seven silent recordings: five are named, two are counted."""
    for number in range(7):
        record(tmp_path / f"{number}.wav", seconds=0.5 + number / 10, level=0.0)
    notes = load(tmp_path).notes
    assert [f"{number}.wav" for number in range(5)] == [note.split(":")[0] for note in notes[:5]]
    assert notes[5] == "2 more remarks on recordings"


def test_corpus_is_resampled_to_the_models_rate(tmp_path) -> None:
    """Half the rate, half the samples, the same seconds."""
    record(tmp_path / "a.wav")
    (clip,) = load_corpus(CorpusSpec(source=str(tmp_path)), rate_hz=8_000).clips
    assert (
        clip.wave.sample_rate_hz,
        clip.wave.samples.size,
        clip.audio_s,
    ) == (8_000, 4_000, 0.5)
