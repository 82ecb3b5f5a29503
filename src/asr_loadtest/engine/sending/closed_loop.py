"""
The closed loop: Locust's users, each of which waits for its answer before it asks again.

When the server stalls the users stall with it, and what they would have asked meanwhile is asked by
nobody and measured nowhere (coordinated omission): every report of such a run says so.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import gevent
from gevent.event import Event

from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.sending.caller import Caller, Finished
from asr_loadtest.load.corpus import Corpus
from asr_loadtest.load.samples import Sample

__all__ = ["ClosedLoop"]

# A user who fails in a millisecond must not come back a thousand times a second.
_BACK_OFF_S = 1.0
_LONGEST_WAIT_S = 60.0


class ClosedLoop:
    """
    Lets the users of one process take turns; implements `share.Loop`.

    Args:
        numbers: This process's share of all numbers, one a request.
        clock: The run's.
        caller: Makes the requests.
        corpus: Tells which recording is whose.
        record: Takes each record.
        think_s: Seconds between an answer and the same user's next request.
    """

    def __init__(  # noqa: PLR0913 - a loop ties these together
        self,
        numbers: itertools.count[int],
        clock: RunClock,
        caller: Caller,
        corpus: Corpus,
        *,
        record: Callable[[Sample], None],
        think_s: float,
    ) -> None:
        self._numbers = numbers
        self._clock = clock
        self._caller = caller
        self._corpus = corpus
        self._record = record
        self._think_s = think_s
        self._halted = Event()
        self._drained = Event()
        self.in_flight = 0

    def run(self) -> None:
        """Let users take turns until `halt`, and wait for their last answers."""
        self._halted.wait()
        if self.in_flight:
            self._drained.wait()

    def halt(self, at_s: float) -> None:  # noqa: ARG002 - turns are taken when they come
        """Let no user begin another turn."""
        self._halted.set()

    def arrive(self) -> None:
        """Spread the first turns of users that were spawned together: else they stay in step."""
        self._halted.wait(random.random() * min(self._think_s, 1.0))  # noqa: S311

    def turn(self) -> None:
        """Make one user's next request, and let it wait as it should."""
        if self._halted.is_set():
            gevent.sleep(_BACK_OFF_S)  # Locust will end this user any moment
            return
        # In a greenlet of its own: Locust ends users in the midst of a request, whose answer is
        # counted by the server and shall be counted here.
        finished = gevent.spawn(self._request, next(self._numbers)).get()
        self._halted.wait(self._pause_s(finished))

    def _request(self, index: int) -> Finished:
        intended_s = self._clock.now_s()
        self.in_flight += 1
        try:
            finished = self._caller.call(index, intended_s, self._corpus.pick(index))
            self._record(finished.sample)
        finally:
            self.in_flight -= 1
            if not self.in_flight and self._halted.is_set():
                self._drained.set()
        return finished

    def _pause_s(self, finished: Finished) -> float:
        if finished.sample.outcome in ("ok", "wrong_transcript"):
            return self._think_s
        asked_s = _BACK_OFF_S if finished.retry_after_s is None else finished.retry_after_s
        return max(self._think_s, min(asked_s, _LONGEST_WAIT_S))
