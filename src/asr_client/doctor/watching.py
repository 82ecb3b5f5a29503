"""A transport that keeps a record of what goes through it, and of how much that is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.doctor.sights import Answer
from asr_client.transports.base import Transport

__all__ = ["Log", "WatchedTransport"]


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


class WatchedTransport:
    """Sends as another transport does, and remembers each answer; implements `base.Transport`."""

    def __init__(self, inner: Transport, log: Log) -> None:
        self._inner = inner
        self._log = log

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:
        """Send, and remember the answer."""
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
