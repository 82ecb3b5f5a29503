"""A folder of transcripts and its journal: what is left to be made, and what is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asr_client.bulk.files import put_in_place, sha256_of
from asr_client.bulk.inputs import STDIN
from asr_client.bulk.journal import Journal, Record, Written, key_of
from asr_client.bulk.lookahead import map_ahead
from asr_client.bulk.outputs import Assignment, Output
from asr_client.bulk.resume import is_done
from asr_client.bulk.run import Skipped, Task
from asr_client.errors import ASRError
from asr_client.formats import ENCODING_ERRORS, format_transcript
from asr_client.results import Transcript

__all__ = ["FolderStore", "is_made"]

# Digests are made ahead of the work, at some 2 GB/s where the files are in memory.
_THREADS = 2
_AHEAD = 16


class FolderStore:
    """
    Keeps transcripts in a folder, each in its place before the journal says so.

    Args:
        assignments: What is to be made.
        journal: The folder's journal.
        options: What shapes the text: see `records.key_of`.
        resume: Whether what the journal knows to be done is left as it is.
        elapsed_s: Seconds since the run began.
    """

    def __init__(
        self,
        assignments: Sequence[Assignment],
        journal: Journal,
        options: Mapping[str, Any],
        *,
        resume: bool,
        elapsed_s: Callable[[], float],
    ) -> None:
        self._assignments = assignments
        self._journal = journal
        self._folder: Path = journal.path.parent
        self._options = options
        self._resume = resume
        self._elapsed_s = elapsed_s
        self.rewritten = 0  # outputs that are not as they were written, and are made again

    def todo(self) -> Iterator[Task | Skipped]:
        """Look at each recording in its turn."""
        return map_ahead(self._look, enumerate(self._assignments), threads=_THREADS, ahead=_AHEAD)

    def _look(self, placed: tuple[int, Assignment]) -> Task | Skipped:
        place, assignment = placed
        content = _digest(assignment.entry.path)
        if not content:
            return Task(place, assignment)
        key = _key(assignment, content, self._options)
        record = self._journal.history.records.get(assignment.name) if self._resume else None
        if is_done(assignment, key, record, self._folder):
            return Skipped(place)
        if record is not None and record.ok and record.key == key:
            kept = {each.path for each in record.outputs}
            self.rewritten += kept.issuperset(each.path for each in assignment.outputs)
        return Task(place, assignment, key)

    def keep(self, task: Task, transcript: Transcript) -> None:
        """Write the outputs, then the line that tells of them; raises OSError where that fails."""
        written = tuple(
            self._write(output, transcript, task.assignment.entry.label)
            for output in task.assignment.outputs
        )
        whole = transcript.is_complete
        self._journal.append(
            Record(
                name=task.assignment.name,
                source=task.assignment.entry.path,
                key=task.key,
                outputs=written + self._still_there(task, written),
                audio_s=round(transcript.duration_s, 3),
                at_s=round(self._elapsed_s(), 3),
                code="" if whole else "incomplete",
                message="" if whole else "there is no text for parts of it",
            )
        )

    def _still_there(self, task: Task, written: tuple[Written, ...]) -> tuple[Written, ...]:
        """Name outputs in other formats that an earlier run has made of the same."""
        record = self._journal.history.records.get(task.assignment.name)
        if record is None or not record.ok or record.key != task.key:
            return ()
        made_anew = {each.path for each in written}
        return tuple(each for each in record.outputs if each.path not in made_anew)

    def _write(self, output: Output, transcript: Transcript, source: str) -> Written:
        text = format_transcript(transcript, output.format, source=source)
        data = text.encode(errors=ENCODING_ERRORS)
        put_in_place(self._folder / output.path, data)
        return Written(output.path, hashlib.sha256(data).hexdigest(), len(data))

    def note_failure(self, task: Task, error: ASRError) -> None:
        """Write down that a recording failed, and why."""
        self._journal.append(
            Record(
                name=task.assignment.name,
                source=task.assignment.entry.path,
                at_s=round(self._elapsed_s(), 3),
                code=error.code,
                message=str(error),
            )
        )


def is_made(
    assignment: Assignment, record: Record | None, folder: Path, options: Mapping[str, Any]
) -> bool:
    """Whether a recording is done, by what the journal has of it and what is in the folder."""
    if record is None or not record.ok:
        return False
    content = _digest(assignment.entry.path)
    return bool(content) and is_done(assignment, _key(assignment, content, options), record, folder)


def _key(assignment: Assignment, content_sha256: str, options: Mapping[str, Any]) -> str:
    return key_of(content_sha256, assignment.entry.language or options.get("language"), options)


def _digest(path: str) -> str:
    """Digest a recording; empty where it is a pipe, or cannot be read: its turn will tell."""
    try:
        return sha256_of(path) if path != STDIN and Path(path).is_file() else ""
    except (OSError, ValueError):
        return ""
