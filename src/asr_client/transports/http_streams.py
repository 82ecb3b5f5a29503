"""
The connections that carry httpcore's bytes: plain sockets for threads, asyncio for one loop.

httpcore brings both, yet its limits are seconds a read: a server that sends a byte now and then
would hold a thread for ever. And its asynchronous one goes through anyio, at twice the price.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import ssl
from typing import Any

import httpcore

from asr_client.deadline import Deadline

__all__ = ["AsyncioBackend", "DeadlineBackend"]

# --- threads ------------------------------------------------------------------------------------


class DeadlineBackend(httpcore.SyncBackend):
    """Opens connections that understand deadlines."""

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        """Connect, as httpcore does."""
        return _DeadlineStream(super().connect_tcp(*args, **kwargs))


class _DeadlineStream(httpcore.NetworkStream):
    """
    A connection whose time limit may be a Deadline, asked anew at every read and write.

    What is written waits for the first read, so that a request's head and body leave together.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")
        self._unsent: list[memoryview] = []
        self._write_limit: float | Deadline | None = None

    def read(self, max_bytes: int, timeout: float | Deadline | None = None) -> bytes:
        # As httpcore: a server may refuse a request before it is whole, and say why.
        with contextlib.suppress(httpcore.WriteError):
            self._send()
        return self._stream.read(max_bytes, _seconds(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | Deadline | None = None) -> None:
        if buffer:
            self._unsent.append(memoryview(buffer))
            self._write_limit = timeout

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if isinstance(self._socket, ssl.SSLSocket):  # has no sendmsg
            unsent = [memoryview(b"".join(unsent))]
        try:
            while unsent:
                self._socket.settimeout(_seconds(self._write_limit, httpcore.WriteTimeout))
                if len(unsent) > 1:
                    size = self._socket.sendmsg(unsent)
                else:
                    size = self._socket.send(unsent[0])
                while unsent and size >= len(unsent[0]):
                    size -= len(unsent.pop(0))
                if size:
                    unsent[0] = unsent[0][size:]
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _seconds(timeout: float | Deadline | None, expired: type[Exception]) -> float | None:
    if not isinstance(timeout, Deadline):
        return timeout
    remaining_s = timeout.remaining_s()
    if remaining_s <= 0:
        raise expired
    return remaining_s


# --- one event loop -----------------------------------------------------------------------------

# Beyond this much unread, the server has to wait.
_UNREAD_BYTES = 2**18
_WRITE_BYTES = 2**22


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens connections on the running loop."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        """Connect; where a name has several addresses, they race (RFC 8305)."""
        connect = asyncio.get_running_loop().create_connection
        try:
            async with asyncio.timeout(timeout):
                _, stream = await connect(_LoopStream, host, port, happy_eyeballs_delay=0.25)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError from error
        return stream


class _LoopStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connection in the hands of asyncio; the caller bounds reads and writes with a timeout."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._unread = bytearray()
        self._is_over = False
        self._is_full = False
        self._cause: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while not self._unread and not self._is_over:
            await self._change()
        if not self._unread and self._cause:
            raise httpcore.ReadError from self._cause
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view: Any = memoryview(buffer)
        for start in range(0, len(view), _WRITE_BYTES):
            self._transport.write(view[start : start + _WRITE_BYTES])
            while self._is_full and not self._is_over:
                await self._change()
            if self._is_over:
                raise httpcore.WriteError from self._cause

    async def _change(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def aclose(self) -> None:
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        secure = asyncio.get_running_loop().start_tls
        try:
            async with asyncio.timeout(timeout):
                transport = await secure(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError from error
        assert transport is not None
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._is_over or bool(self._unread) or _is_readable(self._transport)
        return self._transport.get_extra_info(info)

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > _UNREAD_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over, self._cause = True, exc
        self._wake()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()


def _is_readable(transport: asyncio.Transport) -> bool:
    """Ask the system: the loop may not have had time to see that the server hung up."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))
