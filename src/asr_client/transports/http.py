"""
HTTP, from threads: httpcore, the engine beneath httpx, driven directly.

To exchange the engine, rewrite this file (and http_async.py): the rest of the package knows only
`base.Transport`. docs/decisions/0002-http-engine.md says why httpcore, and what it costs.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

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

__all__ = ["HTTPTransport"]

_WRITE_BYTES = 2**20


class HTTPTransport:
    """Sends over a pool of kept connections; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(config),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_EXPIRY_S,
            network_backend=_DeadlineBackend(),
        )

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and read the whole reply."""
        message = self._messages.make(request, deadline, read_limit=deadline)
        try:
            response = self._pool.handle_request(message)
            try:
                body = _read_all(response.iter_stream())
            finally:
                response.close()
        except NETWORK_ERRORS as error:
            raise map_error(error, self._endpoint, deadline) from error
        return make_reply(response.status, response.headers, body)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _read_all(chunks: Iterable[bytes]) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _DeadlineStream(httpcore.NetworkStream):
    """
    A connection whose time limit may be a Deadline, asked anew at every read and write.

    httpcore's own limits are seconds a read: a server that sends a byte now and then would hold
    the caller for ever.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | Deadline | None = None) -> bytes:
        return self._stream.read(max_bytes, _seconds(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | Deadline | None = None) -> None:
        view: Any = memoryview(buffer)  # slices of it are not copies
        for start in range(0, len(view), _WRITE_BYTES):
            limit_s = _seconds(timeout, httpcore.WriteTimeout)
            self._stream.write(view[start : start + _WRITE_BYTES], limit_s)

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


class _DeadlineBackend(httpcore.SyncBackend):
    """Opens connections that understand deadlines."""

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _DeadlineStream(super().connect_tcp(*args, **kwargs))


def _seconds(timeout: float | Deadline | None, expired: type[Exception]) -> float | None:
    if not isinstance(timeout, Deadline):
        return timeout
    remaining_s = timeout.remaining_s()
    if remaining_s <= 0:
        raise expired
    return remaining_s
