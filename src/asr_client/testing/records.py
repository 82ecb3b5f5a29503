"""What came through the gateway, for a test to look at."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

__all__ = ["Call", "CallLog"]


@dataclass(frozen=True, slots=True)
class Call:
    """
    One request and what became of it.

    Attributes:
        protocol: "http" or "grpc".
        method: HTTP method; POST for gRPC.
        path: Path without query, or gRPC method.
        status: HTTP status or number of the gRPC code; None if no answer was given.
        consumer: Who asked; empty where no key is wanted or none was right.
        key_fingerprint: `ApiKey.fingerprint` of the key that came, a wrong one too; never the key.
        request_id: The client's X-Request-ID, or the one made up for it.
        kong_request_id: The gateway's own id.
        request_bytes: Size of the request's body, as far as it was read.
        upstream: Address that answered, or was tried last; empty if none was tried.
        tries: How often an upstream was tried.
        drill: Name of the drill that struck the call; empty if none did.
        arrived_s: When its head had come, by the gateway's clock.
        answered_s: When the answer's head was ready.
    """

    protocol: Literal["http", "grpc"]
    method: str
    path: str
    status: int | None
    consumer: str
    key_fingerprint: str
    request_id: str
    kong_request_id: str
    request_bytes: int
    upstream: str
    tries: int
    drill: str
    arrived_s: float
    answered_s: float


class CallLog:
    """
    All calls so far, in order of their answers; safe to use from any thread.

    A call is written down before the first byte of its answer leaves, so that whoever has the
    answer finds the call here.
    """

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._changed = threading.Condition()

    def write(self, call: Call) -> None:
        """Add one."""
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()

    def all(self) -> tuple[Call, ...]:
        """Give what is there now."""
        with self._changed:
            return tuple(self._calls)

    def wait_for(self, number: int, timeout_s: float) -> bool:
        """Wait until there are *number* calls; tell whether there are."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._calls) >= number, timeout_s)

    def counts_by_status(self) -> dict[int | None, int]:
        """Count the calls by status."""
        return dict(Counter(call.status for call in self.all()))

    def clear(self) -> None:
        """Forget all."""
        with self._changed:
            self._calls.clear()
