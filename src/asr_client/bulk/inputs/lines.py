"""Lists and manifests, line by line: read as UTF-8, each with its place for messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from asr_client.bulk.inputs.entry import STDIN
from asr_client.errors import ConfigError

__all__ = ["TextLine", "read_lines", "read_paths"]

# A line that is longer is none: somebody has named a recording, or a disk, as a list.
_LONGEST_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextLine:
    """
    One line of a file.

    Attributes:
        text: Without its end.
        file: The file's name.
        number: From 1.
    """

    text: str
    file: str
    number: int

    @property
    def where(self) -> str:
        """Its place, for messages."""
        return f"{self.file}, line {self.number}"

    def refuse(self, why: str, hint: str = "") -> NoReturn:
        """Raise what is wrong with it."""
        raise ConfigError(f"{self.where}: {why}", hint=hint)


def read_lines(path: str) -> Iterator[TextLine]:
    """
    Read the lines of a text that are not blank.

    Raises:
        ConfigError: If it cannot be read, or a line is no UTF-8.
    """
    for number, raw in enumerate(_split(path, b"\n"), start=1):
        try:
            text = (raw.removeprefix(_BOM) if number == 1 else raw).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            TextLine("", path, number).refuse("this is not UTF-8 text")
        if text.strip():
            yield TextLine(text, path, number)


def read_paths(path: str, *, null: bool) -> Iterator[TextLine]:
    """
    Read one file name a line, "-" being standard input; names may hold any bytes.

    Args:
        path: The list.
        null: Names end in NUL, as `find -print0` writes them, so that they may hold line ends.
    """
    name = _label(path)
    for number, raw in enumerate(_split(path, b"\0" if null else b"\n"), start=1):
        text = os.fsdecode(raw if null else raw.rstrip(b"\r"))
        if not null and "\0" in text:
            TextLine("", name, number).refuse(
                "it holds a NUL", "add --null for names that end in NUL"
            )
        if text:
            yield TextLine(text, name, number)


def _label(path: str) -> str:
    return "standard input" if path == STDIN else path


def _split(path: str, end: bytes) -> Iterator[bytes]:
    """Yield what stands between ends, which are taken off."""
    name, rest = _label(path), b""
    with _opened(path) as file:
        while block := file.read(1 << 16):
            *whole, rest = (rest + block).split(end)
            yield from whole
            if len(rest) > _LONGEST_BYTES:
                raise ConfigError(f"{name}: this is no list: a line is longer than 1 MiB")
    if rest:
        yield rest


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise ConfigError("standard input: it is closed")
            yield sys.stdin.buffer
            return
        with open(path, "rb") as file:
            yield file
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be read: {error.strerror}") from error
