"""Which files each recording will become, settled before any work."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asr_client.bulk.inputs import STDIN, Entry
from asr_client.errors import ConfigError

__all__ = ["Job", "Output", "plan_jobs"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write: its path below the output folder, with "/", and its format."""

    path: str
    format: str


@dataclass(frozen=True, slots=True)
class Job:
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


def plan_jobs(entries: Sequence[Entry], folder: Path, formats: Sequence[str]) -> tuple[Job, ...]:
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
    jobs = tuple(_job(entry, shared, formats) for entry in entries)
    _check_apart(jobs, folder)
    _check_recordings(jobs, folder)
    return jobs


def _each_once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Drop what was named twice, for it would be written twice to the same place."""
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if (key := (entry.path, entry.name)) not in seen:
            seen.add(key)
            yield entry


def _job(entry: Entry, shared: Counter[str], formats: Sequence[str]) -> Job:
    name = entry.short_name if shared[entry.short_name] == 1 else entry.name
    return Job(entry, name, tuple(Output(f"{name}.{each}", each) for each in formats))


def _check_apart(jobs: Sequence[Job], folder: Path) -> None:
    taken: dict[str, Entry] = {}
    for job in jobs:
        first = taken.setdefault(job.name, job.entry)
        if first is not job.entry:
            raise ConfigError(
                f"{_told(first)} and {_told(job.entry)} would both be written to "
                f"{folder / job.outputs[0].path}",
                hint="name the folder above both and -r, or use a folder of outputs for each",
            )
    files = {output.path for job in jobs for output in job.outputs}
    for job in jobs:
        for above in PurePosixPath(job.name).parents:
            if str(above) in files:
                raise ConfigError(f"{folder / above} would be a file, and a folder for {job.name}")


def _told(entry: Entry) -> str:
    return f"{entry.label} ({entry.where})" if entry.where else entry.label


def _check_recordings(jobs: Sequence[Job], folder: Path) -> None:
    base = os.path.realpath(folder)
    recordings = {os.path.realpath(job.entry.path) for job in jobs if job.entry.path != STDIN}
    for job in jobs:
        for output in job.outputs:
            if os.path.join(base, *output.path.split("/")) in recordings:  # noqa: PTH118 - ten times as fast
                raise ConfigError(f"the output {folder / output.path} would overwrite a recording")
