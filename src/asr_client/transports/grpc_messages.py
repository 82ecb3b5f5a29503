"""What both gRPC transports share: metadata, replies and errors, without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc

from asr_client.auth import ApiKey
from asr_client.classification import judge_grpc
from asr_client.classification.advice import advise_on_connecting
from asr_client.classification.error_of import failure_class
from asr_client.classification.wording import plain_line
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.endpoint import Endpoint
from asr_client.errors import ASRError, ConfigError, NotSentError, ReplyLostError
from asr_client.faults import Fault
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import reply_too_large

__all__ = [
    "Metadata",
    "closed_in_flight",
    "failed_reply",
    "make_reply",
    "not_ready",
    "unsendable",
]

# A server that was told our deadline may tell us so just before our own clock does.
_CLOCK_SLACK_S = 0.1

# Origins of a status that the library made itself: no server answered.
_NO_SERVER = ("client", "dns", "tcp", "tls")


class Metadata:
    """What goes with each call; names in lower case, gRPC takes no others."""

    def __init__(self, config: ClientConfig) -> None:
        self._key_header = config.api_key_header.lower()

    def of(self, request: Request, key: ApiKey | None) -> tuple[tuple[str, str], ...]:
        """Give the request's headers, and the caller's key."""
        own = tuple((name.lower(), value) for name, value in request.headers)
        return own if key is None else (*own, (self._key_header, key.reveal()))


def unsendable(endpoint: Endpoint) -> ConfigError:
    """Build the error for what grpc refuses to send."""
    return ConfigError(
        f"cannot put the request to {endpoint} into gRPC",
        hint="metadata is ASCII, and a name that ends in -bin takes no text: see api_key_header",
    )


def closed_in_flight(endpoint: Endpoint) -> ReplyLostError:
    """Build the error for a call whose client was closed meanwhile."""
    return ReplyLostError(f"this client was closed while waiting for {endpoint}")


def not_ready(config: ClientConfig, deadline: Deadline) -> ASRError:
    """Build the error for a connection that does not come about in time; gRPC does not say why."""
    if deadline.remaining_s() <= 0:
        return deadline.error(f"connecting to {config.endpoint}", executed="no")
    return NotSentError(
        f"cannot reach {config.endpoint}: no connection within {config.connect_timeout_s:g} s",
        hint="is the server up, and the port right? A call would say more",
    )


def make_reply(body: bytes, *metadata: Iterable[Any] | None) -> Reply:
    """Build the reply of a call that went well."""
    return Reply(0, _headers(*metadata), body)


def failed_reply(error: grpc.RpcError, endpoint: Endpoint, deadline: Deadline) -> Reply:
    """
    Tell a server's refusal, which is returned, from a failure to reach it, which is raised.

    Raises:
        NotSentError, ReplyLostError, DeadlineError: If no server answered.
        ContractError: If the reply is too large.
        ConfigError: If grpc does not take the metadata, or the port does not speak gRPC.
    """
    call: Any = error  # grpc types RpcError without the methods that it always has
    code, details = call.code(), call.details() or ""
    headers = _headers(call.initial_metadata(), call.trailing_metadata())
    fault = judge_grpc(code.name, details, headers)
    # A deadline that is not ours is a gateway's or a server's own, and a reply like any other.
    is_ours = fault is not None and fault.origin in _NO_SERVER
    if fault is None or not is_ours or (fault.code == "deadline" and not _is_over(deadline)):
        return Reply(int(code.value[0]), headers, b"", details)
    # Without its traceback: grpc's own frames hold the metadata, and tools that show the locals of
    # a failure would show the key.
    raise _failure(fault, details, endpoint, deadline) from error.with_traceback(None)


def _is_over(deadline: Deadline) -> bool:
    return deadline.remaining_s() <= _CLOCK_SLACK_S


def _failure(fault: Fault, details: str, endpoint: Endpoint, deadline: Deadline) -> ASRError:
    if fault.code == "deadline":
        return deadline.error(f"waiting for {endpoint}")
    if fault.code == "cancelled":
        closed = closed_in_flight(endpoint)
        closed.fault = fault
        return closed
    if fault.code == "too_large":
        return reply_too_large(fault)
    if details == "Invalid metadata":
        return ConfigError("the API key or its header's name cannot travel as gRPC metadata")
    if fault.executed == "no" and deadline.remaining_s() <= 0:
        return deadline.error(f"connecting to {endpoint}", executed="no")
    return _broken(fault, details, endpoint)


def _broken(fault: Fault, details: str, endpoint: Endpoint) -> ASRError:
    what = (
        f"cannot reach {endpoint}: {_cause(details)}"
        if fault.executed == "no"
        else f"the connection to {endpoint} broke before the reply came: {details}"
    )
    hint = advise_on_connecting(fault, details, plain_url=f"grpc://{endpoint.authority}")
    return failure_class(fault)(plain_line(what), hint=hint, fault=fault)


def _cause(details: str) -> str:
    return details.rpartition("last error: ")[2].split(": ", 1)[-1].rstrip("; ")


def _headers(*metadata: Iterable[Any] | None) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else value.decode("latin-1")
        for pairs in metadata
        for key, value in pairs or ()
    }
