"""
One limit of the gateway, and when it has room.

Kong's windows are fixed: "40 a second" counts from one full second of its clock to the next. Where
we know when they begin, half of the limit is free at any time and the rest is spread over the
window. Where we do not, no interval of a window's length gets more than the limit, which is right
wherever the windows may begin, and requests go evenly, so that nothing depends on a millisecond.

Several nodes of a gateway that count for themselves look like one whose counts jump: the highest
count holds, so that the limit of one node is used. A limit shared with other processes is seen to
be used up faster than we do it, and what they use is left to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.pacing.headers import Quota, Stamp, Times
from asr_client.pacing.phase import BoundaryWatch, Phase, Turn
from asr_client.pacing.sends import Sends

__all__ = ["Slot", "Window"]

# One request of a limit that can spare it, for the one that arrives in the wrong window.
_SPARING = 20
# Without a request to spare, windows of unknown phase are taken to be longer.
_STRETCH = 1.05
# The part of a window over which its requests are spread.
_SPREAD = 0.95
# How late after the beginning of a window somebody may go, as a share of it and at most.
_JITTER_SHARE = 0.04
_JITTER_S = 1.0
# How many may go at once in windows of unknown phase, once half is used; in windows of a second
# always, where half of the limit on either edge would be a matter of milliseconds.
_BURST = 4
# Requests sent within this time after another one may have been counted before it.
_OVERTAKING_S = 0.05
# Our wall clock against the gateway's, where nothing else is known: both follow NTP.
_WALL_CLOCK_S = 2.0
# A boundary that is not where it should be: nodes take turns, or a clock was set. For so many
# windows none is believed in.
_DISTRUSTED = 20
# A limit of which nobody has spoken for so long may be gone.
_FORGOTTEN_S = 60.0


@dataclass(frozen=True, slots=True)
class Slot:
    """
    A place in a window.

    Attributes:
        at_s: When it comes.
        slack_s: How much later is just as well; others start at the same instant.
    """

    at_s: float
    slack_s: float = 0.0


class Window:
    """
    One limit, as replies have shown it.

    Args:
        quota: What the first reply says of it.
        wall_clock_s: How far our own wall clock is ahead of our monotonic one.
        now_s: Monotonic seconds.
    """

    def __init__(self, quota: Quota, wall_clock_s: float, now_s: float) -> None:
        self.size_s = quota.size_s
        self._limit = quota.limit
        low_s, high_s = wall_clock_s - _WALL_CLOCK_S, wall_clock_s + _WALL_CLOCK_S
        self._phase = Phase(quota.size_s, low_s, high_s, now_s, is_guess=True)
        self._watch = BoundaryWatch(quota.size_s)
        self._distrusted_until_s = now_s
        self._others = 0  # requests of others, in the window of the request sent at _seen_s
        self._others_before = 0  # and in the window before
        self._seen_s = now_s
        self._told_s = now_s

    @property
    def limit(self) -> int:
        """How many requests a window allows, as last told."""
        return self._limit

    @property
    def capacity(self) -> int:
        """How many requests a window may get."""
        return self._limit - 1 if self._limit >= _SPARING else self._limit

    def is_forgotten(self, now_s: float) -> bool:
        """Whether no reply has told of it for a long time."""
        return now_s - self._told_s > max(_FORGOTTEN_S, 2 * self.size_s)

    def slot(self, place: int, now_s: float, sends: Sends) -> Slot:
        """Tell when someone may go who has *place* others before him, from *now_s* on."""
        phase = self._phase.at(now_s)
        if phase.is_useful:
            return self._fixed_slot(place, phase.turn(now_s), now_s, sends)
        return self._sliding_slot(place, now_s, sends)

    def _fixed_slot(self, place: int, turn: Turn, now_s: float, sends: Sends) -> Slot:
        capacity = self.capacity
        others, before = self._others_in(turn.index)
        used = min(sends.since(turn.counted_from_s) + others, capacity)
        turns, number = divmod(used + place, capacity)
        free = max(0, capacity // 2 - before)
        gap_s = _SPREAD * (turn.closes_s - turn.opens_s) / (capacity - free)
        at_s = turn.opens_s + turns * self.size_s + max(0, number - free) * gap_s
        slack_s = min(_JITTER_SHARE * self.size_s, _JITTER_S)
        if turns == 0 and turn.opens_s <= now_s:
            return Slot(at_s)
        return Slot(at_s, slack_s if number < free else min(slack_s, gap_s))

    def _others_in(self, index: int) -> tuple[int, int]:
        """How many requests of others a window has seen, and how many the one before it."""
        seen = self._phase.index(self._seen_s)
        if seen == index:
            return self._others, self._others_before
        return 0, self._others if seen == index - 1 else 0

    def _sliding_slot(self, place: int, now_s: float, sends: Sends) -> Slot:
        others = self._others if self._seen_s > now_s - self.size_s else 0
        size_s = self.size_s if self.capacity < self._limit else self.size_s * _STRETCH
        gap_s = size_s / self.capacity
        free = self.capacity - others
        if free <= 0:
            return Slot(self._seen_s + size_s + place * gap_s)
        if self.size_s > 1 and sends.since(now_s - size_s) + others + place < self.capacity // 2:
            return Slot(now_s)
        burst = max(1, min(_BURST, free // 2))
        full_until_s = sends.last_s(free) + size_s
        smooth_from_s = sends.last_s(burst) + burst * gap_s
        return Slot(max(now_s, full_until_s, smooth_from_s) + place * gap_s)

    def observe(self, quota: Quota, times: Times, stamp: Stamp | None, sends: Sends) -> None:
        """Take in what a reply says."""
        self._limit = quota.limit
        self._told_s = times.received_s
        count = quota.limit - quota.remaining
        if stamp is not None and stamp.modulo_s % self.size_s == 0:
            self._set_clock(stamp, times.received_s)
        boundary = self._watch.see(count, times.sent_s, times.counted_by_s)
        if boundary is not None and times.received_s >= self._distrusted_until_s:
            self._set_boundary(*boundary, times.received_s)
        self._count_others(count, times.sent_s, sends)

    def _set_clock(self, stamp: Stamp, now_s: float) -> None:
        if stamp.high_s - stamp.low_s >= self.size_s:
            return
        met = self._phase.meet(stamp.low_s, stamp.high_s, now_s)
        self._phase = met or Phase(self.size_s, stamp.low_s, stamp.high_s, now_s)

    def _set_boundary(self, from_s: float, until_s: float, now_s: float) -> None:
        """Take in that a window ended between two instants, the clock at a multiple of its size."""
        low_s, high_s = -until_s, -from_s
        met = self._phase.meet(low_s, high_s, now_s)
        if met is None and self._phase.at(now_s).is_useful:
            self._distrusted_until_s = now_s + _DISTRUSTED * self.size_s
            high_s += self.size_s  # anywhere
        self._phase = met or Phase(self.size_s, low_s, high_s, now_s)

    def _count_others(self, count: int, sent_s: float, sends: Sends) -> None:
        """What the gateway counts and we did not send, others did."""
        phase = self._phase.at(sent_s)
        from_s = sent_s - self.size_s
        is_same = self._seen_s > from_s
        if phase.is_useful:
            index = phase.index(sent_s)
            from_s = index * self.size_s - phase.high_s
            is_same = phase.index(self._seen_s) == index
        others = max(0, count - sends.since(from_s, sent_s + _OVERTAKING_S))
        if is_same:
            self._others = max(others, self._others)
        elif sent_s > self._seen_s:
            is_next = sent_s - self._seen_s < 2 * self.size_s
            self._others_before = self._others if is_next else 0
            self._others, self._seen_s = others, sent_s
