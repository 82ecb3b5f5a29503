"""One HTTP/1.1 connection for greenlets, over gevent's sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Sequence
from typing import NamedTuple

import gevent.socket
from gevent import monkey
from gevent.hub import get_hub

from asr_client.contracts.wire import Buffer
from asr_client.deadline import Deadline
from asr_client.transports.base import MAX_REPLY_BYTES, reply_too_large
from asr_client.transports.http_failures import broken, connecting
from asr_client.transports.sockets import open_socket, seconds_left
from asr_client.transports.tunnel import Route
from asr_loadtest.engine.wires.http_reply import ReplyParser

__all__ = ["Connection", "Exchanged", "connect"]

_BLOCK_BYTES = 16 * 2**10
_READABLE = 1  # as libev says it
# The system's own: gevent's goes through the event loop to ask what is known already.
_poll = monkey.get_original("select", "poll")


def connect(route: Route, limit: Deadline) -> socket.socket:
    """Open a connection and shake hands, all of it within *limit*."""
    with connecting(route), contextlib.ExitStack() as on_error:
        connected = on_error.enter_context(open_socket(*route.first_hop, limit))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if route.tls is not None:
            connected.settimeout(seconds_left(limit))
            connected = route.tls.wrap_socket(
                connected,
                server_hostname=route.endpoint.host,
                suppress_ragged_eofs=False,  # an end without a farewell is no end, but a cut
                do_handshake_on_connect=False,
            )
            on_error.enter_context(connected)
            connected.do_handshake()
        connected.settimeout(None)  # from here on each request has its own limit
        on_error.pop_all()
        return connected


class Exchanged(NamedTuple):
    """
    A reply as it came.

    Attributes:
        reply: Whole.
        sent_s: When the request had been handed to the system.
        first_byte_s: When the reply began.
        can_continue: Whether the connection may carry another request.
    """

    reply: ReplyParser
    sent_s: float
    first_byte_s: float
    can_continue: bool


class Connection:
    """
    A connection that is there.

    Args:
        connected: The socket; TLS, if any, is done.
        number: To tell connections apart.
        ends_s: When it may not be used again.
    """

    __slots__ = ("_arrival", "_is_tls", "_poll", "_socket", "ends_s", "idle_since_s", "number")

    def __init__(self, connected: socket.socket, number: int, ends_s: float) -> None:
        self._socket = connected
        self._is_tls = isinstance(connected, ssl.SSLSocket)
        self.number = number
        self.ends_s = ends_s
        self.idle_since_s = 0.0
        self._arrival = get_hub().loop.io(connected.fileno(), _READABLE)
        self._poll = _poll()
        self._poll.register(connected.fileno(), select.POLLIN)

    def is_quiet(self) -> bool:
        """Whether nothing came: on an idle connection, that is the server's farewell."""
        return not self._poll.poll(0) or (self._is_tls and self._has_only_tickets())

    def _has_only_tickets(self) -> bool:
        """Whether what came is TLS's own: the tickets after a handshake are nobody's reply."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(None)
        return False

    def exchange(self, head: bytes, body: Sequence[Buffer]) -> Exchanged:
        """
        Send a request and read its whole reply; the caller bounds the time.

        Raises:
            OSError: If no whole reply comes.
            ContractError: If it is larger than any transcript.
        """
        was_sent = self._send([head, *body])
        sent_s = time.monotonic()
        reply = ReplyParser()
        # A reply may begin before the request has gone out, a refusal does.
        first_byte_s = max(self._receive(reply), sent_s)
        return Exchanged(reply, sent_s, first_byte_s, was_sent and reply.keeps_alive)

    def _send(self, parts: list[Buffer]) -> bool:
        """Send; False if the server hung up before it was whole: its answer says why."""
        try:
            if self._is_tls:
                self._socket.sendall(b"".join(parts))
            else:
                _send_gathered(self._socket, parts)
        except (ConnectionError, ssl.SSLError):
            return False
        return True

    def _receive(self, reply: ReplyParser) -> float:
        """Read to the reply's end; tell when it began."""
        first_byte_s = 0.0
        if not self._is_tls:
            # No reply is here yet: to ask for one in vain, and then to wait, costs an exception.
            gevent.socket.wait(self._arrival)
        while not reply.is_whole:
            try:
                received = self._socket.recv(_BLOCK_BYTES)
            except OSError as error:
                raise broken(error) from error
            first_byte_s = first_byte_s or time.monotonic()
            reply.take(received)  # nothing says that there will be no more
            if len(reply.body) > MAX_REPLY_BYTES:
                raise reply_too_large()
        return first_byte_s

    def close(self) -> None:
        """Close it, at once."""
        self._arrival.close()
        self._socket.close()


def _send_gathered(connection: socket.socket, parts: list[Buffer]) -> None:
    """Send parts without joining them: audio is not copied."""
    views = [memoryview(part) for part in parts]
    while views:
        sent = connection.sendmsg(views)
        while views and sent >= views[0].nbytes:
            sent -= views.pop(0).nbytes
        if sent:
            views[0] = views[0].cast("B")[sent:]
