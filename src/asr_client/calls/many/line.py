"""
Pieces that wait to be sent, in an order in which the server can join them.

Triton joins only requests of equal shape (docs/servers.md 3), so pieces of one length go one after
the other: first the length of the piece that has waited longest, and as many of that length as one
batch holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Line"]

Waiter = TypeVar("Waiter")


class Line(Generic[Waiter]):
    """
    Those who wait, by length, first come, first served within each.

    Args:
        run: How many of one length go before another length has its turn.
    """

    def __init__(self, run: int) -> None:
        self._run = run
        self._by_length: dict[int, deque[tuple[int, Waiter]]] = {}
        self._joined = 0
        self._length = 0
        self._left_of_run = 0

    def __len__(self) -> int:
        return sum(map(len, self._by_length.values()))

    def add(self, waiter: Waiter, length: int) -> None:
        """Put it at the end."""
        self._joined += 1
        self._by_length.setdefault(length, deque()).append((self._joined, waiter))

    def put_back(self, waiter: Waiter, length: int) -> None:
        """Put it before all others of its length: it has waited already."""
        self._by_length.setdefault(length, deque()).appendleft((0, waiter))

    def take(self) -> Waiter | None:
        """Take the next; None if nobody waits."""
        if not self._by_length:
            return None
        if self._left_of_run <= 0 or self._length not in self._by_length:
            self._length = min(self._by_length, key=lambda each: self._by_length[each][0][0])
            self._left_of_run = self._run
        self._left_of_run -= 1
        waiting = self._by_length[self._length]
        _, waiter = waiting.popleft()
        if not waiting:
            del self._by_length[self._length]
        return waiter

    def send_home(self, fits: Callable[[Waiter], bool]) -> list[Waiter]:
        """Let those go that fit; the others keep their places."""
        gone = [
            waiter for waiting in self._by_length.values() for _, waiter in waiting if fits(waiter)
        ]
        kept = {
            length: deque(each for each in waiting if not fits(each[1]))
            for length, waiting in self._by_length.items()
        }
        self._by_length = {length: waiting for length, waiting in kept.items() if waiting}
        return gone
