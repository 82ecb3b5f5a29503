"""Any binary input as a file that begins where it stands, can be rewound, and never throws."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol, cast

from asr_client.audio.messages import reason
from asr_client.errors import AudioError

__all__ = ["BinaryReadable", "RewindableFile", "open_rewindable"]

# Above this, a pipe's bytes go to a temporary file: an hour of stereo WAV would be 700 MB.
_SPOOL_BYTES = 32 << 20


class BinaryReadable(Protocol):
    """The least a binary file object can do."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to *size* bytes, all of them if negative; b"" at the end."""


class RewindableFile(io.RawIOBase):
    """
    A seekable binary file, counted from where it stood; the caller's file is never closed.

    libsndfile calls back into Python to read. An exception there, Ctrl-C included, is printed
    and lost, and the audio ends early in silence; so it is kept here, for check() to raise.
    """

    def __init__(self, file: Any, name: str) -> None:
        super().__init__()
        self.label = name  # not "name": soundfile would guess a format from its ending
        self._file = file
        self._origin: int = file.tell()
        self._error: BaseException | None = None
        self._patch: tuple[int, bytes] | None = None

    def readable(self) -> bool:
        """Answer yes, for io.RawIOBase to offer read()."""
        return True

    def seekable(self) -> bool:
        """Answer yes; open_rewindable() sees to it."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill *buffer* as far as the input goes; 0 at its end, or when it fails."""
        window = memoryview(buffer).cast("B")
        at = self.tell()
        size = self._attempt(lambda: self._fill(window), 0)
        if self._patch:
            _overlay(window[:size], at, *self._patch)
        return size

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move, and return the new position; -1 when the input fails or would not go there."""
        if whence == os.SEEK_SET and offset < 0:
            return -1  # a damaged file led the decoder there: not the input's failure
        start = self._origin if whence == os.SEEK_SET else 0
        self._attempt(lambda: self._file.seek(start + offset, whence), -1)
        return self.tell()

    def tell(self) -> int:
        """Bytes from the beginning; -1 when the input fails."""
        return self._attempt(lambda: int(self._file.tell()) - self._origin, -1)

    def size_bytes(self) -> int:
        """Bytes from the beginning to the end; the position does not move."""
        here = self.tell()
        size = self.seek(0, os.SEEK_END)
        self.seek(here)
        return size

    def read_at(self, offset: int, size: int) -> bytes:
        """Up to *size* bytes from *offset*."""
        self.seek(offset)
        return self.read(size) or b""

    def patch(self, offset: int, data: bytes) -> None:
        """Show *data* at *offset* instead of what is there."""
        self._patch = (offset, data)

    def check(self) -> None:
        """
        Raise what went wrong while somebody else was reading.

        Raises:
            AudioError: If the input failed. KeyboardInterrupt and the like as they came.
        """
        error = self._error
        if isinstance(error, Exception):
            raise AudioError(f"{self.label}: reading it failed: {reason(error)}") from error
        if error:
            raise error

    def _attempt(self, work: Callable[[], int], otherwise: int) -> int:
        try:
            return work()
        except BaseException as error:  # noqa: BLE001 - nothing may pass: check() raises it
            self._error = self._error or error
            return otherwise

    def _fill(self, buffer: memoryview) -> int:
        # libsndfile takes a short read for the end, while a remote file may read in pieces.
        filled = 0
        while filled < len(buffer) and (size := self._read_some(buffer[filled:])):
            filled += size
        return filled

    def _read_some(self, buffer: memoryview) -> int:
        if hasattr(self._file, "readinto"):
            return cast("int", self._file.readinto(buffer) or 0)
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def open_rewindable(file: Any, name: str, stack: ExitStack) -> RewindableFile:
    """
    Make any binary file object rewindable.

    Args:
        file: Anything with read(); what cannot seek is read to its end first.
        name: For messages.
        stack: Closes the temporary file, if one is needed.

    Raises:
        AudioError: If *file* is closed, in text mode, or fails.
    """
    try:
        in_text_mode = isinstance(file.read(0), str)
        if not in_text_mode:
            return RewindableFile(file if _can_seek(file) else _spool(file, stack), name)
    except Exception as error:  # a caller's file may throw anything
        raise AudioError(f"{name}: it cannot be read: {reason(error)}") from error
    raise AudioError(f"{name}: the file is open in text mode", hint="open it with mode 'rb'")


def _spool(file: Any, stack: ExitStack) -> Any:
    spool = stack.enter_context(tempfile.SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115 - *stack* closes it
    shutil.copyfileobj(file, spool, 1 << 20)
    spool.seek(0)
    return spool


def _can_seek(file: Any) -> bool:
    try:
        return bool(file.seekable()) and file.tell() >= 0
    except (AttributeError, OSError):
        return False


def _overlay(window: memoryview, at: int, offset: int, data: bytes) -> None:
    start, end = max(at, offset), min(at + len(window), offset + len(data))
    if start < end:
        window[start - at : end - at] = data[start - offset : end - offset]
