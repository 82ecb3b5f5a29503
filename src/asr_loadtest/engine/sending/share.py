"""One process's share of one measurement: its requests start here, its records leave from here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Protocol

import gevent
from gevent.event import Event

from asr_loadtest.engine.cadence import Cadence
from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.messages import Orders, Report
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.sending.caller import Caller
from asr_loadtest.engine.sending.closed_loop import ClosedLoop
from asr_loadtest.engine.sending.open_loop import OpenLoop
from asr_loadtest.engine.sending.outbox import Outbox
from asr_loadtest.engine.sending.pulse import Pulse
from asr_loadtest.engine.sending.target import Target
from asr_loadtest.load.arrivals import Arrivals, share_of
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.transcripts import TranscriptJudge

__all__ = ["Loop", "Share"]

_REPORT_S = 0.5
_LOOK_S = 1.0


class Loop(Protocol):
    """
    What offers load.

    `run` returns when nothing more will be offered and nothing is on its way; `halt` lets nothing
    begin that is meant for this instant of the run or a later one. `in_flight` counts requests on
    their way.
    """

    def run(self) -> None: ...
    def halt(self, at_s: float) -> None: ...
    @property
    def in_flight(self) -> int: ...


class Share:
    """
    Offers one share of the load.

    Args:
        orders: What is to be done.
        options: The same, as options.
        target: What requests are made of.
        arrivals: The whole schedule; None in a closed loop.
        send: Sends a report to the lead.
        observe: Is told of each record, for Locust's own statistics.
    """

    def __init__(  # noqa: PLR0913 - two ends, and what is between
        self,
        orders: Orders,
        options: LoadOptions,
        target: Target,
        arrivals: Arrivals | None,
        *,
        send: Callable[[Report], None],
        observe: Callable[[Sample], None],
    ) -> None:
        self._orders = orders
        self._options = options
        self._target = target
        self._arrivals = arrivals
        self._outbox = Outbox(orders.run_id, orders.worker, send, observe)
        self._work: gevent.Greenlet | None = None
        self._clock: RunClock | None = None
        self.loop: Loop | None = None

    def start(self, starts_in_s: float) -> None:
        """Begin; all processes that hear this together share their zero."""
        clock = self._clock = RunClock.starting_in(starts_in_s)
        self.loop = self._open(clock) if self._arrivals is not None else self._closed(clock)
        self._work = gevent.spawn(self._run, self.loop, Pulse(clock, self._orders.worker))

    def halt(self, at_s: float | None = None) -> None:
        """Offer nothing from that instant on (None: now); what is on its way is waited for."""
        if self.loop is not None and self._clock is not None:
            self.loop.halt(self._clock.now_s() if at_s is None else at_s)

    def join(self, timeout_s: float) -> None:
        """Wait until all records have been sent to the lead."""
        if self._work is not None:
            self._work.join(timeout_s)

    def _run(self, loop: Loop, pulse: Pulse) -> None:
        over = Event()
        reporting = gevent.spawn(self._report, loop, pulse, over)
        try:
            loop.run()
        finally:
            over.set()
            reporting.join()  # not killed: it may be sending
            self._outbox.add_reading(pulse.read(loop.in_flight, self._connections))
            pulse.stop()
            self._outbox.flush("done")

    def _report(self, loop: Loop, pulse: Pulse, over: Event) -> None:
        looks = Cadence(_LOOK_S)
        due_s = time.monotonic() + looks.next_s()
        while not over.wait(_REPORT_S):
            if time.monotonic() >= due_s:
                self._outbox.add_reading(pulse.read(loop.in_flight, self._connections))
                due_s += looks.next_s()
            self._outbox.flush()

    @property
    def _connections(self) -> int:
        return self._target.wire.open_connections

    def _open(self, clock: RunClock) -> OpenLoop:
        assert self._arrivals is not None  # noqa: S101 - asked before
        share = share_of(self._arrivals, self._orders.worker, self._orders.workers)
        most = max(1, self._options.max_in_flight // self._orders.workers)
        return OpenLoop(
            share,
            clock,
            self._caller(clock),
            self._target.corpus,
            record=self._outbox.add,
            max_in_flight=most,
        )

    def _closed(self, clock: RunClock) -> ClosedLoop:
        return ClosedLoop(
            itertools.count(self._orders.worker, self._orders.workers),
            clock,
            self._caller(clock),
            self._target.corpus,
            record=self._outbox.add,
            think_s=self._options.think_s,
        )

    def _caller(self, clock: RunClock) -> Caller:
        return Caller(
            self._target,
            clock,
            run_id=self._orders.run_id,
            worker=self._orders.worker,
            deadline_s=self._options.deadline_s,
            judge=TranscriptJudge(self._options.max_word_errors),
        )
