"""How many requests at a time: found, followed, and not run away with, in virtual time."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from asr_client.pacing.concurrency import AdaptiveConcurrency, Concurrency, FixedConcurrency
from simulated_servers import (
    BatchServer,
    DecoderServer,
    Run,
    Server,
    recordings,
    simulate,
)

SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Case:
    """A server, the fixed numbers to compare with, what is sent, and what holds it up."""

    server: Callable[[int], Server]
    sweep: tuple[int, ...]
    count: int = 600
    shapes: int = 1
    rate_rps: float | None = None

    def run(self, concurrency: Concurrency, seed: int) -> Run:
        """Send all of it."""
        sources = recordings(self.count, self.shapes, seed)
        return simulate(concurrency, self.server(seed), sources, rate_rps=self.rate_rps)


FEW, SOME, MANY = (1, 2, 4, 8), (4, 8, 16, 32), (16, 32, 48, 64, 96)

CASES = {
    "one decoder": Case(lambda s: DecoderServer(1, seed=s), FEW),
    "five decoders": Case(lambda s: DecoderServer(5, noise=0.3, seed=s), (4, 5, 6, 8, 12)),
    "twenty decoders": Case(lambda s: DecoderServer(20, noise=0.3, seed=s), (16, 20, 24, 32)),
    "noise": Case(lambda s: DecoderServer(5, noise=0.6, seed=s), (4, 5, 6, 8, 12)),
    "outliers": Case(lambda s: DecoderServer(4, noise=0.3, outliers=0.01, seed=s), FEW),
    "a stall": Case(lambda s: DecoderServer(4, noise=0.3, stall_s=20, seed=s), FEW),
    "batches, constant": Case(lambda s: BatchServer(0.1, 0.0, noise=0.1, seed=s), SOME),
    "batches": Case(lambda s: BatchServer(0.1, 0.003, noise=0.2, seed=s), SOME),
    "six shapes": Case(lambda s: BatchServer(0.1, 0.002, noise=0.2, seed=s), SOME, shapes=6),
    "batches, a stall": Case(lambda s: BatchServer(0.1, 0.003, stall_s=3, seed=s), SOME),
    "three make batches": Case(lambda s: BatchServer(0.1, 0.002, instances=3, seed=s), MANY),
    # 600 of them were 19 batches, and the ramp takes five of those.
    "large batches, constant": Case(
        lambda s: BatchServer(0.2, 0.0, 32, noise=0.1, seed=s), (32, 64, 96), count=2400
    ),
    "large batches": Case(
        lambda s: BatchServer(0.2, 0.003, 32, noise=0.2, seed=s), (32, 64, 96), count=2400
    ),
    "room for ten": Case(lambda s: DecoderServer(5, room=10, noise=0.3, seed=s), (4, 5, 6, 8, 10)),
    "too little room": Case(lambda s: BatchServer(0.1, 0.002, room=12, noise=0.2, seed=s), (8, 12)),
    "too little room for 32": Case(
        lambda s: BatchServer(0.2, 0.002, 32, room=24, seed=s), (12, 16, 24)
    ),
    "a rate limit": Case(lambda s: DecoderServer(20, noise=0.3, seed=s), FEW, rate_rps=5),
}


@cache
def swept(name: str, seed: int) -> dict[int, float]:
    """Tell the throughput of each fixed number."""
    case = CASES[name]
    return {each: case.run(FixedConcurrency(each), seed).throughput() for each in case.sweep}


@cache
def adapted(name: str) -> tuple[Run, ...]:
    """Let the number be found, several times."""
    return tuple(CASES[name].run(AdaptiveConcurrency(), seed) for seed in SEEDS)


@pytest.mark.parametrize("name", CASES)
def test_adaptive_does_nearly_as_much_as_the_best_fixed_number(name: str) -> None:
    """The ramp counts, too: nine tenths of it in the mean, and never less than four fifths."""
    shares = [
        run.throughput() / max(swept(name, seed).values())
        for seed, run in zip(SEEDS, adapted(name), strict=True)
    ]
    assert statistics.mean(shares) >= 0.9
    assert min(shares) >= 0.8


@pytest.mark.parametrize("name", CASES)
def test_adaptive_grows_no_queue_that_brings_nothing(name: str) -> None:
    """In the second half of the runs, in the mean, at most four times as many as were needed."""
    throughput = swept(name, 1)
    needed = min(n for n in throughput if throughput[n] >= 0.95 * max(throughput.values()))
    limits = [run.mean_limit(run.took_s / 2) for run in adapted(name)]
    assert statistics.mean(limits) <= 4 * max(needed, 2)


@pytest.mark.parametrize("name", CASES)
def test_adaptive_is_refused_rarely(name: str) -> None:
    """At the end of the ramp, then ever more seldom."""
    for run in adapted(name):
        assert len(run.refusals) <= 0.03 * len(run.answers)
        late = [at_s for at_s in run.refusals if at_s > run.took_s / 4]
        assert len(late) <= 0.01 * len(run.answers)


GROWING = {
    "decoders": lambda s: DecoderServer(1, noise=0.3, changes=at(60, 90, 120, 150), seed=s),
    "decoders with room for 8 each": lambda s: DecoderServer(
        1, noise=0.3, changes=at(60, 90, 120, 150), room_each=8, seed=s
    ),
    "batches": lambda s: BatchServer(0.1, 0.003, changes=at(9, 18, 24, 30), noise=0.2, seed=s),
    "batches with room for 16 each": lambda s: BatchServer(
        0.1, 0.003, changes=at(9, 18, 24, 30), noise=0.2, room_each=16, seed=s
    ),
}


def at(*instants_s: float) -> list[tuple[float, int]]:
    """From one instance to five, as an autoscaler adds them."""
    return [(at_s, instances) for instances, at_s in enumerate(instants_s, 2)]


@pytest.mark.parametrize("name", GROWING)
def test_adaptive_uses_replicas_that_come(name: str) -> None:
    """In the end nine tenths of what five can do; one request in a hundred is refused."""
    decoders, batches = 5 * 5.5 / (0.01 + 0.1 * 5.5), 5 * 8 * 5.5 / (0.1 + 0.003 * 8 * 5.5)
    count, ideal = (2000, decoders) if "decoders" in name else (5000, batches)
    shares = []
    for seed in SEEDS:
        run = simulate(AdaptiveConcurrency(), GROWING[name](seed), recordings(count, seed=seed))
        shares.append(run.throughput(0.75 * run.took_s, 0.95 * run.took_s) / ideal)
        assert len(run.refusals) <= 0.01 * count
    assert statistics.mean(shares) >= 0.9


@pytest.mark.parametrize("room_each", [None, 4])
def test_adaptive_shrinks_when_replicas_go(room_each: int | None) -> None:
    """From five to one: a queue of twenty would be one of twenty times a decoding."""
    for seed in SEEDS:
        server = DecoderServer(5, noise=0.3, changes=[(60, 1)], room_each=room_each, seed=seed)
        run = simulate(AdaptiveConcurrency(), server, recordings(900, seed=seed))
        assert run.mean_limit(run.took_s - 60) <= 8
        assert run.throughput(run.took_s - 60) >= 9
        assert len(run.refusals) <= 0.03 * len(run.answers)


def test_adaptive_learns_nothing_when_recordings_come_slowly() -> None:
    """The limit does not run away while nobody uses it."""
    server = DecoderServer(50, noise=0.3, seed=1)
    run = simulate(AdaptiveConcurrency(), server, recordings(600), source_rps=4)
    assert max(limit for _, limit in run.limits) <= 12
    assert run.throughput() >= 0.9 * 4 * 5.5


def test_adaptive_outlives_a_server_that_refuses_everything() -> None:
    """It goes down to one, and comes back when the server does."""
    concurrency = AdaptiveConcurrency()
    for place in range(40):
        concurrency.started(place)
        concurrency.ended(place, took_s=0.01, audio_s=1.0, refused=True)
    assert concurrency.limit == 1
    server = DecoderServer(8, noise=0.3, seed=1)
    run = simulate(concurrency, server, recordings(600))
    assert run.limits[-1][1] >= 6


def test_adaptive_keeps_its_bounds() -> None:
    """Whatever would be better."""
    server = BatchServer(0.1, 0.0, 32)
    run = simulate(AdaptiveConcurrency(8, least=6, most=20), server, recordings(400))
    assert {6 <= limit <= 20 for _, limit in run.limits} == {True}
    slow = simulate(AdaptiveConcurrency(8, least=6), DecoderServer(1), recordings(300))
    assert min(limit for _, limit in slow.limits) >= 6


def test_adaptive_takes_answers_without_time_or_audio() -> None:
    """A clock that stands still, and a recording of no length, divide nothing by zero."""
    concurrency = AdaptiveConcurrency()
    for _ in range(500):
        for _ in range(concurrency.limit):
            concurrency.started(1.0)
        for _ in range(concurrency.limit):
            concurrency.ended(1.0, took_s=0.0, audio_s=0.0, refused=False)
    assert 1 <= concurrency.limit <= 256


def test_fixed_stays() -> None:
    """Whatever happens."""
    fixed = FixedConcurrency(3)
    fixed.started(0.0)
    fixed.ended(1.0, took_s=1.0, audio_s=1.0, refused=True)
    assert fixed.limit == 3
