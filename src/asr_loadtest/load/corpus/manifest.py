"""
Lists of recordings: TSV or CSV with a header, or one JSON object a line. Pure.

    path                language  text
    hi/morning.flac     hi        आज सुबह ...

The usual names of other tools' columns are understood too (NeMo, Common Voice).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asr_client.errors import ConfigError

__all__ = ["MANIFEST_SUFFIXES", "Entry", "parse_manifest"]

MANIFEST_SUFFIXES = (".tsv", ".csv", ".jsonl")

_PATH = ("path", "audio", "audio_filepath")
_LANGUAGE = ("language", "lang", "locale")
_TEXT = ("text", "transcript", "sentence")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One recording, not yet read.

    Attributes:
        path: As it is written: relative to the manifest's folder, or absolute.
        language: As it is written; empty if it is not told.
        text: What is said; empty if it is not told.
        where: The place in the manifest, for messages; empty for a file found in a folder.
    """

    path: str
    language: str = ""
    text: str = ""
    where: str = ""


def parse_manifest(text: str, name: str, suffix: str) -> list[Entry]:
    """
    Read a manifest's rows, in their order.

    Args:
        text: Its contents.
        name: Its name, for messages.
        suffix: Which kind it is: ".tsv", ".csv" or ".jsonl".

    Raises:
        ConfigError: If a row names no file, or one that an earlier row named, or it is not what its
            suffix says; the message has the line.
    """
    rows = _json_rows(text, name) if suffix == ".jsonl" else _table_rows(text, name, suffix)
    entries: dict[str, Entry] = {}
    for row, where in rows:
        entry = Entry(_get(row, _PATH), _get(row, _LANGUAGE), _get(row, _TEXT), where)
        if not entry.path:
            raise ConfigError(f"{where}: it names no file", hint=f"in a column {_PATH[0]!r}")
        if entry.path in entries:
            raise ConfigError(f"{where}: {entry.path} has been named before")
        entries[entry.path] = entry
    if not entries:
        raise ConfigError(f"{name}: it lists no recordings")
    return list(entries.values())


def _get(row: Mapping[str, Any], names: Iterable[str]) -> str:
    values = (row[name] for name in names if row.get(name) is not None)
    return str(next(values, "")).strip()


def _table_rows(text: str, name: str, suffix: str) -> Iterator[tuple[Mapping[str, str], str]]:
    reader = csv.reader(
        io.StringIO(text),
        delimiter="\t" if suffix == ".tsv" else ",",
        # A sentence in a TSV file may hold any character but tab and newline.
        quoting=csv.QUOTE_NONE if suffix == ".tsv" else csv.QUOTE_MINIMAL,
    )
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        if not set(header) & set(_PATH):
            raise ConfigError(
                f"{name}: its first line names no column for the files",
                hint="path, language, text; separated by " + ("tabs" if suffix == ".tsv" else ","),
            )
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if len(row) > len(header):
                raise ConfigError(f"{where}: it has more columns than the first line")
            if any(row):
                yield dict(zip(header, row, strict=False)), where
    except csv.Error as error:
        raise ConfigError(f"{name}, line {reader.line_num}: {error}") from error


def _json_rows(text: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{where}: it is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{where}: it is no JSON object")
        yield row, where
