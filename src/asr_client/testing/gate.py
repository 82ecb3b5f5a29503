"""
What HTTP and gRPC share: one set of rules, one count, one book of visits.

A visit is one request on its way through the gateway; each station writes on it what it found.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

from asr_client.auth import ApiKey
from asr_client.errors import ConfigError
from asr_client.testing.drills import Drill, Drills, RateLimits
from asr_client.testing.headers import Headers, first
from asr_client.testing.keys import KeyTable
from asr_client.testing.kong_answers import Answer, Latency, Marks, own_answer
from asr_client.testing.kong_rules import (
    WRONG_KEY,
    Refusal,
    cors_headers,
    over_limit,
    presented_key,
    rate_headers,
    too_large,
)
from asr_client.testing.options import GatewayOptions
from asr_client.testing.rate_limit import Standing, WindowCounts, standing
from asr_client.testing.records import Call, CallLog
from asr_client.testing.refusals import RefusalError

__all__ = ["Gate", "Visit"]

# What a drill says was used up where no limit is set: with next to none, a client that keeps pace
# would not come back when it is told to, but a window later.
_DOCUMENTED_LIMITS = {"minute": 600}


@dataclass(slots=True)
class Visit:
    """One request on its way through the gateway."""

    protocol: Literal["http", "grpc"]
    method: str
    path: str
    headers: Headers
    peer: str
    marks: Marks
    request_id: str
    arrived_s: float
    routed: bool = False  # no plugin runs for a request without a route
    consumer: str = ""
    key_fingerprint: str = ""
    standing: Standing | None = None
    request_bytes: int = 0
    upstream: str = ""
    tries: int = 0
    drill: str = ""
    began_s: float = field(default_factory=perf_counter)
    try_began_s: float | None = None
    upstream_ms: int | None = None

    def begin_try(self, upstream: str) -> None:
        """Note that an upstream is being tried."""
        self.upstream = upstream
        self.tries += 1
        self.try_began_s = perf_counter()
        self.upstream_ms = None

    def latency(self) -> Latency:
        """Give the times so far; asked first when the upstream's head has come, or never will."""
        if self.upstream_ms is None and self.try_began_s is not None:
            self.upstream_ms = round((perf_counter() - self.try_began_s) * 1000)
        total_ms = round((perf_counter() - self.began_s) * 1000)
        return Latency(max(total_ms, self.upstream_ms or 0), self.upstream_ms)


class Gate:
    """
    The rules, applied; safe to use from any thread.

    Args:
        options: What holds here.
    """

    def __init__(self, options: GatewayOptions) -> None:
        self.options = options
        self.keys = KeyTable(options.api_keys)
        self.drills = Drills()
        self.log = CallLog()
        self._counts = WindowCounts()

    def visit(
        self, protocol: Literal["http", "grpc"], method: str, path: str, headers: Headers, peer: str
    ) -> Visit:
        """Begin a visit; a client's own correlation id is kept, its X-Kong-Request-Id is not."""
        marks = Marks(
            secrets.token_hex(16), "2" if protocol == "grpc" else "1.1", self.options.headers
        )
        name = self.options.correlation_header
        request_id = (first(headers, name) or str(uuid.uuid4())) if name else ""
        now_s = self.options.clock()
        return Visit(protocol, method, path, headers, peer, marks, request_id, now_s)

    def identify(self, visit: Visit) -> None:
        """Find out who asks; raises RefusalError for whom nobody knows."""
        if not self.keys:
            return
        presented = presented_key(visit.headers, self.options.key_names)
        if isinstance(presented, Refusal):
            raise RefusalError(presented)
        visit.key_fingerprint = _fingerprint(presented)
        consumer = self.keys.consumer_of(presented, self.options.clock())
        if consumer is None:
            raise RefusalError(WRONG_KEY)
        visit.consumer = consumer

    def admit(self, visit: Visit, size_bytes: int) -> None:
        """Let a request of this size in, or raise RefusalError; `count` comes after it."""
        refusal = too_large(size_bytes, visit.headers, self.options)
        if refusal is not None:
            raise RefusalError(refusal)
        if self.options.limits:
            used = self._counts.used(self._payer(visit), visit.arrived_s)
            visit.standing = standing(self.options.limits, used, visit.arrived_s)
        refusal = over_limit(visit.standing, self.options)
        if refusal is not None:
            raise RefusalError(refusal)

    def count(self, visit: Visit) -> None:
        """Let an admitted request use its part of the limit."""
        self._counts.count(self._payer(visit), visit.arrived_s)

    def strike(self, visit: Visit) -> Drill | None:
        """Take the drill that strikes this call, if one does."""
        drill = self.drills.strike_call(visit.path)
        visit.drill = drill.name if drill else ""
        return drill

    def refuse_as_limiter(self, visit: Visit, drill: RateLimits) -> RefusalError:
        """Say what the limiter would say, had it counted too many."""
        limits = self.options.limits or _DOCUMENTED_LIMITS
        nothing = dict.fromkeys(limits, 0)
        visit.standing = Standing(True, limits, nothing, drill.retry_after_s, max(limits))
        return RefusalError(Refusal(self.options.error_code, self.options.error_message))

    def plugin_headers(self, visit: Visit, *, cors: bool = True) -> Headers:
        """Give what the plugins add to any answer for a request that has a route."""
        if not visit.routed:
            return ()
        name = self.options.correlation_header
        return (
            *rate_headers(visit.standing, self.options),
            *(((name, visit.request_id),) if name else ()),
            *(cors_headers(visit.headers, self.options.cors) if cors else ()),
        )

    def word(self, visit: Visit, refusal: Refusal) -> Answer:
        """Word an answer by the gateway itself, and write the visit down."""
        plugins = self.plugin_headers(visit, cors=not refusal.bare)
        answer = own_answer(
            refusal,
            visit.headers,
            plugins,
            visit.latency(),
            visit.marks,
            now_s=self.options.clock(),
        )
        self.write(visit, answer.status)
        return answer

    def write(self, visit: Visit, status: int | None) -> None:
        """Write the visit down, before its answer leaves."""
        call = Call(
            protocol=visit.protocol,
            method=visit.method,
            path=visit.path,
            status=status,
            consumer=visit.consumer,
            key_fingerprint=visit.key_fingerprint,
            request_id=visit.request_id,
            kong_request_id=visit.marks.request_id,
            request_bytes=visit.request_bytes,
            upstream=visit.upstream,
            tries=visit.tries,
            drill=visit.drill,
            arrived_s=visit.arrived_s,
            answered_s=self.options.clock(),
        )
        self.log.write(call)

    def _payer(self, visit: Visit) -> str:
        """Tell whose limit it is; without a consumer, Kong falls back to the address."""
        return (visit.consumer if self.options.limit_by == "consumer" else "") or visit.peer


def _fingerprint(presented: str) -> str:
    try:
        return ApiKey(presented).fingerprint
    except ConfigError:  # what no header may hold came nevertheless
        return ""
