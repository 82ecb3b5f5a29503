"""One try of one request: sent once, its reply read, and a record left of where the time went."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import uuid4

from asr_client.auth import ApiKey
from asr_client.calls.effects import Flow, send
from asr_client.calls.observing import Headers
from asr_client.calls.session import Call
from asr_client.contracts.wire import Exchange, Reply, Request
from asr_client.errors import ASRError
from asr_client.faults import UNTOLD, Attempt, Fault
from asr_client.pacing.headers import read_latency_s

__all__ = ["Encode", "Try", "without_key"]

Value = TypeVar("Value")
# Encodes an exchange, told how many seconds are left for its answer.
Encode = Callable[[float], Exchange[Value]]

_log = logging.getLogger(__name__)

_HIDDEN = "***"

# Cancelled, interrupted, or broken by a mistake of ours: nobody waits for the reply any more.
_GIVEN_UP = Fault("cancelled", origin="client", executed="maybe", retryable="no")


@dataclass(slots=True)
class Try:
    """
    One try. Its instants are filled in as they come, on the call's clock.

    Attributes:
        call: The call that it is made for.
        number: 1 for the first.
        key: The API key that goes along.
        free_s: Since when it has waited for its turn.
        reply: What was answered; None if nothing was.
    """

    call: Call
    number: int
    key: ApiKey | None
    free_s: float
    reply: Reply | None = None
    _path: str = ""
    _began_s: float = 0.0
    _sent_s: float = 0.0
    _replied_s: float = 0.0
    _fault: Fault | None = None

    def make(self, encode: Encode[Value]) -> Flow[Value]:
        """Encode, send, and read the reply."""
        clock, deadline = self.call.session.clock, self.call.deadline
        self._began_s = clock()
        exchange = encode(deadline.require_s("waiting for its turn"))
        self._path = exchange.request.path
        self._sent_s = self._replied_s = clock()
        try:
            self.reply = yield from send(self._addressed(exchange.request), deadline, self.key)
            self._replied_s = clock()
            return exchange.parse(without_key(self.reply, self.key))
        except ASRError as error:
            self._fault = error.fault
            raise
        except BaseException:
            self._fault = _GIVEN_UP
            raise
        finally:
            self._keep_record(clock())

    @property
    def sent_s(self) -> float:
        """When it was handed to the transport."""
        return self._sent_s

    def _addressed(self, request: Request) -> Request:
        """Name the call and this try of it, for the logs and traces of everybody on the way."""
        call_id = self.call.request_id
        names = (
            # Kong keeps the client's id where its correlation plugin is on (docs/servers.md 6).
            ("X-Request-ID", call_id),
            *(self.call.observer.attempt_started(request) or _made_up_trace(call_id)),
        )
        return replace(request, headers=(*request.headers, *names))

    def _keep_record(self, ended_s: float) -> None:
        headers: Mapping[str, str] = self.reply.headers if self.reply else {}
        attempt = Attempt(
            number=self.number,
            path=self._path,
            request_id=self.call.request_id,
            key_fingerprint=self.key.fingerprint if self.key else "",
            waited_s=self._began_s - self.free_s,
            encode_s=self._sent_s - self._began_s,
            exchange_s=(self._replied_s if self.reply else ended_s) - self._sent_s,
            parse_s=ended_s - self._replied_s if self.reply else 0.0,
            status=self.reply.status if self.reply else None,
            fault=self._fault,
            phases=self.reply.phases if self.reply else UNTOLD,
            gateway_s=read_latency_s(headers, "x-kong-proxy-latency"),
            upstream_s=read_latency_s(headers, "x-kong-upstream-latency"),
        )
        self.call.log.append(attempt)
        self._tell(attempt)

    def _tell(self, attempt: Attempt) -> None:
        _log.debug("%s", attempt)
        self.call.observer.attempt_ended(attempt)


def without_key(reply: Reply, key: ApiKey | None) -> Reply:
    """Take the key out of what is read: some gateways quote it, and errors quote gateways."""
    if key is None:
        return reply
    secret = key.reveal()
    said = (reply.details, *reply.headers.values())
    if secret.encode() not in reply.body and not any(secret in each for each in said):
        return reply
    return replace(
        reply,
        headers={name: value.replace(secret, _HIDDEN) for name, value in reply.headers.items()},
        body=reply.body.replace(secret.encode(), _HIDDEN.encode()),
        details=reply.details.replace(secret, _HIDDEN),
    )


def _made_up_trace(call_id: str) -> Headers:
    """W3C Trace Context: version, trace, a span that nobody records, and that it is wanted."""
    return (("traceparent", f"00-{call_id}-{uuid4().hex[:16]}-01"),)
