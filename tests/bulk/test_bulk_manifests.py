"""Manifests of every kind: what each line says of a recording, and which line is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr_client import ConfigError
from asr_client.bulk.inputs import Entry, Inputs, collect


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()


def read(name: str, text: str | bytes) -> list[Entry]:
    """Write data/<name> and read it."""
    data = text if isinstance(text, bytes) else text.encode()
    Path("data", name).write_bytes(data)
    return list(collect(Inputs(manifest=f"data/{name}")))


def told(entry: Entry) -> tuple[object, ...]:
    """What a manifest says of a recording."""
    return entry.path, entry.short_name, entry.language, entry.text, entry.duration_s


NEMO = """\
\ufeff{"audio_filepath": "x/a.wav", "lang": "hi", "text": "नमस्ते", "duration": 1.5}

{"audio": {"path": "b.wav", "bytes": null}, "offset": 0}
{"file_name": "c.wav"}
"""
UNKNOWN = (None, None, None)


@pytest.mark.parametrize(
    ("name", "text", "first", "second"),
    [
        (
            "m.jsonl",
            NEMO,
            ("data/x/a.wav", "x/a", "hi", "नमस्ते", 1.5),
            ("data/b.wav", "b", *UNKNOWN),
        ),
        (
            "m.tsv",
            "path\tlanguage\tvoice\ttext\nx/a.wav\tta\tv\tsome text\r\nb.wav\n",
            ("data/x/a.wav", "x/a", "ta", "some text", None),
            ("data/b.wav", "b", *UNKNOWN),
        ),
        (
            "plain",
            "x/a.wav\tsome text\nb.wav\tmore\n",
            ("data/x/a.wav", "x/a", None, "some text", None),
            ("data/b.wav", "b", None, "more", None),
        ),
        (
            "wav.scp",
            "u.1 x/a.wav\nspk/u2\t  b c.wav \n",
            ("data/x/a.wav", "u.1", *UNKNOWN),
            ("data/b c.wav", "spk/u2", *UNKNOWN),
        ),
        (
            "m.tsv",
            "audio\n/abs/a.wav\n../data/b.wav\n",
            ("/abs/a.wav", "abs/a", *UNKNOWN),
            ("data/b.wav", "b", *UNKNOWN),
        ),
    ],
)
def test_manifest_is_read(
    name: str, text: str, first: tuple[object, ...], second: tuple[object, ...]
) -> None:
    """NeMo's and Hugging Face's JSON, tables with and without a header, Kaldi's list."""
    assert [told(entry) for entry in read(name, text)][:2] == [first, second]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.jsonl", '{"audio": "a.wav"}\n{"audio": \n', r"m.jsonl, line 2: this is no JSON"),
        ("m.jsonl", "[]\n", "line 1: this is no JSON object"),
        ("m.jsonl", '{"audio": 3}\n', "names no recording"),
        ("m.jsonl", '{"text": "x"}\n', "names no recording"),
        ("m.jsonl", '{"audio": "a", "offset": 3.5}\n', "a part of a recording"),
        ("m.jsonl", '{"audio": "a", "duration": "long"}\n', "no number of seconds"),
        ("m.jsonl", '{"audio": "a", "duration": NaN}\n', "no number of seconds"),
        ("m.jsonl", '{"audio": "a", "lang": 7}\n', "is no text"),
        ("m.jsonl", '{"audio": "https://x/a.wav"}\n', "is an address"),
        ("m.jsonl", "[" * 100_000 + "\n", "this is no JSON"),
        ("m.tsv", "path\tlang\n\thi\n", "line 2: it names no recording"),
        ("m.tsv", b"path\n\xff.wav\n", "line 2: this is not UTF-8"),
        ("m.csv", "path,text\n", "tabs between"),
        ("wav.scp", "u sox a.mp3 -t wav - |\n", "commands of a file are not run"),
        ("wav.scp", "u |cat\n", "commands of a file are not run"),
        ("wav.scp", "u feats.ark:123\n", "archives"),
        ("wav.scp", "u1 a.wav\nalone\n", "line 2: an id and a path"),
        ("wav.scp", "../u a.wav\n", "cannot name an output"),
        ("wav.scp", "/etc/u a.wav\n", "cannot name an output"),
        ("m.jsonl", "\n", "it names no recording"),
        (
            "m.jsonl",
            '{"audio": "a.wav", "lang": "hi"}\n{"audio": "a.wav", "lang": "ta"}\n',
            r"line 2: data/a.wav was named before.*hi by data/m.jsonl, line 1",
        ),
    ],
)
def test_bad_line_is_named(name: str, text: str | bytes, message: str) -> None:
    """One clear error with file and line; no command of a file is ever run."""
    with pytest.raises(ConfigError, match=message):
        read(name, text)


def test_recording_may_have_several_ids() -> None:
    """Two ids of one file are two outputs; the same line twice is one."""
    entries = read("wav.scp", "u1 a.wav\nu2 a.wav\nu1 a.wav\n")
    assert [entry.name for entry in entries] == ["u1", "u2"]
