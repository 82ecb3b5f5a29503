"""
Servers of which the best number of requests at a time is known, in virtual time.

    run = simulate(AdaptiveConcurrency(), DecoderServer(instances=3), recordings(600))

A discrete-event model: one heap of what happens next, one seed, no thread and no clock. Requests
are held back by the concurrency under test alone, as in the flow of many recordings.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from asr_client.pacing.concurrency import Concurrency

__all__ = [
    "BatchServer",
    "Conditions",
    "DecoderServer",
    "Run",
    "Server",
    "Simulated",
    "Time",
    "recordings",
    "simulate",
]

NETWORK_S = 0.004
REFUSAL_S = 0.006
PAUSE_S = 0.3


@dataclass
class Time:
    """The virtual clock, and what is going to happen."""

    now_s: float = 0.0
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def after(self, delay_s: float, event: Callable[[], None]) -> None:
        """Have *event* happen in *delay_s*."""
        heapq.heappush(self._events, (self.now_s + delay_s, next(self._numbers), event))

    def step(self) -> bool:
        """Let the next event happen; False if there is none."""
        if not self._events:
            return False
        self.now_s, _, event = heapq.heappop(self._events)
        event()
        return True


@dataclass
class Simulated:
    """One recording on its way: its audio, its shape for the batcher, who is told of its end."""

    audio_s: float
    shape: int
    ended: Callable[[bool], None] = lambda _refused: None


def recordings(
    count: int, shapes: int = 1, seed: int = 1, lengths_s: tuple[float, float] = (1.0, 10.0)
) -> list[Simulated]:
    """Draw lengths evenly; *shapes* buckets, of which each comes in runs of 8."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    drawn = [chance.uniform(*lengths_s) for _ in range(count)]
    return [Simulated(audio_s, place // 8 % shapes) for place, audio_s in enumerate(drawn)]


@dataclass(frozen=True)
class Conditions:
    """
    What makes a server harder to know.

    Attributes:
        room: Requests beyond so many, waiting or worked on, are refused; None: none are.
        room_each: The same for each instance.
        noise: Sigma of the lognormal factor on each execution's time.
        outliers: The part of executions that take ten times as long.
        changes: At which second there are how many instances.
        stall_s: At which second nothing begins for two seconds.
        seed: Of all chance.
    """

    room: int | None = None
    room_each: int | None = None
    noise: float = 0.0
    outliers: float = 0.0
    changes: Sequence[tuple[float, int]] = ()
    stall_s: float | None = None
    seed: int = 1


class Server:
    """
    A server with *instances* that work side by side and one queue before them.

    Args:
        instances: How many at the start.
        conditions: As `Conditions` says.
    """

    def __init__(self, instances: int = 1, **conditions: Any) -> None:
        self.instances = instances
        self.conditions = Conditions(**conditions)
        self.waiting: deque[Simulated] = deque()
        self.working = self.held = 0
        self.is_stalled = False
        self.chance = random.Random(self.conditions.seed)  # noqa: S311 - no secret

    def begin(self, time: Time) -> None:
        """Be switched on."""
        self.time = time
        for at_s, instances in self.conditions.changes:
            time.after(at_s, lambda instances=instances: self._become(instances))
        if (stall_s := self.conditions.stall_s) is not None:
            time.after(stall_s, lambda: self._stall(is_stalled=True))
            time.after(stall_s + 2.0, lambda: self._stall(is_stalled=False))

    def _become(self, instances: int) -> None:
        self.instances = instances
        self._work()

    def _stall(self, *, is_stalled: bool) -> None:
        self.is_stalled = is_stalled
        self._work()

    def arrive(self, recording: Simulated) -> None:
        """Take a recording in, or refuse it."""
        room, each = self.conditions.room, self.conditions.room_each
        room = each * self.instances if each else room
        if room is not None and self.held >= room:
            self.time.after(REFUSAL_S, lambda: recording.ended(True))
            return
        self.held += 1
        self.waiting.append(recording)
        self._work()

    def _work(self) -> None:
        while self.waiting and self.working < self.instances and not self.is_stalled:
            batch = self.take()
            self.working += 1
            noise = self.conditions.noise
            factor = self.chance.lognormvariate(-(noise**2) / 2, noise)
            if self.chance.random() < self.conditions.outliers:
                factor *= 10
            self.time.after(self.cost_s(batch) * factor, lambda batch=batch: self._done(batch))

    def _done(self, batch: list[Simulated]) -> None:
        self.working -= 1
        self.held -= len(batch)
        for recording in batch:
            self.time.after(NETWORK_S, lambda recording=recording: recording.ended(False))
        self._work()

    def take(self) -> list[Simulated]:
        """Take what is executed next."""
        return [self.waiting.popleft()]

    def cost_s(self, batch: list[Simulated]) -> float:
        """How long that takes."""
        raise NotImplementedError


class DecoderServer(Server):
    """Decodes one recording at a time in each instance, a tenth of its length."""

    def cost_s(self, batch: list[Simulated]) -> float:
        return 0.01 + 0.1 * batch[0].audio_s


class BatchServer(Server):
    """Joins what waits one after the other and is of equal shape, as Triton's batcher does."""

    def __init__(
        self, a_s: float, b_s: float, most: int = 8, *, instances: int = 1, **conditions: Any
    ) -> None:
        super().__init__(instances, **conditions)
        self.a_s, self.b_s, self.most = a_s, b_s, most

    def take(self) -> list[Simulated]:
        batch = [self.waiting.popleft()]
        while self.waiting and len(batch) < self.most and self.waiting[0].shape == batch[0].shape:
            batch.append(self.waiting.popleft())
        return batch

    def cost_s(self, batch: list[Simulated]) -> float:
        return self.a_s + self.b_s * sum(each.audio_s for each in batch)


@dataclass
class Run:
    """What came of it: (instant, audio seconds) of each answer, refusals, the limit over time."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    limits: list[tuple[float, int]] = field(default_factory=list)

    @property
    def took_s(self) -> float:
        """When the last answer came."""
        return self.answers[-1][0]

    def throughput(self, from_s: float = 0.0, until_s: float = float("inf")) -> float:
        """Audio seconds a second between two instants."""
        until_s = min(until_s, self.took_s)
        audio_s = sum(audio_s for at_s, audio_s in self.answers if from_s < at_s <= until_s)
        return audio_s / (until_s - from_s)

    def mean_limit(self, from_s: float = 0.0, until_s: float = float("inf")) -> float:
        """The mean limit at the answers between two instants."""
        limits = [limit for at_s, limit in self.limits if from_s < at_s <= until_s]
        return sum(limits) / len(limits)


class _Flow:
    """Keeps as many under way as the concurrency says."""

    def __init__(
        self,
        concurrency: Concurrency,
        server: Server,
        sources: Sequence[Simulated],
        *,
        rate_rps: float | None,
        source_rps: float | None,
    ) -> None:
        self.concurrency, self.server = concurrency, server
        self.sources = deque(sources)
        self.in_flight = 0
        self.time, self.run = Time(), Run()
        self.turn_s = 0.0
        self.rate_rps, self.source_rps = rate_rps, source_rps
        self.next_source_s = 0.0
        server.begin(self.time)

    def fill(self) -> None:
        while self.sources and self.in_flight < self.concurrency.limit:
            if self.source_rps is not None:
                if self.next_source_s > self.time.now_s:
                    return
                self.next_source_s = self.time.now_s + 1 / self.source_rps
                self.time.after(1 / self.source_rps, self.fill)
            self.start(self.sources.popleft())

    def start(self, recording: Simulated) -> None:
        time = self.time
        self.in_flight += 1
        self.concurrency.started(time.now_s)
        wait_s = 0.0
        if self.rate_rps is not None:
            self.turn_s = max(self.turn_s + 1 / self.rate_rps, time.now_s)
            wait_s = self.turn_s - time.now_s
        sent_s = time.now_s + wait_s
        recording.ended = lambda refused: self.end(recording, sent_s, refused)
        time.after(wait_s, lambda: self.server.arrive(recording))

    def end(self, recording: Simulated, sent_s: float, refused: bool) -> None:
        now_s, run = self.time.now_s, self.run
        self.in_flight -= 1
        self.concurrency.ended(
            now_s, took_s=now_s - sent_s, audio_s=recording.audio_s, refused=refused
        )
        run.limits.append((now_s, self.concurrency.limit))
        if refused:
            run.refusals.append(now_s)
            self.time.after(PAUSE_S, lambda: self.again(recording))
        else:
            run.answers.append((now_s, recording.audio_s))
        self.fill()

    def again(self, recording: Simulated) -> None:
        self.sources.appendleft(recording)
        self.fill()


def simulate(
    concurrency: Concurrency,
    server: Server,
    sources: Sequence[Simulated],
    *,
    rate_rps: float | None = None,
    source_rps: float | None = None,
) -> Run:
    """
    Send *sources* to *server*, as many at a time as *concurrency* says.

    Args:
        concurrency: What is examined.
        server: A new one.
        sources: New ones.
        rate_rps: The rate limit for which requests wait on our side, under way already.
        source_rps: No faster than this do recordings come.
    """
    flow = _Flow(concurrency, server, sources, rate_rps=rate_rps, source_rps=source_rps)
    flow.fill()
    while len(flow.run.answers) < len(sources) and flow.time.step():
        pass
    return flow.run
