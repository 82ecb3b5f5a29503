"""HTTP, from one event loop: the twin of http.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable

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
from asr_client.transports.http_streams import AsyncioBackend

__all__ = ["AsyncHTTPTransport"]


class AsyncHTTPTransport:
    """Sends over a pool of kept connections, from one loop. Implements `base.AsyncTransport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls_context(config),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_EXPIRY_S,
            network_backend=AsyncioBackend(),
        )

    async def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and read the whole reply."""
        # asyncio.timeout bounds the whole exchange, so single reads need no limit of their own.
        message = self._messages.make(request, deadline, read_limit=None)
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                response = await self._pool.handle_async_request(message)
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
        """Close every connection."""
        await self._pool.aclose()


async def _read_all(chunks: AsyncIterable[bytes]) -> bytes:
    parts, size = [], 0
    async for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return parts[0] if len(parts) == 1 else b"".join(parts)
