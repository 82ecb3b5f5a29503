"""
What goes over the wire, whatever the wire is.

A *codec* (kserve_http, kserve_grpc, generate, asr_infer, ulca) turns an operation into an
Exchange: the request's bytes, and the function that reads the reply's bytes. Transports move bytes
and know nothing else, so codecs are tested without a server and transports without a codec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from asr_client.faults import UNTOLD, Phases

__all__ = ["Buffer", "Exchange", "Reply", "Request"]

Value = TypeVar("Value")
Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request.

    Attributes:
        method: "GET" or "POST". Never HEAD: Triton answers it with a body, which breaks the
            connection for the next request (docs/servers.md 1). "RPC" over gRPC.
        path: Path below the server's base URL, or the full gRPC method name.
        headers: Names and values of this request; the transport adds the client's own.
        body: Parts to be sent one after the other, so that audio need not be copied to join it.
            Bytes, never a stream: a request can be sent again as it is.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[Buffer, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Length of the whole body."""
        return sum(memoryview(part).nbytes for part in self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One whole reply, good or bad.

    Attributes:
        status: HTTP status, or the number of the gRPC status code (0 is OK).
        headers: Lower-case names; over gRPC initial and trailing metadata together.
        body: The reply's bytes, decompressed.
        details: The text of a gRPC status; empty over HTTP.
        phases: Where the time on the wire went.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    details: str = ""
    phases: Phases = UNTOLD


@dataclass(frozen=True, slots=True)
class Exchange(Generic[Value]):
    """
    One operation, encoded: what to send, and how to read what comes back.

    Attributes:
        request: What to send.
        parse: Reads the reply; raises ServerError when it is a refusal, ContractError when it
            cannot be understood.
    """

    request: Request
    parse: Callable[[Reply], Value]
