"""What is good enough: the service level objective (SLO), as limits on what is measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from asr_loadtest.load.lengths import length_bucket
from asr_loadtest.load.samples import Sample

__all__ = ["DEFAULT_ERROR_RATE", "DEFAULT_REFUSAL_RATE", "Limits", "Slo"]

DEFAULT_ERROR_RATE = 0.01
DEFAULT_REFUSAL_RATE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Limits on one group of requests; None limits nothing.

    Latencies are response times from the intended start, of what was answered well (`ok`).

    Attributes:
        p50_s: At most so long for half of them; p95_s, p99_s, p999_s: for 95, 99, 99.9 %.
        p99_per_audio_s: 99 % take at most so many seconds for each second of speech.
        rtfx_p5: 95 % run at least at this RTFx.
        rtfx_mean: Their mean RTFx is at least this.
        error_rate: Share that failed, of all sent, 0..1; refusals are counted apart.
        refusal_rate: Share that was turned away (rate_limited, overloaded), of all sent, 0..1.
        goodput_rps: At least so many a second are ok within the latency limits.
        min_samples: Judge latency and RTFx from so many good replies on; None takes what each
            percentile needs for a confidence interval (`measures.samples_for`).
    """

    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    p999_s: float | None = None
    p99_per_audio_s: float | None = None
    rtfx_p5: float | None = None
    rtfx_mean: float | None = None
    error_rate: float | None = None
    refusal_rate: float | None = None
    goodput_rps: float | None = None
    min_samples: int | None = None

    @property
    def request_s(self) -> float:
        """
        Give the longest response that a single good request may take; infinite without a limit.

        A percentile says nothing of one request. The limit of the 99th is what nearly all keep to,
        so it is taken for all; where there is none, that of the 99.9th, then of the 95th. Half of
        all may be slower than the median, so its limit is none for a single one.
        """
        return next(
            (limit for limit in (self.p99_s, self.p999_s, self.p95_s) if limit is not None),
            math.inf,
        )

    @property
    def request_per_audio_s(self) -> float:
        """Give the same for each second of speech, from p99_per_audio_s or else rtfx_p5."""
        if self.p99_per_audio_s is not None:
            return self.p99_per_audio_s
        return math.inf if self.rtfx_p5 is None else 1 / self.rtfx_p5

    @property
    def tightest_s(self) -> float:
        """The smallest limit on a response time; infinite without one."""
        limits = (self.p50_s, self.p95_s, self.p99_s, self.p999_s)
        return min((limit for limit in limits if limit is not None), default=math.inf)


@dataclass(frozen=True, slots=True)
class Slo:
    """
    What must hold for all requests, and beside it for some of them.

    Attributes:
        limits: On all requests.
        languages: On those in one language, by the code that the model takes.
        lengths: On those in one length bucket, by its name (`LENGTH_BUCKETS`).
        source: Where it was stated: a file's name, or "default".
    """

    limits: Limits
    languages: Mapping[str, Limits] = field(default_factory=dict)
    lengths: Mapping[str, Limits] = field(default_factory=dict)
    source: str = "default"
    # Seconds, and seconds per second of speech, that a request may take: by language and bucket.
    _allowed: dict[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def default(cls) -> Self:
        """Give what holds without a file: hardly any errors and refusals, at whatever speed."""
        return cls(Limits(error_rate=DEFAULT_ERROR_RATE, refusal_rate=DEFAULT_REFUSAL_RATE))

    def is_good(self, sample: Sample) -> bool:
        """
        Whether a request counts as goodput: ok, and within every latency limit that applies to it.

        The limits of all requests, of its language and of its length apply together, each as far
        as it says something of a single request (`Limits.request_s`). Called for each sample.
        """
        done_s = sample.done_s
        if sample.outcome != "ok" or done_s is None:
            return False
        group = (sample.language, length_bucket(sample.audio_s))
        allowed = self._allowed.get(group)
        if allowed is None:
            allowed = self._allowed[group] = self._allow(group)
        response_s = done_s - sample.intended_s
        # The second term is no number where nothing limits it and there is no speech.
        return response_s <= allowed[0] and not response_s > allowed[1] * sample.audio_s

    def _allow(self, group: tuple[str, str]) -> tuple[float, float]:
        language, length = group
        stated = (self.limits, self.languages.get(language), self.lengths.get(length))
        limits = [each for each in stated if each is not None]
        return (
            min(each.request_s for each in limits),
            min(each.request_per_audio_s for each in limits),
        )

    def everything(self) -> Iterator[Limits]:
        """Give the limits on all, then those on groups."""
        yield self.limits
        yield from self.languages.values()
        yield from self.lengths.values()

    @property
    def tightest_s(self) -> float:
        """The smallest limit on any response time, in seconds; infinite without one."""
        return min(limits.tightest_s for limits in self.everything())
