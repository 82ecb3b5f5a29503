"""The rate plan of a day: a sine from the quiet of the night to the peak and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Diurnal"]

# Where the rate starts at 0 Newton gains only a third of the way in each turn: 100 turns of 2/3 are
# a factor of 1e17, more than a float holds. Elsewhere five are enough.
_MOST_TURNS = 100


@dataclass(frozen=True, slots=True)
class Diurnal:
    """
    A sine from *trough_rps*, at 0, to *peak_rps*, half a period later, for ever.

    With mean m = (trough + peak) / 2, swing a = (peak - trough) / 2 and x = 2 pi t / period:

        rate   r(t) = m - a cos x
        count  n(t) = m t - a period / (2 pi) sin x
                    = m period / (2 pi) (x - e sin x)      with e = a / m, 0 <= e <= 1
    """

    trough_rps: float
    peak_rps: float
    period_s: float

    @property
    def duration_s(self) -> None:
        """It does not end."""
        return

    @property
    def mean_rps(self) -> float:
        """Half-way between both rates."""
        return (self.trough_rps + self.peak_rps) / 2

    @property
    def _swing(self) -> float:
        return (self.peak_rps - self.trough_rps) / (self.peak_rps + self.trough_rps)

    def describe(self) -> str:
        """Name both rates and the length of the day."""
        rates = f"{self.trough_rps:g} to {self.peak_rps:g} req/s"
        return f"diurnal, {rates} in days of {self.period_s:g} s"

    def rate_at(self, t_s: float) -> float:
        """Give r(t)."""
        if t_s < 0:
            return 0.0
        return self.mean_rps * (1 - self._swing * math.cos(math.tau * t_s / self.period_s))

    def count_by(self, t_s: float) -> float:
        """Count n(t): whole days, and the angle reached in the one that holds *t_s*."""
        days, into_s = divmod(max(t_s, 0.0), self.period_s)
        angle = math.tau * into_s / self.period_s
        into = (angle - self._swing * math.sin(angle)) / math.tau
        return self.mean_rps * self.period_s * (days + into)

    def instant_of(self, count: float) -> float:
        """
        Solve x - e sin x = 2 pi n / (m period): Kepler's equation, with n for the planet's time.

        A day holds m period arrivals. Its second half is the first one in a mirror.
        """
        days, rest = divmod(count / (self.mean_rps * self.period_s), 1.0)
        half = min(rest, 1.0 - rest)
        angle = _kepler(math.tau * half, self._swing)
        into = angle / math.tau
        return self.period_s * (days + (into if rest == half else 1.0 - into))


def _kepler(mean: float, swing: float) -> float:
    """
    Solve x - swing sin x = mean, for 0 <= mean <= pi.

    On [0, pi] the left side is convex and rises, and min(mean + swing, pi) is not left of the
    root. From there Newton goes left and never past it: once it does not, the root is found.
    """
    angle = min(mean + swing, math.pi)
    for _ in range(_MOST_TURNS):
        slope = 1.0 - swing * math.cos(angle)
        if slope <= 0.0:
            break
        lower = angle - (angle - swing * math.sin(angle) - mean) / slope
        if lower >= angle:
            break
        angle = lower
    return angle
