"""
HTTP, from threads: httpcore's HTTP/1.1, on connections of our own.

To exchange the engine, rewrite the http*.py of this folder: the rest of the package knows only
`base.Transport`. docs/decisions/0002-http-engine.md says why httpcore, and what it costs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpcore

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import MAX_REPLY_BYTES, reply_too_large, wait_limit_s
from asr_client.transports.http_messages import (
    NETWORK_ERRORS,
    HTTPMessages,
    make_reply,
    map_error,
)
from asr_client.transports.http_pool import Idle, Kept, note_reuse
from asr_client.transports.http_streams import connect
from asr_client.transports.lifetimes import Lifetimes
from asr_client.transports.ownership import PerProcess
from asr_client.transports.tls import tls_context
from asr_client.transports.tunnel import Route, check_login

__all__ = ["HTTPTransport"]

_Kept = Kept[httpcore.HTTP11Connection]


class HTTPTransport:
    """Sends over a pool of kept connections; safe from any thread. Implements `base.Transport`."""

    def __init__(self, config: ClientConfig, lifetimes: Lifetimes | None = None) -> None:
        self._endpoint = config.endpoint
        self._messages = HTTPMessages(config)
        self._route = Route(config.endpoint, tls_context(config), config.proxy)
        ages = lifetimes or Lifetimes(config.connections)
        self._clock = ages.clock
        self._pools = PerProcess(
            lambda: _Pool(self._route, self._messages.origin, config.connect_timeout_s, ages)
        )

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and read the whole reply."""
        kept: _Kept | None = None
        try:
            message = self._messages.make(request, key, deadline, read_limit=deadline)
            with self._pools.get().connection(deadline) as kept:
                response = kept.engine.handle_request(message)
                try:
                    body = _read_all(response.iter_stream())
                finally:
                    response.close()
                phases = kept.phases(self._clock())
        except NETWORK_ERRORS as error:
            raise note_reuse(map_error(error, self._endpoint, deadline), kept) from error
        check_login(response.status, self._route)
        return make_reply(response.status, response.headers, body, phases)

    def warm(self, count: int, deadline: Deadline) -> None:
        """Open connections until *count* (at most `max_open`) wait for calls, for `idle_s`."""
        try:
            self._pools.get().warm(count, deadline)
        except NETWORK_ERRORS as error:
            raise map_error(error, self._endpoint, deadline) from error

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
            raise reply_too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


class _Pool:
    """So many connections at most; httpcore's own pool costs a sixth of a small call."""

    def __init__(
        self, route: Route, origin: httpcore.Origin, connect_timeout_s: float, ages: Lifetimes
    ) -> None:
        self._route = route
        self._origin = origin
        self._connect_timeout_s = connect_timeout_s
        self._clock = ages.clock
        self._max_open = ages.settings.max_open
        self._places = threading.BoundedSemaphore(self._max_open)
        self._idle: Idle[httpcore.HTTP11Connection] = Idle(ages)
        self.close = self._idle.close

    @contextmanager
    def connection(self, deadline: Deadline) -> Iterator[_Kept]:
        """Lend a connection: an idle one, or else a new one."""
        if not self._places.acquire(timeout=max(0.0, wait_limit_s(deadline))):
            doing = f"all connections to {self._route.endpoint} were in use"
            raise deadline.error(doing, executed="no")
        try:
            kept = self._idle.take() or self._connect(deadline)
            try:
                yield kept
            except NETWORK_ERRORS as error:
                self._idle.suspect(kept, error)
                raise
            finally:
                self._idle.put_back(kept)
        finally:
            self._places.release()

    def warm(self, count: int, deadline: Deadline) -> None:
        """Open what is missing to *count* idle connections, one after the other."""
        for _ in range(min(count, self._max_open) - len(self._idle)):
            self._idle.add(self._connect(deadline))

    def _connect(self, deadline: Deadline) -> _Kept:
        began_s = self._clock()
        remaining_s = deadline.require_s(f"connecting to {self._route.endpoint}")
        limit = Deadline.after(min(self._connect_timeout_s, remaining_s))
        stream = connect(self._route, limit, self._clock)
        engine = httpcore.HTTP11Connection(self._origin, stream)
        return self._idle.new(engine, stream, began_s)
