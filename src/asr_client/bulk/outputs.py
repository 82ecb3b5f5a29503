"""Which files each recording will become, settled before any work."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asr_client.bulk.inputs import STDIN, Entry
from asr_client.errors import ConfigError

__all__ = ["Assignment", "Output", "assign_outputs"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write: its path below the output folder, with "/", and its format."""

    path: str
    format: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    One recording, and the files that it will become.

    Attributes:
        entry: The recording.
        name: What the journal knows it by: the outputs' path without their ending.
        outputs: The files.
    """

    entry: Entry
    name: str
    outputs: tuple[Output, ...]


def assign_outputs(
    entries: Sequence[Entry], folder: Path, formats: Sequence[str]
) -> tuple[Assignment, ...]:
    """
    Name the outputs: <folder>/<name>.<format>, without the recording's suffix where it is not
    needed to tell two apart.

    Raises:
        ConfigError: If two recordings would be written to one file, or one over a recording.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"{folder} is a file, and {len(entries)} transcripts need a folder",
            hint="name a folder with -o",
        )
    entries = tuple(_each_once(entries))
    shared = Counter(entry.short_name for entry in entries)
    assignments = tuple(_assigned(entry, shared, formats) for entry in entries)
    _check_apart(assignments, folder)
    _check_recordings(assignments, folder)
    return assignments


def _each_once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Drop what was named twice, for it would be written twice to the same place."""
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if (key := (entry.path, entry.name)) not in seen:
            seen.add(key)
            yield entry


def _assigned(entry: Entry, shared: Counter[str], formats: Sequence[str]) -> Assignment:
    name = entry.short_name if shared[entry.short_name] == 1 else entry.name
    return Assignment(entry, name, tuple(Output(f"{name}.{each}", each) for each in formats))


def _check_apart(assignments: Sequence[Assignment], folder: Path) -> None:
    taken: dict[str, Entry] = {}
    for assignment in assignments:
        first = taken.setdefault(assignment.name, assignment.entry)
        if first is not assignment.entry:
            raise ConfigError(
                f"{_told(first)} and {_told(assignment.entry)} would both be written to "
                f"{folder / assignment.outputs[0].path}",
                hint="name the folder above both and -r, or use a folder of outputs for each",
            )
    files = {output.path for assignment in assignments for output in assignment.outputs}
    for assignment in assignments:
        for above in PurePosixPath(assignment.name).parents:
            if str(above) in files:
                raise ConfigError(
                    f"{folder / above} would be a file, and a folder for {assignment.name}"
                )


def _told(entry: Entry) -> str:
    return f"{entry.label} ({entry.where})" if entry.where else entry.label


def _check_recordings(assignments: Sequence[Assignment], folder: Path) -> None:
    base = os.path.realpath(folder)
    recordings = {
        os.path.realpath(assignment.entry.path)
        for assignment in assignments
        if assignment.entry.path != STDIN
    }
    for assignment in assignments:
        for output in assignment.outputs:
            if os.path.join(base, *output.path.split("/")) in recordings:  # noqa: PTH118 - ten times as fast
                raise ConfigError(f"the output {folder / output.path} would overwrite a recording")
