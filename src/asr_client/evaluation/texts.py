"""
Files and folders of texts, read: what was said, or what was recognised.

    read_texts("ref.txt")   a file in one of the layouts of layouts.py
    read_texts("out/")      a folder: a .txt or .json an utterance, its name the id
    read_texts("-")         standard input
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from asr_client.errors import ConfigError
from asr_client.evaluation.layouts import (
    REFERENCE_FIELDS,
    Layout,
    TextSet,
    Utterance,
    parse_texts,
    text_of_json,
)

__all__ = ["read_texts"]

_LARGEST_BYTES = 256 << 20


def read_texts(
    path: str, layout: Layout | None = None, *, text_fields: Sequence[str] = REFERENCE_FIELDS
) -> TextSet:
    """
    Read a file, a folder, or standard input ("-").

    Args:
        path: What to read; UTF-8, or UTF-16 with a byte order mark.
        layout: How it is written; None to tell by its name and its first lines.
        text_fields: Fields and columns of the text, the first that is there counts.

    Raises:
        ConfigError: If it cannot be read, or is not written as it should be; the line is named.
    """
    if path == "-":
        return parse_texts(
            _decoded(_bounded(sys.stdin.buffer, "stdin"), "stdin"), "stdin", layout, text_fields
        )
    place = Path(path)
    try:
        if place.is_dir():
            return TextSet(path, "folder", tuple(_in_folder(place, text_fields)))
        with place.open("rb") as file:
            content = _decoded(_bounded(file, path), path)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read: {why}") from error
    return parse_texts(content, path, layout, text_fields)


def _in_folder(folder: Path, text_fields: Sequence[str]) -> Iterator[Utterance]:
    for suffix in (".txt", ".json"):
        paths = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
        if paths:
            break
    else:
        raise ConfigError(
            f"{folder}: holds neither *.txt nor *.json", hint="one file an utterance, text alone"
        )
    for path in paths:
        with path.open("rb") as file:
            content = _decoded(_bounded(file, str(path)), str(path))
        if suffix == ".json":
            content = text_of_json(content, str(path), text_fields)
        yield Utterance(path.relative_to(folder).with_suffix("").as_posix(), content)


def _bounded(file: BinaryIO, name: str) -> bytes:
    content = file.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise ConfigError(f"{name}: more than {_LARGEST_BYTES >> 20} MiB, which is no transcript")
    return content


def _decoded(content: bytes, name: str) -> str:
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: not UTF-8 at byte {error.start}", hint="is it a text at all?"
        ) from error
    if "\0" in text:
        raise ConfigError(f"{name}: holds NUL characters", hint="is it a text at all?")
    return text
