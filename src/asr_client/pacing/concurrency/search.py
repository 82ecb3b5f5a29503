"""Two ways to look for the best limit: a ramp, quick and coarse, then a climb, slow and fine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_client.pacing.concurrency.epoch import Finding

__all__ = ["Climb", "Ramp"]

# A ramp goes on while each doubling brings at least this much throughput.
_GROWTH = 1.25
# How many times as long as the quickest answers may take, after so many rounds that brought less:
# little is known after few answers, but answers that take as long stand in a queue.
_PATIENCE = (5.0, 2.0, 0.0)
# Where a ramp settles: this many times what the server does in the time of a quick answer. Without
# batches twice were ample, one at work and one ready; but a full batch takes longer than one alone.
_AMPLE = 3.0
# It goes on settling while that is so much more than what it settled at.
_RISE = 1.1

# A neighbour is this many times as many, or as few; nearer than the second, it is none.
_STEP = math.sqrt(2)
_NEAREST = 1.1
# More is worth it if throughput grows at least by this power of it: 9 % for twice as many.
_WORTH = 0.12
# Too few cost throughput and too many only wait, so that fewer must have proved it twice.
_LOOKS_DOWN = 2
# How much a new observation counts against those before it.
_WEIGHT = 0.5
# Epochs at home between two looks at the neighbours, at most.
_LONGEST_REST = 4
# The server has changed if answers take so many times as long, or as short, twice in a row.
_CHANGED = 1.5


class Ramp:
    """
    Double the limit with each round of answers, until that brings no more; then settle.

    Attributes:
        grows: It is doubling: each answer makes room for one more.
        is_over: It has settled.
    """

    def __init__(self) -> None:
        self.grows, self.is_over = True, False
        self._best: Finding | None = None
        self._quickest: Finding | None = None
        self._flat = 0
        self._peak = 0

    def measured(self, finding: Finding, limit: int, most: int) -> int:
        """Take in what a round that ended at *limit* has shown, and choose the next limit."""
        quickest = self._quickest or finding
        self._quickest = finding if finding.slowness(quickest) < 1 else quickest
        if not self.grows:
            ample = min(self._ample(finding, self._quickest), self._peak, most)
            self.is_over = ample <= _RISE * limit
            return limit if self.is_over else ample
        best = self._best or finding
        is_flat = self._best is not None and finding.throughput < _GROWTH * best.throughput
        self._flat = self._flat + 1 if is_flat else 0
        self._best = max(best, finding, key=lambda each: each.throughput)
        slowness = finding.slowness(self._quickest)
        self.grows = slowness <= _PATIENCE[self._flat] and limit < most
        self._peak = limit
        return limit if self.grows else min(limit, self._ample(self._best, self._quickest))

    def _ample(self, best: Finding, quickest: Finding) -> int:
        return max(1, round(_AMPLE * best.rate_rps * quickest.took_s))


@dataclass(frozen=True, slots=True)
class _Gain:
    """The power of the limit with which throughput grows from one to the next, so often seen."""

    power: float
    looks: int

    def seen(self, power: float) -> _Gain:
        return _Gain(self.power + _WEIGHT * (power - self.power), self.looks + 1)


@dataclass(frozen=True, slots=True)
class _Seen:
    limit: int
    finding: Finding


class Climb:
    """
    Compare the limit with its neighbours, now and then, and move to one that is better.

    Attributes:
        limit: The one to be measured next: the best one known, or a neighbour of it.
        has_sped_up: Answers come much faster than they did: there is room for another ramp.

    Args:
        home: The best one known so far.
    """

    def __init__(self, home: int) -> None:
        self.limit = home
        self.has_sped_up = False
        self._direction = -1
        self._settle(home)

    def _settle(self, home: int) -> None:
        self._home = home
        self._gains: dict[int, _Gain] = {}  # of the step above home: 1; of that from below: -1
        self._last: _Seen | None = None
        self._usual: Finding | None = None
        self._changes = 0
        self._rest = self._rested = 0

    def measured(self, finding: Finding, least: int, most: int) -> None:
        """Take in what `limit` has shown, and choose the next one, from *least* to *most*."""
        here, last = _Seen(self.limit, finding), self._last
        self._last, self.limit = here, self._home
        is_home = here.limit == self._home
        if not finding.is_used or (is_home and self._has_changed(finding, least)):
            self._last = None
        elif last is not None and last.limit != here.limit and self._is_convinced(last, here):
            # Whoever stands on the better one already looks on from there.
            self.limit = self._home if is_home else self._neighbour(least, most)
        elif not is_home:
            self._direction = -self._direction
            self._rest = min(2 * self._rest + 1, _LONGEST_REST)
        elif self._rested < self._rest:
            self._rested += 1
        else:
            self._rested = 0
            self.limit = self._neighbour(least, most)

    def _has_changed(self, finding: Finding, least: int) -> bool:
        """Whether answers take as long as they did; if not, look again, then believe it."""
        self._usual = self._usual or finding
        slowness = finding.slowness(self._usual)
        if 1 / _CHANGED < slowness < _CHANGED:
            self._changes = 0
            return False
        self._changes += 1
        if self._changes > 1 and slowness > 1:
            self._settle(max(least, round(self._home / slowness)))
            self.limit = self._home
        elif self._changes > 1:
            self.has_sped_up = True
        return True

    def _is_convinced(self, one: _Seen, other: _Seen) -> bool:
        """Learn from home and a neighbour, in turn; move there if it is better."""
        fewer, more = sorted((one, other), key=lambda each: each.limit)
        grown = math.log(more.finding.throughput / fewer.finding.throughput)
        # No server does better than in proportion, and what says more is chance.
        power = min(max(grown / math.log(more.limit / fewer.limit), -1.0), 1.0)
        direction = 1 if more.limit > self._home else -1
        known = self._gains.get(direction)
        gain = self._gains[direction] = known.seen(power) if known else _Gain(power, 1)
        pays = gain.power >= _WORTH
        if not (pays if direction > 0 else not pays and gain.looks >= _LOOKS_DOWN):
            return False
        self._settle(more.limit if direction > 0 else fewer.limit)
        self._gains[-direction] = gain
        self._last, self._direction = other, direction
        return True

    def _neighbour(self, least: int, most: int) -> int:
        """Give the neighbour that is next looked at; home, if there is none."""
        home = self._home
        above = min(max(home + 1, round(home * _STEP)), most)
        below = max(min(home - 1, round(home / _STEP)), least)
        for _ in range(2):
            if self._direction > 0 and above >= _NEAREST * home:
                return above
            if self._direction < 0 and below < home:
                return below
            self._direction = -self._direction
        return home
