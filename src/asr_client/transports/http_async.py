"""HTTP, from one event loop: the twin of http.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager

import httpcore

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import MAX_REPLY_BYTES, reply_too_large
from asr_client.transports.http_messages import (
    NETWORK_ERRORS,
    HTTPMessages,
    make_reply,
    map_error,
)
from asr_client.transports.http_pool import Idle, Kept, note_reuse
from asr_client.transports.http_streams_async import connect_async
from asr_client.transports.lifetimes import Lifetimes
from asr_client.transports.ownership import PerLoop
from asr_client.transports.tls import tls_context
from asr_client.transports.tunnel import Route, check_login

__all__ = ["AsyncHTTPTransport"]

_Kept = Kept[httpcore.AsyncHTTP11Connection]


class AsyncHTTPTransport:
    """Sends over a pool of kept connections, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig, lifetimes: Lifetimes | None = None) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        self._route = Route(config.endpoint, tls_context(config), config.proxy)
        ages = lifetimes or Lifetimes(config.connections)
        self._clock = ages.clock
        self._pools = PerLoop(
            lambda: _Pool(self._route, self._messages.origin, config.connect_timeout_s, ages)
        )

    async def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and read the whole reply."""
        kept: _Kept | None = None
        try:
            # asyncio.timeout bounds the whole exchange: single reads need no limit of their own.
            message = self._messages.make(request, key, deadline, read_limit=None)
            async with (
                asyncio.timeout(deadline.remaining_s()),
                self._pools.get().connection() as kept,
            ):
                response = await kept.engine.handle_async_request(message)
                try:
                    body = await _read_all(response.aiter_stream())
                finally:
                    await response.aclose()
                phases = kept.phases(self._clock())
        except TimeoutError as error:
            if kept is None:
                doing = f"waiting for a connection to {self._endpoint}"
                raise deadline.error(doing, executed="no") from error
            raise deadline.error(f"waiting for {self._endpoint}") from error
        except NETWORK_ERRORS as error:
            raise note_reuse(map_error(error, self._endpoint, deadline), kept) from error
        check_login(response.status, self._route)
        return make_reply(response.status, response.headers, body, phases)

    async def warm(self, count: int, deadline: Deadline) -> None:
        """Open connections until *count* (at most `max_open`) wait for calls, for `idle_s`."""
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                await self._pools.get().warm(count)
        except TimeoutError as error:
            raise deadline.error(f"connecting to {self._endpoint}", executed="no") from error
        except NETWORK_ERRORS as error:
            raise map_error(error, self._endpoint, deadline) from error

    async def close(self) -> None:
        """Close every connection; one in use, when its call ends."""
        pool = self._pools.close()
        if pool is not None:
            pool.close()


async def _read_all(chunks: AsyncIterable[bytes]) -> bytes:
    parts, size = [], 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise reply_too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Pool:
    """So many connections at most."""

    def __init__(
        self, route: Route, origin: httpcore.Origin, connect_timeout_s: float, ages: Lifetimes
    ) -> None:
        self._route = route
        self._origin = origin
        self._connect_timeout_s = connect_timeout_s
        self._clock = ages.clock
        self._max_open = ages.settings.max_open
        self._places = asyncio.BoundedSemaphore(self._max_open)
        self._idle: Idle[httpcore.AsyncHTTP11Connection] = Idle(ages)
        self.close = self._idle.close

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[_Kept]:
        """Lend a connection: an idle one, or else a new one."""
        async with self._places:
            kept = self._idle.take() or await self._connect()
            try:
                yield kept
            except NETWORK_ERRORS as error:
                self._idle.suspect(kept, error)
                raise
            finally:
                self._idle.put_back(kept)

    async def warm(self, count: int) -> None:
        """Open what is missing to *count* idle connections, one after the other."""
        for _ in range(min(count, self._max_open) - len(self._idle)):
            self._idle.add(await self._connect())

    async def _connect(self) -> _Kept:
        began_s = self._clock()
        stream = await connect_async(self._route, self._connect_timeout_s, self._clock)
        engine = httpcore.AsyncHTTP11Connection(self._origin, stream)
        return self._idle.new(engine, stream, began_s)
