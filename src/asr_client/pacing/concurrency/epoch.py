"""What a stretch of answers says of a server: how much it does, and how long it takes for it."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

__all__ = ["Answers", "Epoch", "Finding", "Stay"]

# An answer that took so many times as long as most did so for reasons of its own.
_OUTLIER = 4.0
# A limit is used if so much of it is, as far as answers tell.
_USED = 0.7
# Answers that are remembered: more than can come while one request is under way.
_REMEMBERED = 4096
# A batch's answers come at one instant, more or less: within this share of what they took.
_INSTANT = 0.02


@dataclass(frozen=True, slots=True)
class Stay:
    """What came back while one request was with the server: itself, and others before it."""

    took_s: float
    answers: float
    audio_s: float


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What a stretch of answers has shown.

    Attributes:
        rate_rps: Answers a second.
        audio_rate: Seconds of audio a second.
        took_s: The median time that an answer took.
        is_used: Whether the server had about as many requests as were allowed.
    """

    rate_rps: float
    audio_rate: float
    took_s: float
    is_used: bool

    @property
    def throughput(self) -> float:
        """
        What the server does, comparable with other findings about it.

        Its cost may lie in requests or in seconds of audio, and the lengths of recordings vary:
        between the two, chance has half its weight whichever it is.
        """
        return math.sqrt(self.rate_rps * self.audio_rate)

    def slowness(self, before: Finding) -> float:
        """
        Tell how many times as long answers take as *before*.

        It is 1 where longer or shorter recordings explain it, in part or as a whole.
        """
        ratio = self.took_s / before.took_s
        audio_s, audio_before_s = (each.audio_rate / each.rate_rps for each in (self, before))
        low, high = sorted((ratio, ratio * audio_before_s / audio_s))
        return low if low > 1 else min(high, 1.0)


class Answers:
    """The last answers, and when they came."""

    def __init__(self) -> None:
        self._at_s: list[float] = []
        self._audio_s = [0.0]  # of all before the first, the second, ...

    def add(self, now_s: float, took_s: float, audio_s: float) -> Stay:
        """Take in an answer."""
        self._at_s.append(now_s)
        self._audio_s.append(self._audio_s[-1] + audio_s)
        sent_s, instant_s = now_s - took_s, _INSTANT * took_s
        # Sent as a batch's answers came: half of them, in the mean, were there before it.
        first = bisect_left(self._at_s, sent_s - instant_s)
        last = bisect_right(self._at_s, sent_s + instant_s, hi=len(self._at_s) - 1)
        came_s = self._audio_s[-1] - (self._audio_s[first] + self._audio_s[last]) / 2
        stay = Stay(max(took_s, 1e-6), len(self._at_s) - (first + last) / 2, max(came_s, 1e-6))
        if len(self._at_s) > 2 * _REMEMBERED:
            del self._at_s[:_REMEMBERED], self._audio_s[:_REMEMBERED]
        return stay


@dataclass(slots=True)
class Epoch:
    """
    A stretch of answers under one limit.

    Attributes:
        limit: How many may be under way.
        length: How many answers it has.
        settling: How many do not count before it, since they began under another limit.
    """

    limit: int
    length: int
    settling: int = 0
    _stays: list[Stay] = field(default_factory=list)

    def add(self, stay: Stay) -> None:
        """Take in an answer."""
        if self.settling > 0:
            self.settling -= 1
        else:
            self._stays.append(stay)

    @property
    def is_over(self) -> bool:
        """Whether it has all its answers."""
        return len(self._stays) >= self.length

    def finding(self) -> Finding:
        """
        Sum up.

        Rates are those of each answer's own time with the server, so that it does not matter
        where in a batch an epoch begins or ends. What was held up longer than all others, or by a
        server that stood still, is left out.
        """
        median_s = statistics.median(stay.took_s for stay in self._stays)
        stays = [stay for stay in self._stays if stay.took_s <= _OUTLIER * median_s]
        together_s = sum(stay.took_s for stay in stays)
        rate_rps = sum(stay.answers for stay in stays) / together_s
        audio_rate = sum(stay.audio_s for stay in stays) / together_s
        # Little's law: so many a second, and each so long, is so many at a time.
        with_server = rate_rps * together_s / len(stays)
        return Finding(rate_rps, audio_rate, median_s, with_server >= _USED * self.limit)
