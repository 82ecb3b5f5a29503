"""
The journal of an output folder: append-only, one writer at a time, whole again after a crash.

An output is in its place, and lasts, before the line that tells of it is written. So what a line
says is done is done, whenever the process ends; at worst a recording is transcribed once more.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from asr_client.bulk.files import make_folder, sync_folder
from asr_client.bulk.journal.history import History
from asr_client.bulk.journal.records import JournalLine, parse_line, write_line
from asr_client.errors import ConfigError

__all__ = ["JOURNAL_NAME", "Journal", "read_history"]

JOURNAL_NAME = ".asr-transcribe.jsonl"
_UNLOCKABLE = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class Journal:
    """
    A journal, open for writing; what it held before is its `history`.

    Args:
        folder: The output folder; it is made if need be.

    Raises:
        ConfigError: If the folder cannot be used, or another run is writing there.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL_NAME
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        try:
            make_folder(folder)
            self._file = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise ConfigError(
                f"{folder}: nothing can be written there: {error.strerror}"
            ) from error
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise ConfigError(f"{self.path} is no file, and so no journal")
            self._lock(folder)
            self.history = self._repair()
            sync_folder(folder)
        except BaseException:
            self.close()
            raise

    def _lock(self, folder: Path) -> None:
        """Keep others out; the system lets go of the lock however the process ends."""
        if sys.platform == "win32":  # two runs in one folder are not kept apart there
            return
        import fcntl

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{folder}: another asr-transcribe is writing there",
                hint="wait for it, or use another folder",
            ) from error
        except OSError as error:
            if error.errno not in _UNLOCKABLE:  # some network file systems have no locks
                raise

    def _repair(self) -> History:
        """Read it, and cut off a line that a crash has torn."""
        content = _read_all(self._file)
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)
        return History.of(map(parse_line, content[:whole].splitlines()))

    def append(self, *lines: JournalLine) -> None:
        """Write lines down to last, all or none; raises OSError if that cannot be."""
        size_bytes = os.fstat(self._file).st_size
        rest = memoryview(b"".join(map(write_line, lines)))
        try:
            while rest:  # a disk that is nearly full takes a part
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, size_bytes)
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def close(self) -> None:
        """Let others write."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_history(folder: Path) -> History:
    """Read a folder's journal without a claim to it; a folder without one has no history."""
    path = folder / JOURNAL_NAME
    try:
        # A pipe would be waited for, a device read without end; `Journal` says what is wrong.
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    except OSError:
        return History()
    return History.of(map(parse_line, content[: content.rfind(b"\n") + 1].splitlines()))


def _read_all(file: int) -> bytes:
    blocks = []
    os.lseek(file, 0, os.SEEK_SET)
    while block := os.read(file, 1 << 20):
        blocks.append(block)
    return b"".join(blocks)
