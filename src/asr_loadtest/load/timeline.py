"""
What happened when: samples added up in windows of equal length.

However long a run is, it has at most so many windows: when there are more, each two become one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.samples import Sample

__all__ = ["Timeline", "Window"]

_MOST_WINDOWS = 600


@dataclass(slots=True)
class Window:
    """
    One stretch of the run.

    Attributes:
        offered: Arrivals meant to start in it.
        sent: Requests sent in it.
        outcomes: What ended in it, by class; what was not sent counts where it was meant.
        good: Those of them that were ok within the SLO.
        audio_s: Seconds of speech in what ended ok in it.
        response: Response times of what ended ok in it, in seconds.
        lag: What the generator added to those sent in it, in seconds.
        rtfx: RTFx of what ended ok in it.
        gateway: Kong's own share of what ended in it; upstream: the servers', as Kong saw it.
    """

    offered: int = 0
    sent: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    good: int = 0
    audio_s: float = 0.0
    response: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    rtfx: Histogram = field(default_factory=Histogram)
    gateway: Histogram = field(default_factory=Histogram)
    upstream: Histogram = field(default_factory=Histogram)

    def merge(self, other: Window) -> None:
        """Take in what happened in another one."""
        self.offered += other.offered
        self.sent += other.sent
        self.outcomes.update(other.outcomes)
        self.good += other.good
        self.audio_s += other.audio_s
        self.response.merge(other.response)
        self.lag.merge(other.lag)
        self.rtfx.merge(other.rtfx)
        self.gateway.merge(other.gateway)
        self.upstream.merge(other.upstream)

    def add(self, sample: Sample, *, is_good: bool) -> None:
        """Count a sample in all respects, where this is the only window."""
        self.offered += 1
        self.add_sending(sample)
        self.add_end(sample, is_good=is_good)

    def add_sending(self, sample: Sample) -> None:
        """Count a sample that was sent in this window, if it was sent."""
        if sample.sent_s is not None:
            self.sent += 1
            self.lag.add(max(sample.sent_s - sample.intended_s, 0.0))

    def add_end(self, sample: Sample, *, is_good: bool) -> None:
        """Count a sample that ended in this window."""
        self.outcomes[sample.outcome] += 1
        self.good += is_good
        if sample.gateway_s is not None:
            self.gateway.add(sample.gateway_s)
        if sample.upstream_s is not None:
            self.upstream.add(sample.upstream_s)
        response_s = sample.response_s
        if sample.outcome == "ok" and response_s is not None:
            self.audio_s += sample.audio_s
            self.response.add(response_s)
            if response_s > 0:
                self.rtfx.add(sample.audio_s / response_s)


@dataclass(slots=True)
class Timeline:
    """
    Windows by number: number n covers [n * width_s, (n + 1) * width_s).

    Attributes:
        width_s: Length of each window; it doubles when there are too many.
        windows: Those in which anything happened.
    """

    width_s: float = 1.0
    windows: dict[int, Window] = field(default_factory=dict)

    def add(self, sample: Sample, *, is_good: bool) -> None:
        """Count a sample where it was meant, where it was sent and where it ended."""
        self._at(sample.intended_s).offered += 1
        if sample.sent_s is not None:
            self._at(sample.sent_s).add_sending(sample)
        ended_s = sample.intended_s if sample.done_s is None else sample.done_s
        self._at(ended_s).add_end(sample, is_good=is_good)

    def rows(self) -> list[tuple[float, Window]]:
        """Give the start of each window in seconds, and the window; without gaps."""
        if not self.windows:
            return []
        first, last = min(self.windows), max(self.windows)
        empty = Window()
        return [(n * self.width_s, self.windows.get(n, empty)) for n in range(first, last + 1)]

    def _at(self, instant_s: float) -> Window:
        number = int(instant_s // self.width_s)
        window = self.windows.get(number)
        if window is None:
            while self._span_with(number) > _MOST_WINDOWS:
                self._halve()
                number = int(instant_s // self.width_s)
            window = self.windows.setdefault(number, Window())
        return window

    def _span_with(self, number: int) -> int:
        """Count the windows from the first to the last: `rows` gives those without samples, too."""
        first, last = min(self.windows, default=number), max(self.windows, default=number)
        return max(last, number) - min(first, number) + 1

    def _halve(self) -> None:
        halved: dict[int, Window] = {}
        for number, window in self.windows.items():
            both = halved.get(number // 2)
            if both is None:
                halved[number // 2] = window
            else:
                both.merge(window)
        self.windows = halved
        self.width_s *= 2
