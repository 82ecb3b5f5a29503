"""Does what a story asks for, in the thread that calls; requests pass the common gate."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from threading import Condition, Event
from typing import Any

from asr_loadtest.cluster.kubernetes.api.connection import ApiConnection
from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.gate import Gate
from asr_loadtest.cluster.kubernetes.follow.story import (
    Ask,
    NextLine,
    OpenWatch,
    Renew,
    Report,
    Step,
    Story,
    Wait,
)
from asr_loadtest.cluster.kubernetes.sightings import Sighting

__all__ = ["Doorkeeper", "StoryDriver"]

Take = Callable[[tuple[Sighting, ...]], None]


class Doorkeeper:
    """A gate for many threads, and the end of all waiting."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._changed = Condition()
        self._stopped = Event()

    @property
    def is_stopped(self) -> bool:
        """Whether all are to end."""
        return self._stopped.is_set()

    def enter(self) -> None:
        """Wait until a request may go, or all are to end."""
        with self._changed:
            while not self.is_stopped and (wait_s := self._gate.wait_s(time.monotonic())) > 0:
                self._changed.wait(wait_s)

    def note(self, *, answered: bool) -> None:
        """Tell how a request went; an answer lets the others in."""
        with self._changed:
            if answered:
                self._gate.open()
                self._changed.notify_all()
            else:
                self._gate.close(time.monotonic())

    def sleep(self, seconds: float) -> None:
        """Wait, or until all are to end."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """End all waiting."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()


class StoryDriver:
    """
    Drives one story.

    Args:
        connection: The story's own.
        door: All stories' own.
        take: Gets what is seen; never after the door's end.
        silence_s: A watch that says nothing for so long is lost.
    """

    def __init__(
        self, connection: ApiConnection, door: Doorkeeper, take: Take, silence_s: float
    ) -> None:
        self._connection = connection
        self._door = door
        self._take = take
        self._silence_s = silence_s

    def drive(self, story: Story) -> None:
        """Do what it asks for, until the door's end."""
        try:
            step = next(story)
            while not self._door.is_stopped:
                try:
                    answer = self._perform(step)
                except TroubleError as trouble:
                    step = story.throw(trouble)
                else:
                    step = story.send(answer)
        finally:
            story.close()
            self._connection.close()

    def _perform(self, step: Step) -> Any:
        match step:
            case Ask(path, query):
                return self._request(lambda: self._connection.get(path, query))
            case OpenWatch(path, query):
                return self._request(
                    lambda: self._connection.open_watch(path, query, self._silence_s)
                )
            case NextLine():
                return self._next_line()
            case Wait(seconds):
                return self._door.sleep(seconds)
            case Renew():
                return self._connection.renew()
            case Report(sightings):
                return self._take(sightings)

    def _request(self, ask: Callable[[], Any]) -> Any:
        self._door.enter()
        if self._door.is_stopped:
            raise TroubleError("the watching ends")
        try:
            answer = ask()
        except TroubleError as trouble:
            self._door.note(answered=trouble.status == HTTPStatus.NOT_FOUND)
            raise
        self._door.note(answered=True)
        return answer

    def _next_line(self) -> bytes | None:
        try:
            return self._connection.next_line(self._silence_s)
        except TroubleError:
            self._door.note(answered=False)
            raise
