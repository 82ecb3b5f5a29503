"""Looks at the servers' metrics while a measurement runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import gevent

from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.engine.cadence import Cadence

__all__ = ["ServerWatch"]

# Triton counts a request some milliseconds after it has answered it.
_COUNTED_S = 0.2


class Look(Protocol):
    """Reads all servers at an instant; those that failed lately only if it must."""

    def __call__(self, at_s: float, *, insist: bool = False) -> Sequence[PodReading]: ...


class ServerWatch:
    """
    Looks again and again.

    Args:
        look: Reads all servers, told the run's time.
        now_s: The run's time.
        take: Takes the readings.
        every_s: Seconds between two looks; more when the run is long.
    """

    def __init__(
        self,
        look: Look,
        now_s: Callable[[], float],
        take: Callable[[Sequence[PodReading]], None],
        every_s: float,
    ) -> None:
        self._look = look
        self._now_s = now_s
        self._take = take
        self._cadence = Cadence(every_s)
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Look from now on."""
        self._greenlet = gevent.spawn(self._watch)

    def stop(self) -> None:
        """Look a last time, and no more."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
            gevent.sleep(_COUNTED_S)
            self._take(self._look(self._now_s(), insist=True))

    def _watch(self) -> None:
        while True:
            gevent.sleep(self._cadence.next_s())
            self._take(self._look(self._now_s()))
