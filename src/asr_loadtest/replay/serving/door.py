"""A loopback port that can refuse connections for a while and stay ours meanwhile."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from asr_client.errors import ConfigError

__all__ = ["LOOPBACK", "Door"]

LOOPBACK = "127.0.0.1"
_BACKLOG = 64


class Door:
    """
    Listens, or does not: then connections are refused, as with no server there.

    A second socket is bound to the port all the time, so that the system gives it to nobody else.

    Args:
        port: The port; 0 for any that is free.

    Raises:
        ConfigError: If the port is taken.
    """

    def __init__(self, port: int = 0) -> None:
        try:
            self._keeper = _bound(port)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"cannot listen on {LOOPBACK}:{port}: {error}", hint="give another --port, or 0"
            ) from error
        self.port: int = self._keeper.getsockname()[1]
        self._listener: socket.socket | None = None
        self.open()

    def open(self) -> None:
        """Take connections."""
        if self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(_BACKLOG)

    def close(self) -> None:
        """Refuse connections; those that wait to be taken are reset."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def next_guest(self, timeout_s: float) -> socket.socket | None:
        """Take the next connection; None if there is none within *timeout_s*."""
        if self._listener is None:
            return None
        self._listener.settimeout(timeout_s)
        try:
            guest, _ = self._listener.accept()
        except (TimeoutError, ConnectionError):
            return None
        guest.settimeout(None)
        return guest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        self._keeper.close()


def _bound(port: int) -> socket.socket:
    each = socket.socket()
    try:
        # The two sockets share the port. Not SO_REUSEADDR: with it a stranger might, too, while
        # nobody listens; and connections of before, which linger, are in the way of neither.
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        each.bind((LOOPBACK, port))
    except BaseException:
        each.close()
        raise
    return each
