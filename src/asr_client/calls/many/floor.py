"""
What is done next with recordings under way: the decisions, and nothing done.

The flow asks in a loop: is anything ready to be handed out, is another recording wanted, is there
something to begin? If not, it waits for something to end, and tells what came of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from asr_client.calls.effects import NO_MORE, Ended, Start
from asr_client.calls.many.assembly import assemble_item
from asr_client.calls.many.hearing import Hearing
from asr_client.calls.many.opening import open_hearing
from asr_client.calls.many.options import ManyOptions, never
from asr_client.calls.many.requests import Asking, Requests
from asr_client.calls.many.tracebacks import forget_variables
from asr_client.calls.session import Route, Session
from asr_client.calls.terms import Options
from asr_client.errors import ASRError
from asr_client.results import Item

__all__ = ["Floor"]

# Recordings that are read at a time: decoding holds the interpreter's lock in part.
_READERS = 3
# Recordings begun and not handed out, for each piece that should wait: results in order may have to
# wait for a long recording.
_HELD = 4
# How long at most nobody looks whether the caller wants it stopped, while nothing is under way.
_LOOK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    hearing: Hearing


class Floor:
    """
    Recordings under way, and what is to be done with them next.

    Args:
        session: What all calls share.
        route: How the model is asked.
        options: What the caller says of all of them.
        many: How they are gone through.
    """

    def __init__(self, session: Session, route: Route, options: Options, many: ManyOptions) -> None:
        self._session = session
        self._route = route
        self._options = options
        self._many = many
        self._requests = Requests(session, route, many)
        self._has_limit = bool(options.deadline_s or session.config.deadline_s)
        self._hearings: dict[int, Hearing] = {}
        self._ready: dict[int, Item] = {}
        self._taken = 0
        self._next_index = 0  # of the next one to be handed out, if that goes in order
        self._has_all = False

    # What is ready.

    def take_ready(self) -> Iterator[Item]:
        """Hand out what is ready; in order, if that is wanted."""
        self._end_late()
        if not self._many.ordered:
            while self._ready:
                yield self._ready.pop(next(iter(self._ready)))
        elif self._is_stopped:
            while self._ready:  # those that are missing before them do not come
                yield self._ready.pop(min(self._ready))
        while self._next_index in self._ready:
            yield self._ready.pop(self._next_index)
            self._next_index += 1

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done, or to be waited for."""
        return self._is_stopped or (self._has_all and not self._hearings and not self._ready)

    @property
    def _is_stopped(self) -> bool:
        return self._many.stopping() and not self._requests.under_way and not self._readers

    # What comes in.

    @property
    def wants_more(self) -> bool:
        """Whether there is room for another recording."""
        requests = self._requests
        if self._has_all or self._many.stopping() or requests.is_held_up or not requests.has_room:
            return False
        unread = sum(not hearing.is_read for hearing in self._hearings.values())
        held = len(self._hearings) + len(self._ready)
        return unread < _READERS and held < _HELD * requests.wanted

    def take_in(self, source: object) -> None:
        """Take in another recording, or that there is no more."""
        if source is NO_MORE:
            self._has_all = True
            return
        index, self._taken = self._taken, self._taken + 1
        try:
            self._hearings[index] = open_hearing(
                self._session, self._route, self._options, index, source
            )
        except ASRError as error:
            self._ready[index] = Item(index, source, error=error)

    def resume(self, hearing: Hearing, refused: ASRError | None = None) -> None:
        """Take in one of which a first piece was read, and *refused* if it was sent already."""
        self._hearings[hearing.index] = hearing
        for part in tuple(hearing.parts):
            if refused is None:
                self._requests.add(part)
            else:
                self._requests.failed(part, refused)
        self._finish(hearing)

    # What is begun.

    def next_start(self) -> Start | None:
        """Name what is to be begun now; None if there is nothing, or no room."""
        if self._many.stopping():
            return None
        return self._requests.next_start() or self._read()

    @property
    def pause_s(self) -> float | None:
        """How long to wait for something to end, before there may be something to begin."""
        now_s = self._session.clock()
        waited_for = (each for each in self._hearings.values() if each.given_up is None)
        left_s = min((max(0.0, each.left_s(now_s)) for each in waited_for), default=math.inf)
        pause_s = min(self._requests.pause_s(now_s), left_s)
        if self._many.stopping is not never:
            pause_s = min(pause_s, _LOOK_AGAIN_S)
        return None if pause_s == math.inf else pause_s

    def _read(self) -> Start | None:
        if self._readers >= _READERS or not self._requests.has_room:
            return None
        for hearing in self._hearings.values():
            if not hearing.is_read and not hearing.is_reading and hearing.failure is None:
                hearing.is_reading = True
                hearing.reader.longest_s = self._requests.longest_s
                return Start(_Reading(hearing), hearing.read())
        return None

    @property
    def _readers(self) -> int:
        return sum(hearing.is_reading for hearing in self._hearings.values())

    # What has ended.

    def ended(self, ended: Ended) -> None:
        """Take in what came of something that was begun."""
        if ended.error is not None:
            forget_variables(ended.error)
        if isinstance(ended.key, _Reading):
            self._read_ended(ended.key.hearing, ended)
        elif isinstance(ended.key, Asking):
            self._requests.ended(ended.key, ended)
            self._finish(ended.key.part.hearing)

    def _read_ended(self, hearing: Hearing, ended: Ended) -> None:
        if ended.error is not None:
            hearing.is_reading = False
            hearing.failure = ended.error
        else:
            part = hearing.take(ended.value)
            if part is not None:
                self._requests.add(part)
        self._finish(hearing)

    def _end_late(self) -> None:
        """Send no more of recordings whose time is up, whatever it is that they wait for."""
        if not self._has_limit:
            return
        now_s = self._session.clock()
        for hearing in tuple(self._hearings.values()):
            if hearing.given_up is None and hearing.left_s(now_s) <= 0:
                self._requests.give_up(hearing, hearing.lateness())
                self._finish(hearing)

    def _finish(self, hearing: Hearing) -> None:
        if not hearing.is_over:
            return
        del self._hearings[hearing.index]
        item = assemble_item(hearing, self._requests.model_version, self._session.clock())
        if item.error is not None:
            forget_variables(item.error)
        hearing.end(item.error)
        self._ready[hearing.index] = item

    def close(self) -> None:
        """Let go of everything, finished or not."""
        for hearing in self._hearings.values():
            hearing.end(GeneratorExit())
        self._hearings.clear()
