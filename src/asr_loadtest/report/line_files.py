"""
Files of lines, compressed, that survive their writer: what was flushed can be read again.

Each flush makes a gzip member of its own, and a file of several members is an ordinary .gz: a
process that is killed leaves a file that `zcat` reads to the last flush, or to within it.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["LineWriter", "read_lines", "write_whole"]

_LINES_A_MEMBER = 64
# gzip framing, by zlib's convention: 16 more than the window's bits.
_GZIP = 31
_PIECE_BYTES = 1 << 16
# Half a character, as broken replies may hold, becomes \\udc80: JSON reads it as what it was.
_UNLETTERED = "backslashreplace"
_LONGEST_LINE_BYTES = 1 << 20


class LineWriter:
    """
    Appends lines to a gzip file; a line costs little more than its own encoding.

    A full disk must not hold up who measures: from then on nothing is written, and `close` tells.

    Args:
        path: The file; it is made.
    """

    def __init__(self, path: Path) -> None:
        # Unbuffered: a member is on its way to the disk as soon as it is written.
        self._file = path.open("wb", buffering=0)
        self._lines: list[str] = []
        self._trouble: OSError | None = None

    def add(self, line: str) -> None:
        """Append a line; it is on disk after the next flush, which comes every 64 lines."""
        self._lines.append(line)
        if len(self._lines) >= _LINES_A_MEMBER:
            self.flush()

    def flush(self) -> None:
        """Put on disk what is not there yet."""
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._lines.clear()
            # The generator's CPU is dear, and level 1 already takes most of the bytes away.
            raw = text.encode(errors=_UNLETTERED)
            self._write(zlib.compress(raw, level=1, wbits=_GZIP))

    def _write(self, member: bytes) -> None:
        rest = memoryview(member)
        try:
            while rest and self._trouble is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._trouble = error

    def close(self) -> None:
        """
        Flush, and let go of the file.

        Raises:
            OSError: If a line could not be written, now or before.
        """
        self.flush()
        self._file.close()
        if self._trouble is not None:
            raise self._trouble


def read_lines(path: Path, on_damage: Callable[[str], None]) -> Iterator[str]:
    """
    Give the lines of a gzip file, up to its end or to where it is damaged.

    Args:
        path: The file.
        on_damage: Told in a sentence if the file breaks off.
    """
    count = 0
    try:
        for line in _lines(path):
            yield line
            count += 1
    except (EOFError, ValueError, gzip.BadGzipFile, zlib.error):
        on_damage(f"{path.name}: {count} lines, then the file breaks off")


def _lines(path: Path) -> Iterator[str]:
    """Split what unpacks; a last line without its end is as broken as bytes that do not unpack."""
    rest = b""
    with gzip.open(path) as file:
        # read1 and not read: this gives what comes before the damage, too.
        while piece := file.read1(_PIECE_BYTES):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode()
            if len(rest) > _LONGEST_LINE_BYTES:
                raise ValueError("a line without end")
    if rest:
        raise EOFError


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever looks sees the old one or the new one, and never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", errors=_UNLETTERED)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
