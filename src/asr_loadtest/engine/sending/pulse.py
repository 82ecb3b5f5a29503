"""The generator's own health: its CPU, and how long its event loop was held up."""

from __future__ import annotations

import time

import gevent
import psutil

from asr_loadtest.engine.clock import RunClock
from asr_loadtest.load.health import GeneratorReading

__all__ = ["Pulse"]

_BEAT_S = 0.01


class Pulse:
    """
    Beats a hundred times a second; a late beat shows what every request's timing suffered.

    Args:
        clock: The run's.
        worker: Which worker this is, from 0.
    """

    def __init__(self, clock: RunClock, worker: int) -> None:
        self._clock = clock
        self._worker = worker
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only begins to count
        self._longest_stall_s = 0.0
        self._greenlet = gevent.spawn(self._beat)

    def read(self, in_flight: int, connections: int) -> GeneratorReading:
        """Tell how it went since the last look."""
        stall_s, self._longest_stall_s = self._longest_stall_s, 0.0
        return GeneratorReading(
            at_s=self._clock.now_s(),
            worker=self._worker,
            cpu_share=self._process.cpu_percent() / 100,
            stall_s=round(stall_s, 6),
            memory_bytes=self._process.memory_info().rss,
            in_flight=in_flight,
            connections=connections,
        )

    def stop(self) -> None:
        """Beat no more."""
        self._greenlet.kill(block=False)

    def _beat(self) -> None:
        while True:
            due_s = time.monotonic() + _BEAT_S
            gevent.sleep(_BEAT_S)
            self._longest_stall_s = max(self._longest_stall_s, time.monotonic() - due_s)
