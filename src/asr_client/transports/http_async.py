"""HTTP, from one event loop: the twin of http.py."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager

import httpcore

from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ContractError
from asr_client.transports.http_messages import (
    IDLE_EXPIRY_S,
    MAX_CONNECTIONS,
    MAX_REPLY_BYTES,
    NETWORK_ERRORS,
    HTTPMessages,
    make_reply,
    map_error,
    tls_context,
)
from asr_client.transports.http_streams import connect_async, is_reusable
from asr_client.transports.ownership import PerLoop

__all__ = ["AsyncHTTPTransport"]


class AsyncHTTPTransport:
    """Sends over a pool of kept connections, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        origin, tls = self._messages.origin, tls_context(config)
        self._pools = PerLoop(lambda: _Pool(config, origin, tls))

    async def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and read the whole reply."""
        try:
            # asyncio.timeout bounds the whole exchange: single reads need no limit of their own.
            message = self._messages.make(request, deadline, read_limit=None)
            async with (
                asyncio.timeout(deadline.remaining_s()),
                self._pools.get().connection() as connection,
            ):
                response = await connection.handle_async_request(message)
                try:
                    body = await _read_all(response.aiter_stream())
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise deadline.error(f"waiting for {self._endpoint}") from error
        except NETWORK_ERRORS as error:
            raise map_error(error, self._endpoint, deadline) from error
        return make_reply(response.status, response.headers, body)

    async def close(self) -> None:
        """Close every connection; one in use, when its call ends."""
        pool = self._pools.close()
        if pool is not None:
            await pool.close()


async def _read_all(chunks: AsyncIterable[bytes]) -> bytes:
    parts, size = [], 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Pool:
    """Connections kept for the next call, the longest unused first, so that none is forgotten."""

    def __init__(
        self, config: ClientConfig, origin: httpcore.Origin, tls: ssl.SSLContext | None
    ) -> None:
        self._config = config
        self._origin = origin
        self._tls = tls
        self._places = asyncio.BoundedSemaphore(MAX_CONNECTIONS)
        self._idle: deque[httpcore.AsyncHTTP11Connection] = deque()
        self._is_closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[httpcore.AsyncHTTP11Connection]:
        """Lend a connection: an idle one, or else a new one."""
        async with self._places:
            connection = await self._take_idle() or await self._connect()
            try:
                yield connection
            finally:
                await self._put_back(connection)

    async def close(self) -> None:
        """Close what is idle; the rest follows as it comes back."""
        self._is_closed = True
        while connection := await self._take_idle():
            await connection.aclose()

    async def _take_idle(self) -> httpcore.AsyncHTTP11Connection | None:
        while self._idle:
            connection = self._idle.popleft()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _connect(self) -> httpcore.AsyncHTTP11Connection:
        endpoint, limit_s = self._config.endpoint, self._config.connect_timeout_s
        stream = await connect_async(endpoint.host, endpoint.port, self._tls, limit_s)
        return httpcore.AsyncHTTP11Connection(self._origin, stream, IDLE_EXPIRY_S)

    async def _put_back(self, connection: httpcore.AsyncHTTP11Connection) -> None:
        if is_reusable(connection):
            self._idle.append(connection)
        else:
            await connection.aclose()
        if self._is_closed:
            await self.close()
