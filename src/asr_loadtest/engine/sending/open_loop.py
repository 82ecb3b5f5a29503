"""
The open loop: each arrival starts at its time, whatever became of those before it.

The schedule is absolute. After a stall the arrivals that it held up start at once, late by what
their records say; none is dropped in silence, and none waits for another one's answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import gevent
from gevent.event import Event

from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.sending.caller import Caller
from asr_loadtest.engine.sending.hands import Hands
from asr_loadtest.load.arrivals import Arrival
from asr_loadtest.load.corpus import Clip, Corpus
from asr_loadtest.load.samples import Sample

__all__ = ["OpenLoop"]

# Arrivals that are started in a row when late: then those that are on their way have a turn.
_IN_A_ROW = 8
# How long a halt may go unheard: a sleep that ends by itself is far cheaper than one to be woken.
_LOOK_S = 0.1


class OpenLoop:
    """
    Offers one process's share of the schedule; implements `share.Loop`.

    Args:
        arrivals: The share, in order.
        clock: The run's.
        caller: Makes the requests.
        corpus: Tells which recording is whose.
        record: Takes each record.
        max_in_flight: Requests on their way at once; further arrivals are recorded as not sent.
    """

    def __init__(  # noqa: PLR0913 - a loop ties these together
        self,
        arrivals: Iterator[Arrival],
        clock: RunClock,
        caller: Caller,
        corpus: Corpus,
        *,
        record: Callable[[Sample], None],
        max_in_flight: int,
    ) -> None:
        self._arrivals = arrivals
        self._clock = clock
        self._caller = caller
        self._corpus = corpus
        self._record = record
        self._max_in_flight = max_in_flight
        self._hands = Hands(self._make)
        self._ends_s = math.inf
        self._is_over = False
        self._drained = Event()
        self.in_flight = 0

    def run(self) -> None:
        """Start all arrivals, or all up to `halt`, and wait for the last answer."""
        in_a_row = 0
        for arrival in self._arrivals:
            if self._wait_until(arrival.at_s):
                in_a_row = 0
            elif (in_a_row := in_a_row + 1) % _IN_A_ROW == 0:
                gevent.sleep(0)
            if arrival.at_s >= self._ends_s:
                break
            self._begin(arrival)
        self._is_over = True
        if self.in_flight:
            self._drained.wait()
        self._hands.dismiss()

    def halt(self, at_s: float) -> None:
        """Start what is meant to start before this instant, and no more."""
        self._ends_s = at_s

    def _wait_until(self, at_s: float) -> bool:
        """Sleep until then, unless the end comes before; tell whether it was not too late."""
        was_early = False
        while at_s < self._ends_s and (wait_s := at_s - self._clock.now_s()) > 0:
            was_early = True
            gevent.sleep(min(wait_s, _LOOK_S))
        return was_early

    def _begin(self, arrival: Arrival) -> None:
        clip = self._corpus.pick(arrival.index, language=arrival.language, clip=arrival.clip)
        if self.in_flight >= self._max_in_flight:
            why = f"{self._max_in_flight} requests were on their way already"
            self._record(self._caller.not_sent(arrival.index, arrival.at_s, clip, why))
            return
        self.in_flight += 1
        self._hands.give(arrival, clip)

    def _make(self, arrival: Arrival, clip: Clip) -> None:
        try:
            self._record(self._caller.call(arrival.index, arrival.at_s, clip).sample)
        finally:
            self.in_flight -= 1
            if not self.in_flight and self._is_over:
                self._drained.set()
