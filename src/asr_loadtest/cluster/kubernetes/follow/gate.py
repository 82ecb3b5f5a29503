"""
Politeness of all watches together: one request a second while the server is away.

A server that starts again must not be met by everybody at once, all the time.
"""

from __future__ import annotations

__all__ = ["Gate"]


class Gate:
    """
    Lets requests through: freely while the server answers, else one at a time.

    At the beginning nothing is known of the server: one may try, and its answer lets the others in.
    For one thread at a time.

    Args:
        spacing_s: Between two requests while the server does not answer.
    """

    def __init__(self, spacing_s: float) -> None:
        self._spacing_s = spacing_s
        self._is_open = False
        self._next_s = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """Give 0 to let a request go now, or how long to wait before asking again."""
        if not self._is_open and now_s < self._next_s:
            return self._next_s - now_s
        self._next_s = now_s + self._spacing_s
        return 0.0

    def open(self) -> None:
        """Note that the server has answered."""
        self._is_open = True

    def close(self, now_s: float) -> None:
        """Note that it has not, or that it wants to be left alone."""
        if self._is_open:
            self._is_open = False
            self._next_s = max(self._next_s, now_s)
