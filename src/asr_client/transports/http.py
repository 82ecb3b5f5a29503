"""
HTTP, from threads: httpcore, the engine beneath httpx, driven directly.

To exchange the engine, rewrite this file (and http_async.py): the rest of the package knows only
`base.Transport`. docs/decisions/0002-http-engine.md says why httpcore, and what it costs.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from asr_client.transports.http_streams import DeadlineBackend

__all__ = ["HTTPTransport"]


class HTTPTransport:
    """Sends over a pool of kept connections; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(config),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_EXPIRY_S,
            network_backend=DeadlineBackend(),
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
