"""Sockets: opened within a deadline, the looking up of the name included, and asked for news."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from asr_client.deadline import Deadline
from asr_client.transports.base import wait_limit_s

__all__ = ["Address", "is_readable", "open_socket", "resolve", "seconds_left"]

# As getaddrinfo gives them: family, kind, protocol, canonical name, address.
Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def open_socket(host: str, port: int, limit: Deadline) -> socket.socket:
    """Connect to the first address that answers; OSError if none does."""
    return _connect_any(resolve(host, port, limit), limit)


def seconds_left(limit: Deadline) -> float:
    """Seconds that a socket may wait; TimeoutError if there are none."""
    remaining_s = wait_limit_s(limit)
    if remaining_s <= 0:
        raise TimeoutError
    return remaining_s


def resolve(host: str, port: int, limit: Deadline) -> Sequence[Address]:
    """
    Look a name up. The system has no limit for that; it goes on in a thread if it must.

    Raises:
        OSError: If the name is not known, or there was no answer in time (TimeoutError).
        UnicodeError: If it can be no name.
    """

    def look_up(flags: int = 0) -> Sequence[Address]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)

    def answer() -> None:
        try:
            found.set_result(look_up())
        except Exception as error:  # noqa: BLE001 - raised again by the one who waits
            found.set_exception(error)

    with contextlib.suppress(socket.gaierror):
        return look_up(socket.AI_NUMERICHOST)  # asks nobody
    found: Future[Sequence[Address]] = Future()
    threading.Thread(target=answer, name="asr-client-resolve", daemon=True).start()
    return found.result(seconds_left(limit))


def _connect_any(addresses: Sequence[Address], limit: Deadline) -> socket.socket:
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


def is_readable(connection: socket.socket) -> bool:
    """Whether something came: on an idle connection, the server's farewell."""
    if connection.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([connection], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
