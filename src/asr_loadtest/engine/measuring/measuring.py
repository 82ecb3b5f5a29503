"""
One measurement from its first order to its last record.

The lead gives each process its share, waits until all are ready, lets them begin together, and
waits until each has delivered everything or is given up as lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import gevent

from asr_client.errors import ASRError, ConfigError, NotSentError
from asr_loadtest.engine.clock import RunClock
from asr_loadtest.engine.crew import LOCAL, Crew
from asr_loadtest.engine.measuring.cluster_watch import watch_cluster
from asr_loadtest.engine.measuring.measurement import Measurement, Seat
from asr_loadtest.engine.measuring.server_watch import Look, ServerWatch
from asr_loadtest.engine.messages import GO, HALT, PREPARE, Orders
from asr_loadtest.engine.planning.autoscaler import WatchedCluster

__all__ = ["Measuring"]

# Recordings are read and encoded, connections made: minutes for a corpus of hours.
_READY_WITHIN_S = 300.0
# So that the word reaches all processes before the run begins.
_HEAD_START_S = 0.5
_LOOK_S = 0.2
# A cluster that does not answer by then is seen when it does.
_SEEN_WITHIN_S = 3.0
# How long the word to end may take to the last of them.
_WORD_GOES_S = 0.2
_LONG_S = 3600.0
# After its deadline a request is over; its record may still be on its way.
_GRACE_S = 10.0


@dataclass(slots=True)
class Measuring:
    """
    Conducts one measurement.

    Attributes:
        crew: Who sends.
        measurement: Takes their reports.
        orders: What they are told, each with its own place.
        look: Reads the servers' metrics, told the run's time.
        scrape_s: Seconds between two looks.
        deadline_s: Seconds that a request is given.
        ends_by_itself: Whether its plan has an end; users of a closed loop are sent home at theirs.
        watched: The cluster that is watched meanwhile, if any.
        clock: The run's, once it has begun.
        ended_by: Why it ended before its plan; empty if it did not.
        halted_s: When it was told to end, on the run's clock.
    """

    crew: Crew
    measurement: Measurement
    orders: Orders
    look: Look
    scrape_s: float
    deadline_s: float
    ends_by_itself: bool
    watched: WatchedCluster | None = None
    clock: RunClock | None = None
    ended_by: str = ""
    halted_s: float | None = None

    def run(self) -> None:
        """Measure, once all are prepared."""
        with self._cluster_watch():
            # What the watching costs to begin is over before the first request.
            self._wait(lambda: self._sees_cluster, _SEEN_WITHIN_S)
            self._offer()

    def _offer(self) -> None:
        is_alone = [seat.name for seat in self.measurement.seats] == [LOCAL]
        starts_in_s = 0.0 if is_alone else _HEAD_START_S
        # Before the first request, so that the servers' counts and ours agree.
        self.measurement.add_pods(self.look(-starts_in_s))
        self.clock = RunClock.starting_in(starts_in_s)
        watch = ServerWatch(self.look, self.clock.now_s, self.measurement.add_pods, self.scrape_s)
        self._tell_all(GO, {"starts_in_s": starts_in_s})
        if self.halted_s is not None:  # while all prepared, and had nothing yet to halt
            self._tell_all(HALT, {"at_s": self.halted_s})
        watch.start()
        try:
            self._wait_until_over()
        finally:
            watch.stop()

    def _cluster_watch(self) -> AbstractContextManager[object]:
        if self.watched is None:
            return nullcontext()
        return watch_cluster(self.watched, self._now_s, self.measurement.add_sightings)

    def _now_s(self) -> float:
        """Give the run's time; what is there before its zero is what it begins with."""
        return self.clock.now_s() if self.clock else 0.0

    @property
    def _sees_cluster(self) -> bool:
        return self.watched is None or self.measurement.deployment is not None

    def halt(self, ended_by: str) -> None:
        """Have it end before its plan; before its start, if it has not begun."""
        if self.measurement.is_over or self.halted_s is not None:
            return
        self.ended_by = ended_by
        # All processes cut the schedule at this very instant: what was offered can be counted.
        self.halted_s = 0.0 if self.clock is None else max(self.clock.now_s() + _WORD_GOES_S, 0.0)
        self.measurement.note_halt()
        self._tell_all(HALT, {"at_s": self.halted_s})

    def prepare(self) -> None:
        """
        Have everybody find the model and encode the requests.

        Raises:
            ASRError: If a process cannot take part.
        """
        for place, seat in enumerate(self.measurement.seats):
            fields = self.orders.to_fields() | {"worker": place}
            self.crew.tell(seat.name, PREPARE, fields)
        self._wait(lambda: self.measurement.is_ready, _READY_WITHIN_S)
        for seat in self.measurement.seats:
            _check(seat, self.measurement.seats[0])

    def _tell_all(self, message: str, fields: dict[str, object]) -> None:
        for seat in self.measurement.seats:
            if not seat.is_over:
                self.crew.tell(seat.name, message, fields)

    def _wait_until_over(self) -> None:
        while not self._is_over_or_halted() and (left_s := self._left_s()) > 0:
            self._wait(self._is_over_or_halted, left_s)
        if not (self._is_over_or_halted() or self.ends_by_itself):
            self._send_home()
        self._wait_for_the_last()

    def _wait_for_the_last(self) -> None:
        """Wait while records come: who is silent for longer than a request can take is lost."""
        delivered = -1
        while not self.measurement.is_over and self.measurement.delivered > delivered:
            delivered = self.measurement.delivered
            self._wait(lambda: self.measurement.is_over, self.deadline_s + _GRACE_S)
        self.measurement.lose([seat.name for seat in self.measurement.seats])

    def _is_over_or_halted(self) -> bool:
        return self.measurement.is_over or self.halted_s is not None

    def _left_s(self) -> float:
        """Give the seconds until the plan's end; an hour at most, and where there is none."""
        if self.orders.duration_s is None or self.clock is None:
            return _LONG_S
        return min(self.orders.duration_s - self.clock.now_s(), _LONG_S)

    def _send_home(self) -> None:
        """End a closed loop as planned."""
        self.halted_s = self.orders.duration_s
        self._tell_all(HALT, {"at_s": self.halted_s})

    def _wait(self, is_done: Callable[[], bool], limit_s: float) -> None:
        """Wait for reports, and for processes that will never send one."""
        names = [seat.name for seat in self.measurement.seats]
        with gevent.Timeout(limit_s, False):
            while not is_done():
                self.measurement.changed.clear()
                self.measurement.changed.wait(_LOOK_S)
                self.measurement.lose(self.crew.absent(names))


def _check(seat: Seat, first: Seat) -> None:
    """
    Refuse to begin with a process that cannot, or would send something else.

    Raises:
        ASRError: That process's trouble.
    """
    if seat.state == "failed":
        raise _refusal(seat)
    if seat.state != "ready":
        raise ConfigError(f"worker {seat.name} did not get ready", hint="its own log says more")
    if seat.corpus.get("digest") != first.corpus.get("digest"):
        raise ConfigError(
            f"workers {first.name} and {seat.name} have different recordings",
            hint="give all of them the same corpus, at the same path",
        )


def _refusal(seat: Seat) -> ASRError:
    kind = NotSentError if seat.is_refusal else ConfigError
    where = "" if seat.name == LOCAL else f"worker {seat.name}: "
    return kind(where + seat.trouble)
