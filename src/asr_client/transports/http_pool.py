"""
The HTTP connections that wait for their next call, for both colours, and how old they get.

The longest unused is lent first. So calls go round all connections, and thereby round the replicas
that a Service gave them; none is forgotten until the server has closed it; and a pool that is
larger than the load of the day shrinks, since the old ones are not replaced while others wait.

Nothing here waits, and no lock is needed: every step on the deque is atomic.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import httpcore

from asr_client.errors import ASRError, ReplyLostError
from asr_client.faults import Phases
from asr_client.transports.lifetimes import Lifetimes

__all__ = ["Idle", "Kept", "Stream", "note_reuse"]

Engine = TypeVar("Engine", httpcore.HTTP11Connection, httpcore.AsyncHTTP11Connection)

_BROKEN = (httpcore.NetworkError, httpcore.RemoteProtocolError)


class Stream(Protocol):
    """
    What carries a connection's bytes.

    Attributes:
        sent_s: When the last request had been handed to the system.
        first_byte_s: When the first bytes of its reply came.
    """

    sent_s: float
    first_byte_s: float

    def is_readable(self) -> bool: ...
    def hang_up(self) -> None: ...


@dataclass(slots=True, eq=False)
class Kept(Generic[Engine]):
    """
    One connection, and what is known of it.

    Attributes:
        engine: httpcore's end of it.
        stream: Ours.
        connect_s: How long its making took.
        born_s: When it was made.
        ends_s: When it is too old.
        lent_s: When it was last given to a call.
        stale_s: When it will have waited too long.
        is_reused: Whether it waited for this call, and was not made for it.
    """

    engine: Engine
    stream: Stream
    connect_s: float
    born_s: float
    ends_s: float
    lent_s: float
    stale_s: float = math.inf
    is_reused: bool = False

    def phases(self, done_s: float) -> Phases:
        """Tell where the time of the call went that has just got its reply."""
        # A reply may begin before the request has gone out, a refusal does: no time counts twice.
        sent_s = self.stream.sent_s
        first_byte_s = max(self.stream.first_byte_s, sent_s)
        return Phases(
            0.0 if self.is_reused else self.connect_s,
            max(sent_s - self.lent_s, 0.0),
            first_byte_s - sent_s,
            done_s - first_byte_s,
        )


class Idle(Generic[Engine]):
    """The connections that nobody uses at the moment."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes
        self._clock, self._idle_s = lifetimes.clock, lifetimes.settings.idle_s
        self._waiting: deque[Kept[Engine]] = deque()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def new(self, engine: Engine, stream: Stream, began_s: float) -> Kept[Engine]:
        """Describe a connection whose making began at *began_s*, lent at once."""
        now_s = self._clock()
        ends_s = self._lifetimes.end_s(now_s)
        return Kept(engine, stream, now_s - began_s, now_s, ends_s, lent_s=now_s)

    def take(self) -> Kept[Engine] | None:
        """Lend the longest unused one that is still good; None if there is none."""
        with suppress(IndexError):  # none is left; other threads take them, too
            while True:
                kept = self._waiting.popleft()
                now_s = self._clock()
                # Nothing is owed to us: what can be read is the server's farewell.
                if now_s < kept.stale_s and not kept.stream.is_readable():
                    kept.lent_s, kept.is_reused = now_s, True
                    return kept
                kept.stream.hang_up()
        return None

    def put_back(self, kept: Kept[Engine]) -> None:
        """Keep it after a call for the next one, or close it if it is broken or too old."""
        if _is_at_rest(kept.engine):
            self.add(kept)
        else:
            kept.stream.hang_up()

    def add(self, kept: Kept[Engine]) -> None:
        """Keep what is good for a call, unless it is too old."""
        now_s = self._clock()
        kept.stale_s = min(kept.ends_s, now_s + self._idle_s)
        if now_s < kept.stale_s:
            self._waiting.append(kept)
        else:
            kept.stream.hang_up()
        if self._is_closed:
            self.close()

    def suspect(self, broken: Kept[Engine], error: Exception) -> None:
        """
        Close what is older than a call that found its kept connection broken.

        The server has gone that they were made to, or the state of a firewall on the way: the next
        try should not meet another dead one. A new connection that breaks says nothing of others.
        """
        if not (broken.is_reused and isinstance(error, _BROKEN)):
            return
        with suppress(IndexError):
            for _ in range(len(self._waiting)):
                kept = self._waiting.popleft()
                if kept.born_s <= broken.lent_s:
                    kept.stream.hang_up()
                else:
                    self._waiting.append(kept)

    def close(self) -> None:
        """Close what waits; the rest follows as it comes back."""
        self._is_closed = True
        with suppress(IndexError):
            while True:
                self._waiting.popleft().stream.hang_up()


def note_reuse(error: ASRError, kept: Kept[Engine] | None) -> ASRError:
    """Say on a lost reply whether it was awaited on a kept connection, which may have been dead."""
    if isinstance(error, ReplyLostError) and kept is not None:
        error.on_kept_connection = kept.is_reused
    return error


def _is_at_rest(engine: httpcore.HTTP11Connection | httpcore.AsyncHTTP11Connection) -> bool:
    """Whether the reply was read to its end, and nothing beyond: the next call would take it."""
    # httpcore shows its parser to nobody, and drops nothing of what the parser has not taken.
    return engine.is_idle() and not engine._h11_state.trailing_data[0]  # noqa: SLF001
