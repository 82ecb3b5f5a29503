"""
Manifests: JSON lines, tables, Kaldi's wav.scp; each line names a recording and what is known of it.

Sources: NVIDIA NeMo's ASR manifests (audio_filepath, text, duration, offset), Hugging Face's
AudioFolder (file_name) and Common Voice's tables (path, sentence), Kaldi's data preparation
(wav.scp: "<recording-id> <extended-filename>").
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from asr_client.bulk.inputs.entry import Entry
from asr_client.bulk.inputs.lines import TextLine, read_lines
from asr_client.bulk.inputs.names import check_name, name_of_path

__all__ = ["Kind", "kind_of", "read_manifest"]

Kind = Literal["jsonl", "tsv", "scp"]

_AUDIO = ("audio_filepath", "audio", "path", "file", "file_name", "audio_path", "filename", "wav")
_LANGUAGE = ("language", "lang", "locale")
_TEXT = ("text", "sentence", "transcript", "transcription")
_DURATION = ("duration", "duration_s")
_SUFFIXES: dict[str, Kind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".tsv": "tsv",
    ".scp": "scp",
}
_IN_ARCHIVE = re.compile(r"\.ark:\d+$")
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")

Fields = Mapping[str, object]


def read_manifest(path: str) -> Iterator[Entry]:
    """
    Read a manifest of any kind.

    Raises:
        ConfigError: If it cannot be read, or a line is not as it should be; the line is named.
    """
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        return
    lines = itertools.chain([first], lines)
    match kind_of(path, first):
        case "jsonl":
            yield from map(_from_json, lines)
        case "tsv":
            yield from _from_table(lines)
        case "scp":
            yield from map(_from_scp, lines)


def kind_of(path: str, first: TextLine) -> Kind:
    """Tell the kind of a manifest by its name, else by its first line."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".csv":
        first.refuse("tables need tabs between their columns", "save it as TSV")
    by_look: Kind = (
        "jsonl" if first.text.lstrip().startswith("{") else "tsv" if "\t" in first.text else "scp"
    )
    return _SUFFIXES.get(suffix, by_look)


def _from_json(line: TextLine) -> Entry:
    try:
        fields = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        line.refuse(f"this is no JSON: {str(error)[:200]}", "one object a line")
    if not isinstance(fields, dict):
        line.refuse("this is no JSON object", 'such as {"audio_filepath": "a.wav"}')
    return _entry(line, fields)


def _from_table(lines: Iterator[TextLine]) -> Iterator[Entry]:
    first = next(lines)
    columns = [column.strip().lower() for column in first.text.split("\t")]
    if set(columns).isdisjoint(_AUDIO):
        columns, lines = ["path", "text"], itertools.chain([first], lines)
    for line in lines:
        cells = [cell.strip() for cell in line.text.split("\t")]
        yield _entry(line, dict(zip(columns, cells, strict=False)))


def _from_scp(line: TextLine) -> Entry:
    name, _, path = line.text.strip().partition(" ")
    if "\t" in name:  # a tab does as well
        name, _, path = line.text.strip().partition("\t")
    path = path.strip()
    if not path:
        line.refuse("an id and a path are needed")
    if path.endswith("|") or path.startswith("|"):
        line.refuse(
            "this entry is a command (|), and commands of a file are not run",
            "run it yourself, write the recording to a file, and name that",
        )
    if _IN_ARCHIVE.search(path):
        line.refuse("Kaldi's archives are not read", "copy the recordings out: wav-copy")
    check_name(name, line.where)
    return Entry(_located(line, path), name, has_suffix=False, where=line.where)


def _entry(line: TextLine, fields: Fields) -> Entry:
    audio = _first(fields, _AUDIO)
    if isinstance(audio, dict):  # Hugging Face's: {"path": ..., "bytes": ...}
        audio = audio.get("path")
    if not isinstance(audio, str) or not audio.strip():
        line.refuse("it names no recording", f"in a field {', '.join(_AUDIO[:3])} or {_AUDIO[3]}")
    if fields.get("offset") not in (None, "", 0, 0.0, "0", "0.0"):
        line.refuse("it means a part of a recording (offset)", "cut the parts out first")
    path = _located(line, audio)
    return Entry(
        path=path,
        name=name_of_path(path, os.path.dirname(line.file) or "."),
        language=_text(line, fields, _LANGUAGE) or None,
        text=_text(line, fields, _TEXT),
        duration_s=_duration_s(line, fields),
        where=line.where,
    )


def _located(line: TextLine, path: str) -> str:
    """Find a path that is told from where the manifest is."""
    if _ADDRESS.match(path):
        line.refuse(f"{path[:100]!r} is an address", "only files are read: download it first")
    if "\0" in path:
        line.refuse("a path holds a NUL")
    return os.path.normpath(os.path.join(os.path.dirname(line.file), path))


def _first(fields: Fields, names: tuple[str, ...]) -> object:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _text(line: TextLine, fields: Fields, names: tuple[str, ...]) -> str | None:
    value = _first(fields, names)
    if value is not None and not isinstance(value, str):
        line.refuse(f"the field {names[0]} is no text")
    return value


def _duration_s(line: TextLine, fields: Fields) -> float | None:
    value = _first(fields, _DURATION)
    if value is None or value == "":
        return None
    try:
        seconds = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        line.refuse(f"the duration {str(value)[:40]!r} is no number of seconds")
    return seconds
