"""
The connections that carry httpcore's bytes, for threads: plain sockets.

httpcore's own stream takes its time limit in seconds a read, so that a server that sends a byte now
and then would hold the caller for ever.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import cast

import httpcore

from asr_client.deadline import Clock, Deadline
from asr_client.transports.http_failures import broken, connecting
from asr_client.transports.sockets import is_readable, open_socket, seconds_left
from asr_client.transports.tunnel import Route, check_tunnel, is_whole_head

__all__ = ["connect"]

_CHUNK_BYTES = 4096


def connect(route: Route, limit: Deadline, clock: Clock) -> SocketStream:
    """Open a connection; its reads take a Deadline for a time limit."""
    with connecting(route), contextlib.ExitStack() as on_error:
        connection = open_socket(*route.first_hop, limit)
        on_error.enter_context(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if route.tunnel_request:
            _tunnel(connection, route, limit)
        if route.tls is not None:
            connection.settimeout(seconds_left(limit))
            connection = route.tls.wrap_socket(
                connection,
                server_hostname=route.endpoint.host,
                suppress_ragged_eofs=False,  # an end without a farewell is no end, but a cut
            )
        on_error.pop_all()
        return SocketStream(connection, clock)


def _tunnel(connection: socket.socket, route: Route, limit: Deadline) -> None:
    connection.settimeout(seconds_left(limit))
    connection.sendall(route.tunnel_request)
    head = b""
    while not is_whole_head(head):
        connection.settimeout(seconds_left(limit))
        received = connection.recv(_CHUNK_BYTES)
        if not received:
            break
        head += received
    check_tunnel(head, route)


class SocketStream(httpcore.NetworkStream):
    """A socket. What is written waits for the first read: head and body leave together."""

    def __init__(self, connection: socket.socket, clock: Clock) -> None:
        self.sent_s = self.first_byte_s = 0.0
        self._clock = clock
        self._awaits_reply = False
        self._socket = connection
        # Not on Windows; and TLS, which has it in name only, copies in any case.
        self._gathers = hasattr(connection, "sendmsg") and not isinstance(connection, ssl.SSLSocket)
        self._unsent: list[memoryview] = []

    def write(self, buffer: bytes, timeout: float | Deadline | None = None) -> None:  # noqa: ARG002
        if buffer:
            self._unsent.append(memoryview(buffer))

    def read(self, max_bytes: int, timeout: float | Deadline | None = None) -> bytes:
        limit = cast("Deadline", timeout)  # HTTPMessages.make puts it into every request
        try:
            if self._unsent:
                self._send(limit)
                self.sent_s = self._clock()
                self._awaits_reply = True
            self._socket.settimeout(seconds_left(limit))
            received = self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise broken(error) from error
        if self._awaits_reply:
            self._awaits_reply, self.first_byte_s = False, self._clock()
        return received

    def _send(self, limit: Deadline) -> None:
        unsent, self._unsent = self._unsent, []
        if not self._gathers:
            unsent = [memoryview(b"".join(unsent))]
        while unsent:
            self._socket.settimeout(seconds_left(limit))
            try:
                sent = self._send_some(unsent)
            except (ConnectionError, ssl.SSLError):
                return  # refused before it was whole: the answer to be read says why
            while unsent and sent >= len(unsent[0]):
                sent -= len(unsent.pop(0))
            if sent:
                unsent[0] = unsent[0][sent:]

    def _send_some(self, parts: list[memoryview]) -> int:
        return self._socket.sendmsg(parts) if self._gathers else self._socket.send(parts[0])

    def close(self) -> None:
        self._socket.close()

    hang_up = close

    def is_readable(self) -> bool:
        """Whether something came, were it only the server's farewell."""
        return is_readable(self._socket)
