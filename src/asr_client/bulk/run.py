"""Recordings through a client, each to its own end, whatever becomes of the others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from asr_client.bulk.account.tally import Tally
from asr_client.bulk.files import is_own_fault
from asr_client.bulk.outputs import Assignment
from asr_client.calls.recording import Recording
from asr_client.client import ASRClient
from asr_client.errors import (
    ASRError,
    AuthError,
    ConfigError,
    EmbeddedError,
    LanguageError,
    ModelNotFoundError,
    RouteNotFoundError,
)
from asr_client.results import Item, Transcript

__all__ = ["Listener", "Skipped", "Store", "Task", "run_bulk", "stops_all"]

_OF_ALL = (AuthError, ModelNotFoundError, RouteNotFoundError, ConfigError, EmbeddedError)


@dataclass(frozen=True, slots=True)
class Task:
    """A recording that is to be transcribed: its place in the list, and what it is kept under."""

    place: int
    assignment: Assignment
    key: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A recording that an earlier run has done: its place in the list."""

    place: int


class Store(Protocol):
    """
    Where transcripts go, and what is left to be made.

    `keep` raises OSError where it cannot.
    """

    def todo(self) -> Iterator[Task | Skipped]: ...
    def keep(self, task: Task, transcript: Transcript) -> None: ...
    def note_failure(self, task: Task, error: ASRError) -> None: ...


class Listener(Protocol):
    """Who is told of each recording that is over."""

    def finished(self, assignment: Assignment, transcript: Transcript) -> None: ...
    def failed(self, assignment: Assignment, error: Exception) -> None: ...


def stops_all(error: ASRError, assignment: Assignment) -> bool:
    """
    Whether every other recording would meet this error as well.

    So it is with keys, routes, models and settings, and with a server that has been away, or has
    had no room, for longer than patience lasts. A recording that a server broke at again and again
    is not to blame on the others: its error says that it may not be sent again.
    """
    if isinstance(error, LanguageError) and assignment.entry.language:
        return False  # others have their own
    return isinstance(error, _OF_ALL) or error.retryable == "yes"


def run_bulk(
    client: ASRClient,
    store: Store,
    tally: Tally,
    listener: Listener,
    stopping: Callable[[], bool],
    **options: Any,
) -> Exception | None:
    """
    Transcribe what a store has left to be made.

    Args:
        client: Who asks.
        store: Where transcripts go.
        tally: Counts.
        listener: Is told of each.
        stopping: Asked before anything new is begun.
        options: Of `ASRClient.transcribe_many`.

    Returns:
        What stopped the run, as every other recording would have met it: an ASRError, or the
        OSError of a full disk. None if all were tried, or *stopping* said so.
    """
    run = _Run(store, tally, listener, stopping)
    recordings = iter(run.recordings())
    first = next(recordings, None)
    if first is None:
        return None  # all is done: no server needs to be there
    left = itertools.chain([first], recordings)
    items = client.transcribe_many(
        left, stopping=run.is_stopping, on_progress=tally.hear, **options
    )
    try:
        for item in items:
            run.settle(item)
            if isinstance(run.stopped_by, OSError):
                break  # what is under way could not be kept either
    except ASRError as error:
        return run.stopped_by or error
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    return run.stopped_by


class _Run:
    def __init__(
        self, store: Store, tally: Tally, listener: Listener, stopping: Callable[[], bool]
    ) -> None:
        self._store = store
        self._tally = tally
        self._listener = listener
        self._stopping = stopping
        self._under_way: dict[int, Task] = {}
        self.stopped_by: Exception | None = None

    def is_stopping(self) -> bool:
        return self.stopped_by is not None or self._stopping()

    def recordings(self) -> Iterable[Recording]:
        """Hand out what is to be transcribed."""
        number = 0
        for task in self._store.todo():
            if self.is_stopping():
                return
            if isinstance(task, Skipped):
                self._tally.skip(task.place)
                continue
            self._under_way[number] = task
            number += 1
            self._tally.took()
            yield Recording(task.assignment.entry.path, language=task.assignment.entry.language)

    def settle(self, item: Item) -> None:
        task = self._under_way.pop(item.index)
        if item.transcript is not None:
            self._keep(task, item.transcript)
            return
        error = item.error or ASRError("nothing came of it")
        if not stops_all(error, task.assignment):
            self._fail(task, error)
        elif self.stopped_by is None:  # those under way meet it, too, and are as good as not tried
            self.stopped_by = error

    def _keep(self, task: Task, transcript: Transcript) -> None:
        try:
            self._store.keep(task, transcript)
        except OSError as error:
            if is_own_fault(error):
                # What replaces a file names itself first; its place is what its user knows.
                place = f"{error.filename2 or error.filename}: {error.strerror}"
                self._fail(task, ASRError(f"its transcript cannot be written: {place}"))
            else:
                self.stopped_by = error
            return
        counted = self._tally.succeed if transcript.is_complete else self._tally.leave_gaps
        counted(task.place, transcript.duration_s, transcript.attempts)
        self._listener.finished(task.assignment, transcript)

    def _fail(self, task: Task, error: ASRError) -> None:
        try:
            self._store.note_failure(task, error)
        except OSError as full:
            self.stopped_by = full
            return
        self._tally.fail(task.place, error.code, error.attempts)
        self._listener.failed(task.assignment, error)
