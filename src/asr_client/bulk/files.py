"""Files that are there whole or not at all, even if the power fails; and what they hold."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

__all__ = ["is_own_fault", "make_folder", "put_in_place", "sha256_of", "sync_folder"]

_BLOCK_BYTES = 1 << 20

# What is wrong with one name, and would not be with the next: too long, a folder in its place.
_OF_ONE_NAME = frozenset(
    (
        errno.ENAMETOOLONG,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EILSEQ,
        errno.EINVAL,
        errno.ELOOP,
    )
)


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Digest a file block by block; raises OSError if it cannot be read."""
    with Path(path).open("rb", buffering=0) as file:
        digest, buffer = hashlib.sha256(), bytearray(_BLOCK_BYTES)
        while size := file.readinto(buffer):
            digest.update(memoryview(buffer)[:size])
    return digest.hexdigest()


def put_in_place(path: Path, data: bytes) -> None:
    """
    Write a file: a reader sees all of it or none, and once this returns it outlives a power cut.

    Only one process may write below a folder at a time (journal.py sees to it): what a crash has
    left behind has the same name in the next run, and is written over.
    """
    make_folder(path.parent)
    mark = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    part = path.with_name(f".asr-transcribe-{mark}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(part, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, to last."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written down, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(handle)


def is_own_fault(error: OSError) -> bool:
    """Whether a file could not be written because of its own name, so that others still can."""
    return error.errno in _OF_ONE_NAME
