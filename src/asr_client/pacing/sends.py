"""When requests went out."""

from __future__ import annotations

import math
from bisect import bisect_left, insort

__all__ = ["Sends"]

# More than this between two replies is not paced but lost; replies make older ones needless.
_MOST = 16_384


class Sends:
    """The instants at which requests of one key went out, in order; the oldest are forgotten."""

    __slots__ = ("_instants",)

    def __init__(self) -> None:
        self._instants: list[float] = []

    def add(self, at_s: float) -> None:
        """Count a request that goes out at *at_s*."""
        insort(self._instants, at_s)
        if len(self._instants) > _MOST:
            del self._instants[: _MOST // 2]

    def remove(self, at_s: float) -> None:
        """Take one back that the gateway does not count."""
        index = bisect_left(self._instants, at_s)
        if self._instants[index : index + 1] == [at_s]:
            del self._instants[index]

    def since(self, from_s: float, until_s: float = math.inf) -> int:
        """How many went out from the one instant on, and before the other one."""
        end = len(self._instants) if until_s == math.inf else bisect_left(self._instants, until_s)
        return max(0, end - bisect_left(self._instants, from_s))

    def last_s(self, number: int) -> float:
        """When the latest (1), the one before it (2), ... went out; -inf if there was none."""
        return self._instants[-number] if number <= len(self._instants) else -math.inf
