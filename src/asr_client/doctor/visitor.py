"""
Who calls on a server for the doctor: this client's own calls, each tried once.

Whatever goes through the transport is remembered, and counted: there is an end to the asking.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from asr_client.auth import ApiKey, KeyRing
from asr_client.calls.ask import ask
from asr_client.calls.effects import Flow
from asr_client.calls.session import Session
from asr_client.contracts.kserve import KServe
from asr_client.contracts.wire import Exchange, Reply, Request
from asr_client.deadline import Deadline
from asr_client.doctor.sights import Answer, Outcome
from asr_client.drive import run
from asr_client.errors import ASRError, NotSentError
from asr_client.faults import Fault
from asr_client.retry import NO_RETRY
from asr_client.transports import open_transport
from asr_client.transports.base import Transport

__all__ = ["MOST_REQUESTS", "Log", "Visitor"]

Value = TypeVar("Value")

MOST_REQUESTS = 30
_LEFT_OUT = Fault("cancelled", origin="client", executed="no", retryable="no")
_MOST_REPEATS = 4


@dataclass(slots=True)
class Log:
    """
    What went out and came back.

    Attributes:
        answers: In their order; of a reply its status and headers, not its body.
        requests: How many requests were sent.
        repeats: How many of them because a rate limit had refused them before.
    """

    answers: list[Answer[object]] = field(default_factory=list)
    requests: int = 0
    repeats: int = 0


class _WatchedTransport:
    """Sends as another transport does, and remembers each answer; implements `base.Transport`."""

    def __init__(self, inner: Transport, log: Log) -> None:
        self._inner = inner
        self._log = log

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """
        Send, and remember the answer.

        Raises:
            NotSentError: If so many were sent that a doctor should ask no more.
        """
        if self._log.requests >= MOST_REQUESTS:
            says = f"left out: the doctor sends no more than {MOST_REQUESTS} requests"
            raise NotSentError(says, fault=_LEFT_OUT)
        self._log.requests += 1
        began_s = time.monotonic()
        reply: Reply | None = None
        try:
            reply = self._inner.send(request, deadline, key)
        finally:
            took_s = time.monotonic() - began_s
            at_s = time.time() - took_s / 2
            self._log.answers.append(
                Answer(
                    request.path,
                    at_s,
                    took_s,
                    status=reply.status if reply is not None else None,
                    headers=reply.headers if reply is not None else {},
                )
            )
        return reply

    def warm(self, count: int, deadline: Deadline) -> None:
        """Open connections; nothing is sent over them."""
        self._inner.warm(count, deadline)

    def close(self) -> None:
        """Close its connections."""
        self._inner.close()


class Visitor:
    """
    Sends as ASRClient does, pacing included, but never twice, and tells what came back.

    Args:
        session: What the client's calls would share.
        limit_s: Seconds for one request.
        log: Where answers go.
    """

    def __init__(self, session: Session, limit_s: float, log: Log) -> None:
        config = replace(session.config, retry=NO_RETRY)
        self.session = replace(session, config=config)
        self._limit_s = limit_s
        self._log = log
        self._transport = _WatchedTransport(open_transport(config), log)

    @property
    def kserve(self) -> KServe:
        """The codec of health, lists and introspection."""
        return self.session.kserve

    def ask(self, exchange: Exchange[Value]) -> Answer[Value]:
        """Send one request, and keep the answer; once more if a rate limit refuses it."""
        answer = self._ask_once(exchange)
        # The pacer has learnt when there is room again; it refuses if that is too late.
        is_refused = answer.code == "rate_limited" and answer.status is not None
        if not is_refused or self._log.repeats >= _MOST_REPEATS:
            return answer
        self._log.repeats += 1
        return self._ask_once(exchange)

    def _ask_once(self, exchange: Exchange[Value]) -> Answer[Value]:
        before = len(self._log.answers)
        value: Value | None = None
        error: ASRError | None = None
        try:
            value = run(ask(self.session.call(self._limit_s), exchange), self._transport)
        except ASRError as failure:
            error = failure
        if len(self._log.answers) == before:  # not sent at all: its turn would come too late
            self._log.answers.append(Answer(exchange.request.path, time.time(), 0.0))
        seen = self._log.answers[-1]
        answer = Answer(seen.path, seen.at_s, seen.took_s, seen.status, seen.headers, value, error)
        self._log.answers[-1] = answer
        return answer

    def call(self, flow: Flow[Value]) -> Outcome[Value]:
        """Make one whole call of the client."""
        try:
            return Outcome(run(flow, self._transport))
        except ASRError as error:
            return Outcome(error=error)

    def without_key(self) -> Visitor:
        """Send a twin who has no key."""
        return Visitor(replace(self.session, keys=KeyRing()), self._limit_s, self._log)

    def with_header(self, name: str) -> Visitor:
        """Send a twin who has the key in another header."""
        config = replace(self.session.config, api_key_header=name)
        return Visitor(replace(self.session, config=config), self._limit_s, self._log)

    def at_prefix(self, prefix: str) -> Visitor:
        """Send a twin to another path of the same server."""
        endpoint = replace(self.session.config.endpoint, prefix=prefix)
        config = replace(self.session.config, endpoint=endpoint)
        return Visitor(replace(self.session, config=config), self._limit_s, self._log)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
