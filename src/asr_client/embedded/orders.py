"""What a supervisor waits for: its owner's word, its owner's end, or a signal."""

from __future__ import annotations

import os
import select
import signal
import socket
from types import FrameType
from typing import Self

__all__ = ["Orders", "StopOrder"]


class StopOrder(Exception):  # noqa: N818 - an order, not an error
    """The server is to stop."""


class Orders:
    """
    Waiting that ends early when the server is to stop.

    The orders to stop: anything on stdin, or its end; SIGTERM; SIGINT; the end of the process that
    started this one (a fork of it may hold our stdin open).
    """

    def __init__(self, stdin: int = 0) -> None:
        self._stdin = stdin
        self._owner_pid = os.getppid()
        self._woken, self._wake = socket.socketpair()

    def __enter__(self) -> Self:
        self._wake.setblocking(False)
        # The interpreter writes to the socket when a signal comes, which ends select() below at
        # once; the handlers themselves have nothing to do.
        signal.set_wakeup_fd(self._wake.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _noted)
        return self

    def __exit__(self, *_: object) -> None:
        """Keep the handlers: a second Ctrl-C must not cut the cleaning short."""

    def pause(self, duration_s: float) -> None:
        """
        Wait for *duration_s*.

        Raises:
            StopOrder: As soon as the server is to stop.
        """
        ready, _, _ = select.select([self._stdin, self._woken.fileno()], [], [], duration_s)
        if ready or os.getppid() != self._owner_pid:
            raise StopOrder


def _noted(number: int, frame: FrameType | None) -> None:
    """Let a signal wake the select and change nothing else."""
