"""May a run begin in a folder, and what of it is done already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from asr_client.bulk.files import sha256_of
from asr_client.bulk.journal import History, Record, differences
from asr_client.bulk.outputs import Assignment
from asr_client.errors import ConfigError

__all__ = ["Beginning", "check_beginning", "is_done", "take_back"]

# "new" writes over nothing, "resume" goes on, "overwrite" does all of it again.
Beginning = Literal["new", "resume", "overwrite"]

_TAKEN_BACK = "it is to be made again"


def check_beginning(
    beginning: Beginning,
    assignments: Sequence[Assignment],
    folder: Path,
    history: History,
    options: Mapping[str, Any],
) -> None:
    """
    Refuse what would write over outputs that were not meant.

    Raises:
        ConfigError: If outputs are there and nothing was said of them, if nobody knows who wrote
            them, or if they come from a run with other options.
    """
    if beginning == "overwrite":
        return
    if beginning == "resume" and not history.is_empty:
        _check_options(assignments, folder, history, options)
        return
    present = [
        folder / output.path
        for assignment in assignments
        for output in assignment.outputs
        if (folder / output.path).exists()
    ]
    if not present:
        return
    others = f" and {len(present) - 1} more outputs" if len(present) > 1 else ""
    how = "--resume goes on where the last run ended; " if not history.is_empty else ""
    why = ", and no journal says who wrote them" if beginning == "resume" else ""
    raise ConfigError(
        f"{present[0]}{others} would be written over{why}",
        hint=f"{how}--overwrite does all of it anew; or name another folder",
    )


def _check_options(
    assignments: Sequence[Assignment], folder: Path, history: History, options: Mapping[str, Any]
) -> None:
    for assignment in assignments:
        record = history.records.get(assignment.name)
        if record is None or not record.ok:
            continue
        differing = differences(history.options_of(assignment.name), options)
        if differing:
            raise ConfigError(
                f"{folder} holds transcripts made with other options: {'; '.join(differing)}",
                hint="use another folder, the same options, or --overwrite",
            )


def take_back(assignments: Sequence[Assignment], history: History) -> tuple[Record, ...]:
    """
    Make the lines that say of what is overwritten that it is to be made again.

    Without them, a run that overwrites and is stopped would be resumed as one that had done all.
    """
    records = (history.records.get(assignment.name) for assignment in assignments)
    return tuple(
        replace(record, outputs=(), audio_s=0.0, at_s=0.0, code="overwritten", message=_TAKEN_BACK)
        for record in records
        if record is not None and record.ok
    )


def is_done(assignment: Assignment, key: str, record: Record | None, folder: Path) -> bool:
    """Whether a recording's outputs are there as they were written, from this very content."""
    if record is None or not record.ok or record.key != key:
        return False
    written = {each.path: each for each in record.outputs}
    for output in assignment.outputs:
        kept = written.get(output.path)
        if kept is None:
            return False
        path = folder / output.path
        try:
            if path.stat().st_size != kept.size_bytes or sha256_of(path) != kept.sha256:
                return False
        except OSError:
            return False
    return True
