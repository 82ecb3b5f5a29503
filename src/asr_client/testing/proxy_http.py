"""HTTP through the gateway: rules, drills, and the way to an upstream and back."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from asr_client.testing.drills import (
    Answers,
    Effect,
    FailsUpstream,
    Hangs,
    RateLimits,
    Resets,
    Slow,
    TimesOut,
    Truncates,
)
from asr_client.testing.forward import Exchange, Forwarder
from asr_client.testing.gate import Gate, Visit
from asr_client.testing.headers import with_length
from asr_client.testing.http_server import HttpConnection, HttpRequest, MalformedRequestError
from asr_client.testing.kong_answers import proxied_headers, reason_of
from asr_client.testing.kong_rules import (
    BAD_GATEWAY,
    GATEWAY_TIMEOUT,
    NO_ROUTE,
    Refusal,
    is_preflight,
    preflight_headers,
)
from asr_client.testing.refusals import RefusalError
from asr_client.testing.replicas import Ring
from asr_client.testing.routes import Route, find_route

__all__ = ["HttpProxy"]


class HttpProxy:
    """
    Serves HTTP connections; belongs to one event loop.

    Args:
        gate: The rules.
        ring: The upstreams.
        scheme: What clients speak: "http" or "https".
    """

    def __init__(self, gate: Gate, ring: Ring, scheme: str) -> None:
        self._gate = gate
        self._options = gate.options
        self._idle: set[asyncio.Timeout] = set()
        self.forwarder = Forwarder(self._options, ring, scheme)

    async def serve(self, connection: HttpConnection, peer: str) -> None:
        """Answer one request after the other, until one side ends the connection."""
        with suppress(MalformedRequestError, TimeoutError):
            while (request := await self._next_request(connection, peer)) is not None:
                lives = await self._answer(connection, request, peer)
                if not (lives and await connection.settle()) or request.closes:
                    return

    def close_idle(self) -> None:
        """End the connections that no request is on."""
        for patience in tuple(self._idle):
            patience.reschedule(0)  # long ago: as if the client had been idle for too long

    async def _next_request(self, connection: HttpConnection, peer: str) -> HttpRequest | None:
        patience = asyncio.timeout(self._options.client_idle_s)
        try:
            async with patience:
                self._idle.add(patience)
                return await connection.next_request()
        except MalformedRequestError as malformed:
            visit = self._gate.visit("http", "-", "-", malformed.headers, peer)
            await self._refuse(connection, visit, malformed.refusal)
            raise
        finally:
            self._idle.discard(patience)

    async def _answer(self, connection: HttpConnection, request: HttpRequest, peer: str) -> bool:
        """Answer one request; tell whether the connection is still of use."""
        path = request.target.partition("?")[0]
        visit = self._gate.visit("http", request.method, path, request.headers, peer)
        try:
            route = self._route(visit)
            body = await self._admit(visit, connection, request)
            drill = self._gate.strike(visit)
            exchange = Exchange(connection, request, route, body)
            if drill is None:
                return await self._proxy(visit, exchange)
            return await self._suffer(drill.effect, visit, exchange)
        except RefusalError as refused:
            await self._refuse(connection, visit, refused.refusal)
            return not refused.refusal.closes
        except MalformedRequestError as malformed:  # its body is none, or ended before its end
            await self._refuse(connection, visit, malformed.refusal)
            return False

    def _route(self, visit: Visit) -> Route:
        route = find_route(self._options.ways, visit.method, visit.path)
        if route is None:
            raise RefusalError(NO_ROUTE)
        visit.routed = True
        cors = self._options.cors
        if cors is not None and is_preflight(visit.method, visit.headers, cors):
            raise RefusalError(Refusal(200, "", preflight_headers(visit.headers, cors), bare=True))
        return route

    async def _admit(self, visit: Visit, connection: HttpConnection, request: HttpRequest) -> bytes:
        """Apply the rules, and read the body once they let it in: sooner only to measure it."""
        self._gate.identify(visit)
        body = b""
        if request.declared_bytes is None:
            body = await connection.body(self._options.max_body_bytes)
        visit.request_bytes = len(body)
        self._gate.admit(visit, request.declared_bytes or len(body))
        # As in Kong, counting comes after deciding: what is decided meanwhile overshoots.
        asyncio.get_running_loop().call_soon(self._gate.count, visit)
        body = body or await connection.body()
        visit.request_bytes = len(body)
        return body

    async def _suffer(self, effect: Effect, visit: Visit, exchange: Exchange) -> bool:
        connection = exchange.connection
        match effect:
            case Slow(seconds):
                await asyncio.sleep(seconds)
                return await self._proxy(visit, exchange)
            case Truncates():
                return await self._proxy(visit, exchange, truncated=True)
            case Answers():
                return await self._say(effect, visit, connection)
            case RateLimits():
                raise self._gate.refuse_as_limiter(visit, effect)
            case TimesOut():
                visit.upstream_ms = round(self._options.read_timeout_s * 1000)
                raise RefusalError(GATEWAY_TIMEOUT)
            case FailsUpstream():
                visit.upstream_ms = 1
                raise RefusalError(BAD_GATEWAY)
            case Hangs(seconds):
                self._gate.write(visit, None)
                await connection.hang(seconds)
                return False
            case Resets(when):
                if when == "after":
                    await self.forwarder.waste(visit, exchange)
                self._gate.write(visit, None)
                connection.reset()
                return False
            case _:
                return await self._proxy(visit, exchange)

    async def _say(self, answer: Answers, visit: Visit, connection: HttpConnection) -> bool:
        headers = with_length(answer.headers, answer.body)
        self._gate.write(visit, answer.status)
        await connection.answer(answer.status, reason_of(answer.status), headers, answer.body)
        return True

    async def _refuse(self, connection: HttpConnection, visit: Visit, refusal: Refusal) -> None:
        answer = self._gate.word(visit, refusal)
        await connection.answer(answer.status, answer.reason, answer.headers, answer.body)

    async def _proxy(self, visit: Visit, exchange: Exchange, *, truncated: bool = False) -> bool:
        """Ask an upstream and pass its answer on as it comes."""
        upstream, head = await self.forwarder.ask(visit, exchange)
        plugins = self._gate.plugin_headers(visit)
        closes = exchange.request.closes
        headers = proxied_headers(
            head.headers, plugins, visit.latency(), visit.marks, closes=closes
        )
        self._gate.write(visit, head.status)
        try:
            await exchange.connection.begin(head.status, head.reason, headers)
            async for piece in upstream.pieces():
                await exchange.connection.send(piece[: len(piece) // 2] if truncated else piece)
                if truncated:
                    return False
            await exchange.connection.end()
        except RefusalError:  # it broke off in mid-body: too late for another status
            return False
        else:
            self.forwarder.pool.keep(upstream)
        finally:
            upstream.close_unless_kept()
        return True
