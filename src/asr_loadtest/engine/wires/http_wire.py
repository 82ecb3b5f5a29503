"""
HTTP for greenlets: what a request costs the generator is what it costs the figures.

The SDK's transport parses in Python; this one's parser and sockets are Locust's own
(geventhttpclient, gevent), its pool is a deque, its bodies are never joined. Requests, replies,
errors and their classification are the SDK's.
"""

from __future__ import annotations

import platform
import random
import time
from collections import deque

import gevent
from gevent import monkey

from asr_client import __version__
from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ASRError, ConfigError
from asr_client.faults import Phases
from asr_client.settings.config import ClientConfig
from asr_client.transports.http_messages import NETWORK_ERRORS, make_reply, map_error
from asr_client.transports.tls import tls_context
from asr_client.transports.tunnel import Route
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy
from asr_loadtest.engine.wires.http_connection import Connection, Exchanged, connect
from asr_loadtest.engine.wires.wire import Carried

__all__ = ["HTTPWire"]


class HTTPWire:
    """Sends over connections that live as the policy says; implements `wire.Wire`."""

    def __init__(self, config: ClientConfig, policy: ConnectionPolicy) -> None:
        if not monkey.is_module_patched("socket"):
            raise ConfigError("the load generator runs under Locust, which patches sockets first")
        self._endpoint = config.endpoint
        self._calling = f"calling {config.endpoint}"
        self._connect_timeout_s = config.connect_timeout_s
        self._route = Route(config.endpoint, tls_context(config))
        self._policy = policy
        self._idle_s = policy.for_client().idle_s
        self._heads = _Heads(config, keeps_alive=policy.kind != "per-request")
        self._idle: deque[Connection] = deque()
        self._is_closed = False
        self._made = 0
        self._open = 0

    @property
    def open_connections(self) -> int:
        """Connections that are open, in use or not."""
        return self._open

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and read the whole reply."""
        return self.carry(request, deadline, key).reply

    def carry(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Carried:
        """
        Send, read the whole reply, and tell which connection carried both.

        Raises:
            TransportError: If no whole reply came in time.
            ConfigError: If the request cannot be said in HTTP.
            ContractError: If the reply is larger than any transcript.
        """
        limit = gevent.Timeout(deadline.require_s(self._calling))
        connection: Connection | None = None
        connect_s = 0.0
        try:
            head = self._heads.make(request, key)
            with limit:
                lent_s = time.monotonic()
                connection = self._take()
                if connection is None:
                    began_s, connection = lent_s, self._connect(deadline)
                    lent_s = time.monotonic()
                    connect_s = lent_s - began_s
                exchanged = connection.exchange(head, request.body)
        except gevent.Timeout as timeout:
            self._drop(connection)
            if timeout is not limit:
                raise
            raise self._late(deadline, connection) from None
        except NETWORK_ERRORS as error:
            self._drop(connection)
            raise map_error(error, self._endpoint, deadline) from error
        except BaseException:
            self._drop(connection)
            raise
        self._put_back(connection, exchanged)
        return Carried(_reply(exchanged, connect_s, lent_s), connection.number)

    def warm(self, count: int, deadline: Deadline) -> None:
        """Open connections until *count* wait for requests."""
        for _ in range(count - len(self._idle)):
            try:
                self._keep(self._connect(deadline))
            except NETWORK_ERRORS as error:
                raise map_error(error, self._endpoint, deadline) from error

    def close(self) -> None:
        """Close what waits; a connection in use closes as its request ends."""
        self._is_closed = True
        while self._idle:
            self._drop(self._idle.popleft())

    def _late(self, deadline: Deadline, connection: Connection | None) -> ASRError:
        if connection is None:
            return deadline.error(f"connecting to {self._endpoint}", executed="no")
        return deadline.error(f"waiting for {self._endpoint}")

    def _take(self) -> Connection | None:
        """Lend the longest unused connection, so that requests go round all of them."""
        while self._idle:
            connection = self._idle.popleft()
            stale_s = min(connection.ends_s, connection.idle_since_s + self._idle_s)
            if time.monotonic() < stale_s and connection.is_quiet():
                return connection
            self._drop(connection)
        return None

    def _connect(self, deadline: Deadline) -> Connection:
        remaining_s = deadline.require_s(f"connecting to {self._endpoint}")
        limit = Deadline.after(min(self._connect_timeout_s, remaining_s))
        connected = connect(self._route, limit)
        self._made += 1
        self._open += 1
        ends_s = self._policy.ends_s(time.monotonic(), random.random)
        return Connection(connected, self._made, ends_s)

    def _put_back(self, connection: Connection, exchanged: Exchanged) -> None:
        if exchanged.can_continue and time.monotonic() < connection.ends_s:
            self._keep(connection)
        else:
            self._drop(connection)

    def _keep(self, connection: Connection) -> None:
        connection.idle_since_s = time.monotonic()
        self._idle.append(connection)
        if self._is_closed:
            self.close()

    def _drop(self, connection: Connection | None) -> None:
        if connection is not None:
            self._open -= 1
            connection.close()


class _Heads:
    """Writes request heads; what stays the same is written once."""

    def __init__(self, config: ClientConfig, *, keeps_alive: bool) -> None:
        endpoint = config.endpoint
        agent = f"asr-loadtest/{__version__} Python/{platform.python_version()}"
        lines = [
            f"Host: {endpoint.authority.encode('idna').decode()}",
            f"User-Agent: {agent}",
            "Accept: application/json",
            "Accept-Encoding: identity",
            *([] if keeps_alive else ["Connection: close"]),
        ]
        self._common = "".join(f"{line}\r\n" for line in lines)
        self._prefix = endpoint.prefix
        self._key_header = config.api_key_header

    def make(self, request: Request, key: ApiKey | None) -> bytes:
        """Write the head of one request."""
        own = "".join(
            f"{name}: {value}\r\n"
            for name, value in request.headers
            if name != "Accept-Encoding"  # said above
        )
        if key is not None:
            own += f"{self._key_header}: {key.reveal()}\r\n"
        if request.method == "POST":
            own += f"Content-Length: {request.size_bytes}\r\n"
        line = f"{request.method} {self._prefix}{request.path} HTTP/1.1\r\n"
        return f"{line}{self._common}{own}\r\n".encode("ascii")


def _reply(exchanged: Exchanged, connect_s: float, lent_s: float) -> Reply:
    reply, sent_s, first_byte_s, _ = exchanged
    phases = Phases(
        connect_s=connect_s,
        send_s=max(sent_s - lent_s, 0.0),
        server_s=first_byte_s - sent_s,
        receive_s=time.monotonic() - first_byte_s,
    )
    status, headers, body = reply.status, reply.headers, bytes(reply.body)
    if headers.get("content-encoding", "identity") != "identity":
        pairs = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
        return make_reply(status, pairs, body, phases)
    return Reply(status, headers, body, phases=phases)
