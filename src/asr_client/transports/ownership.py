"""What is one process's own, and for asyncio one event loop's: connections, and their locks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Generic, TypeVar

from asr_client.errors import ConfigError

__all__ = ["PerLoop", "PerProcess"]

Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """
    A value made when it is first wanted, and once more in every forked child.

    The copy that a child inherits speaks on its parent's sockets, and its locks may be held by
    threads that the child does not have. It is left alone, and kept, lest its end touch anything.
    """

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}
        self._is_closed = False

    def get(self) -> Value:
        """Give this process's value; ConfigError after `close`."""
        pid = os.getpid()
        value = self._values.get(pid)
        if value is None and not self._is_closed:
            # Atomic without a lock: a fork could have copied one that is held.
            value = self._values.setdefault(pid, self._make())
        if value is None or self._is_closed:
            raise ConfigError("this client is closed")
        return value

    def close(self) -> Value | None:
        """Give no more values; returns this process's own, if it has one, for its own end."""
        self._is_closed = True
        return self._values.get(os.getpid())


class PerLoop(Generic[Value]):
    """The same, for what belongs to the event loop that first wants it."""

    def __init__(self, make: Callable[[], Value]) -> None:
        self._owned = PerProcess(lambda: (asyncio.get_running_loop(), make()))

    def get(self) -> Value:
        """Give the value; ConfigError on another loop, and after `close`."""
        return _of_this_loop(self._owned.get())

    def close(self) -> Value | None:
        """See `PerProcess.close`."""
        owned = self._owned.close()
        return None if owned is None else _of_this_loop(owned)


def _of_this_loop(owned: tuple[asyncio.AbstractEventLoop, Value]) -> Value:
    loop, value = owned
    if loop is not asyncio.get_running_loop():
        raise ConfigError(
            "an asynchronous client belongs to the event loop that first used it",
            hint="make one client for each asyncio.run, inside it",
        )
    return value
