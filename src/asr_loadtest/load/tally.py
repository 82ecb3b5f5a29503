"""
Samples, added up: all that reports and verdicts need, in memory that does not grow with a run.

However many workers sent them, one tally takes them all; and the tally of a live run is that of
its raw samples read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.lengths import length_bucket
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.timeline import Timeline

__all__ = ["Group", "IsGood", "Tally", "tally_of"]

# Whether a sample is `ok` and within the SLO.
IsGood = Callable[[Sample], bool]

_NOTHING = Histogram()

# So many different failures are told apart; the rest are counted together.
_MOST_FAILURES = 50


def _is_ok(sample: Sample) -> bool:
    return sample.outcome == "ok"


@dataclass(slots=True)
class Group:
    """
    Samples of one kind: all, one language, one length bucket.

    Attributes:
        outcomes: How many of each class.
        good: How many were ok within the SLO.
        audio_s: Seconds of speech in those that were ok.
        good_audio_s: Seconds of speech in those that were good.
        padded_s: Seconds of audio sent for those, padding counted.
        responses: Response times of each class, from the intended start, in seconds.
        service: Service times of those that were ok, from the sending, in seconds.
        rtfx: RTFx of those that were ok; its inverse is response seconds per audio second.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    good: int = 0
    audio_s: float = 0.0
    good_audio_s: float = 0.0
    padded_s: float = 0.0
    responses: dict[Outcome, Histogram] = field(default_factory=dict)
    service: Histogram = field(default_factory=Histogram)
    rtfx: Histogram = field(default_factory=Histogram)

    @property
    def count(self) -> int:
        """Arrivals, sent or not."""
        return self.outcomes.total()

    @property
    def response(self) -> Histogram:
        """Response times of those that were ok: what headlines are made of."""
        return self.responses.get("ok", _NOTHING)

    @property
    def sent(self) -> int:
        """Those that left the generator."""
        return self.count - self.outcomes["not_sent"]

    def add(self, sample: Sample, *, is_good: bool) -> None:
        """Count one sample."""
        self.outcomes[sample.outcome] += 1
        if is_good:
            self.good += 1
            self.good_audio_s += sample.audio_s
        response_s = sample.response_s
        if response_s is None:
            return
        of_class = self.responses.get(sample.outcome)
        if of_class is None:
            of_class = self.responses[sample.outcome] = Histogram()
        of_class.add(response_s)
        if sample.outcome == "ok":
            self._add_ok(sample, response_s)

    def _add_ok(self, sample: Sample, response_s: float) -> None:
        self.audio_s += sample.audio_s
        self.padded_s += sample.padded_s
        self.service.add(sample.service_s or 0.0)
        if sample.audio_s > 0 and response_s > 0:
            self.rtfx.add(sample.audio_s / response_s)

    def merge(self, other: Group) -> None:
        """Count all samples of another one, too."""
        self.outcomes.update(other.outcomes)
        self.good += other.good
        self.audio_s += other.audio_s
        self.good_audio_s += other.good_audio_s
        self.padded_s += other.padded_s
        self.service.merge(other.service)
        self.rtfx.merge(other.rtfx)
        for outcome, histogram in other.responses.items():
            self.responses.setdefault(outcome, Histogram()).merge(histogram)


@dataclass(slots=True)
class Tally:
    """
    All samples of a run, or of a worker's share.

    Attributes:
        is_good: Whether a sample is ok and within the SLO.
        warm_up_s: Arrivals meant before this instant are left out of all but `timeline` and
            `warm_up`: cold caches and new connections are not what is measured.
        warm_up: Those.
        all: The others.
        languages: Them, by language.
        lengths: Them, by length bucket.
        keys: Their outcomes, by API key; workers: by worker.
        lag: What the generator added, in seconds; of all that were sent.
        connect: Times to connect, of requests that made a connection.
        gateway: Kong's own share; upstream: the servers' as Kong saw it.
        failures: How often each failure was seen, by class and words.
        timeline: What happened when.
        first_s: The first intended start after the warm-up; last_s: the last end.
    """

    is_good: IsGood = _is_ok
    warm_up_s: float = 0.0
    warm_up: Group = field(default_factory=Group)
    all: Group = field(default_factory=Group)
    languages: dict[str, Group] = field(default_factory=dict)
    lengths: dict[str, Group] = field(default_factory=dict)
    keys: dict[int, Counter[Outcome]] = field(default_factory=dict)
    workers: dict[int, Counter[Outcome]] = field(default_factory=dict)
    lag: Histogram = field(default_factory=Histogram)
    connect: Histogram = field(default_factory=Histogram)
    gateway: Histogram = field(default_factory=Histogram)
    upstream: Histogram = field(default_factory=Histogram)
    failures: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    timeline: Timeline = field(default_factory=Timeline)
    first_s: float | None = None
    last_s: float | None = None

    def add(self, sample: Sample) -> None:
        """Count one sample."""
        is_good = sample.outcome == "ok" and self.is_good(sample)
        self.timeline.add(sample, is_good=is_good)
        if sample.intended_s < self.warm_up_s:
            self.warm_up.add(sample, is_good=is_good)
            return
        self._span(sample)
        self.all.add(sample, is_good=is_good)
        _group(self.languages, sample.language).add(sample, is_good=is_good)
        _group(self.lengths, length_bucket(sample.audio_s)).add(sample, is_good=is_good)
        self.keys.setdefault(sample.key, Counter())[sample.outcome] += 1
        self.workers.setdefault(sample.worker, Counter())[sample.outcome] += 1
        self._add_parts(sample)
        if sample.outcome != "ok":
            self._add_failure(sample)

    def _span(self, sample: Sample) -> None:
        ended_s = sample.intended_s if sample.done_s is None else sample.done_s
        if self.first_s is None or self.last_s is None:
            self.first_s, self.last_s = sample.intended_s, ended_s
        self.first_s = min(self.first_s, sample.intended_s)
        self.last_s = max(self.last_s, ended_s)

    def _add_parts(self, sample: Sample) -> None:
        lag_s = sample.lag_s
        if lag_s is not None:
            self.lag.add(max(lag_s, 0.0))
        if sample.connect_s:
            self.connect.add(sample.connect_s)
        if sample.gateway_s is not None:
            self.gateway.add(sample.gateway_s)
        if sample.upstream_s is not None:
            self.upstream.add(sample.upstream_s)

    def _add_failure(self, sample: Sample) -> None:
        failure = (sample.outcome, sample.detail)
        if failure not in self.failures and len(self.failures) >= _MOST_FAILURES:
            failure = (sample.outcome, "other words")
        self.failures[failure] += 1

    @property
    def span_s(self) -> float:
        """Seconds from the first intended start after the warm-up to the last end."""
        if self.first_s is None or self.last_s is None:
            return 0.0
        return self.last_s - self.first_s


def tally_of(
    samples: Iterable[Sample], *, is_good: IsGood = _is_ok, warm_up_s: float = 0.0
) -> Tally:
    """Add up *samples*."""
    tally = Tally(is_good, warm_up_s)
    for sample in samples:
        tally.add(sample)
    return tally


def _group(groups: dict[str, Group], name: str) -> Group:
    group = groups.get(name)
    if group is None:
        group = groups[name] = Group()
    return group
