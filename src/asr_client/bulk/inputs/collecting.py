"""All that a command line names, as recordings: files, folders, patterns, lists, manifests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from asr_client.bulk.inputs.entry import STDIN, Entry
from asr_client.bulk.inputs.lines import read_paths
from asr_client.bulk.inputs.manifests import read_manifest
from asr_client.bulk.inputs.names import check_name, name_of_path
from asr_client.bulk.inputs.walk import (
    find_recordings,
    is_pattern,
    match_pattern,
    pattern_base,
)
from asr_client.errors import ConfigError

__all__ = ["Inputs", "collect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """
    What a caller names.

    Attributes:
        files: Files, folders, and patterns that no shell has expanded; "-" is standard input.
        recursive: Whether folders are searched with all that is below them.
        files_from: A list of file names; "-" is standard input. None: there is none.
        null: Its names end in NUL.
        manifest: A manifest; None: there is none.
        skip: A folder that searches leave out: the outputs'.
    """

    files: tuple[str, ...] = ()
    recursive: bool = False
    files_from: str | None = None
    null: bool = False
    manifest: str | None = None
    skip: str | None = None


def collect(inputs: Inputs) -> tuple[Entry, ...]:
    """
    Find the recordings, in a settled order; what was found twice is one.

    A file that is named by itself stays, as often as it is named, and need not exist: what is
    wrong with it is said in its turn.

    Raises:
        ConfigError: If nothing was found in a place, a list cannot be read, or one recording is
            said to have two languages.
    """
    if not (inputs.files or inputs.files_from or inputs.manifest):
        raise ConfigError(
            "no recording is named", hint="name files or folders, or use --files-from or --manifest"
        )
    if inputs.files.count(STDIN) + (inputs.files_from == STDIN) > 1:
        raise ConfigError("stdin (-) can be read only once")
    entries = tuple(_without_doubles(_all(inputs)))
    if not entries:
        named = "standard input" if inputs.files_from == STDIN else inputs.files_from
        raise ConfigError(f"{named or inputs.manifest}: it names no recording")
    return entries


def _all(inputs: Inputs) -> Iterator[Entry]:
    for text in inputs.files:
        yield from _from_argument(text, inputs)
    if inputs.files_from:
        for line in read_paths(inputs.files_from, null=inputs.null):
            name = check_name(name_of_path(line.text), line.where)
            yield Entry(os.path.normpath(line.text), name, where=line.where)
    if inputs.manifest:
        yield from read_manifest(inputs.manifest)


def _from_argument(text: str, inputs: Inputs) -> Iterator[Entry]:
    if text == STDIN:
        yield Entry(STDIN, "stdin", has_suffix=False, is_named=True)
    elif os.path.isdir(text):
        yield from _from_folder(text, inputs)
    elif is_pattern(text) and not os.path.lexists(text):
        yield from _from_pattern(text, inputs)
    else:
        yield Entry(text, os.path.basename(text) or text, is_named=True)


def _from_folder(folder: str, inputs: Inputs) -> Iterator[Entry]:
    empty = True
    for path in find_recordings(folder, recursive=inputs.recursive, skip=inputs.skip):
        empty = False
        yield Entry(path, name_of_path(path, folder))
    if empty:
        raise ConfigError(
            f"{folder}: this folder holds no recordings, as far as names tell",
            hint="name files themselves if theirs tell nothing"
            if inputs.recursive
            else "-r looks into its subfolders as well",
        )


def _from_pattern(pattern: str, inputs: Inputs) -> Iterator[Entry]:
    empty, base = True, pattern_base(pattern)
    for path in match_pattern(pattern, inputs.skip):
        empty = False
        yield Entry(path, name_of_path(path, base))
    if empty:
        raise ConfigError(f"{pattern}: no file is there, nor does any match it")


def _without_doubles(entries: Iterator[Entry]) -> Iterator[Entry]:
    real_folder: Callable[[str], str] = lru_cache(maxsize=1024)(os.path.realpath)
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        key = (_real(entry.path, real_folder), entry.name if not entry.has_suffix else "")
        first = seen.setdefault(key, entry)
        if first is entry or (entry.is_named and first.is_named):
            yield entry
        elif first.language != entry.language and entry.where and first.where:
            raise ConfigError(
                f"{entry.where}: {entry.path} was named before with another language "
                f"({first.language} by {first.where}, {entry.language} here)"
            )


def _real(path: str, real_folder: Callable[[str], str]) -> str:
    """Resolve links; folders, which many share, once each."""
    if path == STDIN:
        return path
    if os.path.islink(path):
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    return os.path.join(real_folder(folder), name)
