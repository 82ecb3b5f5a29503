"""
The connections that carry httpcore's bytes: a plain socket for threads, asyncio for a loop.

httpcore brings streams of its own. For threads their time limit is seconds a read, so that a server
that sends a byte now and then holds the caller for ever; for asyncio they go through anyio, which
makes a call a third dearer, and lose a reply that came before the request was whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import Iterator
from typing import cast

import httpcore

from asr_client.deadline import Clock, Deadline
from asr_client.transports.sockets import open_socket, seconds_left
from asr_client.transports.tunnel import Route, check_tunnel, is_whole_head

__all__ = ["connect", "connect_async"]

_CHUNK_BYTES = 4096

# --- threads ------------------------------------------------------------------------------------


def connect(route: Route, limit: Deadline, clock: Clock) -> SocketStream:
    """Open a connection; its reads take a Deadline for a time limit."""
    with _connecting(route), contextlib.ExitStack() as on_error:
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
            raise _broken(error) from error
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
        return _is_readable(self._socket)


# --- one event loop -----------------------------------------------------------------------------

# Beyond this much unread, the server has to wait.
_UNREAD_BYTES = 2**20
# asyncio may copy what the system does not take at once.
_WRITE_BYTES = 2**22
# Addresses of one host race, each with this start over the next (RFC 8305).
_HEAD_START_S = 0.25


async def connect_async(route: Route, timeout_s: float, clock: Clock) -> ProtocolStream:
    """Open a connection on the running loop; reads and writes have no limits of their own."""
    with _connecting(route):
        async with asyncio.timeout(timeout_s):
            if not route.tunnel_request:
                return await _connect_async(route, route.tls, clock)
            stream = await _connect_async(route, None, clock)
            try:
                await _tunnel_async(stream, route)
            except BaseException:
                stream.hang_up()
                raise
            return stream


async def _connect_async(route: Route, tls: ssl.SSLContext | None, clock: Clock) -> ProtocolStream:
    loop = asyncio.get_running_loop()
    host, port = route.first_hop
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # asyncio forgets to close the race's winner when it is cancelled just then: no race for one
    # alone.
    is_race = len(found) > 1
    _, stream = await loop.create_connection(
        lambda: ProtocolStream(clock),
        host if is_race else str(found[0][4][0]),
        port,
        ssl=tls,
        server_hostname=host if tls else None,
        happy_eyeballs_delay=_HEAD_START_S if is_race else None,
    )
    return stream


async def _tunnel_async(stream: ProtocolStream, route: Route) -> None:
    await stream.write(route.tunnel_request)
    head = b""
    while not is_whole_head(head):
        received = await stream.read(_CHUNK_BYTES)
        if not received:
            break
        head += received
    check_tunnel(head, route)
    if route.tls is not None:
        await stream.encrypt(route.tls, route.endpoint.host)


class ProtocolStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connection that asyncio reads at any time, so that an early reply is never lost."""

    _transport: asyncio.Transport

    def __init__(self, clock: Clock) -> None:
        self.sent_s = self.first_byte_s = 0.0
        self._clock = clock
        self._awaits_reply = False
        self._unread = bytearray()
        self._is_over = False
        self._is_full = False
        self._error: Exception | None = None
        self._change: asyncio.Future[None] | None = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        self._awaits_reply = True
        view = cast("bytes", memoryview(buffer))  # slices of it are not copies
        for start in range(0, len(view), _WRITE_BYTES):
            self._transport.write(view[start : start + _WRITE_BYTES])
            while self._is_full and not self._is_over:
                await self._wait()
            if self._is_over:
                raise httpcore.WriteError from self._error
        self.sent_s = self._clock()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        while not (self._unread or self._is_over):
            await self._wait()
        if self._error and not self._unread:
            raise _broken(self._error) from self._error
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        self._transport.resume_reading()
        return data

    async def aclose(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Close; whole replies have been read, and of others nobody wants the rest: no farewell."""
        self._transport.abort()

    def is_readable(self) -> bool:
        """Whether something came, were it only the server's farewell."""
        # The system is asked, too: a loop that was busy has not yet seen what came.
        seen = self._is_over or bool(self._unread)
        return seen or _is_readable(self._transport.get_extra_info("socket"))

    async def encrypt(self, tls: ssl.SSLContext, host: str) -> None:
        """Go on in TLS with the server at the tunnel's other end."""
        encrypted = await asyncio.get_running_loop().start_tls(
            self._transport, self, tls, server_hostname=host
        )
        if encrypted is None:  # the other end hung up at this very moment
            raise ConnectionResetError("no TLS handshake")
        self._transport = encrypted

    async def _wait(self) -> None:
        self._change = asyncio.get_running_loop().create_future()
        await self._change

    def _wake(self) -> None:
        if self._change and not self._change.done():
            self._change.set_result(None)

    # From here on, what asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._awaits_reply:
            self._awaits_reply, self.first_byte_s = False, self._clock()
        self._unread += data
        if len(self._unread) > _UNREAD_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over, self._error = True, exc
        self._wake()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()


# --- both ---------------------------------------------------------------------------------------

# Words of the alerts that answer a client's certificate, or that there is none.
_CERTIFICATE_REFUSED = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")


@contextlib.contextmanager
def _connecting(route: Route) -> Iterator[None]:
    detour = f"through the proxy {route.proxy}: " if route.proxy else ""
    try:
        yield
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"{detour}timed out") from error
    except OSError as error:
        # asyncio's error is mute when a server hangs up instead of shaking hands.
        text = (detour and error.strerror) or str(error) or "no TLS handshake"
        raise httpcore.ConnectError(detour + text) from error


def _broken(error: Exception) -> httpcore.NetworkError:
    """Tell a refused certificate from a lost reply: TLS 1.3 refuses it after the first request."""
    reason = (isinstance(error, ssl.SSLError) and error.reason) or ""
    if any(word in reason for word in _CERTIFICATE_REFUSED):
        return httpcore.ConnectError(f"the server wants another TLS certificate of us: {reason}")
    return httpcore.ReadError()


def _is_readable(connection: socket.socket) -> bool:
    """Whether something came: on an idle connection, the server's farewell."""
    if connection.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([connection], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
