"""Two ways to look for the best limit: a ramp, quick and coarse, then a climb, slow and fine."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asr_client.pacing.concurrency.epoch import Finding

__all__ = ["Climb", "Ramp"]

# How many are under way after a ramp, as a multiple of what the server does in the time of a quick
# answer. Without batches twice would do, one at work and one ready; but a full batch takes longer.
_AMPLE = 3.0
# And while it lasts: what was measured is already old then, and was less.
_GENEROUS = 5.0
# A ramp ends after so many rounds in which no more than so many times as many were generous.
_FLAT_ROUNDS = 2
_FLAT = 1.1

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
    Double the limit from round to round, until that is more than generous.

    Attributes:
        target: Up to it each answer makes room for one more; in the end, what is ample.
        is_over: Generous does not rise any more.

    Args:
        start: The first limit.
    """

    def __init__(self, start: int) -> None:
        self.target = 2 * start
        self.is_over = False
        self._highest_rps = 0.0
        self._quickest: Finding | None = None
        self._flat = 0

    def measured(self, finding: Finding, limit: int) -> None:
        """Take in what a round that ended at *limit* has shown."""
        quickest = self._quickest or finding
        self._quickest = quickest = finding if finding.slowness(quickest) < 1 else quickest
        self._highest_rps = max(self._highest_rps, finding.rate_rps)
        served = self._highest_rps * quickest.took_s
        generous = max(1, round(_GENEROUS * served))
        self._flat = self._flat + 1 if generous <= _FLAT * limit else 0
        self.is_over = self._flat >= _FLAT_ROUNDS
        self.target = max(1, round(_AMPLE * served)) if self.is_over else min(2 * limit, generous)


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
