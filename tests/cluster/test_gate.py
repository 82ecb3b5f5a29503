"""All requests together, while the server is away: one a second."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

import pytest

from asr_loadtest.cluster.kubernetes.api.trouble import TroubleError
from asr_loadtest.cluster.kubernetes.follow.gate import Gate
from asr_loadtest.cluster.kubernetes.follow.pace import Pace
from asr_loadtest.cluster.kubernetes.follow.story import (
    Ask,
    NextLine,
    OpenWatch,
    Renew,
    Report,
    Wait,
)
from asr_loadtest.cluster.kubernetes.follow.usage_story import tell_usage
from asr_loadtest.cluster.kubernetes.follow.watch_story import Means, WatchStory
from asr_loadtest.cluster.kubernetes.resources import WatchTarget, watched_resources
from asr_loadtest.cluster.kubernetes.sightings import WatchState

SEED = 5
TARGET = WatchTarget("dev", "asr-hpa", {}, "asr", "app=asr", {"app": "asr"})
EMPTY = {"metadata": {"resourceVersion": "7"}, "items": []}


def test_first_request_goes_alone_and_its_answer_lets_the_others_in() -> None:
    """Connecting is quick where somebody answers, and polite where nobody does."""
    gate = Gate(1.0)
    assert gate.wait_s(10.0) == 0
    assert gate.wait_s(10.2) == pytest.approx(0.8)
    gate.open()
    assert [gate.wait_s(10.3) for _ in range(6)] == [0.0] * 6


def test_closed_gate_lets_one_through_in_a_second() -> None:
    """Also counted from the last that went while it was open."""
    gate = Gate(1.0)
    gate.open()
    gate.wait_s(10.0)
    gate.close(10.5)
    assert gate.wait_s(10.6) == pytest.approx(0.4)
    assert gate.wait_s(11.0) == 0
    assert gate.wait_s(11.0) == 1.0


class World:
    """Six watches and the metrics, against a server that is away for a while; no real time."""

    def __init__(self, trouble: Callable[[float], TroubleError | None], broken_s: float) -> None:
        self.requests: list[float] = []
        self.heard: dict[str, float] = {}
        self.at_s = 0.0
        self._trouble = trouble
        self._broken_s = broken_s
        self._gate = Gate(1.0)
        self._numbers = count()
        self._queue: list[tuple[float, int, Any, Any, Any]] = []
        draw = random.Random(SEED).random  # noqa: S311 - jitter
        means = Means(lambda: self.at_s, lambda: self.at_s, draw, Pace())
        stories = [WatchStory(each, means).tell() for each in watched_resources(TARGET)]
        for story in [*stories, tell_usage(TARGET, means)]:
            self._put(0.0, story, next(story))

    def run(self, until_s: float) -> None:
        """Let time pass."""
        while self._queue and self._queue[0][0] < until_s:
            self.at_s, _, story, step, asked_s = heapq.heappop(self._queue)
            self._do(story, step, asked_s)

    def _put(self, at_s: float, story: Any, step: Any, asked_s: float = 0.0) -> None:
        heapq.heappush(self._queue, (at_s, next(self._numbers), story, step, asked_s))

    def _do(self, story: Any, step: Any, waited_s: float) -> None:
        match step:
            case Wait(seconds) if not waited_s:
                self._put(self.at_s + seconds, story, step, 1.0)
            case Wait() | Renew():
                self._put(self.at_s, story, story.send(None))
            case Report(sightings):
                for each in sightings:
                    if isinstance(each, WatchState) and each.is_heard:
                        self.heard[each.resource] = each.at_s
                self._put(self.at_s, story, story.send(None))
            case NextLine():
                self._listen(story, step, waited_s)
            case Ask() | OpenWatch():
                self._ask(story, step)

    def _listen(self, story: Any, step: Any, waited_s: float) -> None:
        """A watch is silent; it breaks when the server goes, and else ends after a minute."""
        if not waited_s:
            breaks = self.at_s < self._broken_s < self.at_s + 60
            self._put(self._broken_s if breaks else self.at_s + 60, story, step, 1.0)
        elif self.at_s == self._broken_s:
            self._gate.close(self.at_s)
            self._put(self.at_s, story, story.throw(TroubleError("hung up")))
        else:
            self._put(self.at_s, story, story.send(None))

    def _ask(self, story: Any, step: Any) -> None:
        wait_s = self._gate.wait_s(self.at_s)
        if wait_s > 0:
            self._put(self.at_s + wait_s, story, step)
            return
        self.requests.append(self.at_s)
        trouble = self._trouble(self.at_s)
        if trouble:
            self._gate.close(self.at_s)
            self._put(self.at_s + 0.001, story, story.throw(trouble))
        else:
            self._gate.open()
            answer = EMPTY if isinstance(step, Ask) else None
            self._put(self.at_s + 0.001, story, story.send(answer))


@pytest.mark.parametrize("status", [None, 503, 429, 401, 403])
def test_server_that_is_away_gets_a_request_a_second_at_most(status: int | None) -> None:
    """From all watches and the metrics together, whatever its absence looks like."""
    away = TroubleError("away", status)
    world = World(lambda at_s: away if 100 <= at_s < 400 else None, broken_s=100.0)
    world.run(500)
    during = [at_s for at_s in world.requests if 100 <= at_s < 400]
    assert len(during) > 5
    assert all(b - a >= 1.0 - 1e-9 for a, b in pairwise(during))
    assert len(world.heard) == 6
    slowest_s = 30 if status in (401, 403) else 8
    assert all(400 <= at_s <= 400 + slowest_s + 7 for at_s in world.heard.values())


def test_server_that_was_never_there_gets_a_request_a_second_at_most() -> None:
    """Nor does the beginning come with seven at once."""
    world = World(lambda _: TroubleError("away"), broken_s=-1.0)
    world.run(100)
    assert world.requests[0] == 0
    assert all(b - a >= 1.0 - 1e-9 for a, b in pairwise(world.requests))


def test_all_watches_stand_at_once_where_somebody_answers() -> None:
    """A test that lasts a minute has no seconds to spare for politeness without a cause."""
    world = World(lambda _: None, broken_s=-1.0)
    world.run(5)
    assert len(world.heard) == 6
    assert len(world.requests) == 13


def test_pauses_are_half_a_second_to_eight() -> None:
    """Doubled with each failure, the shorter half by chance, and never an overflow."""
    pace = Pace()
    assert [pace.pause_s(n, 0.0) for n in (1, 2, 3, 4, 5, 10_000)] == [1, 2, 4, 8, 8, 8]
    assert [pace.pause_s(n, 1.0) for n in (1, 2, 3, 4, 5, 10_000)] == [0.5, 1, 2, 4, 4, 4]


def test_replay_is_waited_for_in_its_own_seconds() -> None:
    """Yet a watch's silence is the connection's: real time."""
    pace = Pace().at_speed(10)
    assert (pace.first_s, pace.usage_s, pace.spacing_s) == (0.05, 1.5, 0.1)
    assert (pace.silence_s, pace.watch_s) == (90, 60)
