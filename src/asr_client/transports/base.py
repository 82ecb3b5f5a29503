"""
The seam between decisions and I/O: a request goes in, a whole reply comes out.

The API key comes with each request, because keys are rotated while connections live on.

A transport raises only errors of `asr_client.errors`: TransportError and its kinds, ConfigError for
what cannot be put on the wire, ContractError for what cannot be read from it. A refusal by the
server is a Reply like any other.
"""

from __future__ import annotations

from typing import Protocol

from asr_client.auth import ApiKey
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.errors import ContractError
from asr_client.faults import Fault

__all__ = ["MAX_REPLY_BYTES", "AsyncTransport", "Transport", "reply_too_large", "wait_limit_s"]

# A transcript is kilobytes; whatever answers with more than this is no ASR server.
MAX_REPLY_BYTES = 64 * 2**20

_LONGEST_WAIT_S = 86_400.0


class Transport(Protocol):
    """Sends requests from any thread; connections are kept until `close`."""

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply: ...
    def warm(self, count: int, deadline: Deadline) -> None: ...
    def close(self) -> None: ...


class AsyncTransport(Protocol):
    """Sends requests from one event loop; connections are kept until `close`."""

    async def send(
        self, request: Request, deadline: Deadline, key: ApiKey | None = None
    ) -> Reply: ...
    async def warm(self, count: int, deadline: Deadline) -> None: ...
    async def close(self) -> None: ...


def reply_too_large(fault: Fault | None = None) -> ContractError:
    """Build the error for a reply that is not read to its end."""
    return ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB", fault=fault)


def wait_limit_s(deadline: Deadline) -> float:
    """Seconds left, but a day at most: sockets, locks and grpc fail when asked to wait for ages."""
    return min(deadline.remaining_s(), _LONGEST_WAIT_S)
