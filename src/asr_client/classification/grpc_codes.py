"""gRPC's status codes: their names, and the HTTP status that stands for each."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HTTP_STATUS", "KONGS_STATUS", "code_name"]

# Written out by number, because grpc.StatusCode would be a heavy import for seventeen words.
_NAMES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)

# As Kong and Triton translate them; any other code is a 500.
HTTP_STATUS: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "ABORTED": 503,
    "CANCELLED": 503,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}

# Of all that Kong answers with INVALID_ARGUMENT, its limit of size is the one that calls can meet;
# with CANCELLED it asks for TLS.
KONGS_STATUS: Mapping[str, int] = {**HTTP_STATUS, "INVALID_ARGUMENT": 413, "CANCELLED": 426}


def code_name(code: int) -> str:
    """Give the name of a status code."""
    return _NAMES[code] if 0 <= code < len(_NAMES) else f"status {code}"
