"""From the gateway to an upstream: whom to ask, what to tell it, and whom to ask next."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.testing.gate import Visit
from asr_client.testing.headers import Headers, first
from asr_client.testing.http_server import HttpConnection, HttpRequest
from asr_client.testing.kong_answers import KONG, upstream_headers
from asr_client.testing.kong_rules import NO_TARGET
from asr_client.testing.options import GatewayOptions
from asr_client.testing.refusals import RefusalError
from asr_client.testing.replicas import Replica, Ring
from asr_client.testing.routes import Route
from asr_client.testing.upstreams import Pool, UpstreamConnection, UpstreamHead

__all__ = ["Exchange", "Forwarder"]

_REPEATABLE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    One admitted request and where its answer goes.

    Attributes:
        connection: To the client.
        request: Its head, as the client sent it.
        route: The way it goes.
        body: All of it: Kong, too, reads a request to its end before it bothers an upstream.
    """

    connection: HttpConnection
    request: HttpRequest
    route: Route
    body: bytes


class Forwarder:
    """
    Asks upstreams; belongs to one event loop.

    Args:
        options: Retries, timeouts, what upstreams may see.
        ring: The upstreams.
        scheme: What clients speak: "http" or "https".
    """

    def __init__(self, options: GatewayOptions, ring: Ring, scheme: str) -> None:
        self._options = options
        self._ring = ring
        self._scheme = scheme
        self.pool = Pool(options.connect_timeout_s, options.read_timeout_s)

    async def ask(
        self, visit: Visit, exchange: Exchange
    ) -> tuple[UpstreamConnection, UpstreamHead]:
        """
        Ask one replica after the other, as far as Kong would.

        A request that could not be sent goes to the next; one that was sent only if it is a GET. A
        GET that was lost with a kept connection is sent again in any case.

        Raises:
            RefusalError: If none answers; says what the client is told.
        """
        tries_left = 1 + self._options.retries
        repeatable = visit.method in _REPEATABLE
        while True:
            replica = self._ring.next()
            if replica is None:
                raise RefusalError(NO_TARGET)
            visit.begin_try(replica.url)
            try:
                return await self._try(replica, visit, exchange)
            except RefusalError as refused:
                tries_left -= 0 if refused.was_stale and repeatable else 1
                if tries_left == 0 or (refused.was_sent and not repeatable):
                    raise

    async def waste(self, visit: Visit, exchange: Exchange) -> None:
        """Let an upstream do all its work for nothing."""
        upstream, _ = await self.ask(visit, exchange)
        try:
            async for _ in upstream.pieces():
                pass
            self.pool.keep(upstream)
        finally:
            upstream.close_unless_kept()

    async def _try(
        self, replica: Replica, visit: Visit, exchange: Exchange
    ) -> tuple[UpstreamConnection, UpstreamHead]:
        connection = await self.pool.connection(replica)
        try:
            method, target = exchange.route.upstream(visit.method, exchange.request.target)
            headers = self._headers(replica, visit, exchange)
            return connection, await connection.ask(method, target, headers, exchange.body)
        except BaseException:  # a cancellation, too, must not leave it open
            connection.close()
            raise

    def _headers(self, replica: Replica, visit: Visit, exchange: Exchange) -> Headers:
        """Give what the upstream is told: by Kong, then by the client."""
        host, _, port = first(visit.headers, "Host").partition(":")
        name = self._options.correlation_header
        has_body = bool(exchange.body) or visit.method == "POST"
        own = (
            ("Via", f"1.1 {KONG}"),
            ("Host", f"{replica.host}:{replica.port}"),
            ("Connection", "keep-alive"),
            ("X-Forwarded-For", visit.peer),
            ("X-Forwarded-Proto", self._scheme),
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Port", port or "80"),
            ("X-Forwarded-Path", visit.path),
            ("X-Forwarded-Prefix", exchange.route.matched(visit.path)),
            ("X-Real-IP", visit.peer),
            ("X-Kong-Request-Id", visit.marks.request_id),
            *((("Content-Length", str(len(exchange.body))),) if has_body else ()),
            *((("X-Consumer-Username", visit.consumer),) if visit.consumer else ()),
            *(((name, visit.request_id),) if name else ()),
        )
        keys = self._options.key_names if self._options.hide_credentials else ()
        return upstream_headers(visit.headers, own, tuple(key.lower() for key in keys))
