"""
The connections that carry httpcore's bytes, for one event loop: the twin of http_streams.py.

httpcore's own stream goes through anyio, which makes a call a third dearer, and loses a reply that
came before the request was whole.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast

import httpcore

from asr_client.deadline import Clock
from asr_client.transports.http_failures import broken, connecting
from asr_client.transports.sockets import is_readable
from asr_client.transports.tunnel import Route, check_tunnel, is_whole_head

__all__ = ["connect_async"]

_CHUNK_BYTES = 4096
# Beyond this much unread, the server has to wait.
_UNREAD_BYTES = 2**20
# asyncio may copy what the system does not take at once.
_WRITE_BYTES = 2**22
# Addresses of one host race, each with this start over the next (RFC 8305).
_HEAD_START_S = 0.25


async def connect_async(route: Route, timeout_s: float, clock: Clock) -> ProtocolStream:
    """Open a connection on the running loop; reads and writes have no limits of their own."""
    with connecting(route):
        async with asyncio.timeout(timeout_s):
            if not route.tunnel_request:
                return await _open(route, route.tls, clock)
            stream = await _open(route, None, clock)
            try:
                await _tunnel(stream, route)
            except BaseException:
                stream.hang_up()
                raise
            return stream


async def _open(route: Route, tls: ssl.SSLContext | None, clock: Clock) -> ProtocolStream:
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


async def _tunnel(stream: ProtocolStream, route: Route) -> None:
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
            raise broken(self._error) from self._error
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
        return seen or is_readable(self._transport.get_extra_info("socket"))

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
