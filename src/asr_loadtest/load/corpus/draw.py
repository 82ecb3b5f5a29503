"""
Which clip is whose turn: a function of the seed and of the arrival's number alone.

So any number of workers, in any order, sends the same clip for the same arrival.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["Draw", "splitmix64"]

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_STEP = 0x9E37_79B9_7F4A_7C15

# Other draws from the same seed, such as that of the arrivals' instants, must not agree with ours.
_STREAM = int.from_bytes(b"clips", "big")


def splitmix64(state: int) -> int:
    """
    Scramble 64 bits: what SplitMix64 gives first when its state is *state*.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014; the
    constants are those of its authors' 64-bit variant ("Mix13").
    """
    bits = (state + _STEP) & _MASK
    bits = (bits ^ bits >> 30) * 0xBF58_476D_1CE4_E5B9 & _MASK
    bits = (bits ^ bits >> 27) * 0x94D0_49BB_1331_11EB & _MASK
    return bits ^ bits >> 31


class Draw:
    """
    A weighted choice for each number.

    Args:
        weights: One for each that can be chosen, at least one of them above 0.
        seed: Any number; another one gives another sequence.
    """

    def __init__(self, weights: Sequence[float], seed: int) -> None:
        self._start = splitmix64(splitmix64(seed & _MASK) ^ _STREAM)
        *self._ends, whole = accumulate(weights)
        # 53 bits are what a float between 0 and 1 holds.
        self._unit = whole * 2.0**-53

    def at(self, number: int) -> int:
        """Choose for *number* (0 and up): the position of a weight."""
        bits = splitmix64((self._start + number * _STEP) & _MASK) >> 11
        return bisect_right(self._ends, bits * self._unit)
