"""Samples of runs that never were: answers of known length, and a server whose law is known."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample

__all__ = ["BatchServer", "Stalls", "evenly", "health", "poisson", "run_of"]


def evenly(
    count: int, rate_rps: float = 50.0, response_s: float = 0.1, **known: Any
) -> list[Sample]:
    """Give arrivals at equal distances, all answered within *response_s*; *known* overrides."""
    return [_answered(n, n / rate_rps, response_s, known) for n in range(count)]


def _answered(index: int, at_s: float, response_s: float, known: dict[str, Any]) -> Sample:
    facts = {"outcome": "ok", "sent_s": at_s, "done_s": at_s + response_s, "audio_s": 1.0}
    if known.get("outcome") == "not_sent":
        facts.update(sent_s=None, done_s=None)
    return Sample(index=index, intended_s=at_s, **{**facts, **known})


def run_of(samples: Sequence[Sample], **changes: Any) -> RunInfo:
    """Tell of a run that went by its plan, and left *samples*."""
    ended_s = max((each.done_s or each.intended_s for each in samples), default=0.0)
    run = RunInfo(run_id="run", started_unix_s=0.0, host="http://127.0.0.1:8000", ended_s=ended_s)
    return replace(run, **{"offered": len(samples), **changes})


def health(
    seconds: int = 10, worker: int = 0, cpu_share: float = 0.2, stall_s: float = 0.001
) -> list[GeneratorReading]:
    """Give a reading each second, all alike."""
    return [
        GeneratorReading(float(at), worker, cpu_share, stall_s, 1 << 27, 4, 4)
        for at in range(seconds)
    ]


def poisson(rate_rps: float, duration_s: float, seed: int) -> list[float]:
    """Draw the instants of a Poisson process."""
    draw = random.Random(seed)  # noqa: S311 - the same in every run
    instants, at_s = [], draw.expovariate(rate_rps)
    while at_s < duration_s:
        instants.append(at_s)
        at_s += draw.expovariate(rate_rps)
    return instants


@dataclass(frozen=True, slots=True)
class Stalls:
    """Bad moments: a share of the batches takes so much longer."""

    share: float
    extra_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class BatchServer:
    """
    A server as `asr_slow` is: batches in order of arrival, each fixed_s + per_clip_s x clips.

    Attributes:
        queue: Requests that may wait; one more is refused. None: any number.
    """

    fixed_s: float = 0.05
    per_clip_s: float = 0.02
    batch: int = 8
    queue: int | None = 64

    @property
    def ceiling_rps(self) -> float:
        """What it does when it never waits and all batches are full."""
        return self.batch / (self.fixed_s + self.batch * self.per_clip_s)

    def answer(self, instants: Sequence[float], stalls: Stalls | None = None) -> list[Sample]:
        """Serve clips of a second that arrive at *instants*."""
        draw = random.Random(stalls.seed if stalls else 0)  # noqa: S311 - the same in every run
        coming, waiting, free_s = deque(enumerate(instants)), deque[tuple[int, float]](), 0.0
        samples: list[Sample] = []
        while coming or waiting:
            if not waiting:
                waiting.append(coming.popleft())
            free_s = max(free_s, waiting[0][1])
            samples += self._admit(coming, waiting, free_s)
            clips = [waiting.popleft() for _ in range(min(self.batch, len(waiting)))]
            free_s += self.fixed_s + self.per_clip_s * len(clips)
            if stalls and draw.random() < stalls.share:
                free_s += stalls.extra_s
            samples += self._admit(coming, waiting, free_s)
            samples += [_answered(index, at_s, free_s - at_s, {}) for index, at_s in clips]
        return sorted(samples, key=lambda sample: sample.index)

    def _admit(
        self, coming: deque[tuple[int, float]], waiting: deque[tuple[int, float]], until_s: float
    ) -> list[Sample]:
        """Let in who came by then; give those who were refused."""
        refused = []
        while coming and coming[0][1] <= until_s:
            index, at_s = coming.popleft()
            if self.queue is not None and len(waiting) >= self.queue:
                refused.append(_answered(index, at_s, 0.002, {"outcome": "overloaded"}))
            else:
                waiting.append((index, at_s))
        return refused
