"""The recordings in a folder, and those that a pattern means; sorted, each once, loops seen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath

from asr_client.errors import ConfigError

__all__ = ["AUDIO_SUFFIXES", "find_recordings", "is_pattern", "match_pattern", "pattern_base"]

_SUFFIXES = """
    .wav .wave .flac .ogg .oga .opus .mp3 .aif .aiff .aifc .au .snd .caf .w64 .rf64 .sph .nist
    .m4a .m4b .aac .amr .wma .wv .webm .mka .mp4 .m4v .mkv .mov .3gp .avi .flv
"""

AUDIO_SUFFIXES = frozenset(_SUFFIXES.split())
"""What a file's name ends in when it holds sound; films have sound, too."""

_MAGIC = frozenset("*?[")
_ANY_FOLDERS = "**"


def find_recordings(folder: str, *, recursive: bool, skip: str | None = None) -> Iterator[str]:
    """
    Find the recordings of a folder by their suffix; what is hidden is left out.

    Args:
        folder: Where to look.
        recursive: Whether to look into its subfolders.
        skip: A folder below it that is left out, such as the one for the outputs.

    Raises:
        ConfigError: If a folder cannot be read.
    """
    for each in _folders(folder, skip) if recursive else (folder,):
        for found in _list(each):
            if found.is_file() and os.path.splitext(found.name)[1].lower() in AUDIO_SUFFIXES:
                yield found.path


def is_pattern(text: str) -> bool:
    """Whether a name holds what shells expand."""
    return not _MAGIC.isdisjoint(text)


def pattern_base(pattern: str) -> str:
    """Give the folder that a pattern begins in: all of it before the first part with magic."""
    parts = PurePath(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if is_pattern(part))
    return str(PurePath(*parts[:fixed])) if fixed else "."


def match_pattern(pattern: str, skip: str | None = None) -> Iterator[str]:
    """
    Find the files that a pattern means, as shells do: "*", "?", "[...]", and "**" for folders.

    Args:
        pattern: Such as "*.wav" or "**/*.flac".
        skip: A folder that is left out.
    """
    base = pattern_base(pattern)
    parts = PurePath(pattern).parts[len(PurePath(base).parts) :]
    found: set[str] = set()
    for path in _matches(base, parts, skip):
        if path not in found:  # "**" may come to a file in several ways
            found.add(path)
            yield os.path.normpath(path)


def _matches(folder: str, parts: Sequence[str], skip: str | None) -> Iterator[str]:
    first, rest = parts[0], parts[1:]
    if first == _ANY_FOLDERS:
        for each in _folders(folder, skip):
            yield from _matches(each, rest or ("*",), skip)
        return
    for found in _list(folder, hidden=first.startswith(".")):
        if not fnmatchcase(found.name, first):
            continue
        if not rest and found.is_file():
            yield found.path
        elif rest and found.is_dir() and not _is_same(found.path, skip):
            yield from _matches(found.path, rest, skip)


def _folders(top: str, skip: str | None) -> Iterator[str]:
    """
    Walk *top* and all folders below, each once: a link may lead back up, or twice to one.

    Links come last, so that what lies in a folder is called by it, and not by a link to it.
    """
    seen: set[tuple[int, int]] = set()
    waiting, links = [top], list[str]()
    while waiting or links:
        folder = (waiting or links).pop()
        if (identity := _identity(folder)) in seen:
            continue
        seen.add(identity)
        yield folder
        below = [each for each in reversed(_list(folder)) if each.is_dir()]
        for each in below:
            if not _is_same(each.path, skip):
                (links if each.is_symlink() else waiting).append(each.path)


def _list(folder: str, *, hidden: bool = False) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if hidden or not entry.name.startswith(".")]
    except OSError as error:
        raise ConfigError(f"{folder}: this folder cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda entry: entry.name)


def _identity(folder: str) -> tuple[int, int]:
    try:
        facts = os.stat(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: this folder cannot be read: {error.strerror}") from error
    return facts.st_dev, facts.st_ino


def _is_same(folder: str, other: str | None) -> bool:
    if other is None:
        return False
    try:
        return os.path.samefile(folder, other)
    except OSError:
        return False  # one of them does not exist
