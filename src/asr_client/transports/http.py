"""
HTTP, from threads: httpcore's HTTP/1.1, on connections of our own.

To exchange the engine, rewrite the http*.py of this folder: the rest of the package knows only
`base.Transport`. docs/decisions/0002-http-engine.md says why httpcore, and what it costs.
"""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import httpcore

from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ContractError
from asr_client.transports.base import wait_limit_s
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
from asr_client.transports.http_streams import connect, is_reusable
from asr_client.transports.ownership import PerProcess

__all__ = ["HTTPTransport"]


class HTTPTransport:
    """Sends over a pool of kept connections; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        origin, tls = self._messages.origin, tls_context(config)
        self._pools = PerProcess(lambda: _Pool(config, origin, tls))

    def send(self, request: Request, deadline: Deadline) -> Reply:
        """Send, and read the whole reply."""
        try:
            message = self._messages.make(request, deadline, read_limit=deadline)
            with self._pools.get().connection(deadline) as connection:
                response = connection.handle_request(message)
                try:
                    body = _read_all(response.iter_stream())
                finally:
                    response.close()
        except NETWORK_ERRORS as error:
            raise map_error(error, self._endpoint, deadline) from error
        return make_reply(response.status, response.headers, body)

    def close(self) -> None:
        """Close every connection; one in use, when its call ends."""
        pool = self._pools.close()
        if pool is not None:
            pool.close()


def _read_all(chunks: Iterable[bytes]) -> bytes:
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Pool:
    """
    Connections kept for the next call, the longest unused first, so that none is forgotten.

    httpcore's own pool serves many hosts, at a sixth of the price of a small call.
    """

    def __init__(
        self, config: ClientConfig, origin: httpcore.Origin, tls: ssl.SSLContext | None
    ) -> None:
        self._config = config
        self._origin = origin
        self._tls = tls
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._idle: deque[httpcore.HTTP11Connection] = deque()
        self._is_closed = False

    @contextmanager
    def connection(self, deadline: Deadline) -> Iterator[httpcore.HTTP11Connection]:
        """Lend a connection: an idle one, or else a new one."""
        if not self._places.acquire(timeout=max(0.0, wait_limit_s(deadline))):
            raise deadline.error(f"all connections to {self._config.endpoint} were in use")
        try:
            connection = self._take_idle() or self._connect(deadline)
            try:
                yield connection
            finally:
                self._put_back(connection)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close what is idle; the rest follows as it comes back."""
        self._is_closed = True
        while connection := self._take_idle():
            connection.close()

    def _take_idle(self) -> httpcore.HTTP11Connection | None:
        with suppress(IndexError):  # none is left; other threads take them, too
            while (connection := self._idle.popleft()).has_expired():
                connection.close()
            return connection
        return None

    def _connect(self, deadline: Deadline) -> httpcore.HTTP11Connection:
        endpoint = self._config.endpoint
        remaining_s = deadline.require_s(f"connecting to {endpoint}")
        limit = Deadline.after(min(self._config.connect_timeout_s, remaining_s))
        stream = connect(endpoint.host, endpoint.port, self._tls, limit)
        return httpcore.HTTP11Connection(self._origin, stream, IDLE_EXPIRY_S)

    def _put_back(self, connection: httpcore.HTTP11Connection) -> None:
        if is_reusable(connection):
            self._idle.append(connection)
        else:
            connection.close()
        if self._is_closed:
            self.close()
