"""Opening a socket from a thread within a deadline, the looking up of the name included."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from asr_client.deadline import Deadline
from asr_client.transports.base import wait_limit_s

__all__ = ["open_socket", "seconds_left"]

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def open_socket(host: str, port: int, limit: Deadline) -> socket.socket:
    """Connect to the first address that answers; OSError if none does."""
    return _connect_any(_resolve(host, port, limit), limit)


def seconds_left(limit: Deadline) -> float:
    """Seconds that a socket may wait; TimeoutError if there are none."""
    remaining_s = wait_limit_s(limit)
    if remaining_s <= 0:
        raise TimeoutError
    return remaining_s


def _resolve(host: str, port: int, limit: Deadline) -> Sequence[_Address]:
    """Look the name up. The system has no limit for that; it goes on in a thread if it must."""

    def look_up(flags: int = 0) -> Sequence[_Address]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)

    def answer() -> None:
        try:
            found.set_result(look_up())
        except Exception as error:  # noqa: BLE001 - raised again by the one who waits
            found.set_exception(error)

    with contextlib.suppress(socket.gaierror):
        return look_up(socket.AI_NUMERICHOST)  # asks nobody
    found: Future[Sequence[_Address]] = Future()
    threading.Thread(target=answer, name="asr-client-resolve", daemon=True).start()
    return found.result(seconds_left(limit))


def _connect_any(addresses: Sequence[_Address], limit: Deadline) -> socket.socket:
    """Try one after the other, each with its share of the time that is left."""
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        with contextlib.ExitStack() as on_error:
            try:
                connection = on_error.enter_context(socket.socket(family, kind, protocol))
                connection.settimeout(seconds_left(limit) / (len(addresses) - tried))
                connection.connect(address)
            except OSError as error:
                failure = error
            else:
                on_error.pop_all()
                return connection
    raise failure
