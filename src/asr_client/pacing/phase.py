"""Where a gateway's fixed windows begin and end on our clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import floor

__all__ = ["BoundaryWatch", "Phase", "Turn"]

# Two clocks drift apart by less than this share (an NTP daemon may slew by 500 ppm, for a while).
_DRIFT = 2e-4
# A phase serves when it leaves most of a window to be used.
_VAGUEST = 0.25
# The end of a window, as a share and at most, where nobody goes: he might arrive in the next one.
_LATE_SHARE = 0.03
_LATE_S = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One window of the gateway, on our clock.

    Attributes:
        index: Windows since 1970.
        counted_from_s: It has not begun before.
        opens_s: It has surely begun.
        closes_s: It has surely not ended, and there is time left to arrive in it.
    """

    index: int
    counted_from_s: float
    opens_s: float
    closes_s: float


@dataclass(frozen=True, slots=True)
class Phase:
    """
    How far the gateway's clock is ahead of ours, modulo a window's length.

    Attributes:
        size_s: The window's length.
        low_s: At least so far,
        high_s: at most so far,
        known_s: at this instant; as time passes the bounds widen.
        is_guess: Nothing but our own wall clock speaks for it.
    """

    size_s: int
    low_s: float
    high_s: float
    known_s: float
    is_guess: bool = False

    def at(self, now_s: float) -> Phase:
        """Widen the bounds by what the clocks may have drifted apart."""
        drift_s = max(0.0, now_s - self.known_s) * _DRIFT
        low_s, high_s = self.low_s - drift_s, self.high_s + drift_s
        return Phase(self.size_s, low_s, high_s, self.known_s, self.is_guess)

    @property
    def is_useful(self) -> bool:
        """Whether most of a window is surely inside it."""
        return self.high_s - self.low_s <= _VAGUEST * self.size_s

    def meet(self, low_s: float, high_s: float, now_s: float) -> Phase | None:
        """Narrow the bounds by further ones; None if they contradict more than a guess."""
        now = self.at(now_s)
        shift = round((now.low_s + now.high_s - low_s - high_s) / 2 / self.size_s) * self.size_s
        told = Phase(self.size_s, low_s + shift, high_s + shift, now_s)
        if now.high_s - now.low_s >= self.size_s:
            return told
        low_s, high_s = max(told.low_s, now.low_s), min(told.high_s, now.high_s)
        if low_s > high_s:
            return told if self.is_guess else None
        return Phase(self.size_s, low_s, high_s, now_s, is_guess=self.is_guess)

    def index(self, instant_s: float) -> int:
        """Tell which window an instant is in, most likely."""
        return floor((instant_s + (self.low_s + self.high_s) / 2) / self.size_s)

    def turn(self, now_s: float) -> Turn:
        """Give the window that can be used now, or the next one if it is too late for this."""
        index = self.index(now_s)
        late_s = min(_LATE_SHARE * self.size_s, _LATE_S)
        if now_s >= (index + 1) * self.size_s - self.high_s - late_s:
            index += 1
        begins_s, ends_s = index * self.size_s, (index + 1) * self.size_s
        return Turn(
            index, begins_s - self.high_s, begins_s - self.low_s, ends_s - self.high_s - late_s
        )


class BoundaryWatch:
    """
    Sees a window end: its count falls from a request to a later one.

    This is the finest clock there is, and often the only one: replies of Triton through Kong have
    no Date, and RateLimit-Reset of a second is always 1.
    """

    __slots__ = ("_recent", "_size_s")

    # Requests sent within this time may overtake each other; low counts may, too, by chance.
    _OVERTAKING_S = 0.025
    _LEAST_COUNT = 4
    _REMEMBERED = 32

    def __init__(self, size_s: int) -> None:
        self._size_s = size_s
        self._recent: deque[tuple[float, int]] = deque(maxlen=self._REMEMBERED)

    def see(self, count: int, sent_s: float, counted_by_s: float) -> tuple[float, float] | None:
        """Take in one reply; returns bounds between which a window ended, if it shows that."""
        before_s = [
            earlier_s
            for earlier_s, earlier in self._recent
            if earlier_s + self._OVERTAKING_S <= sent_s
            and earlier >= max(self._LEAST_COUNT, 2 * count)
        ]
        self._recent.append((sent_s, count))
        if before_s and counted_by_s - max(before_s) <= self._size_s / 2:
            return max(before_s), counted_by_s
        return None
