"""Who waits for a turn, in the order of coming."""

from __future__ import annotations

from bisect import bisect_left, insort

__all__ = ["Line"]

# Who is so late has died without a word. If not, he finds his old place at the head of the line.
_PATIENCE_S = 1.0


class Line:
    """Waiting tickets by number; lower numbers came earlier and go first."""

    __slots__ = ("_due", "_numbers")

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._due: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def join(self, number: int, due_s: float) -> None:
        """Wait, or wait on, until *due_s*."""
        if number not in self._due:
            insort(self._numbers, number)
        self._due[number] = due_s

    def leave(self, number: int) -> bool:
        """Wait no more; False if this one did not wait."""
        if self._due.pop(number, None) is None:
            return False
        del self._numbers[bisect_left(self._numbers, number)]
        return True

    def ahead_of(self, number: int, now_s: float) -> int:
        """How many go first, without those who should have come long ago."""
        while self._numbers and self._due[self._numbers[0]] < now_s - _PATIENCE_S:
            self.leave(self._numbers[0])
        return bisect_left(self._numbers, number)
