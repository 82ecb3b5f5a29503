"""How Kong 3.9.1 words its answers over gRPC: codes, details, metadata; pure."""

from __future__ import annotations

from email.utils import formatdate

import grpc

from asr_client.testing.gate import Gate, Visit
from asr_client.testing.headers import Headers
from asr_client.testing.kong_answers import Latency, Marks
from asr_client.testing.kong_rules import BAD_GATEWAY, GATEWAY_TIMEOUT, Refusal

__all__ = ["Metadata", "grpc_refusal", "grpc_status_of", "own_metadata", "proxied_metadata"]

Metadata = tuple[tuple[str, str | bytes], ...]

# Kong answers the calls that it refuses with a code by the HTTP status, and the code's name in one
# word as details: two refusals of one status cannot be told apart.
_STATUS = grpc.StatusCode
_CODES: dict[int, tuple[grpc.StatusCode, str]] = {
    200: (_STATUS.OK, ""),
    400: (_STATUS.INVALID_ARGUMENT, "InvalidArgument"),
    401: (_STATUS.UNAUTHENTICATED, "Unauthenticated"),
    403: (_STATUS.PERMISSION_DENIED, "PermissionDenied"),
    404: (_STATUS.NOT_FOUND, "NotFound"),
    413: (_STATUS.INVALID_ARGUMENT, "InvalidArgument"),
    417: (_STATUS.INVALID_ARGUMENT, "InvalidArgument"),
    426: (_STATUS.CANCELLED, "gRPC request matched gRPCs route"),
    429: (_STATUS.RESOURCE_EXHAUSTED, "ResourceExhausted"),
    500: (_STATUS.INTERNAL, "Internal"),
    502: (_STATUS.INTERNAL, BAD_GATEWAY.message),
    503: (_STATUS.UNAVAILABLE, "Unavailable"),
    504: (_STATUS.DEADLINE_EXCEEDED, GATEWAY_TIMEOUT.message),
}


def grpc_refusal(refusal: Refusal) -> tuple[grpc.StatusCode, str]:
    """Give code and details of an answer by Kong itself."""
    return _CODES.get(refusal.status, (_STATUS.UNKNOWN, "Unknown"))


def grpc_status_of(status: int) -> grpc.StatusCode:
    """Give the code that stands for an HTTP status."""
    return _CODES.get(status, (_STATUS.UNKNOWN, "Unknown"))[0]


def own_metadata(gate: Gate, visit: Visit, refusal: Refusal) -> Metadata:
    """Give the trailing metadata of an answer by Kong itself: it sends no other."""
    latency = visit.latency()
    tried = latency.upstream_ms is not None
    return _lower(
        (
            ("date", formatdate(gate.options.clock(), usegmt=True)),
            *gate.plugin_headers(visit),
            *refusal.headers,
            ("content-length", "0"),
            *visit.marks.latency(latency),
            *(visit.marks.proxied() if tried else ()),
            *visit.marks.server(),
            *visit.marks.identity(),
        )
    )


def proxied_metadata(
    theirs: Metadata, plugins: Headers, latency: Latency, marks: Marks, *, length: bool
) -> Metadata:
    """Give an upstream's metadata with what Kong adds; *length* in an answer without a message."""
    added = (
        *plugins,
        *((("content-length", "0"),) if length else ()),
        *marks.latency(latency),
        *marks.proxied(),
        *marks.server(),
        *marks.identity(),
    )
    return (*theirs, *_lower(added))


def _lower(headers: Headers) -> Metadata:
    return tuple((name.lower(), value) for name, value in headers)
